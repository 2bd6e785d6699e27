//! Changes tried on the API server, which decides all of it and keeps none (`dryRun=All`).

use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::cluster::typed;
use crate::patience::{insist, insist_on_change};
use crate::{Cluster, ClusterError, Kind, MANAGER, ObjectRef};

/// A change of one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Applied server-side.
    Apply(Value),
    /// Some of its fields.
    Merge {
        /// Which object.
        place: ObjectRef,
        /// The fields.
        patch: Value,
    },
    /// The same, written back with all the rest of what stands.
    Write {
        /// Which object.
        place: ObjectRef,
        /// The fields.
        patch: Value,
    },
    /// A Deployment's pods.
    Scale {
        /// The Deployment.
        deployment: String,
        /// How many.
        replicas: u32,
    },
    /// Deleted.
    Delete(ObjectRef),
}

impl std::fmt::Display for Change {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Apply(object) => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                write!(formatter, "apply {}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
            }
            Self::Merge { place, .. } => write!(formatter, "patch {place}"),
            Self::Write { place, .. } => write!(formatter, "write {place}"),
            Self::Scale { deployment, replicas } => {
                write!(formatter, "scale Deployment/{deployment} to {replicas}")
            }
            Self::Delete(place) => write!(formatter, "delete {place}"),
        }
    }
}

impl Cluster {
    /// Has the API server decide a change without making it.
    ///
    /// # Errors
    /// What it would refuse, it refuses now.
    pub async fn try_out(&self, change: &Change) -> Result<(), ClusterError> {
        let doing = format!("try to {change}");
        let parameters =
            PatchParams { dry_run: true, field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        match change {
            Change::Apply(object) => {
                let place = ObjectRef::of(object)?;
                let parameters = PatchParams { dry_run: true, force: true, ..PatchParams::apply(MANAGER) };
                let (api, patch) = (self.api(&place.kind), Patch::Apply(object));
                insist_on_change(self.clock(), &doing, || api.patch(&place.name, &parameters, &patch))
                    .await?;
            }
            Change::Merge { place, patch } => {
                let (api, patch) = (self.api(&place.kind), Patch::Merge(patch));
                insist_on_change(self.clock(), &doing, || api.patch(&place.name, &parameters, &patch))
                    .await?;
            }
            Change::Write { place, patch } => {
                let mut object = self.need(place).await?;
                merge(&mut object, patch);
                let typed = typed(&object, place)?;
                let parameters = PostParams { dry_run: true, field_manager: Some(MANAGER.to_owned()) };
                let api = self.api(&place.kind);
                insist_on_change(self.clock(), &doing, || api.replace(&place.name, &parameters, &typed))
                    .await?;
            }
            Change::Scale { deployment, replicas } => {
                let api = self.api(&Kind::deployment());
                let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
                let request = || api.patch_scale(deployment, &parameters, &patch);
                insist_on_change(self.clock(), &doing, request).await?;
            }
            Change::Delete(place) => {
                let api = self.api(&place.kind);
                let parameters = DeleteParams { dry_run: true, ..DeleteParams::background() };
                insist(self.clock(), &doing, || api.delete(&place.name, &parameters)).await?;
            }
        }
        Ok(())
    }
}

/// Changes the fields that a patch names; lists and what is no object are taken whole.
fn merge(object: &mut Value, patch: &Value) {
    match (object, patch) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (field, change) in changes {
                // A selector is another one, not more of the same.
                if field == "selector" {
                    fields.insert(field.clone(), change.clone());
                } else {
                    merge(fields.entry(field.clone()).or_insert(Value::Null), change);
                }
            }
        }
        (object, patch) => *object = patch.clone(),
    }
}

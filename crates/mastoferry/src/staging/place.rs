//! The namespace of a rehearsal: what must be there, what must not, and what is made and removed.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::{Cluster, ClusterError, Kind, MANAGER, ObjectRef, Propagation, Selector};
use plan::{Action, Plan};
use serde_json::{Value, json};

use super::adapt::{Adapted, LABEL, named};
use super::settings::Asked;
use super::stores::{self, STORES};

/// The label by which a namespace that is not empty is given for rehearsals.
pub(super) const ALLOWED: &str = LABEL;

/// Cluster seconds within which what was removed must be gone.
const GONE: Duration = Duration::from_secs(120);

/// Something that keeps a rehearsal from beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The namespace is the one that users are served from.
    LiveNamespace,
    /// There is no such namespace.
    NoNamespace,
    /// Something runs there, and nobody said that it may be used.
    Occupied(String),
    /// An object of this name is there, and is not of an earlier rehearsal.
    Taken(String),
    /// A Secret is not there, or lacks a key.
    NoSecret(String),
    /// A setting would lead to production's store.
    SharedStore(String),
    /// A setting that was asked for is set nowhere.
    SetNowhere(String),
}

/// The namespace.
pub(crate) struct Place {
    cluster: Cluster,
    live: Cluster,
}

impl Place {
    /// The namespace of the rehearsal, and the one that users are served from, seen through the same client.
    pub(crate) fn new(cluster: Cluster, live: Cluster) -> Self {
        Self { cluster, live }
    }

    /// The namespace of the rehearsal.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Everything that keeps the rehearsal from beginning. Nothing is changed.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub(crate) async fn findings(
        &self,
        live: &Plan,
        adapted: &Adapted,
        asked: &Asked,
    ) -> Result<Vec<Finding>, ClusterError> {
        if asked.namespace == live.namespace {
            return Ok(vec![Finding::LiveNamespace]);
        }
        let place = ObjectRef::new(Kind::new("v1", "Namespace"), &asked.namespace);
        let Some(namespace) = self.cluster.get(&place).await? else {
            return Ok(vec![Finding::NoNamespace]);
        };
        let mut findings = Vec::new();
        if namespace["metadata"]["labels"][ALLOWED] != "true" {
            for kind in [Kind::deployment(), Kind::new("apps/v1", "StatefulSet"), Kind::pod()] {
                let running = self.cluster.list(&kind, None).await?;
                let foreign = running.iter().find(|object| !is_ours(object) && !is_of_ours(object));
                findings.extend(foreign.map(|object| Finding::Occupied(named(object))));
            }
            findings.truncate(1);
        }
        for object in objects(adapted) {
            let place = ObjectRef::of(object)?;
            if self.cluster.get(&place).await?.is_some_and(|found| !is_ours(&found)) {
                findings.push(Finding::Taken(named(object)));
            }
        }
        findings.extend(self.secrets(&adapted.plan, asked).await?);
        let shared = stores::shared(live, &adapted.plan, asked);
        findings.extend(shared.into_iter().map(Finding::SharedStore));
        findings.extend(adapted.unset.iter().cloned().map(Finding::SetNowhere));
        Ok(findings)
    }

    /// Secrets that are missing, and those in which production's stores are named.
    async fn secrets(&self, plan: &Plan, asked: &Asked) -> Result<Vec<Finding>, ClusterError> {
        let mut findings = Vec::new();
        for need in &plan.needs {
            let place = ObjectRef::new(Kind::secret(), &need.secret);
            let Some(found) = self.cluster.get(&place).await? else {
                let keys = need.keys.join(", ");
                let told =
                    if keys.is_empty() { need.secret.clone() } else { format!("{} ({keys})", need.secret) };
                findings.push(Finding::NoSecret(told));
                continue;
            };
            let missing = need.keys.iter().filter(|key| found["data"].get(key.as_str()).is_none());
            findings.extend(missing.map(|key| Finding::NoSecret(format!("{}: {key}", need.secret))));
            // Whoever may not read the live Secret cannot have copied it from there either.
            let Ok(Some(live)) = self.live.get(&place).await else { continue };
            for key in STORES {
                let value = &found["data"][key];
                let is_same = !value.is_null() && *value == live["data"][key];
                if is_same && !asked.shared.iter().any(|own| own == key) {
                    findings.push(Finding::SharedStore(format!("{}: {key}", need.secret)));
                }
            }
        }
        Ok(findings)
    }

    /// Makes what stands today: everything but green.
    ///
    /// # Errors
    /// At the first object that is refused; [`Place::remove`] takes back those made before.
    pub(crate) async fn make(&self, adapted: &Adapted) -> Result<(), ClusterError> {
        let first = |object: &&Value| matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet"));
        let all: Vec<&Value> = adapted.beside.iter().chain(&adapted.plan.blue).collect();
        // What pods read is there before them.
        let (workloads, settings): (Vec<&Value>, Vec<&Value>) = all.into_iter().partition(first);
        for object in settings.into_iter().chain(workloads) {
            self.cluster.create(object).await?;
        }
        Ok(())
    }

    /// Removes what a rehearsal made, and nothing else: by our label and field manager. Gives what could not be removed.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub(crate) async fn remove(&self, adapted: &Adapted) -> Result<Vec<String>, ClusterError> {
        let selector = Selector::labels(&BTreeMap::from([(LABEL.to_owned(), "true".to_owned())]));
        let mut kinds: Vec<Kind> = Vec::new();
        for object in objects(adapted) {
            let kind = ObjectRef::of(object)?.kind;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let mut claims = Vec::new();
        for kind in &kinds {
            for found in self.cluster.list(kind, Some(&selector)).await? {
                if is_ours(&found) {
                    claims.extend(claims_of(&found));
                    self.cluster.delete(&found, Propagation::Foreground).await?;
                }
            }
        }
        for place in own_by_name(&adapted.plan).into_iter().chain(claims) {
            if let Some(found) = self.cluster.get(&place).await?
                && (is_managed(&found) || place.kind.kind == "PersistentVolumeClaim")
            {
                self.cluster.delete(&found, Propagation::Foreground).await?;
            }
        }
        self.gone(&kinds, &selector).await
    }

    /// Waits until nothing of ours is left, and tells what still is.
    async fn gone(&self, kinds: &[Kind], selector: &Selector) -> Result<Vec<String>, ClusterError> {
        let until =
            self.cluster.clock().after(GONE).max(tokio::time::Instant::now() + Duration::from_secs(10));
        loop {
            let mut left = Vec::new();
            for kind in kinds {
                let found = self.cluster.list(kind, Some(selector)).await?;
                left.extend(found.iter().filter(|object| is_ours(object)).map(named));
            }
            if left.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(left);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// What is left of an earlier rehearsal.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub(crate) async fn leftovers(&self, adapted: &Adapted) -> Result<bool, ClusterError> {
        for object in objects(adapted) {
            if self.cluster.get(&ObjectRef::of(object)?).await?.is_some_and(|found| is_ours(&found)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Everything that the rehearsal may make.
fn objects(adapted: &Adapted) -> impl Iterator<Item = &Value> {
    let plan = &adapted.plan;
    adapted.beside.iter().chain(&plan.blue).chain(&plan.green).chain(&plan.adopted)
}

/// What the voyage makes beside the objects of the plan: its Lease, the copy of its state, and Helm's record.
fn own_by_name(plan: &Plan) -> Vec<ObjectRef> {
    let mut places = Vec::new();
    for step in &plan.steps {
        match &step.action {
            Action::AcquireLease { lease } => {
                places.push(ObjectRef::new(Kind::lease(), lease));
                for half in ["state", "plan"] {
                    places.push(ObjectRef::new(Kind::secret(), &format!("{lease}-{half}")));
                }
            }
            Action::RecordRelease { secret } => places.push(ObjectRef::new(Kind::secret(), secret)),
            _ => {}
        }
    }
    places
}

/// The claims that a StatefulSet's pods had made for them: nobody else removes them.
fn claims_of(object: &Value) -> Vec<ObjectRef> {
    let templates = object["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
    let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let kind = Kind::new("v1", "PersistentVolumeClaim");
    templates
        .filter_map(|template| template["metadata"]["name"].as_str())
        .flat_map(|template| (0..replicas).map(move |number| format!("{template}-{name}-{number}")))
        .map(|claim| ObjectRef::new(kind.clone(), &claim))
        .collect()
}

/// Whether a rehearsal made an object: our label is on it, and our field manager wrote to it.
fn is_ours(object: &Value) -> bool {
    object["metadata"]["labels"][LABEL] == "true" && is_managed(object)
}

fn is_managed(object: &Value) -> bool {
    let managers = object["metadata"]["managedFields"].as_array();
    managers.into_iter().flatten().any(|entry| entry["manager"] == json!(MANAGER))
}

/// Whether a pod is one that a Deployment or StatefulSet has made: judged by these, not by itself.
fn is_of_ours(object: &Value) -> bool {
    object["kind"] == "Pod"
        && object["metadata"]["ownerReferences"].as_array().is_some_and(|own| !own.is_empty())
}

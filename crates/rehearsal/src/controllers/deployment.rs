//! Deployment: one ReplicaSet after another.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::worker::Duty;
use super::{pods, progress, rollout};
use crate::api::{ApiError, Key, Kind, Part, Store, Write, object};

/// The label that tells the pods of one template from those of another.
const HASH: &str = "pod-template-hash";
/// The annotation that counts templates.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    kind: ("apps/v1", "Deployment"),
    hears: &[("apps/v1", "ReplicaSet"), ("v1", "Pod")],
    concerns: |store, object| {
        if let Some(key) = pods::managed_by(object, "Deployment") {
            return vec![key];
        }
        let Some(set) = pods::managed_by(object, "ReplicaSet") else { return Vec::new() };
        let set =
            store.kind("apps/v1", "ReplicaSet").and_then(|kind| store.get(&kind, &set.namespace, &set.name));
        set.ok().and_then(|set| pods::managed_by(&set, "Deployment")).into_iter().collect()
    },
    step,
};

/// A Deployment with its ReplicaSets.
#[derive(Debug)]
pub(super) struct Fleet {
    pub(super) deployment: Arc<Value>,
    /// The one of today's template.
    pub(super) new: Option<Arc<Value>>,
    /// The others, oldest first.
    pub(super) old: Vec<Arc<Value>>,
}

impl Fleet {
    fn gather(store: &Store, sets: &Kind, deployment: Arc<Value>) -> Result<Self, ApiError> {
        let mut old = pods::managed(store, sets, &deployment)?;
        old.sort_by_key(|set| (revision(set), born(set)));
        let template = object::at(&deployment, &["spec", "template"]);
        let new = old.iter().position(|set| template_of(set).as_ref() == template);
        let new = new.map(|index| old.remove(index));
        Ok(Self { deployment, new, old })
    }

    /// Every ReplicaSet, the newest last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    /// The pods that are wished for.
    pub(super) fn wanted(&self) -> i64 {
        replicas(&self.deployment)
    }
}

/// `spec.replicas`.
pub(super) fn replicas(object: &Value) -> i64 {
    object::int(object, &["spec", "replicas"]).unwrap_or(1)
}

/// A number in `status`.
pub(super) fn counted(object: &Value, what: &str) -> i64 {
    object::int(object, &["status", what]).unwrap_or_default()
}

fn revision(object: &Value) -> i64 {
    let annotation = object::text(object, &["metadata", "annotations", REVISION]);
    annotation.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn born(object: &Value) -> String {
    object::text(object, &["metadata", "creationTimestamp"]).unwrap_or_default().to_owned()
}

/// A ReplicaSet's template as its Deployment wrote it.
fn template_of(set: &Value) -> Option<Value> {
    let mut template = object::at(set, &["spec", "template"])?.clone();
    object::take(&mut template, &["metadata", "labels", HASH]);
    Some(template)
}

fn step(store: &Store, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(deployment) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let sets = store.kind("apps/v1", "ReplicaSet")?;
    let mut fleet = Fleet::gather(store, &sets, deployment)?;
    if object::is_deleting(&fleet.deployment) {
        return progress::report(store, kind, &fleet);
    }
    let is_paused = object::at(&fleet.deployment, &["spec", "paused"]) == Some(&Value::Bool(true));
    let is_recreated = object::text(&fleet.deployment, &["spec", "strategy", "type"]) == Some("Recreate");
    match (is_paused, is_recreated) {
        (true, _) => {
            if let Some(newest) = fleet.all().last().cloned() {
                scale(store, &sets, &newest, fleet.wanted())?;
            }
        }
        (false, true) => recreate(store, kind, &sets, &mut fleet)?,
        (false, false) => {
            ensure_new(store, kind, &sets, &mut fleet, rollout::first_size)?;
            for (set, size) in rollout::sizes(&fleet) {
                scale(store, &sets, &set, size)?;
            }
        }
    }
    forget(store, &sets, &fleet)?;
    let Ok(deployment) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    progress::report(store, kind, &Fleet::gather(store, &sets, deployment)?)
}

/// Everything old must be gone, down to the last process, before anything new begins.
fn recreate(store: &Store, kind: &Kind, sets: &Kind, fleet: &mut Fleet) -> Result<(), ApiError> {
    for set in &fleet.old {
        scale(store, sets, set, 0)?;
    }
    let pod = store.kind("v1", "Pod")?;
    let old: Vec<&str> = fleet.old.iter().map(|set| object::uid(set)).collect();
    let still_runs = store.list(&pod, Some(object::namespace(&fleet.deployment))).iter().any(|pod| {
        let owner = object::controller_of(pod).and_then(|owner| object::text(owner, &["uid"]));
        !pods::is_finished(pod) && owner.is_some_and(|owner| old.contains(&owner))
    });
    if still_runs {
        return Ok(());
    }
    ensure_new(store, kind, sets, fleet, Fleet::wanted)?;
    match &fleet.new {
        Some(new) => scale(store, sets, new, fleet.wanted()),
        None => Ok(()),
    }
}

/// Makes the ReplicaSet of today's template unless there is one.
fn ensure_new(
    store: &Store,
    kind: &Kind,
    sets: &Kind,
    fleet: &mut Fleet,
    size: fn(&Fleet) -> i64,
) -> Result<(), ApiError> {
    let newest = fleet.old.iter().map(|set| revision(set)).max().unwrap_or_default();
    let number = match &fleet.new {
        Some(new) if revision(new) > newest => revision(new),
        _ => newest + 1,
    };
    let new = match fleet.new.take() {
        Some(new) if revision(&new) == number => new,
        // A template of earlier times has come back: it is the newest revision again.
        Some(new) => annotate(store, sets, &new, number)?,
        None => create(store, sets, fleet, size(fleet), number)?,
    };
    fleet.new = Some(new);
    if revision(&fleet.deployment) != number {
        fleet.deployment = annotate(store, kind, &fleet.deployment, number)?;
    }
    Ok(())
}

fn annotate(store: &Store, kind: &Kind, one: &Value, number: i64) -> Result<Arc<Value>, ApiError> {
    let at = (object::namespace(one), object::name(one));
    store.change(kind, at, Part::Main, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        object::put(&mut new, &["metadata", "annotations", REVISION], number.to_string());
        Ok(new)
    })
}

fn create(store: &Store, sets: &Kind, fleet: &Fleet, size: i64, number: i64) -> Result<Arc<Value>, ApiError> {
    let deployment = &fleet.deployment;
    let mut template = object::at(deployment, &["spec", "template"]).cloned().unwrap_or_default();
    let hash = object::content_hash(&template).to_string();
    object::put(&mut template, &["metadata", "labels", HASH], hash.as_str());
    let mut selector = object::at(deployment, &["spec", "selector"]).cloned().unwrap_or_default();
    object::put(&mut selector, &["matchLabels", HASH], hash.as_str());
    let mut annotations = object::at(deployment, &["metadata", "annotations"]).cloned().unwrap_or(json!({}));
    object::take(&mut annotations, &["kubectl.kubernetes.io/last-applied-configuration"]);
    object::put(&mut annotations, &[REVISION], number.to_string());
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", object::name(deployment)),
            "labels": object::at(&template, &["metadata", "labels"]),
            "annotations": annotations,
            "ownerReferences": [object::owner_reference(deployment)],
        },
        "spec": {
            "replicas": size,
            "minReadySeconds": object::int(deployment, &["spec", "minReadySeconds"]).unwrap_or_default(),
            "selector": selector,
            "template": template,
        },
    });
    store.create(sets, object::namespace(deployment), set, &Write::by_cluster())
}

fn scale(store: &Store, sets: &Kind, set: &Value, size: i64) -> Result<(), ApiError> {
    if replicas(set) == size {
        return Ok(());
    }
    let at = (object::namespace(set), object::name(set));
    let scaled = store.change(sets, at, Part::Main, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        object::put(&mut new, &["spec", "replicas"], size);
        Ok(new)
    });
    scaled.map(drop)
}

/// Deletes the oldest ReplicaSets that nobody would go back to.
fn forget(store: &Store, sets: &Kind, fleet: &Fleet) -> Result<(), ApiError> {
    let limit = object::int(&fleet.deployment, &["spec", "revisionHistoryLimit"]).unwrap_or(10);
    let empty: Vec<_> = fleet
        .old
        .iter()
        .filter(|set| replicas(set) == 0 && counted(set, "replicas") == 0 && !object::is_deleting(set))
        .collect();
    let surplus = empty.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
    empty.into_iter().take(surplus).try_for_each(|set| pods::delete(store, sets, set))
}

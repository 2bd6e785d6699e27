//! ReplicaSet: so many pods.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Store, object};

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    kind: ("apps/v1", "ReplicaSet"),
    hears: &[("v1", "Pod")],
    concerns: |store, pod| match pods::managed_by(pod, "ReplicaSet") {
        Some(key) => vec![key],
        None if object::controller_of(pod).is_none() => of_namespace(store, pod),
        None => Vec::new(),
    },
    step,
};

/// Any ReplicaSet of the namespace might take on a pod that nobody manages.
fn of_namespace(store: &Store, pod: &Value) -> Vec<Key> {
    let Ok(kind) = store.kind("apps/v1", "ReplicaSet") else { return Vec::new() };
    store.list(&kind, Some(object::namespace(pod))).iter().map(|one| Key::of(one)).collect()
}

fn step(store: &Store, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(set) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let pod = store.kind("v1", "Pod")?;
    let mut active = pods::managed(store, &pod, &set)?;
    active.retain(|pod| pods::is_active(pod));
    if !object::is_deleting(&set) {
        let wanted = object::int(&set, &["spec", "replicas"]).unwrap_or(1);
        let wanted = usize::try_from(wanted).unwrap_or_default();
        for _ in active.len()..wanted {
            pods::create(store, &pod, &set)?;
        }
        if active.len() > wanted {
            active.sort_by_cached_key(|pod| worth(pod));
            let surplus = active.len() - wanted;
            for one in active.drain(..surplus) {
                pods::delete(store, &pod, &one)?;
            }
        } else if active.len() < wanted {
            active = pods::managed(store, &pod, &set)?;
            active.retain(|pod| pods::is_active(pod));
        }
    }
    report(store, kind, &set, &active)
}

/// What a pod is worth when some must go; the least first: unplaced, not yet running, not ready, cheaper
/// by annotation, younger.
fn worth(pod: &Value) -> (bool, u8, bool, i64, std::cmp::Reverse<String>) {
    let is_placed = object::text(pod, &["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let phase = match object::text(pod, &["status", "phase"]) {
        Some("Running") => 2,
        Some("Unknown") => 1,
        _ => 0,
    };
    let cost = object::text(pod, &["metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost"]);
    let cost = cost.and_then(|cost| cost.parse().ok()).unwrap_or_default();
    let born = object::text(pod, &["metadata", "creationTimestamp"]).unwrap_or_default().to_owned();
    (is_placed, phase, pods::is_ready(pod), cost, std::cmp::Reverse(born))
}

fn report(
    store: &Store,
    kind: &Kind,
    set: &Value,
    active: &[Arc<Value>],
) -> Result<Option<Duration>, ApiError> {
    let min_ready = min_ready(set);
    let now: SystemTime = store.clock().now();
    let waits: Vec<Duration> =
        active.iter().filter_map(|pod| pods::until_available(pod, min_ready, now)).collect();
    let available = waits.iter().filter(|wait| wait.is_zero()).count();
    let mut status = Map::new();
    status.insert("replicas".to_owned(), active.len().into());
    status.insert("fullyLabeledReplicas".to_owned(), active.len().into());
    status.insert("readyReplicas".to_owned(), waits.len().into());
    status.insert("availableReplicas".to_owned(), available.into());
    let generation = object::int(set, &["metadata", "generation"]).unwrap_or_default();
    status.insert("observedGeneration".to_owned(), generation.into());
    pods::set_status(store, kind, set, Value::Object(status))?;
    Ok(waits.into_iter().filter(|wait| !wait.is_zero()).min())
}

/// `spec.minReadySeconds`.
pub(super) fn min_ready(object: &Value) -> Duration {
    let seconds = object::int(object, &["spec", "minReadySeconds"]).unwrap_or_default();
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

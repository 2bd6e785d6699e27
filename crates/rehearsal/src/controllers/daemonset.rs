//! DaemonSet: a pod on every node, as far as nodes take it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use super::worker::Duty;
use super::{nodes, pods, replicaset};
use crate::api::{ApiError, Key, Kind, Store, object};

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "daemonset-controller",
    kind: ("apps/v1", "DaemonSet"),
    hears: &[("v1", "Pod"), ("v1", "Node")],
    concerns: |store, object| match object::text(object, &["kind"]) {
        Some("Node") => all(store),
        _ => pods::managed_by(object, "DaemonSet").into_iter().collect(),
    },
    step,
};

fn all(store: &Store) -> Vec<Key> {
    let Ok(kind) = store.kind("apps/v1", "DaemonSet") else { return Vec::new() };
    store.list(&kind, None).iter().map(|one| Key::of(one)).collect()
}

/// The annotation-free way to tell a template's pods: its hash.
const HASH: &str = "controller-revision-hash";

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let store = &desk.store;
    let Ok(set) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let pod = store.kind("v1", "Pod")?;
    let template = object::at(&set, &["spec", "template"]).cloned().unwrap_or_default();
    let hash = pods::safe(&object::content_hash(&template).to_string());
    let standing: Vec<Arc<Value>> = pods::managed(store, &pod, &set)?;
    let wanted: Vec<Arc<Value>> = nodes::all(store)?
        .into_iter()
        .filter(|node| nodes::refusal(node, &template, nodes::Asker::Daemon).is_none())
        .collect();
    if !object::is_deleting(&set) {
        for node in &wanted {
            if !standing.iter().any(|pod| on(pod) == object::name(node)) {
                let mut draft = pods::drafted(&set);
                object::put(&mut draft, &["spec", "nodeName"], object::name(node));
                object::put(&mut draft, &["metadata", "labels", HASH], hash.as_str());
                pods::create(desk, &pod, &set, draft)?;
            }
        }
        dismiss(desk, &pod, &set, &standing, &wanted, &hash)?;
    }
    report(desk, kind, &set, &wanted, &hash)
}

fn on(pod: &Value) -> &str {
    object::text(pod, &["spec", "nodeName"]).unwrap_or_default()
}

/// Deletes pods that no node is to have, that have ended, or that are of an old template: of these one after
/// another, each when all others are ready.
fn dismiss(
    desk: &Desk,
    pod: &Kind,
    set: &Value,
    standing: &[Arc<Value>],
    wanted: &[Arc<Value>],
    hash: &str,
) -> Result<(), ApiError> {
    let is_wanted = |one: &Value| wanted.iter().any(|node| object::name(node) == on(one));
    for one in standing.iter().filter(|one| !object::is_deleting(one)) {
        if !is_wanted(one) || pods::is_finished(one) {
            pods::dismiss(desk, pod, set, one)?;
        }
    }
    if object::text(set, &["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Ok(());
    }
    let is_old = |one: &Value| object::text(one, &["metadata", "labels", HASH]) != Some(hash);
    let unready = standing.iter().filter(|one| object::is_deleting(one) || !pods::is_ready(one));
    let (idle, busy): (Vec<_>, Vec<_>) = unready.partition(|one| is_old(one) && !object::is_deleting(one));
    for one in idle {
        pods::dismiss(desk, pod, set, one)?;
    }
    let next = standing.iter().find(|one| is_old(one) && pods::is_ready(one) && !object::is_deleting(one));
    match next {
        Some(next) if busy.is_empty() => pods::dismiss(desk, pod, set, next),
        _ => Ok(()),
    }
}

fn report(
    desk: &Desk,
    kind: &Kind,
    set: &Value,
    wanted: &[Arc<Value>],
    hash: &str,
) -> Result<Option<Duration>, ApiError> {
    let pod = desk.store.kind("v1", "Pod")?;
    let now = desk.store.clock().now();
    let min_ready = replicaset::min_ready(set);
    let standing = pods::managed(&desk.store, &pod, set)?;
    let on_wanted = |one: &Value| wanted.iter().any(|node| object::name(node) == on(one));
    let right: Vec<_> = standing.iter().filter(|one| on_wanted(one)).collect();
    let waits: Vec<_> = right.iter().filter_map(|one| pods::until_available(one, min_ready, now)).collect();
    let available = waits.iter().filter(|wait| wait.is_zero()).count();
    let updated =
        right.iter().filter(|one| object::text(one, &["metadata", "labels", HASH]) == Some(hash)).count();
    let mut status = json!({
        "currentNumberScheduled": right.len(),
        "numberMisscheduled": standing.len() - right.len(),
        "desiredNumberScheduled": wanted.len(),
        "numberReady": waits.len(),
        "observedGeneration": object::int(set, &["metadata", "generation"]).unwrap_or_default(),
    });
    let unavailable = wanted.len().saturating_sub(available);
    for (name, count) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        ("numberUnavailable", unavailable),
    ] {
        if count > 0 {
            status[name] = count.into();
        }
    }
    pods::set_status(&desk.store, kind, set, status)?;
    Ok(waits.into_iter().filter(|wait| !wait.is_zero()).min())
}

//! ReplicaSet: so many pods, as `pkg/controller/replicaset` keeps them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::conditions::{self, Finding};
use super::desk::Desk;
use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Store, object};

/// How many pods are made or deleted in one step.
const BURST: usize = 500;

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "replicaset-controller",
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

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(set) = desk.store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let pod = desk.store.kind("v1", "Pod")?;
    let all = pods::managed(&desk.store, &pod, &set)?;
    let (active, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|pod| pods::is_active(pod));
    let terminating = rest.iter().filter(|pod| object::is_deleting(pod) && !pods::is_finished(pod)).count();
    let managed = if object::is_deleting(&set) { Ok(()) } else { manage(desk, &pod, &set, &active) };
    // Told of the pods there were before: what came of it is told when it is seen.
    let wait = report(desk, kind, &set, &active, terminating, managed.as_ref().err())?;
    managed.map(|()| wait)
}

fn manage(desk: &Desk, pod: &Kind, set: &Value, active: &[Arc<Value>]) -> Result<(), ApiError> {
    let wanted = object::int(set, &["spec", "replicas"]).unwrap_or(1);
    let wanted = usize::try_from(wanted).unwrap_or_default();
    if active.len() < wanted {
        return pods::create_many(desk, pod, set, (wanted - active.len()).min(BURST));
    }
    let surplus = (active.len() - wanted).min(BURST);
    let mut going: Vec<_> = active.to_vec();
    if surplus > 0 && surplus < active.len() {
        let crowds = crowds(&desk.store, pod, set)?;
        let now = desk.store.clock().now();
        going.sort_by(|one, other| worth(one, other, &crowds, now));
    }
    going.iter().take(surplus).try_for_each(|one| pods::dismiss(desk, pod, set, one))
}

/// How many active pods of the same owner stand on each node, those of its other ReplicaSets too.
fn crowds(store: &Store, pod: &Kind, set: &Value) -> Result<BTreeMap<String, usize>, ApiError> {
    let kind = store.kind("apps/v1", "ReplicaSet")?;
    let owner = |one: &Value| {
        let owner = object::controller_of(one).and_then(|owner| object::text(owner, &["uid"]));
        owner.map(str::to_owned)
    };
    let own = owner(set);
    let related: Vec<String> = store
        .list(&kind, Some(object::namespace(set)))
        .iter()
        .filter(|other| object::uid(other) == object::uid(set) || (own.is_some() && owner(other) == own))
        .map(|other| object::uid(other).to_owned())
        .collect();
    let mut crowds = BTreeMap::new();
    for one in store.list(pod, Some(object::namespace(set))) {
        if pods::is_active(&one) && owner(&one).is_some_and(|owner| related.contains(&owner)) {
            *crowds.entry(node(&one).to_owned()).or_default() += 1;
        }
    }
    Ok(crowds)
}

fn node(pod: &Value) -> &str {
    object::text(pod, &["spec", "nodeName"]).unwrap_or_default()
}

/// Which of two pods goes first: unplaced, not yet running, not ready, cheaper by annotation, more crowded,
/// ready for less long, restarted more often, younger. Ages count by their order of magnitude; what is alike
/// in all goes by its uid.
pub(super) fn worth(
    one: &Value,
    other: &Value,
    crowds: &BTreeMap<String, usize>,
    now: SystemTime,
) -> Ordering {
    let phase = |pod: &Value| match object::text(pod, &["status", "phase"]) {
        Some("Running") => 2,
        Some("Unknown") => 1,
        _ => 0,
    };
    let cost = |pod: &Value| -> i64 {
        let annotation = "controller.kubernetes.io/pod-deletion-cost";
        let cost = object::text(pod, &["metadata", "annotations", annotation]);
        cost.and_then(|cost| cost.parse().ok()).unwrap_or_default()
    };
    let crowd = |pod: &Value| crowds.get(node(pod)).copied().unwrap_or_default();
    let by_uid = || object::uid(one).cmp(object::uid(other));
    let places = (node(one).is_empty(), node(other).is_empty());
    let first = places.1.cmp(&places.0);
    let so_far = first
        .then_with(|| phase(one).cmp(&phase(other)))
        .then_with(|| pods::is_ready(one).cmp(&pods::is_ready(other)))
        .then_with(|| cost(one).cmp(&cost(other)))
        .then_with(|| crowd(other).cmp(&crowd(one)));
    if so_far != Ordering::Equal {
        return so_far;
    }
    let ready = |pod: &Value| {
        object::condition(pod, "Ready")
            .filter(|_| pods::is_ready(pod))
            .and_then(|ready| object::text(ready, &["lastTransitionTime"]))
            .and_then(object::time)
    };
    if let (Some(left), Some(right)) = (ready(one), ready(other))
        && left != right
    {
        return magnitude(left, now).cmp(&magnitude(right, now)).then_with(by_uid);
    }
    let born = |pod: &Value| object::text(pod, &["metadata", "creationTimestamp"]).and_then(object::time);
    restarts(other).cmp(&restarts(one)).then_with(|| match (born(one), born(other)) {
        (Some(left), Some(right)) if left != right => {
            magnitude(left, now).cmp(&magnitude(right, now)).then_with(by_uid)
        }
        _ => Ordering::Equal,
    })
}

/// The order of magnitude of an age: the whole part of its logarithm to the base of two.
fn magnitude(since: SystemTime, now: SystemTime) -> i64 {
    let age = now.duration_since(since).unwrap_or_default().as_nanos();
    age.checked_ilog2().map_or(-1, i64::from)
}

/// The most restarts of a container and, after that, of a sidecar.
fn restarts(pod: &Value) -> (i64, i64) {
    let most = |list: &str, counts: &dyn Fn(&Value) -> bool| {
        let all = object::items(pod, &["status", list]).iter().filter(|one| counts(one));
        all.filter_map(|one| object::int(one, &["restartCount"])).max().unwrap_or_default()
    };
    let is_sidecar = |status: &Value| {
        object::items(pod, &["spec", "initContainers"]).iter().any(|container| {
            container.get("name") == status.get("name")
                && object::text(container, &["restartPolicy"]) == Some("Always")
        })
    };
    (most("containerStatuses", &|_| true), most("initContainerStatuses", &is_sidecar))
}

fn report(
    desk: &Desk,
    kind: &Kind,
    set: &Value,
    active: &[Arc<Value>],
    terminating: usize,
    failure: Option<&ApiError>,
) -> Result<Option<Duration>, ApiError> {
    let min_ready = min_ready(set);
    let now: SystemTime = desk.store.clock().now();
    let waits: Vec<Duration> =
        active.iter().filter_map(|pod| pods::until_available(pod, min_ready, now)).collect();
    let available = waits.iter().filter(|wait| wait.is_zero()).count();
    let template = object::at(set, &["spec", "template", "metadata", "labels"]).and_then(Value::as_object);
    let is_full = |pod: &Value| {
        let labels = object::labels(pod);
        template.is_none_or(|wanted| {
            wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
        })
    };
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut status = json!({ "replicas": active.len() });
    conditions::counts(
        &mut status,
        &[
            ("fullyLabeledReplicas", count(active.iter().filter(|pod| is_full(pod)).count())),
            ("readyReplicas", count(waits.len())),
            ("availableReplicas", count(available)),
        ],
    );
    status["terminatingReplicas"] = terminating.into();
    let generation = object::int(set, &["metadata", "generation"]).unwrap_or_default();
    status["observedGeneration"] = generation.into();
    let mut conditions = object::items(set, &["status", "conditions"]).to_vec();
    match failure {
        Some(failure) if conditions::find(&conditions, "ReplicaFailure").is_none() => {
            let wanted = object::int(set, &["spec", "replicas"]).unwrap_or(1);
            let reason = if count(active.len()) < wanted { "FailedCreate" } else { "FailedDelete" };
            let finding = Finding::new("ReplicaFailure", "True", reason, failure.to_string());
            conditions::set(&mut conditions, &finding, &object::timestamp(now));
        }
        Some(_) => {}
        None => conditions::remove(&mut conditions, "ReplicaFailure"),
    }
    if !conditions.is_empty() {
        status["conditions"] = conditions.into();
    }
    pods::set_status(&desk.store, kind, set, status)?;
    Ok(waits.into_iter().filter(|wait| !wait.is_zero()).min())
}

/// `spec.minReadySeconds`.
pub(super) fn min_ready(object: &Value) -> Duration {
    let seconds = object::int(object, &["spec", "minReadySeconds"]).unwrap_or_default();
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

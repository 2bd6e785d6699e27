//! Nodes as those who place pods see them. What keeps pods to certain nodes by label (`nodeSelector`, affinity,
//! topology) is not asked: the hollow nodes stand for whatever nodes the user has.

use std::sync::Arc;

use serde_json::Value;

use super::{pods, quantity};
use crate::api::{ApiError, Kind, Store, object};

/// Who wants a pod placed: a daemon stands where ordinary pods may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Scheduler,
    Daemon,
}

/// All nodes, by name.
pub(super) fn all(store: &Store) -> Result<Vec<Arc<Value>>, ApiError> {
    let kind = store.kind("v1", "Node")?;
    Ok(store.list(&kind, None))
}

/// The first taint of a node that keeps the pod (or template) away; cordoned nodes have one too.
pub(super) fn refusal<'a>(node: &'a Value, pod: &Value, asker: Asker) -> Option<&'a str> {
    if asker == Asker::Daemon {
        return None;
    }
    if object::at(node, &["spec", "unschedulable"]) == Some(&Value::Bool(true)) {
        return Some("node.kubernetes.io/unschedulable");
    }
    let taints = object::items(node, &["spec", "taints"]);
    let hard = taints.iter().filter(|taint| object::text(taint, &["effect"]) != Some("PreferNoSchedule"));
    let mut hostile = hard.filter(|taint| {
        !object::items(pod, &["spec", "tolerations"]).iter().any(|one| tolerates(one, taint))
    });
    hostile.next().map(|taint| object::text(taint, &["key"]).unwrap_or_default())
}

/// Whether a toleration is about a taint.
pub(super) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |value: &'_ Value, field: &str| object::text(value, &[field]).unwrap_or_default().to_owned();
    let (key, effect) = (text(toleration, "key"), text(toleration, "effect"));
    let same_value =
        text(toleration, "operator") == "Exists" || text(toleration, "value") == text(taint, "value");
    (key.is_empty() || key == text(taint, "key"))
        && (effect.is_empty() || effect == text(taint, "effect"))
        && same_value
}

/// What a pod asks of its node, in cores and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Request {
    pub(super) cpu: f64,
    pub(super) memory: f64,
}

impl Request {
    /// The sum of its containers, or the largest of what must run before them, if that is more.
    pub(super) fn of(pod: &Value) -> Self {
        let of = |resource: &str| {
            let own = |container: &Value| {
                let amount = object::text(container, &["resources", "requests", resource]);
                amount.and_then(quantity::read).unwrap_or_default()
            };
            let sum: f64 = object::items(pod, &["spec", "containers"]).iter().map(own).sum();
            let (mut sidecars, mut peak) = (0.0, 0.0_f64);
            for container in object::items(pod, &["spec", "initContainers"]) {
                peak = peak.max(sidecars + own(container));
                if object::text(container, &["restartPolicy"]) == Some("Always") {
                    sidecars += own(container);
                }
            }
            (sum + sidecars).max(peak)
        };
        Self { cpu: of("cpu"), memory: of("memory") }
    }
}

/// What a node has left of each resource, told by name where it is too little for the request.
pub(super) fn shortage(store: &Store, pods: &Kind, node: &Value, request: Request) -> Option<&'static str> {
    let room = |resource: &str| {
        let amount = object::at(node, &["status", "allocatable", resource])?;
        amount.as_str().map_or_else(|| amount.as_f64(), quantity::read)
    };
    if request == Request::default() {
        return None;
    }
    let mut used = Request::default();
    for pod in store.list(pods, None) {
        if object::text(&pod, &["spec", "nodeName"]) == Some(object::name(node)) && !pods::is_finished(&pod) {
            let other = Request::of(&pod);
            used = Request { cpu: used.cpu + other.cpu, memory: used.memory + other.memory };
        }
    }
    if room("cpu").is_some_and(|room| used.cpu + request.cpu > room) {
        return Some("Insufficient cpu");
    }
    room("memory").is_some_and(|room| used.memory + request.memory > room).then_some("Insufficient memory")
}

//! One object as one row.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::age::age;
use super::{columns, network, pods, rest, workloads};
use crate::api::object;
use crate::api::registry::Kind;

/// The cells of an object, as many as its kind has columns.
pub(super) fn cells(kind: &Kind, object: &Value, now: SystemTime) -> Vec<Value> {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pods::pod(object, now),
        ("", "Node") => pods::node(object, now),
        ("", "Service") => network::service(object, now),
        ("", "Endpoints") => network::endpoints(object, now),
        ("", "ConfigMap") => rest::config_map(object, now),
        ("", "Secret") => rest::secret(object, now),
        ("", "Namespace") => rest::namespace(object, now),
        ("", "PersistentVolume") => rest::volume(object, now),
        ("", "PersistentVolumeClaim") => rest::claim(object, now),
        ("", "ResourceQuota") => rest::quota(object, now),
        ("" | "events.k8s.io", "Event") => rest::event(object, now),
        ("apps", "Deployment") => workloads::deployment(object, now),
        ("apps", "ReplicaSet") => workloads::replica_set(object, now),
        ("apps", "StatefulSet") => workloads::stateful_set(object, now),
        ("apps", "DaemonSet") => workloads::daemon_set(object, now),
        ("apps", "ControllerRevision") => workloads::revision(object, now),
        ("batch", "Job") => workloads::job(object, now),
        ("batch", "CronJob") => workloads::cron_job(object, now),
        ("autoscaling", "HorizontalPodAutoscaler") => workloads::autoscaler(object, now),
        ("policy", "PodDisruptionBudget") => workloads::budget(object, now),
        ("networking.k8s.io", "Ingress") => network::ingress(object, now),
        ("networking.k8s.io", "IngressClass") => network::ingress_class(object, now),
        ("networking.k8s.io", "NetworkPolicy") => network::policy(object, now),
        ("discovery.k8s.io", "EndpointSlice") => network::slice(object, now),
        ("coordination.k8s.io", "Lease") => rest::lease(object, now),
        ("scheduling.k8s.io", "PriorityClass") => rest::priority(object, now),
        ("storage.k8s.io", "StorageClass") => rest::storage(object, now),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => rest::binding(object, now),
        _ if columns::names(kind) == columns::CREATED => {
            let created = object::text(object, &["metadata", "creationTimestamp"]).unwrap_or_default();
            vec![object::name(object).into(), created.into()]
        }
        _ => vec![object::name(object).into(), age(object, now).into()],
    }
}

/// What a row says of an object beside its cells: a pod that is over is told as such.
pub(super) fn conditions(kind: &Kind, object: &Value) -> Option<Value> {
    if !kind.is_core("Pod") {
        return None;
    }
    let (reason, message) = match object::text(object, &["status", "phase"])? {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}

/// A text, or what stands for none.
pub(super) fn text_or<'a>(object: &'a Value, path: &[&str], none: &'a str) -> &'a str {
    object::text(object, path).filter(|text| !text.is_empty()).unwrap_or(none)
}

/// A count that may be left out when it is zero.
pub(super) fn count(object: &Value, path: &[&str]) -> i64 {
    object::int(object, path).unwrap_or_default()
}

/// A quantity, a number or a percentage as it was written.
pub(super) fn plain(value: Option<&Value>, none: &str) -> String {
    match value {
        None | Some(Value::Null) => none.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Labels as `a=1,b=2`; `<none>` without any.
pub(super) fn labels(labels: Option<&Value>) -> String {
    let pairs = labels.and_then(Value::as_object).into_iter().flatten();
    let mut pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    pairs.sort();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A label selector as text; `<none>` when it selects everything.
pub(super) fn selector(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return "<none>".to_owned() };
    let mut parts: Vec<(&str, String)> = selector
        .get("matchLabels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), format!("{key}={}", value.as_str().unwrap_or_default())))
        .collect();
    for one in object::items(selector, &["matchExpressions"]) {
        let key = object::text(one, &["key"]).unwrap_or_default();
        let mut values: Vec<&str> =
            object::items(one, &["values"]).iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let told = match object::text(one, &["operator"]) {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        };
        parts.push((key, told));
    }
    parts.sort_by_key(|(key, _)| *key);
    let parts: Vec<String> = parts.into_iter().map(|(_, told)| told).collect();
    if parts.is_empty() { "<none>".to_owned() } else { parts.join(",") }
}

/// At most three, and how many more there are.
pub(super) fn three(all: &[String], none: &str) -> String {
    match all.len() {
        0 => none.to_owned(),
        1..=3 => all.join(","),
        more => format!("{} + {} more...", all[..3].join(","), more - 3),
    }
}

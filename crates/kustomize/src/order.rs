//! The order in which Kustomize puts out objects.

use crate::identity::Id;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// What objects are sorted by: the rank of their kind, then names, as text.
pub(crate) fn key(id: &Id) -> (usize, String, String) {
    let rank = FIRST
        .iter()
        .position(|kind| *kind == id.kind)
        .or_else(|| LAST.iter().position(|kind| *kind == id.kind).map(|place| FIRST.len() + 1 + place))
        .unwrap_or(FIRST.len());
    let or = |text: &str, absent: &str| if text.is_empty() { absent.to_owned() } else { text.to_owned() };
    let kind = format!("{}_{}_{}", or(&id.group, "~G"), or(&id.version, "~V"), or(&id.kind, "~K"));
    (rank, kind, format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")))
}

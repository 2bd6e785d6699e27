//! The order in which Kustomize puts out objects.

use tree::Node;

use crate::error::KustomizeErrorKind;
use crate::identity::{Gvk, Id, Object};

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

/// How a build's objects are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// As they were read.
    AsRead,
    /// By kind: these first, those last, all others between them by name.
    Kinds { first: Vec<String>, last: Vec<String> },
}

impl Order {
    /// What `sortOptions` says.
    pub(crate) fn read(options: Option<&Node>) -> Result<Self, KustomizeErrorKind> {
        let legacy = || Self::Kinds {
            first: FIRST.iter().map(|kind| (*kind).to_owned()).collect(),
            last: LAST.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        let Some(options) = options else { return Ok(legacy()) };
        let own = options.get("legacySortOptions");
        match (options.str_at(&["order"]), own) {
            (Some("legacy"), None) => Ok(legacy()),
            (Some("legacy"), Some(own)) => {
                let kinds = |member: &str| {
                    let list = own.get(member).into_iter().flat_map(Node::items);
                    list.filter_map(Node::as_str).map(str::to_owned).collect()
                };
                Ok(Self::Kinds { first: kinds("orderFirst"), last: kinds("orderLast") })
            }
            (Some("fifo"), None) => Ok(Self::AsRead),
            (Some("fifo"), Some(_)) => Err(KustomizeErrorKind::BadField {
                field: "sortOptions.legacySortOptions".to_owned(),
                wanted: "absent where the order is fifo",
            }),
            _ => Err(KustomizeErrorKind::BadField {
                field: "sortOptions.order".to_owned(),
                wanted: "fifo or legacy",
            }),
        }
    }

    pub(crate) fn apply(&self, objects: &mut [Object]) {
        if let Self::Kinds { first, last } = self {
            objects.sort_by_cached_key(|object| key(object.id(), first, last));
        }
    }
}

/// What objects are sorted by: the rank of their kind, then names, as text.
fn key(id: &Id, first: &[String], last: &[String]) -> (usize, String, String) {
    let text = |list: &[String]| list.iter().rposition(|kind| *kind == id.kind);
    // A kind named on both sides is one of the last.
    let rank = text(last).map(|place| first.len() + 1 + place).or_else(|| text(first)).unwrap_or(first.len());
    let kind = sortable(&id.group, &id.version, &id.kind);
    let or = |text: &str, absent: &str| if text.is_empty() { absent.to_owned() } else { text.to_owned() };
    // Of namespaces, those of Kubernetes come before those of others.
    let kind = if id.kind == "Namespace" && id.group.is_empty() { String::new() } else { kind };
    (rank, kind, format!("{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N")))
}

/// What field specs are sorted by.
pub(crate) fn of_gvk(gvk: &Gvk) -> (usize, String) {
    let rank = FIRST
        .iter()
        .position(|kind| *kind == gvk.kind)
        .or_else(|| LAST.iter().position(|kind| *kind == gvk.kind).map(|place| FIRST.len() + 1 + place))
        .unwrap_or(FIRST.len());
    (rank, sortable(&gvk.group, &gvk.version, &gvk.kind))
}

fn sortable(group: &str, version: &str, kind: &str) -> String {
    let or = |text: &str, absent: &str| if text.is_empty() { absent.to_owned() } else { text.to_owned() };
    format!("{}_{}_{}", or(group, "~G"), or(version, "~V"), or(kind, "~K"))
}

//! From documents to objects: lists taken apart, and what is no Kubernetes object named.

use camino::Utf8Path;
use installation::Object;
use tree::Node;

use crate::{Passed, SourceErrorKind};

/// Lists may hold lists; no tool writes them deeper than once.
const MAX_LISTS: usize = 8;

/// What a document is.
pub(crate) enum Sort {
    /// An object.
    Object(Object),
    /// No object of Kubernetes; what it is instead, and which field an object would have.
    Other(Passed, SourceErrorKind),
}

/// A document taken apart.
pub(crate) struct Members {
    /// The lists around, without their items.
    pub(crate) wrappers: Vec<Node>,
    /// The members, or the document itself.
    pub(crate) items: Vec<Node>,
}

/// The members of a list (`List`, or a typed one such as `DeploymentList`), or the document itself. Members of a
/// typed list need not name their kind, as the API leaves it out; they get the list's.
pub(crate) fn members(node: Node) -> Members {
    let mut out = Members { wrappers: Vec::new(), items: Vec::new() };
    take_apart(node, 0, &mut out);
    out
}

fn take_apart(mut node: Node, depth: usize, out: &mut Members) {
    let kind = node.get("kind").cloned();
    let name = kind.as_ref().and_then(Node::as_str).unwrap_or_default();
    let item_kind = name.strip_suffix("List").unwrap_or_default().to_owned();
    let is_list = name.ends_with("List") && node.get("items").is_some_and(is_sequence_or_null);
    if !is_list || depth == MAX_LISTS {
        out.items.push(node);
        return;
    }
    let version = node.get("apiVersion").cloned();
    let items = node.as_mapping_mut().and_then(|mapping| mapping.shift_remove("items"));
    out.wrappers.push(node);
    let items = items.as_ref().and_then(Node::as_sequence).unwrap_or_default();
    for mut item in items.iter().cloned() {
        if !item_kind.is_empty() && item.as_mapping().is_some() {
            if let (None, Some(kind)) = (item.get("kind"), &kind) {
                item.set("kind", Node::from(item_kind.as_str()).at(kind.origin));
            }
            if let (None, Some(version)) = (item.get("apiVersion"), &version) {
                item.set("apiVersion", version.clone());
            }
        }
        take_apart(item, depth + 1, out);
    }
}

fn is_sequence_or_null(node: &Node) -> bool {
    node.as_sequence().is_some() || node.value == tree::Value::Null
}

/// Says what a document is.
pub(crate) fn sort(node: Node, file: &Utf8Path) -> Sort {
    let text = |keys: &[&str]| node.str_at(keys).filter(|text| !text.is_empty());
    let missing = if text(&["apiVersion"]).is_none() {
        "apiVersion"
    } else if text(&["kind"]).is_none() {
        "kind"
    } else if let Some(what) = other_api(&node) {
        return Sort::Other(what, SourceErrorKind::NotAnObject { missing: "metadata.name" });
    } else if text(&["metadata", "name"]).is_none() {
        "metadata.name"
    } else {
        return Sort::Object(Object::new(node));
    };
    let what = if missing == "metadata.name" && text(&["metadata", "generateName"]).is_some() {
        Passed::RunByHand
    } else {
        kind_of_file(&node, file)
    };
    Sort::Other(what, SourceErrorKind::NotAnObject { missing })
}

/// Files of tools that have `apiVersion` and `kind` as objects have, but which no API server takes.
fn other_api(node: &Node) -> Option<Passed> {
    let group = node.str_at(&["apiVersion"]).unwrap_or_default();
    let group = group.split_once('/').map_or("", |(group, _)| group);
    match (group, node.str_at(&["kind"]).unwrap_or_default()) {
        ("kustomize.config.k8s.io", _) => Some(Passed::Kustomization),
        ("skaffold" | "kind.x-k8s.io" | "k3d.io" | "ctlptl.dev" | "talhelper.dev", _) => Some(Passed::Tool),
        _ => None,
    }
}

fn kind_of_file(node: &Node, file: &Utf8Path) -> Passed {
    let name = file.file_name().unwrap_or_default();
    let has = |key: &str| node.get(key).is_some();
    if matches!(name, "Chart.yaml" | "Chart.lock") {
        Passed::Chart
    } else if crate::detect::is_kustomization(name) {
        Passed::Kustomization
    } else if node.get("services").is_some_and(|services| services.as_mapping().is_some()) {
        Passed::Compose
    } else if name.starts_with("values") || name.contains(".values.") || name.ends_with("-values.yaml") {
        Passed::Values
    } else if has("jobs") || has("stages") || has("repos") || has("site_name") || has("creation_rules") {
        Passed::Tool
    } else {
        Passed::Unknown
    }
}

/// The release that a group and version were removed in, and what they are called today, by the
/// Kubernetes project's "Deprecated API Migration Guide".
pub(crate) fn successor(api_version: &str, kind: &str) -> Option<(Option<&'static str>, &'static str)> {
    let found = match (api_version, kind) {
        ("extensions/v1beta1", "Ingress") => (Some("networking.k8s.io/v1"), "1.22"),
        ("extensions/v1beta1", "NetworkPolicy") => (Some("networking.k8s.io/v1"), "1.16"),
        ("extensions/v1beta1", "PodSecurityPolicy") => (None, "1.16"),
        ("extensions/v1beta1", _) => (Some("apps/v1"), "1.16"),
        ("apps/v1beta1" | "apps/v1beta2", _) => (Some("apps/v1"), "1.16"),
        ("networking.k8s.io/v1beta1", "Ingress" | "IngressClass") => (Some("networking.k8s.io/v1"), "1.22"),
        ("batch/v2alpha1", "CronJob") => (Some("batch/v1"), "1.21"),
        ("batch/v1beta1", "CronJob") => (Some("batch/v1"), "1.25"),
        ("autoscaling/v2beta1", _) => (Some("autoscaling/v2"), "1.25"),
        ("autoscaling/v2beta2", _) => (Some("autoscaling/v2"), "1.26"),
        ("policy/v1beta1", "PodSecurityPolicy") => (None, "1.25"),
        ("policy/v1beta1", _) => (Some("policy/v1"), "1.25"),
        ("discovery.k8s.io/v1beta1", _) => (Some("discovery.k8s.io/v1"), "1.25"),
        ("events.k8s.io/v1beta1", _) => (Some("events.k8s.io/v1"), "1.25"),
        ("node.k8s.io/v1beta1", _) => (Some("node.k8s.io/v1"), "1.25"),
        ("rbac.authorization.k8s.io/v1alpha1" | "rbac.authorization.k8s.io/v1beta1", _) => {
            (Some("rbac.authorization.k8s.io/v1"), "1.22")
        }
        ("apiextensions.k8s.io/v1beta1", _) => (Some("apiextensions.k8s.io/v1"), "1.22"),
        ("apiregistration.k8s.io/v1beta1", _) => (Some("apiregistration.k8s.io/v1"), "1.22"),
        (
            "admissionregistration.k8s.io/v1beta1",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => (Some("admissionregistration.k8s.io/v1"), "1.22"),
        ("certificates.k8s.io/v1beta1", _) => (Some("certificates.k8s.io/v1"), "1.22"),
        ("coordination.k8s.io/v1beta1", _) => (Some("coordination.k8s.io/v1"), "1.22"),
        ("scheduling.k8s.io/v1beta1", _) => (Some("scheduling.k8s.io/v1"), "1.22"),
        ("storage.k8s.io/v1beta1", "CSIStorageCapacity") => (Some("storage.k8s.io/v1"), "1.27"),
        ("storage.k8s.io/v1beta1", "CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment") => {
            (Some("storage.k8s.io/v1"), "1.22")
        }
        _ => return None,
    };
    Some(found)
}

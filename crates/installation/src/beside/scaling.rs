//! What scales workloads, and what protects them.

use tree::Node;

use crate::index::Index;
use crate::{Labels, Object, Scaling, ScalingKind};

/// HorizontalPodAutoscalers of all API versions, VerticalPodAutoscalers, KEDA's ScaledObjects and
/// PodDisruptionBudgets.
pub(crate) fn read_scaling(index: &Index<'_>) -> Vec<Scaling> {
    let objects = index.objects.iter().enumerate();
    objects.filter_map(|(position, object)| read(index, position, object)).collect()
}

fn read(index: &Index<'_>, position: usize, object: &Object) -> Option<Scaling> {
    let spec = |keys: &[&str]| object.node.get("spec").and_then(|spec| spec.at_keys(keys));
    let (kind, target, min, max) = match object.kind() {
        "HorizontalPodAutoscaler" => {
            (ScalingKind::Horizontal, "scaleTargetRef", "minReplicas", "maxReplicas")
        }
        "VerticalPodAutoscaler" => (ScalingKind::Vertical, "targetRef", "", ""),
        "ScaledObject" => (ScalingKind::Keda, "scaleTargetRef", "minReplicaCount", "maxReplicaCount"),
        "PodDisruptionBudget" => (ScalingKind::DisruptionBudget, "", "minAvailable", "maxUnavailable"),
        _ => return None,
    };
    let workload = if kind == ScalingKind::DisruptionBudget {
        let selector = spec(&["selector", "matchLabels"]).map(Labels::read).unwrap_or_default();
        index.selected(object.namespace(), &selector).first().copied()
    } else {
        let name = spec(&[target, "name"]).and_then(Node::as_str);
        let of_kind = spec(&[target, "kind"]).and_then(Node::as_str).unwrap_or("Deployment");
        name.and_then(|name| index.find(object.namespace(), of_kind, name))
    };
    let text = |key: &str| spec(&[key]).and_then(Node::as_text);
    Some(Scaling {
        kind,
        object: position,
        workload,
        min: text(min),
        max: text(max),
        origin: object.node.origin,
    })
}

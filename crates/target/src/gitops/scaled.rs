//! Workloads whose number of pods something else decides.

use installation::Object;

/// The kind and name of every workload that a HorizontalPodAutoscaler or a ScaledObject of KEDA scales.
pub(crate) fn workloads<'a>(objects: impl Iterator<Item = &'a Object>) -> Vec<(String, String)> {
    let scalers =
        objects.filter(|object| matches!(object.kind(), "HorizontalPodAutoscaler" | "ScaledObject"));
    let named = scalers.filter_map(|scaler| {
        let target = |key| scaler.node.str_at(&["spec", "scaleTargetRef", key]);
        // KEDA takes a Deployment where the kind is not said.
        Some((target("kind").unwrap_or("Deployment").to_owned(), target("name")?.to_owned()))
    });
    named.collect()
}

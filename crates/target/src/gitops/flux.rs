//! Flux: `HelmRelease` (helm.toolkit.fluxcd.io/v2), its source (source.toolkit.fluxcd.io/v1) and `Kustomization`
//! (kustomize.toolkit.fluxcd.io/v1), by the definitions of Flux 2.7 and later.

use installation::Object;
use tree::{Node, Value};

use super::delivery::{CHART, Delivery};

/// Where `flux bootstrap` puts Flux, and what it calls the repository that Flux follows.
const SYSTEM: &str = "flux-system";

/// A chart in a registry of images is an archive among layers.
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

fn object(api_version: &str, kind: &str, name: &str, namespace: &str) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", api_version);
    node.set("kind", kind);
    node.ensure(&["metadata"]).set("name", name);
    node.ensure(&["metadata"]).set("namespace", namespace);
    node
}

/// Where the chart comes from.
pub(crate) fn repository(delivery: &Delivery<'_>) -> Node {
    let image = delivery.image();
    let kind = if image.is_some() { "OCIRepository" } else { "HelmRepository" };
    let mut node = object("source.toolkit.fluxcd.io/v1", kind, delivery.release, &delivery.namespace());
    let spec = node.ensure(&["spec"]);
    spec.set("interval", "24h");
    if let Some(image) = image {
        spec.set("url", image);
        spec.ensure(&["ref"]).set("tag", delivery.version);
        spec.ensure(&["layerSelector"]).set("mediaType", CHART_LAYER);
        spec.ensure(&["layerSelector"]).set("operation", "copy");
    } else {
        spec.set("url", delivery.repository());
    }
    node
}

/// The release, with its values and the patches to what the chart renders. Drift is told and not corrected, and the
/// numbers of pods that something else decides are none.
pub(crate) fn release(
    delivery: &Delivery<'_>,
    values: &Node,
    patches: Vec<String>,
    scaled: &[(String, String)],
) -> Node {
    let mut node =
        object("helm.toolkit.fluxcd.io/v2", "HelmRelease", delivery.release, &delivery.namespace());
    // A value such as `${NAME}` is Mastodon's, and not Flux's to substitute.
    node.ensure(&["metadata", "annotations"]).set("kustomize.toolkit.fluxcd.io/substitute", "disabled");
    let spec = node.ensure(&["spec"]);
    spec.set("interval", "1h");
    spec.set("releaseName", delivery.release);
    if delivery.image().is_some() {
        spec.ensure(&["chartRef"]).set("kind", "OCIRepository");
        spec.ensure(&["chartRef"]).set("name", delivery.release);
    } else {
        let chart = spec.ensure(&["chart", "spec"]);
        chart.set("chart", CHART);
        chart.set("version", delivery.version);
        chart.ensure(&["sourceRef"]).set("kind", "HelmRepository");
        chart.ensure(&["sourceRef"]).set("name", delivery.release);
    }
    for action in ["install", "upgrade", "rollback", "uninstall"] {
        spec.ensure(&[action]).set("disableHooks", true);
    }
    spec.ensure(&["driftDetection"]).set("mode", "warn");
    let ignored: Vec<Node> = scaled.iter().map(|(kind, name)| left_alone(kind, name)).collect();
    if !ignored.is_empty() {
        spec.ensure(&["driftDetection"]).set("ignore", Value::Sequence(ignored));
    }
    if !patches.is_empty() {
        let entries = patches.into_iter().map(|patch| {
            let mut entry = Node::mapping();
            entry.set("patch", patch);
            entry
        });
        let mut renderer = Node::mapping();
        renderer.ensure(&["kustomize"]).set("patches", Value::Sequence(entries.collect()));
        spec.set("postRenderers", Value::Sequence(vec![renderer]));
    }
    spec.set("values", values.clone());
    node
}

fn left_alone(kind: &str, name: &str) -> Node {
    let mut rule = Node::mapping();
    rule.set("paths", Value::Sequence(vec!["/spec/replicas".into()]));
    rule.ensure(&["target"]).set("kind", kind);
    rule.ensure(&["target"]).set("name", name);
    rule
}

/// A folder that Flux applies, or will when it is no longer suspended.
pub(crate) fn kustomization<'a>(
    delivery: &Delivery<'_>,
    name: &str,
    path: &str,
    mut objects: impl Iterator<Item = &'a Object>,
    suspended: bool,
) -> Node {
    let mut node = object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, SYSTEM);
    let spec = node.ensure(&["spec"]);
    spec.set("interval", "1h");
    spec.set("path", format!("./{path}"));
    spec.set("prune", false);
    if suspended {
        spec.set("suspend", true);
    }
    if objects.all(|object| object.namespace().is_none_or(|own| Some(own) == delivery.namespace)) {
        spec.set("targetNamespace", delivery.namespace());
    }
    spec.ensure(&["sourceRef"]).set("kind", "GitRepository");
    spec.ensure(&["sourceRef"]).set("name", SYSTEM);
    node
}

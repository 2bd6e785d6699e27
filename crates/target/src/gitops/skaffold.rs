//! Skaffold: profiles of a configuration (skaffold/v4beta11 and later; `docs-v2/content/en/schemas` of Skaffold 2).

use tree::{Node, Value};

use super::delivery::{CHART, Delivery};

/// The first version of the configuration that Skaffold 2.13 reads, and every later one still does.
const VERSION: &str = "skaffold/v4beta11";

fn config(delivery: &Delivery<'_>, profiles: Vec<Node>) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", VERSION);
    node.set("kind", "Config");
    node.ensure(&["metadata"]).set("name", delivery.release);
    node.set("profiles", Value::Sequence(profiles));
    node
}

fn texts(texts: impl IntoIterator<Item = String>) -> Node {
    Value::Sequence(texts.into_iter().map(Node::from).collect()).into()
}

/// A release with its values and the post-renderer; and the same by Kustomize, which works with every Helm: Skaffold is
/// a post-renderer itself, and hands on to another one only what Helm 3 lets it.
pub(crate) fn helm(delivery: &Delivery<'_>) -> Node {
    let mut release = Node::mapping();
    release.set("name", delivery.release);
    release.set("namespace", delivery.namespace());
    if let Some(image) = delivery.image() {
        release.set("remoteChart", image);
    } else {
        release.set("remoteChart", CHART);
        release.set("repo", delivery.repository());
    }
    release.set("version", delivery.version);
    release.set("valuesFiles", texts(["values.yaml".to_owned()]));
    // Skaffold leaves a release of a remote chart alone otherwise.
    release.set("upgradeOnChange", true);
    let mut by_helm = Node::mapping();
    by_helm.set("name", delivery.release);
    for action in ["install", "upgrade"] {
        let flag = "--post-renderer=supplements/post-render.sh".to_owned();
        by_helm.ensure(&["deploy", "helm", "flags"]).set(action, texts([flag]));
    }
    by_helm.ensure(&["deploy", "helm"]).set("releases", Value::Sequence(vec![release]));
    let mut by_kustomize = kustomized(delivery, &format!("{}-kustomize", delivery.release), ".");
    let arguments = texts(["--enable-helm".to_owned()]);
    by_kustomize.ensure(&["manifests", "kustomize"]).set("buildArgs", arguments);
    config(delivery, vec![by_helm, by_kustomize])
}

/// Beside the old side, and when it is gone.
pub(crate) fn kustomize(delivery: &Delivery<'_>, dark: &str, whole: &str) -> Node {
    let beside = format!("{}-dark", delivery.release);
    config(delivery, vec![kustomized(delivery, &beside, dark), kustomized(delivery, delivery.release, whole)])
}

fn kustomized(delivery: &Delivery<'_>, name: &str, path: &str) -> Node {
    let mut profile = Node::mapping();
    profile.set("name", name);
    profile.ensure(&["manifests", "kustomize"]).set("paths", texts([path.to_owned()]));
    by_kubectl(delivery, &mut profile);
    profile
}

/// Beside the old side, and when it is gone.
pub(crate) fn manifests(delivery: &Delivery<'_>, folders: &[&str]) -> Node {
    let profile = |name: &str, folders: &[&str]| {
        let mut profile = Node::mapping();
        profile.set("name", name);
        let paths = folders.iter().map(|folder| format!("{folder}/*.yaml"));
        profile.ensure(&["manifests"]).set("rawYaml", texts(paths));
        by_kubectl(delivery, &mut profile);
        profile
    };
    let all: Vec<&str> = ["green"].iter().chain(folders).copied().collect();
    let beside = format!("{}-dark", delivery.release);
    config(delivery, vec![profile(&beside, &["green"]), profile(delivery.release, &all)])
}

fn by_kubectl(delivery: &Delivery<'_>, profile: &mut Node) {
    profile.ensure(&["deploy", "kubectl"]).set("defaultNamespace", delivery.namespace());
}

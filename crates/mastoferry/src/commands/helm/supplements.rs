//! What the chart has no place for, as a Kustomize overlay over what Helm renders.

use installation::Object;
use target::helm::HelmTarget;
use target::{FileNames, GreenObject, Stage};
use tree::{Node, Value};

/// Puts what Helm renders beside the overlay, builds it and hands it back. Nothing is written where the overlay lies, so
/// that several runs do not meet.
pub(crate) const POST_RENDER: &str = r#"#!/bin/sh
# A post-renderer for Helm: helm 3 takes the file itself, helm 4 the plugin in this folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$here/." "$work/"
cat > "$work/rendered.yaml"
kubectl kustomize "$work"
"#;

/// Every patch with the name of its file.
pub(crate) fn patches(target: &HelmTarget) -> impl Iterator<Item = (String, &Node)> {
    let mut names = FileNames::default();
    target.patches.iter().map(move |patch| (names.of(&Object::new(patch.node.clone())), &patch.node))
}

/// Every object that the chart has no place for, with the name of its file; or the jobs among them that only a person runs.
pub(crate) fn objects(target: &HelmTarget, withheld: bool) -> impl Iterator<Item = (String, &GreenObject)> {
    let mut names = FileNames::default();
    let objects = target.supplements.iter().filter(move |made| (made.stage == Stage::Withheld) == withheld);
    objects.map(move |made| (names.of(&made.object), made))
}

/// `kustomization.yaml`: what Helm rendered, the objects, the patches.
pub(crate) fn kustomization(target: &HelmTarget) -> Node {
    overlay(target, "", Some("rendered.yaml"))
}

/// A kustomization of the objects and patches as seen from where they are below `folder`, after a first resource.
pub(crate) fn overlay(target: &HelmTarget, folder: &str, first: Option<&str>) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", "kustomize.config.k8s.io/v1beta1");
    node.set("kind", "Kustomization");
    let objects = objects(target, false).map(|(file, _)| Node::from(format!("{folder}objects/{file}")));
    let resources: Vec<Node> = first.into_iter().map(Node::from).chain(objects).collect();
    if !resources.is_empty() {
        node.set("resources", Value::Sequence(resources));
    }
    let patches: Vec<Node> = patches(target)
        .map(|(file, _)| {
            let mut entry = Node::mapping();
            entry.set("path", format!("{folder}patches/{file}"));
            entry
        })
        .collect();
    if !patches.is_empty() {
        node.set("patches", Value::Sequence(patches));
    }
    node
}

/// `plugin.yaml`, by which Helm 4 finds a post-renderer.
pub(crate) fn plugin(target: &HelmTarget) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", "v1");
    node.set("name", plugin_name(target));
    node.set("version", "1.0.0");
    node.set("type", "postrenderer/v1");
    node.set("runtime", "subprocess");
    let mut command = Node::mapping();
    command.set("command", "sh");
    command.set("args", Value::Sequence(vec!["${HELM_PLUGIN_DIR}/post-render.sh".into()]));
    node.ensure(&["runtimeConfig"]).set("platformCommand", Value::Sequence(vec![command]));
    node
}

/// What the plugin is called.
pub(crate) fn plugin_name(target: &HelmTarget) -> String {
    format!("{}-supplements", target.naming.release)
}

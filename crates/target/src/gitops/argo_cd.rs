//! Argo CD's `Application` (argoproj.io/v1alpha1; `manifests/crds/application-crd.yaml` of Argo CD 3).

use tree::{Node, Value};

use super::delivery::{Delivery, FILL_IN};

/// How it synchronises: fields that others own stay theirs, nothing is deleted, and nothing is taken that another
/// Application owns.
const OPTIONS: [&str; 4] =
    ["ServerSideApply=true", "RespectIgnoreDifferences=true", "Prune=false", "FailOnSharedResource=true"];

/// The application of a source. It is synchronised by hand: `automated` is left out.
pub(crate) fn application(delivery: &Delivery<'_>, source: Node, scaled: &[(String, String)]) -> Node {
    let mut node = Node::mapping();
    node.set("apiVersion", "argoproj.io/v1alpha1");
    node.set("kind", "Application");
    node.ensure(&["metadata"]).set("name", delivery.release);
    node.ensure(&["metadata"]).set("namespace", "argocd");
    let spec = node.ensure(&["spec"]);
    spec.set("project", "default");
    spec.ensure(&["destination"]).set("server", "https://kubernetes.default.svc");
    spec.ensure(&["destination"]).set("namespace", delivery.namespace());
    spec.set("source", source);
    let ignored: Vec<Node> = scaled
        .iter()
        .map(|(kind, name)| {
            let mut entry = Node::mapping();
            entry.set("group", "apps");
            entry.set("kind", kind.as_str());
            entry.set("name", name.as_str());
            entry.set("jsonPointers", Value::Sequence(vec!["/spec/replicas".into()]));
            entry
        })
        .collect();
    if !ignored.is_empty() {
        spec.set("ignoreDifferences", Value::Sequence(ignored));
    }
    let options = OPTIONS.iter().map(|option| Node::from(*option)).collect();
    spec.ensure(&["syncPolicy"]).set("syncOptions", Value::Sequence(options));
    node
}

/// A folder with a kustomization.
pub(crate) fn folder(path: &str) -> Node {
    let mut source = Node::mapping();
    source.set("repoURL", format!("{FILL_IN}GIT-REPOSITORY"));
    source.set("targetRevision", "HEAD");
    source.set("path", path);
    source
}

/// A folder of manifests, of which some are taken.
pub(crate) fn manifests(path: &str, include: &str) -> Node {
    let mut source = folder(path);
    source.ensure(&["directory"]).set("recurse", true);
    source.ensure(&["directory"]).set("include", include);
    source
}

//! What an object is called, and who counts as the same.

use std::fmt;

use tree::Node;

use crate::error::KustomizeErrorKind;

/// An object on its way through a build.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) node: Node,
    /// What it was called before a namespace was set, first name first.
    pub(crate) former: Vec<Id>,
}

/// Group, version, kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Object {
    pub(crate) fn id(&self) -> Id {
        Id::of(&self.node)
    }

    /// The name it had when it was read.
    pub(crate) fn original(&self) -> Id {
        self.former.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Whether it is, or once was, called this.
    pub(crate) fn answers_to(&self, id: &Id) -> bool {
        self.id().same(id) || self.former.iter().any(|former| former.same(id))
    }

    /// Remembers the present name, which is about to change.
    pub(crate) fn remember(&mut self) {
        let id = self.id();
        self.former.push(id);
    }
}

impl Id {
    pub(crate) fn of(node: &Node) -> Self {
        let text = |keys: &[&str]| node.at_keys(keys).and_then(Node::as_text).unwrap_or_default();
        let api_version = text(&["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(&["kind"]),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
        }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The namespace for comparing: one name for all that stand outside of namespaces, and `default` for
    /// those that name none.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped() {
            "_non_namespaceable_"
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.group == other.group
            && self.version == other.version
            && self.effective_namespace() == other.effective_namespace()
    }

    /// Whether Kustomize is certain that the kind stands outside of namespaces.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        let (group, beta): (&str, bool) = match self.kind.as_str() {
            "ComponentStatus" | "Namespace" | "Node" | "PersistentVolume" => ("", false),
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
                ("admissionregistration.k8s.io", true)
            }
            "CustomResourceDefinition" => ("apiextensions.k8s.io", true),
            "APIService" => ("apiregistration.k8s.io", true),
            "CertificateSigningRequest" => ("certificates.k8s.io", true),
            "IngressClass" => ("networking.k8s.io", true),
            "RuntimeClass" => ("node.k8s.io", true),
            "ClusterRole" | "ClusterRoleBinding" => ("rbac.authorization.k8s.io", true),
            "PriorityClass" => ("scheduling.k8s.io", true),
            "CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment" => ("storage.k8s.io", true),
            "PodSecurityPolicy" => return self.group == "policy" && self.version == "v1beta1",
            "FlowSchema" | "PriorityLevelConfiguration" => {
                return self.group == "flowcontrol.apiserver.k8s.io" && self.version == "v1beta1";
            }
            _ => return false,
        };
        self.group == group && (self.version == "v1" || (beta && self.version == "v1beta1"))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)
    }
}

/// Checks that a document is an object, or a list of them.
pub(crate) fn check(node: &Node) -> Result<(), KustomizeErrorKind> {
    let has = |keys: &[&str]| node.at_keys(keys).and_then(Node::as_text).is_some_and(|text| !text.is_empty());
    if !has(&["kind"]) {
        return Err(KustomizeErrorKind::NotAnObject { missing: "kind" });
    }
    if !has(&["apiVersion"]) {
        return Err(KustomizeErrorKind::NotAnObject { missing: "apiVersion" });
    }
    let list = node.str_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
    if !list && !has(&["metadata", "name"]) {
        return Err(KustomizeErrorKind::NotAnObject { missing: "metadata.name" });
    }
    Ok(())
}

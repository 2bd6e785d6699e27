//! What an object is called, and who counts as the same.

use std::fmt;

use tree::{Node, Origin, Value};

use crate::error::KustomizeErrorKind;
use crate::generator::Behavior;
use crate::trail::Step;

/// An object on its way through a build.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) node: Node,
    /// What it is called now. [`Object::settle`] reads it anew after the node was changed.
    id: Id,
    /// What it was called before, first name first.
    pub(crate) former: Vec<Former>,
    /// The prefixes and suffixes its name was given, innermost first.
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    /// What a generator said is to be done with one that is there already.
    pub(crate) behavior: Behavior,
    /// Its name ends in a hash of what it holds.
    pub(crate) hashed: bool,
    /// The variables whose values are read from it.
    pub(crate) variables: Vec<String>,
    /// Where `buildMetadata` says that it comes from, and what it says has changed it since.
    pub(crate) source: Option<Step>,
    pub(crate) changes: Vec<Step>,
}

/// A name that an object had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Former {
    /// As [`Id::effective_namespace`] tells it.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// Group, version and kind; for selecting, an empty one stands for any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

/// Group, version, kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    cluster_scoped: bool,
}

impl Object {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            id: Id::of(&node),
            node,
            former: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            hashed: false,
            variables: Vec::new(),
            source: None,
            changes: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> &Id {
        &self.id
    }

    /// Reads the object's name anew.
    pub(crate) fn settle(&mut self) {
        self.id = Id::of(&self.node);
    }

    /// Whether a patch deleted it. It is left out at the end of the step.
    pub(crate) fn is_gone(&self) -> bool {
        self.node.value == Value::Null
    }

    pub(crate) fn delete(&mut self) {
        self.node = Value::Null.into();
    }

    /// The kind, name and effective namespace it had when it was read.
    pub(crate) fn original(&self) -> (&str, &str, &str) {
        match self.former.first() {
            Some(former) => (&former.kind, &former.name, &former.namespace),
            None => (&self.id.kind, &self.id.name, self.id.effective_namespace()),
        }
    }

    /// Whether its group, version and original kind are selected.
    pub(crate) fn is_of(&self, gvk: &Gvk) -> bool {
        gvk.selects(&self.id.group, &self.id.version, self.original().0)
    }

    /// Whether it is, or once was, called this.
    pub(crate) fn answers_to(&self, id: &Id) -> bool {
        self.id.same(id) || self.was(id)
    }

    /// Whether it once was called this.
    fn was(&self, id: &Id) -> bool {
        self.id.group == id.group
            && self.id.version == id.version
            && self.former.iter().any(|former| {
                former.name == id.name
                    && former.kind == id.kind
                    && former.namespace == id.effective_namespace()
            })
    }

    /// Remembers the present name, which is about to change.
    pub(crate) fn remember(&mut self) {
        self.former.push(Former {
            namespace: self.id.effective_namespace().to_owned(),
            name: self.id.name.clone(),
            kind: self.id.kind.clone(),
        });
    }

    pub(crate) fn origin(&self) -> Option<Origin> {
        self.node.origin
    }
}

impl Gvk {
    pub(crate) fn selects(&self, group: &str, version: &str, kind: &str) -> bool {
        (self.group.is_empty() || self.group == group)
            && (self.version.is_empty() || self.version == version)
            && (self.kind.is_empty() || self.kind == kind)
    }
}

impl Id {
    pub(crate) fn of(node: &Node) -> Self {
        let text = |keys: &[&str]| node.at_keys(keys).and_then(Node::as_text).unwrap_or_default();
        Self::new(
            &text(&["apiVersion"]),
            text(&["kind"]),
            text(&["metadata", "namespace"]),
            text(&["metadata", "name"]),
        )
    }

    pub(crate) fn new(api_version: &str, kind: String, namespace: String, name: String) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let (group, version) = (group.to_owned(), version.to_owned());
        let cluster_scoped = is_cluster_scoped(&group, &version, &kind);
        Self { group, version, kind, namespace, name, cluster_scoped }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The namespace for comparing: one name for all that stand outside of namespaces, and `default` for
    /// those that name none.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            "_non_namespaceable_"
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        self.same_but_namespace(other) && self.effective_namespace() == other.effective_namespace()
    }

    pub(crate) fn same_but_namespace(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.group == other.group
            && self.version == other.version
    }

    /// Whether Kustomize is certain that the kind stands outside of namespaces.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        self.cluster_scoped
    }

    /// One text for all that counts as the same.
    pub(crate) fn key(&self) -> String {
        let namespace = self.effective_namespace();
        format!("{}/{}/{}/{namespace}/{}", self.group, self.version, self.kind, self.name)
    }
}

fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    let (wanted, beta): (&str, bool) = match kind {
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
        "PodSecurityPolicy" => return group == "policy" && version == "v1beta1",
        "FlowSchema" | "PriorityLevelConfiguration" => {
            return group == "flowcontrol.apiserver.k8s.io" && version == "v1beta1";
        }
        _ => return false,
    };
    group == wanted && (version == "v1" || (beta && version == "v1beta1"))
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

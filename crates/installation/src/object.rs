//! Kubernetes objects as documents.

use std::fmt;

use tree::Node;

use crate::Labels;

/// A Kubernetes object with the places it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The document.
    pub node: Node,
}

/// An object's kind and name, as `kubectl` writes it: `Deployment/mastodon-web`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)
    }
}

impl Object {
    /// Wraps a document.
    #[must_use]
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    /// The kind, empty where it is missing.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.node.str_at(&["kind"]).unwrap_or_default()
    }

    /// The API version, empty where it is missing.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.node.str_at(&["apiVersion"]).unwrap_or_default()
    }

    /// The name, empty where it is missing.
    #[must_use]
    pub fn name(&self) -> &str {
        self.node.str_at(&["metadata", "name"]).unwrap_or_default()
    }

    /// The namespace, where the object says one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.node.str_at(&["metadata", "namespace"])
    }

    /// Kind and name.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId { kind: self.kind().to_owned(), name: self.name().to_owned() }
    }

    /// The keys that lead to the pod template of a workload, for the kinds that have one.
    #[must_use]
    pub fn template_keys(&self) -> Option<&'static [&'static str]> {
        match self.kind() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
                Some(&["spec", "template"])
            }
            "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
            // A bare Pod is its own template.
            "Pod" => Some(&[]),
            _ => None,
        }
    }

    /// The pod template of a workload.
    #[must_use]
    pub fn template(&self) -> Option<&Node> {
        self.node.at_keys(self.template_keys()?)
    }

    /// The labels of the pods that a workload makes.
    #[must_use]
    pub fn pod_labels(&self) -> Labels {
        self.template()
            .and_then(|template| template.at_keys(&["metadata", "labels"]))
            .map(Labels::read)
            .unwrap_or_default()
    }

    /// The containers of a workload's pods, init containers left out.
    pub fn containers(&self) -> impl Iterator<Item = &Node> {
        self.template()
            .and_then(|template| template.at_keys(&["spec", "containers"]))
            .into_iter()
            .flat_map(Node::items)
    }

    /// The init containers of a workload's pods.
    pub fn init_containers(&self) -> impl Iterator<Item = &Node> {
        self.template()
            .and_then(|template| template.at_keys(&["spec", "initContainers"]))
            .into_iter()
            .flat_map(Node::items)
    }

    /// How many pods the workload asks for; Kubernetes takes 1 where it says nothing.
    #[must_use]
    pub fn replicas(&self) -> u32 {
        self.node
            .at_keys(&["spec", "replicas"])
            .and_then(Node::as_i64)
            .and_then(|replicas| u32::try_from(replicas).ok())
            .unwrap_or(1)
    }
}

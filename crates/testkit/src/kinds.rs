//! Kinds of object by the words scenarios use for them.

use serde_json::Value;

use crate::text::ScenarioErrorKind;

/// A kind of object, as scenarios and requests name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// The word: `deployment`.
    pub word: String,
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

const CORE: &str = "v1";
const BUILT_IN: &[(&str, &str, &str, &str, bool)] = &[
    ("deployment", "apps/v1", "Deployment", "deployments", true),
    ("replicaset", "apps/v1", "ReplicaSet", "replicasets", true),
    ("statefulset", "apps/v1", "StatefulSet", "statefulsets", true),
    ("pod", CORE, "Pod", "pods", true),
    ("service", CORE, "Service", "services", true),
    ("endpointslice", "discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true),
    ("configmap", CORE, "ConfigMap", "configmaps", true),
    ("secret", CORE, "Secret", "secrets", true),
    ("job", "batch/v1", "Job", "jobs", true),
    ("cronjob", "batch/v1", "CronJob", "cronjobs", true),
    ("lease", "coordination.k8s.io/v1", "Lease", "leases", true),
    ("autoscaler", "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    ("budget", "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    ("ingress", "networking.k8s.io/v1", "Ingress", "ingresses", true),
    ("claim", CORE, "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("account", CORE, "ServiceAccount", "serviceaccounts", true),
    ("namespace", CORE, "Namespace", "namespaces", false),
    ("definition", "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false),
];

/// All kinds a scenario can speak of.
#[derive(Debug, Clone)]
pub struct Kinds(Vec<Kind>);

impl Default for Kinds {
    fn default() -> Self {
        let known = BUILT_IN.iter().map(|&(word, api_version, kind, plural, namespaced)| Kind {
            word: word.to_owned(),
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced,
        });
        Self(known.collect())
    }
}

impl Kinds {
    /// Learns a kind from `WORD is GROUP/VERSION KIND (PLURAL)`.
    pub(crate) fn learn(&mut self, text: &str) -> Result<(), ScenarioErrorKind> {
        let unreadable = || ScenarioErrorKind::Unreadable {
            given: text.to_owned(),
            wanted: "WORD is GROUP/VERSION KIND (PLURAL)",
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [word, "is", api_version, kind, plural] = words[..] else { return Err(unreadable()) };
        let plural =
            plural.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(unreadable)?;
        self.0.push(Kind {
            word: word.to_owned(),
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: true,
        });
        Ok(())
    }

    /// The kind a word stands for, in the singular or the plural.
    pub(crate) fn find(&self, word: &str) -> Result<Kind, ScenarioErrorKind> {
        let found = self.0.iter().find(|kind| kind.word == word || kind.plural == word);
        found.cloned().ok_or_else(|| ScenarioErrorKind::UnknownKind(word.to_owned()))
    }

    /// The kind of an object as it says itself.
    #[must_use]
    pub fn of(&self, object: &Value) -> Option<&Kind> {
        self.0.iter().find(|kind| object["apiVersion"] == kind.api_version && object["kind"] == kind.kind)
    }

    /// Those whose objects a record is made of: all that live in the namespace.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter().filter(|kind| kind.namespaced && kind.word != "account")
    }
}

impl Kind {
    /// The path of its objects, in a namespace where they live in one.
    pub(crate) fn path(&self, namespace: &str) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        let within = if self.namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        format!("{root}/{}{within}/{}", self.api_version, self.plural)
    }

    /// As the room `cluster` names it.
    pub(crate) fn for_cluster(&self) -> cluster::Kind {
        cluster::Kind::new(&self.api_version, &self.kind)
    }
}

/// An object by kind and name: `deployment/web`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
}

impl Target {
    pub(crate) fn read(text: &str, kinds: &Kinds) -> Result<Self, ScenarioErrorKind> {
        let (word, name) = text.split_once('/').ok_or_else(|| ScenarioErrorKind::Unreadable {
            given: text.to_owned(),
            wanted: "an object (kind/name)",
        })?;
        Ok(Self { kind: kinds.find(word)?, name: name.to_owned() })
    }

    pub(crate) fn path(&self, namespace: &str) -> String {
        format!("{}/{}", self.kind.path(namespace), self.name_in(namespace))
    }

    pub(crate) fn place(&self, namespace: &str) -> cluster::ObjectRef {
        cluster::ObjectRef::new(self.kind.for_cluster(), self.name_in(namespace))
    }

    /// `namespace/here` is the scenario's own, whatever it is called.
    fn name_in<'a>(&'a self, namespace: &'a str) -> &'a str {
        if self.kind.word == "namespace" && self.name == "here" { namespace } else { &self.name }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.kind.word, self.name)
    }
}

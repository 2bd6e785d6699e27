//! The kinds of object that the server knows, and how it announces them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema::Custom;

/// A kind of object in one version of its group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// The API group; empty for the core.
    pub group: String,
    /// The version within the group.
    pub version: String,
    /// The name in `kind`.
    pub kind: String,
    /// The name in paths.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether `status` is written apart from the rest.
    pub status: bool,
    /// Whether it has the `scale` subresource.
    pub scale: bool,
    /// Where the store keeps its objects.
    #[serde(skip)]
    pub(crate) shelf: usize,
    /// What its definition says, for kinds that the program was not born with.
    #[serde(skip)]
    pub(crate) custom: Option<Arc<Custom>>,
}

impl Kind {
    /// `v1` or `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        join(&self.group, &self.version)
    }

    /// Whether `metadata.generation` is counted: for all whose wish and state are told apart.
    pub(crate) fn counts_generations(&self) -> bool {
        match (self.group.as_str(), self.kind.as_str()) {
            ("", "Pod") | ("policy", "PodDisruptionBudget") | ("scheduling.k8s.io", "PriorityClass") => true,
            ("apps", kind) => kind != "ControllerRevision",
            ("batch" | "networking.k8s.io" | "discovery.k8s.io" | "apiextensions.k8s.io", _) => true,
            _ => self.is_custom(),
        }
    }

    /// Whether an object can be written without saying which version it was made from.
    pub(crate) fn writes_blindly(&self) -> bool {
        !self.is_custom()
            && !["Lease", "PodDisruptionBudget", "CustomResourceDefinition"].contains(&self.kind.as_str())
    }

    /// Whether a PUT makes what is not there.
    pub(crate) fn is_made_by_put(&self) -> bool {
        let core = ["Service", "Endpoints", "Event", "LimitRange"];
        (self.group.is_empty() && core.contains(&self.kind.as_str()))
            || ["coordination.k8s.io", RBAC, "events.k8s.io"].contains(&self.group.as_str())
    }

    /// Whether its objects are answered and forgotten, as reviews are.
    pub(crate) fn is_review(&self) -> bool {
        self.group == "authorization.k8s.io"
    }

    /// Whether it is this kind of the core group.
    pub(crate) fn is_core(&self, kind: &str) -> bool {
        self.group.is_empty() && self.kind == kind
    }

    /// Whether it was registered by the user of the store.
    pub(crate) fn is_custom(&self) -> bool {
        !BUILT_IN.iter().any(|one| one.0 == self.group && one.2 == self.kind)
    }
}

fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

const NAMESPACED: u8 = 1;
const STATUS: u8 = 2;
const SCALE: u8 = 4;
const DEFINITIONS: &str = "apiextensions.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

/// Group, version, kind, plural, traits.
const BUILT_IN: &[(&str, &str, &str, &str, u8)] = &[
    ("", "v1", "Namespace", "namespaces", STATUS),
    ("", "v1", "Node", "nodes", STATUS),
    ("", "v1", "PersistentVolume", "persistentvolumes", STATUS),
    ("", "v1", "Pod", "pods", NAMESPACED | STATUS),
    ("", "v1", "Service", "services", NAMESPACED | STATUS),
    ("", "v1", "ConfigMap", "configmaps", NAMESPACED),
    ("", "v1", "Secret", "secrets", NAMESPACED),
    ("", "v1", "ServiceAccount", "serviceaccounts", NAMESPACED),
    ("", "v1", "Event", "events", NAMESPACED),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", NAMESPACED | STATUS),
    ("", "v1", "Endpoints", "endpoints", NAMESPACED),
    ("", "v1", "ResourceQuota", "resourcequotas", NAMESPACED | STATUS),
    ("", "v1", "LimitRange", "limitranges", NAMESPACED),
    ("apps", "v1", "ControllerRevision", "controllerrevisions", NAMESPACED),
    ("apps", "v1", "Deployment", "deployments", NAMESPACED | STATUS | SCALE),
    ("apps", "v1", "ReplicaSet", "replicasets", NAMESPACED | STATUS | SCALE),
    ("apps", "v1", "StatefulSet", "statefulsets", NAMESPACED | STATUS | SCALE),
    ("apps", "v1", "DaemonSet", "daemonsets", NAMESPACED | STATUS),
    ("batch", "v1", "Job", "jobs", NAMESPACED | STATUS),
    ("batch", "v1", "CronJob", "cronjobs", NAMESPACED | STATUS),
    ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", NAMESPACED | STATUS),
    ("networking.k8s.io", "v1", "Ingress", "ingresses", NAMESPACED | STATUS),
    ("networking.k8s.io", "v1", "IngressClass", "ingressclasses", 0),
    ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", NAMESPACED),
    ("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", NAMESPACED),
    ("coordination.k8s.io", "v1", "Lease", "leases", NAMESPACED),
    ("events.k8s.io", "v1", "Event", "events", NAMESPACED),
    ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", NAMESPACED | STATUS),
    ("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", 0),
    ("storage.k8s.io", "v1", "StorageClass", "storageclasses", 0),
    ("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", 0),
    ("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", 0),
    ("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", 0),
    ("authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", NAMESPACED),
    (DEFINITIONS, "v1", "CustomResourceDefinition", "customresourcedefinitions", STATUS),
    (RBAC, "v1", "Role", "roles", NAMESPACED),
    (RBAC, "v1", "RoleBinding", "rolebindings", NAMESPACED),
    (RBAC, "v1", "ClusterRole", "clusterroles", 0),
    (RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", 0),
    ("apps", "v1", "ControllerRevision", "controllerrevisions", NAMESPACED),
];

/// All kinds, found by what requests and objects name.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    /// By group, version and plural.
    kinds: BTreeMap<(String, String, String), Arc<Kind>>,
    /// By group and plural: versions of one kind share a shelf.
    shelves: BTreeMap<(String, String), usize>,
}

impl Registry {
    /// The kinds that every cluster has.
    pub(crate) fn built_in() -> Self {
        let mut registry = Self::default();
        for &(group, version, kind, plural, traits) in BUILT_IN {
            registry.add(Kind {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: kind.to_owned(),
                plural: plural.to_owned(),
                namespaced: traits & NAMESPACED != 0,
                status: traits & STATUS != 0,
                scale: traits & SCALE != 0,
                shelf: 0,
                custom: None,
            });
        }
        registry
    }

    /// Adds a kind, or finds the one that is there. Says whether it is new.
    pub(crate) fn add(&mut self, mut kind: Kind) -> (Arc<Kind>, bool) {
        let key = (kind.group.clone(), kind.version.clone(), kind.plural.clone());
        if let Some(known) = self.kinds.get(&key) {
            return (Arc::clone(known), false);
        }
        let next = self.shelves.len();
        // The two APIs of events show the same objects.
        let group = if kind.group == "events.k8s.io" { String::new() } else { kind.group.clone() };
        kind.shelf = *self.shelves.entry((group, kind.plural.clone())).or_insert(next);
        let kind = Arc::new(kind);
        self.kinds.insert(key, Arc::clone(&kind));
        (kind, true)
    }

    /// A kind as a custom resource has it: namespaced, with a status.
    pub(crate) fn custom(api_version: &str, kind: &str) -> Kind {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Kind {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural(kind),
            namespaced: true,
            status: true,
            scale: false,
            shelf: 0,
            custom: None,
        }
    }

    /// Replaces what is known of the kinds of a definition, and forgets those it no longer serves.
    pub(crate) fn define(&mut self, definition: &str, kinds: Vec<Kind>) {
        self.kinds
            .retain(|_, kind| kind.custom.as_ref().is_none_or(|custom| custom.definition != definition));
        for kind in kinds {
            self.kinds.remove(&(kind.group.clone(), kind.version.clone(), kind.plural.clone()));
            self.add(kind);
        }
    }

    /// How many shelves the kinds need.
    pub(crate) fn shelves(&self) -> usize {
        self.shelves.len()
    }

    /// Whether a version of a group is built in: custom ones answer differently to unknown resources.
    pub(crate) fn serves(&self, group: &str, version: &str) -> bool {
        BUILT_IN.iter().any(|one| one.0 == group && one.1 == version)
    }

    /// The kind that a path names.
    pub(crate) fn by_plural(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.kinds.get(&(group.to_owned(), version.to_owned(), plural.to_owned())).cloned()
    }

    /// The kind that an object or an owner reference names; any version of the group will do.
    pub(crate) fn by_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Kind>> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.kinds.values().find(|one| one.group == group && one.kind == kind).cloned()
    }

    /// The kind of a record on disk, by group and plural.
    pub(crate) fn by_resource(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        self.kinds.values().find(|one| one.group == group && one.plural == plural).cloned()
    }

    /// Each shelf's kind, once.
    pub(crate) fn each(&self) -> Vec<Arc<Kind>> {
        let mut seen = vec![false; self.shelves.len()];
        let mut each = Vec::new();
        for kind in self.kinds.values() {
            if !std::mem::replace(&mut seen[kind.shelf], true) {
                each.push(Arc::clone(kind));
            }
        }
        each
    }

    /// Every registered kind that the program was not born with.
    pub(crate) fn customs(&self) -> Vec<Arc<Kind>> {
        let is_loose = |kind: &&Arc<Kind>| {
            kind.is_custom() && kind.custom.as_ref().is_none_or(|custom| custom.definition.is_empty())
        };
        self.kinds.values().filter(is_loose).cloned().collect()
    }

    /// `/apis`.
    pub(crate) fn groups(&self) -> Value {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (group, version, _) in self.kinds.keys().filter(|(group, ..)| !group.is_empty()) {
            let versions = groups.entry(group).or_default();
            if !versions.contains(&version.as_str()) {
                versions.push(version);
            }
        }
        let listed: Vec<Value> =
            groups.iter().map(|(group, versions)| group_entry(group, versions)).collect();
        json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
    }

    /// `/apis/GROUP`.
    pub(crate) fn group(&self, group: &str) -> Option<Value> {
        let groups = self.groups();
        let found = groups["groups"].as_array()?.iter().find(|one| one["name"] == group)?;
        let mut entry = json!({"kind": "APIGroup", "apiVersion": "v1"});
        for (key, value) in found.as_object()? {
            entry[key] = value.clone();
        }
        Some(entry)
    }

    /// `/api/v1` and `/apis/GROUP/VERSION`.
    pub(crate) fn resources(&self, group: &str, version: &str) -> Option<Value> {
        let mut listed = Vec::new();
        for kind in self.kinds.values().filter(|kind| kind.group == group && kind.version == version) {
            let entry = |name: String, kind: &str, namespaced: bool, verbs: &[&str]| json!({"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs});
            let mut whole = entry(kind.plural.clone(), &kind.kind, kind.namespaced, VERBS);
            whole["singularName"] = kind.kind.to_lowercase().into();
            listed.push(whole);
            let part = &["get", "patch", "update"];
            if kind.status {
                listed.push(entry(format!("{}/status", kind.plural), &kind.kind, kind.namespaced, part));
            }
            if kind.scale {
                let mut scale = entry(format!("{}/scale", kind.plural), "Scale", kind.namespaced, part);
                scale["group"] = "autoscaling".into();
                scale["version"] = "v1".into();
                listed.push(scale);
            }
        }
        (!listed.is_empty()).then(|| {
            json!({
                "kind": "APIResourceList", "apiVersion": "v1",
                "groupVersion": join(group, version), "resources": listed,
            })
        })
    }
}

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

fn group_entry(group: &str, versions: &[&str]) -> Value {
    let entry = |version: &str| json!({"groupVersion": join(group, version), "version": version});
    let preferred = versions.last().copied().unwrap_or_default();
    json!({
        "name": group,
        "versions": versions.iter().rev().map(|version| entry(version)).collect::<Vec<_>>(),
        "preferredVersion": entry(preferred),
    })
}

/// The plural of a kind by Kubernetes' own rule for guessing it.
fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    if singular.ends_with("endpoints") {
        return singular;
    }
    if ["s", "x", "z", "ch", "sh"].iter().any(|end| singular.ends_with(end)) {
        return format!("{singular}es");
    }
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn plurals_are_those_of_the_real_definitions() {
        for (kind, expected) in [
            ("BackendConfig", "backendconfigs"),
            ("PodMonitoring", "podmonitorings"),
            ("ManagedCertificate", "managedcertificates"),
            ("GCPBackendPolicy", "gcpbackendpolicies"),
            ("Gateway", "gateways"),
            ("HTTPRoute", "httproutes"),
            ("Prometheus", "prometheuses"),
        ] {
            assert_eq!(plural(kind), expected);
        }
    }
}

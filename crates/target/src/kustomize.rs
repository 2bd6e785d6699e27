//! Native manifests as a Kustomize base with an overlay.
//!
//! The base holds what the release is made of, the overlay what differs from server to server: the namespace, the
//! builds of the images, the numbers of pods, their resources, and the settings that name this server or its stores.
//! The overlay's build is what [`crate::write_manifests`] made, object for object and name for name: nothing gets a
//! prefix, a hash or a label that is not there without Kustomize.

mod builds;
mod folder;
mod places;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use installation::Object;
use tree::patch::{Losses, strategic_merge_as_kustomize};
use tree::{Mapping, Node, Value};

pub use folder::{Folder, KustomizeFile, Part, is_written, write_kustomize};

use builds::Build;

/// The objects of a base, and what an overlay says of them.
pub(crate) struct Layers {
    /// The objects, without what the others of these fields say.
    pub(crate) base: Vec<Object>,
    /// Labels that every object of the base has.
    pub(crate) labels: Mapping,
    /// The namespace of every object of the base.
    pub(crate) namespace: Option<Node>,
    /// Builds of images.
    pub(crate) images: IndexMap<String, Build>,
    /// Numbers of pods, by the workload's name.
    pub(crate) replicas: IndexMap<String, Node>,
    /// Strategic merge patches: resources, and settings of this server.
    pub(crate) patches: Vec<Node>,
}

impl Layers {
    /// Takes objects apart.
    pub(crate) fn of(objects: Vec<Object>) -> Self {
        let mut base = objects;
        let namespace = take_namespace(&mut base);
        let replicas = take_replicas(&mut base);
        let images = builds::take(&mut base);
        let patches = base.iter_mut().filter_map(patch).collect();
        let labels = take_labels(&mut base);
        Self { base, labels, namespace, images, replicas, patches }
    }
}

/// The namespace, where all objects have the same.
fn take_namespace(base: &mut [Object]) -> Option<Node> {
    let namespace = base.first()?.node.at_keys(&["metadata", "namespace"])?.clone();
    namespace.as_str()?;
    if base.iter().any(|object| object.namespace() != namespace.as_str()) {
        return None;
    }
    for object in base {
        remove(&mut object.node, &["metadata"], "namespace");
    }
    Some(namespace)
}

/// The numbers of pods. Kustomize finds a workload by its name alone.
fn take_replicas(base: &mut [Object]) -> IndexMap<String, Node> {
    let mut replicas = IndexMap::new();
    let scaled = |object: &Object| matches!(object.kind(), "Deployment" | "StatefulSet" | "ReplicaSet");
    let names: Vec<String> =
        base.iter().filter(|object| scaled(object)).map(|object| object.name().to_owned()).collect();
    for object in base.iter_mut().filter(|object| scaled(object)) {
        let is_alone = names.iter().filter(|name| *name == object.name()).count() == 1;
        let count = object.node.at_keys(&["spec", "replicas"]);
        let count = count.filter(|count| count.as_i64().is_some_and(|count| count >= 0)).cloned();
        if let (true, Some(count)) = (is_alone, count) {
            replicas.insert(object.name().to_owned(), count);
            remove(&mut object.node, &["spec"], "replicas");
        }
    }
    replicas
}

/// Labels that all objects have.
fn take_labels(base: &mut [Object]) -> Mapping {
    let labels = |object: &Object| {
        object.node.at_keys(&["metadata", "labels"]).and_then(Node::as_mapping).cloned().unwrap_or_default()
    };
    let [first, rest @ ..] = &*base else { return Mapping::new() };
    let mut shared = labels(first);
    shared.retain(|key, value: &mut Node| {
        let same = |object: &Object| labels(object).get(key).is_some_and(|own| own.value == value.value);
        value.as_str().is_some() && rest.iter().all(same)
    });
    for object in base {
        for key in shared.keys() {
            remove(&mut object.node, &["metadata", "labels"], key);
        }
        if labels(object).is_empty() {
            remove(&mut object.node, &["metadata"], "labels");
        }
    }
    shared
}

/// Takes what differs from server to server out of an object: a patch that puts it back.
fn patch(object: &mut Object) -> Option<Node> {
    let mut patch = Node::mapping();
    for key in ["apiVersion", "kind"] {
        patch.set(key, object.node.get(key)?.clone());
    }
    patch.ensure(&["metadata"]).set("name", object.node.at_keys(&["metadata", "name"])?.clone());
    // Where objects are of several namespaces, Kustomize looks for the patched one in that of the patch.
    if let Some(namespace) = object.node.at_keys(&["metadata", "namespace"]) {
        patch.ensure(&["metadata"]).set("namespace", namespace.clone());
    }
    let whole = object.node.clone();
    let found = match object.kind() {
        "ConfigMap" => places::take(object, &mut patch),
        _ => take_resources(object, &mut patch),
    };
    if !found {
        return None;
    }
    // A merge also tidies lists that the patch says nothing of: elements without a key, or with the same one.
    let merged = strategic_merge_as_kustomize(object.node.clone(), &patch, object.kind(), &mut Losses::new());
    let is_back = merged.ok().flatten().is_some_and(|merged| merged.to_json() == whole.to_json());
    if !is_back {
        object.node = whole;
    }
    is_back.then_some(patch)
}

fn take_resources(object: &mut Object, patch: &mut Node) -> bool {
    // Of other versions Kustomize knows no schema, and its patches replace lists instead of merging them.
    if !matches!(object.api_version(), "apps/v1" | "batch/v1") {
        return false;
    }
    let Some(keys) = object.template_keys() else { return false };
    let mut found = false;
    for list in ["initContainers", "containers"] {
        let way: Vec<&str> = keys.iter().copied().chain(["spec"]).collect();
        let Some(containers) = at_mut(&mut object.node, &way).and_then(|pod| pod.get_mut(list)) else {
            continue;
        };
        let Some(containers) = containers.as_sequence_mut() else { continue };
        let entries = resources_of(containers);
        if !entries.is_empty() {
            patch.ensure(&way).set(list, Value::Sequence(entries));
            found = true;
        }
    }
    found
}

/// Entries of a patch for the resources of containers, which are taken from them. Kustomize moves containers that a
/// patch names before those that it does not, so that every container before the last one with resources is named.
fn resources_of(containers: &mut [Node]) -> Vec<Node> {
    let names: BTreeSet<&str> =
        containers.iter().filter_map(|container| container.str_at(&["name"])).collect();
    let can_move = names.len() == containers.len();
    let has_some = |container: &Node| container.get("resources").is_some_and(is_plain);
    let Some(last) = containers.iter().rposition(has_some).filter(|_| can_move) else { return Vec::new() };
    let mut entries = Vec::new();
    for container in containers.iter_mut().take(last + 1) {
        let mut entry = Node::mapping();
        if let Some(name) = container.get("name") {
            entry.set("name", name.clone());
        }
        if has_some(container)
            && let Some(own) =
                container.as_mapping_mut().and_then(|members| members.shift_remove("resources"))
        {
            entry.set("resources", own);
        }
        entries.push(entry);
    }
    entries
}

/// Whether a patch that says this adds just this: a null would delete, and nothing is made of an empty mapping.
fn is_plain(resources: &Node) -> bool {
    let leaves = resources.leaves();
    let is_scalar = |node: &Node| matches!(node.value, Value::String(_) | Value::Number(_));
    resources.as_mapping().is_some_and(|members| !members.is_empty())
        && leaves.iter().all(|leaf| is_scalar(leaf.node) && leaf.path.last_key() != Some("$patch"))
}

/// The node at the end of a way of keys, to change.
pub(crate) fn at_mut<'a>(node: &'a mut Node, keys: &[&str]) -> Option<&'a mut Node> {
    keys.iter().try_fold(node, |node, key| node.get_mut(key))
}

fn remove(node: &mut Node, way: &[&str], key: &str) {
    if let Some(members) = at_mut(node, way).and_then(Node::as_mapping_mut) {
        members.shift_remove(key);
    }
}

//! What pods refer to and the source does not hold.

use std::collections::{BTreeMap, BTreeSet};

use tree::Node;

use crate::index::Index;
use crate::{Need, Object};

#[derive(Default)]
struct Gathered {
    keys: BTreeSet<String>,
    whole: bool,
    required: bool,
    provided_by: Option<usize>,
}

/// Secrets and ConfigMaps that any pod refers to and no document holds, those that an object in the source makes in
/// the cluster included.
pub(crate) fn read_needs(index: &Index<'_>) -> Vec<Need> {
    let mut needs: BTreeMap<(&'static str, String, Option<String>), Gathered> = BTreeMap::new();
    for object in index.objects {
        let Some(spec) = object.template().and_then(|template| template.get("spec")) else { continue };
        references(spec, &mut |reference| {
            let Some(name) = reference.name else { return };
            if index.find(object.namespace(), reference.kind, name).is_some() {
                return;
            }
            let entry = needs
                .entry((reference.kind, name.to_owned(), object.namespace().map(ToOwned::to_owned)))
                .or_default();
            entry.keys.extend(reference.key.map(ToOwned::to_owned));
            entry.whole |= reference.whole;
            entry.required |= !reference.optional;
            if reference.kind == "Secret" {
                entry.provided_by = index.provider(object.namespace(), name).map(|(index, _)| index);
            }
        });
    }
    needs
        .into_iter()
        .map(|((kind, name, namespace), gathered)| Need {
            kind: kind.to_owned(),
            name,
            namespace,
            keys: gathered.keys.into_iter().collect(),
            whole: gathered.whole,
            provided_by: gathered.provided_by,
            optional: !gathered.required,
        })
        .collect()
}

/// A reference from a pod to a Secret or ConfigMap.
pub(crate) struct Reference<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) whole: bool,
    pub(crate) optional: bool,
}

/// Calls for every reference in a pod's specification: environments and volumes.
pub(crate) fn references<'a>(spec: &'a Node, each: &mut impl FnMut(Reference<'a>)) {
    let list = |node: &'a Node, key: &str| node.get(key).into_iter().flat_map(Node::items);
    let is_optional =
        |node: &Node| matches!(node.get("optional").map(|node| &node.value), Some(tree::Value::Bool(true)));
    let mut refer = |kind, node: Option<&'a Node>, name_key: &str, whole| {
        let Some(node) = node else { return };
        let (name, key) = (node.str_at(&[name_key]), node.str_at(&["key"]));
        each(Reference { kind, name, key, whole, optional: is_optional(node) });
    };
    for container in ["containers", "initContainers"].iter().flat_map(|key| list(spec, key)) {
        for source in list(container, "envFrom") {
            refer("Secret", source.get("secretRef"), "name", true);
            refer("ConfigMap", source.get("configMapRef"), "name", true);
        }
        for from in list(container, "env").filter_map(|variable| variable.get("valueFrom")) {
            refer("Secret", from.get("secretKeyRef"), "name", false);
            refer("ConfigMap", from.get("configMapKeyRef"), "name", false);
        }
    }
    for volume in list(spec, "volumes") {
        refer("Secret", volume.get("secret"), "secretName", false);
        refer("ConfigMap", volume.get("configMap"), "name", false);
        for source in volume.at_keys(&["projected", "sources"]).into_iter().flat_map(Node::items) {
            refer("Secret", source.get("secret"), "name", false);
            refer("ConfigMap", source.get("configMap"), "name", false);
        }
    }
}

/// The ConfigMaps that a workload's pods refer to and the source holds.
pub(crate) fn config_maps_of<'a>(object: &Object, index: &Index<'a>) -> Vec<&'a Object> {
    let mut held = Vec::new();
    if let Some(spec) = object.template().and_then(|template| template.get("spec")) {
        references(spec, &mut |reference| {
            if let ("ConfigMap", Some(name)) = (reference.kind, reference.name) {
                held.extend(index.object(object.namespace(), "ConfigMap", name));
            }
        });
    }
    held
}

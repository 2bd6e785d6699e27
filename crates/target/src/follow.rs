//! Objects that follow Mastodon's pods: autoscalers, monitors, budgets, policies.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use installation::{Installation, Labels, Object};
use tree::{Node, Origin, Value};

use crate::Naming;
use crate::api::raise;
use crate::manifests::rename;
use crate::note::{Change, Note, Reason};

/// A copy that follows green's pods.
pub(crate) struct Follower {
    pub(crate) node: Node,
    pub(crate) component: String,
}

/// Copies an object that points at a workload or selects pods of Mastodon, so that it does so for green; `None`
/// for anything else.
pub(crate) fn follow(
    installation: &Installation,
    object: &Object,
    naming: &Naming,
    workloads: &IndexMap<usize, String>,
    old_keys: &BTreeSet<String>,
    names: &mut BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Option<Follower> {
    let mut node = object.node.clone();
    let component = match object.kind() {
        "HorizontalPodAutoscaler" => {
            let (index, name) = pointed_at(installation, object, workloads)?;
            let reference = node.ensure(&["spec", "scaleTargetRef", "name"]);
            note_leaf(
                reference,
                Reason::Reference,
                format!("{}/{name} spec.scaleTargetRef.name", object.kind()),
                notes,
            );
            reference.value = Value::String(name.clone());
            component_of(installation, index)
        }
        "PodMonitoring" | "PodMonitor" | "PodDisruptionBudget" => select_green(
            installation,
            object,
            &mut node,
            &["spec", "selector", "matchLabels"],
            naming,
            notes,
        )?,
        "NetworkPolicy" => select_green(
            installation,
            object,
            &mut node,
            &["spec", "podSelector", "matchLabels"],
            naming,
            notes,
        )?,
        _ => return None,
    };
    let mut name = naming.object(&component);
    if !names.insert(format!("{}/{name}", object.kind())) {
        name = naming.object(object.name());
        names.insert(format!("{}/{name}", object.kind()));
    }
    rename(&mut node, &name, notes);
    raise(&mut node, &format!("{}/{name}", object.kind()), notes);
    if let Some(labels) = node.at_keys(&["metadata", "labels"]) {
        let target = format!("{}/{name} metadata.labels", object.kind());
        let mut labels = labels.clone();
        translate_labels(
            &mut labels,
            &naming.object_labels(&component),
            Some(old_keys),
            Reason::ChartLabels,
            &target,
            notes,
        );
        *node.ensure(&["metadata", "labels"]) = labels;
    }
    Some(Follower { node, component })
}

fn pointed_at<'a>(
    installation: &Installation,
    object: &Object,
    workloads: &'a IndexMap<usize, String>,
) -> Option<(usize, &'a String)> {
    let kind = object.node.str_at(&["spec", "scaleTargetRef", "kind"])?;
    let name = object.node.str_at(&["spec", "scaleTargetRef", "name"])?;
    workloads.iter().map(|(index, name)| (*index, name)).find(|(index, _)| {
        let workload = &installation.objects[*index];
        workload.kind() == kind && workload.name() == name && workload.namespace() == object.namespace()
    })
}

fn component_of(installation: &Installation, index: usize) -> String {
    let own = || installation.components.iter().filter(|component| component.object == index);
    own()
        .find(|component| component.role.is_lasting())
        .or_else(|| own().next())
        .map(|component| component.role.component())
        .unwrap_or_default()
}

fn select_green(
    installation: &Installation,
    object: &Object,
    node: &mut Node,
    keys: &[&str],
    naming: &Naming,
    notes: &mut Vec<Note>,
) -> Option<String> {
    let selector = Labels::read(node.at_keys(keys)?);
    let component = installation.components.iter().find(|component| {
        selector.select(&component.labels)
            && installation.workload(component).namespace() == object.namespace()
    })?;
    let component = component.role.component();
    let target = format!("{}/{} {}", object.kind(), naming.object(&component), keys.join("."));
    translate_labels(
        node.ensure(keys),
        &naming.selector(&component),
        None,
        Reason::ChartLabels,
        &target,
        notes,
    );
    Some(component)
}

/// Puts the chart's labels in the place of old ones. With `old_keys`, labels that no selector looks at stay beside
/// them; without, all old ones go. Every old label that goes gets a note.
pub(crate) fn translate_labels(
    node: &mut Node,
    labels: &Labels,
    old_keys: Option<&BTreeSet<String>>,
    reason: Reason,
    target: &str,
    notes: &mut Vec<Note>,
) {
    let origin = node.origin;
    let mut kept = tree::Mapping::new();
    for (key, old) in node.as_mapping().cloned().unwrap_or_default() {
        let stays = old_keys.is_some_and(|keys| !keys.contains(&key))
            && !labels.0.contains_key(&key)
            && !is_standard(&key);
        if stays {
            kept.insert(key, old);
        } else {
            note_origin(old.origin, reason, target.to_owned(), notes);
        }
    }
    for (key, value) in &labels.0 {
        kept.insert(key.clone(), Node::from(value.as_str()));
    }
    *node = Node::from(Value::Mapping(kept)).at(origin);
}

/// The labels Kubernetes recommends and Helm writes: they say who owns an object, and its owner changes.
fn is_standard(key: &str) -> bool {
    key.starts_with("app.kubernetes.io/") || key.starts_with("helm.sh/")
}

/// Notes that a leaf was translated.
pub(crate) fn note_leaf(node: &Node, reason: Reason, target: String, notes: &mut Vec<Note>) {
    note_origin(node.origin, reason, target, notes);
}

fn note_origin(origin: Option<Origin>, reason: Reason, target: String, notes: &mut Vec<Note>) {
    if let Some(origin) = origin {
        notes.push(Note { origin, change: Change::Translated, reason, target });
    }
}

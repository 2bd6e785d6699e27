//! Objects that follow Mastodon's pods: autoscalers, monitors, budgets, policies.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use installation::{Installation, Labels, Object};
use tree::{Node, Origin, Value};

use crate::Naming;
use crate::api::raise;
use crate::manifests::rename;
use crate::naming::component_label;
use crate::note::{Change, Note, Reason};
use crate::selecting::Selecting;

/// A copy that follows green's pods.
pub(crate) struct Follower {
    pub(crate) node: Node,
    /// The component it follows; the first one where it follows several, empty where it only refers to them.
    pub(crate) component: String,
    /// Whether the object that it was made from also looks after pods that are none of Mastodon's, and so stays.
    pub(crate) original_stays: bool,
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
    let kind = object.kind();
    let target = format!("{kind}/{}", naming.object(object.name()));
    let selecting = Selecting { installation, naming, namespace: object.namespace(), target };
    let (components, original_stays) = match kind {
        "HorizontalPodAutoscaler" | "ScaledObject" => {
            (point(installation, object, &mut node, "scaleTargetRef", workloads, notes)?, false)
        }
        "VerticalPodAutoscaler" => {
            (point(installation, object, &mut node, "targetRef", workloads, notes)?, false)
        }
        "PodMonitoring" | "PodMonitor" | "PodDisruptionBudget" => {
            select_green(&selecting, &mut node, "selector", notes)?
        }
        "NetworkPolicy" => {
            let own = select_green(&selecting, &mut node, "podSelector", notes);
            let rules = ["ingress", "egress"].map(|key| {
                let rules = node.get_mut("spec").and_then(|spec| spec.get_mut(key));
                rules.map(|rules| selecting.translate_below(rules, notes)).unwrap_or_default()
            });
            let refers = rules.iter().any(|found| !found.is_empty());
            own.or_else(|| refers.then(|| (BTreeSet::new(), false)))?
        }
        _ => return None,
    };
    let component = components.first().cloned().unwrap_or_default();
    let mut name = naming.object(&component);
    if components.len() != 1 || !names.insert(format!("{kind}/{name}")) {
        name = naming.object(object.name());
        names.insert(format!("{kind}/{name}"));
    }
    rename(&mut node, &name, notes);
    raise(&mut node, &format!("{kind}/{name}"), notes);
    if let Some(labels) = node.at_keys(&["metadata", "labels"]) {
        let target = format!("{kind}/{name} metadata.labels");
        let mut labels = labels.clone();
        let mut new = naming.object_labels(&component);
        new.0.retain(|_, value| !value.is_empty());
        translate_labels(&mut labels, &new, Some(old_keys), Reason::ChartLabels, &target, notes);
        *node.ensure(&["metadata", "labels"]) = labels;
    }
    Some(Follower { node, component, original_stays })
}

/// Points a reference at the workload of green that takes the place of blue's.
fn point(
    installation: &Installation,
    object: &Object,
    node: &mut Node,
    key: &str,
    workloads: &IndexMap<usize, String>,
    notes: &mut Vec<Note>,
) -> Option<BTreeSet<String>> {
    // KEDA takes a Deployment where nothing is said.
    let kind = object.node.str_at(&["spec", key, "kind"]).unwrap_or("Deployment");
    let old = object.node.str_at(&["spec", key, "name"])?;
    let (index, name) = workloads.iter().map(|(index, name)| (*index, name)).find(|(index, _)| {
        let workload = &installation.objects[*index];
        workload.kind() == kind && workload.name() == old && workload.namespace() == object.namespace()
    })?;
    let reference = node.ensure(&["spec", key, "name"]);
    note_leaf(reference, Reason::Reference, format!("{}/{name} spec.{key}.name", object.kind()), notes);
    reference.value = Value::String(name.clone());
    Some(BTreeSet::from([component_of(installation, index)]))
}

fn component_of(installation: &Installation, index: usize) -> String {
    let own = || installation.components.iter().filter(|component| component.object == index);
    own()
        .find(|component| component.role.is_lasting())
        .or_else(|| own().next())
        .map(|component| component_label(installation, component))
        .unwrap_or_default()
}

/// Makes the selector of a policy or monitor find green's pods; which components they are, and whether it looks after
/// others as well.
fn select_green(
    selecting: &Selecting<'_>,
    node: &mut Node,
    key: &str,
    notes: &mut Vec<Note>,
) -> Option<(BTreeSet<String>, bool)> {
    let selector = node.get_mut("spec")?.get_mut(key)?;
    let others = selecting.finds_neighbours(selector);
    let found = selecting.translate(selector, notes);
    (!found.is_empty()).then_some((found, others))
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

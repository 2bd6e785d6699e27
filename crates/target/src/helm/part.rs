//! A component as the chart knows it: web, streaming, or one worker.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use installation::{Component, Installation, Labels, Role};
use tree::{Node, Value};

use super::wanted::Wanted;
use crate::manifests::labels_node;
use crate::naming::component_label;
use crate::note::{Change, Note, Reason};
use crate::workload::green_workload;
use crate::{Naming, TargetError};

/// A component that the chart has a Deployment for.
pub(crate) struct Part<'a> {
    pub(crate) component: &'a Component,
    /// `web`, `streaming`, `sidekiq-<worker>`: suffix of its names and value of its label.
    pub(crate) label: String,
    /// Where its values stand.
    pub(crate) path: &'static str,
    /// The worker's name, for Sidekiq.
    pub(crate) worker: Option<String>,
    /// The workload of blue under green's name and labels.
    pub(crate) draft: Node,
    /// Its environment.
    pub(crate) wanted: Wanted,
}

impl Part<'_> {
    /// The pod's specification in the draft.
    pub(crate) fn pod(&self) -> Option<&Node> {
        self.draft.at_keys(&["spec", "template", "spec"])
    }

    /// The container that runs the component.
    pub(crate) fn container(&self) -> Option<&Node> {
        self.pod()?.get("containers")?.items().nth(self.component.container)
    }
}

/// The components that the chart makes Deployments of: the first web, the first streaming, every worker. Others are
/// written as objects of their own.
pub(crate) fn choose(installation: &Installation) -> Result<Vec<(&Component, String)>, TargetError> {
    let first = |role: &Role| installation.components_where(|own| own == role).next().map(|(_, own)| own);
    let mut chosen: Vec<(&Component, String)> = Vec::new();
    chosen.extend(first(&Role::Web).map(|own| (own, "web".to_owned())));
    chosen.extend(first(&Role::Streaming).map(|own| (own, "streaming".to_owned())));
    for (_, component) in installation.components_where(|role| matches!(role, Role::Sidekiq(_))) {
        chosen.push((component, component_label(installation, component)));
    }
    for (position, (component, _)) in chosen.iter().enumerate() {
        if let Some((other, _)) =
            chosen[..position].iter().find(|(other, _)| other.object == component.object)
        {
            let workload = installation.workload(other);
            return Err(TargetError::SharedPod {
                object: workload.id().to_string(),
                origin: workload.node.origin,
            });
        }
    }
    Ok(chosen)
}

/// Copies the workload of a component and gives it what the chart gives it: name, labels, selector, kind.
pub(crate) fn draft(
    installation: &Installation,
    component: &Component,
    label: &str,
    naming: &Naming,
    config_maps: &IndexMap<usize, String>,
    old_keys: &BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Node {
    let workload = installation.workload(component);
    let name = naming.object(label);
    let mut node =
        green_workload(installation, workload, component, &name, naming, config_maps, old_keys, notes);
    if workload.kind() != "Deployment" || workload.api_version() != "apps/v1" {
        as_deployment(&mut node, workload.template().cloned(), &name, notes);
    }
    let strategy = node.at_keys(&["spec", "strategy"]);
    if let Some(empty) = strategy.filter(|own| own.as_mapping().is_some_and(|members| members.is_empty())) {
        if let Some(origin) = empty.origin {
            let target = format!("Deployment/{name} spec.strategy");
            notes.push(Note { origin, change: Change::Inert, reason: Reason::Empty, target });
        }
        if let Some(spec) = node.ensure(&["spec"]).as_mapping_mut() {
            spec.shift_remove("strategy");
        }
    }
    if workload.kind() != "Deployment" {
        let target = format!("Deployment/{name} spec.selector");
        for leaf in node.at_keys(&["spec", "selector"]).map(Node::leaves).unwrap_or_default() {
            if let Some(origin) = leaf.node.origin {
                let (change, reason) = (Change::Translated, Reason::ChartLabels);
                notes.push(Note { origin, change, reason, target: target.clone() });
            }
        }
    }
    let selector = naming.selector(label);
    *node.ensure(&["spec", "selector"]) = Node::mapping();
    *node.ensure(&["spec", "selector", "matchLabels"]) = labels_node(&selector);
    relabel(node.ensure(&["spec", "template", "metadata", "labels"]), &selector);
    if let Some(labels) = node.ensure(&["metadata", "labels"]).as_mapping_mut() {
        labels.retain(|_, value| value.origin.is_some());
    }
    let unlabelled =
        |metadata: &Node| metadata.get("labels").is_some_and(|own| !installation::chart::is_true(own));
    if let Some(metadata) = node.get_mut("metadata").filter(|own| unlabelled(own)) {
        metadata.as_mapping_mut().map(|members| members.shift_remove("labels"));
    }
    node
}

fn relabel(labels: &mut Node, selector: &Labels) {
    for (key, value) in &selector.0 {
        labels.set(key, value.as_str());
    }
}

/// A workload of another kind with the same pods. What only its kind knows is replaced.
fn as_deployment(node: &mut Node, template: Option<Node>, name: &str, notes: &mut Vec<Note>) {
    let mut replaced = |node: &Node, target: String| {
        for leaf in node.leaves() {
            if let Some(origin) = leaf.node.origin {
                let target = target.clone();
                notes.push(Note { origin, change: Change::Replaced, reason: Reason::DeploymentOnly, target });
            }
        }
    };
    for (key, value) in [("apiVersion", "apps/v1"), ("kind", "Deployment")] {
        let slot = node.ensure(&[key]);
        if slot.as_str() == Some(value) {
            continue;
        }
        replaced(slot, format!("Deployment/{name} {key}"));
        slot.value = Value::String(value.to_owned());
    }
    if let (None, Some(template)) = (node.at_keys(&["spec", "template"]), template) {
        *node.ensure(&["spec", "template"]) = template;
    }
    let known = [
        "replicas",
        "revisionHistoryLimit",
        "minReadySeconds",
        "progressDeadlineSeconds",
        "paused",
        "selector",
        "template",
        "strategy",
    ];
    if let Some(spec) = node.ensure(&["spec"]).as_mapping_mut() {
        for (key, value) in spec.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            replaced(value, format!("Deployment/{name} spec.{key}"));
        }
        spec.retain(|key, _| known.contains(&key.as_str()));
    }
}

/// Takes away a member that is empty and that nobody wrote.
pub(crate) fn drop_empty(node: &mut Node, keys: &[&str], last: &str) {
    let parent = node.ensure(keys);
    let empty =
        parent.get(last).is_some_and(|child| !installation::chart::is_true(child) && child.origin.is_none());
    if let (true, Some(mapping)) = (empty, parent.as_mapping_mut()) {
        mapping.shift_remove(last);
    }
}

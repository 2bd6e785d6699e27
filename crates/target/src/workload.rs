//! A workload of blue as a workload of green.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use installation::{Component, Installation, Object, Role, command_line};
use tree::{Node, Value};

use crate::Naming;
use crate::api::raise;
use crate::follow::{note_leaf, translate_labels};
use crate::manifests::rename;
use crate::naming::component_label;
use crate::note::{Change, Note, Reason};
use crate::selecting::Selecting;

/// Copies a workload under its new name: the chart's labels, selectors and container names, references to
/// renamed ConfigMaps, and for whoever runs the schedule an update strategy that never runs two.
#[expect(clippy::too_many_arguments, reason = "one call site; a struct would only rename the arguments")]
pub(crate) fn green_workload(
    installation: &Installation,
    object: &Object,
    component: &Component,
    name: &str,
    naming: &Naming,
    config_maps: &IndexMap<usize, String>,
    old_keys: &BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Node {
    let role = &component.role;
    let label = component_label(installation, component);
    let mut node = object.node.clone();
    let id = format!("{}/{name}", object.kind());
    rename(&mut node, name, notes);
    raise(&mut node, &id, notes);
    let labels = node.ensure(&["metadata", "labels"]);
    let target = format!("{id} metadata.labels");
    translate_labels(
        labels,
        &naming.object_labels(&label),
        Some(old_keys),
        Reason::ChartLabels,
        &target,
        notes,
    );
    if matches!(object.kind(), "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") {
        let selector = node.ensure(&["spec", "selector", "matchLabels"]);
        let target = format!("{id} spec.selector.matchLabels");
        translate_labels(selector, &naming.selector(&label), None, Reason::ChartLabels, &target, notes);
    }
    if let Some(keys) = object.template_keys() {
        let template = node.ensure(keys);
        let target = format!("{id} {}.metadata.labels", keys.join("."));
        let labels = template.ensure(&["metadata", "labels"]);
        translate_labels(
            labels,
            &naming.pod_labels(&label),
            Some(old_keys),
            Reason::ChartLabels,
            &target,
            notes,
        );
        name_containers(template, component, &id, notes);
        for list in ["initContainers", "containers"] {
            let containers = template.get_mut("spec").and_then(|pod| pod.get_mut(list));
            for container in containers.and_then(Node::as_sequence_mut).into_iter().flatten() {
                keep_the_last(container, &id, notes);
            }
        }
        for key in ["affinity", "topologySpreadConstraints"] {
            if let Some(rules) = template.get_mut("spec").and_then(|pod| pod.get_mut(key)) {
                let target = format!("{id} {}.spec.{key}", keys.join("."));
                let namespace = object.namespace();
                Selecting { installation, naming, namespace, target }.translate_below(rules, notes);
            }
        }
        let renamed: Vec<(String, String)> = config_maps
            .iter()
            .map(|(index, name)| (installation.objects[*index].name().to_owned(), name.clone()))
            .collect();
        follow_config_maps(template, &renamed, &id, notes);
    }
    if matches!(role, Role::Sidekiq(command) if command.schedules()) && object.kind() == "Deployment" {
        recreate(&mut node, &id, notes);
    }
    node
}

fn name_containers(template: &mut Node, component: &Component, id: &str, notes: &mut Vec<Note>) {
    let Some(containers) = template.ensure(&["spec", "containers"]).as_sequence_mut() else { return };
    let exporter = "prometheus-exporter";
    for (position, container) in containers.iter_mut().enumerate() {
        let is_exporter =
            command_line(container).iter().any(|word| word.rsplit('/').next() == Some("prometheus_exporter"));
        let name = if position == component.container {
            Naming::container(&component.role)
        } else if is_exporter {
            exporter
        } else {
            continue;
        };
        let slot = container.ensure(&["name"]);
        if slot.as_str() != Some(name) {
            note_leaf(slot, Reason::ContainerName, format!("{id} containers[{position}].name"), notes);
            slot.value = Value::String(name.to_owned());
        }
    }
}

/// Leaves out variables that are set again later in the same list. The kubelet lets the last one win; `kubectl create`
/// takes such a list, a server-side apply refuses it ("duplicate entries for key"), for `name` is the list's key
/// (`k8s.io/api/core/v1`, `Container.Env`). One that a value in between refers to as `$(NAME)` has its effect, and stays.
fn keep_the_last(container: &mut Node, id: &str, notes: &mut Vec<Note>) {
    let Some(variables) = container.get_mut("env").and_then(Node::as_sequence_mut) else { return };
    let mut position = 0;
    while position < variables.len() {
        if !is_outdone(&variables[position], &variables[position + 1..]) {
            position += 1;
            continue;
        }
        let variable = variables.remove(position);
        for origin in variable.leaves().into_iter().filter_map(|leaf| leaf.node.origin) {
            let target = format!("{id} env");
            notes.push(Note { origin, change: Change::Inert, reason: Reason::Outdone, target });
        }
    }
}

/// Whether a variable has no effect, for it is set again later and nothing refers to it before.
fn is_outdone(variable: &Node, later: &[Node]) -> bool {
    let Some(name) = variable.str_at(&["name"]) else { return false };
    let Some(again) = later.iter().rposition(|other| other.str_at(&["name"]) == Some(name)) else {
        return false;
    };
    let reference = format!("$({name})");
    let refers = |other: &Node| {
        other.get("value").and_then(Node::as_text).is_some_and(|text| text.contains(&reference))
    };
    !later[..=again].iter().any(refers)
}

/// Renames every reference to a ConfigMap that green has its own copy of.
fn follow_config_maps(node: &mut Node, renamed: &[(String, String)], id: &str, notes: &mut Vec<Note>) {
    match &mut node.value {
        Value::Sequence(items) => {
            for item in items {
                follow_config_maps(item, renamed, id, notes);
            }
        }
        Value::Mapping(mapping) => {
            for (key, child) in mapping.iter_mut() {
                let refers = matches!(key.as_str(), "configMapRef" | "configMapKeyRef" | "configMap");
                let old = child.str_at(&["name"]).map(ToOwned::to_owned);
                let new = renamed.iter().find(|(from, _)| refers && old.as_ref() == Some(from));
                if let Some((_, new)) = new {
                    let slot = child.ensure(&["name"]);
                    note_leaf(slot, Reason::Reference, format!("{id} …{key}.name"), notes);
                    slot.value = Value::String(new.clone());
                } else {
                    follow_config_maps(child, renamed, id, notes);
                }
            }
        }
        _ => {}
    }
}

fn recreate(node: &mut Node, id: &str, notes: &mut Vec<Note>) {
    let strategy = node.ensure(&["spec", "strategy"]);
    if strategy.str_at(&["type"]) == Some("Recreate") {
        return;
    }
    for leaf in strategy.leaves() {
        if let Some(origin) = leaf.node.origin {
            notes.push(Note {
                origin,
                change: Change::Replaced,
                reason: Reason::OneScheduler,
                target: format!("{id} spec.strategy.type"),
            });
        }
    }
    let mut only = Node::mapping();
    only.set("type", "Recreate");
    *strategy = only;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a container's variables, and how many leaves were left out.
    fn left(variables: &str) -> (String, usize) {
        let mut files = tree::Files::new();
        let file = files.add("pod.yaml", format!("env: {variables}"));
        let mut container = tree::parse(&files, file).unwrap().remove(0);
        let mut notes = Vec::new();
        keep_the_last(&mut container, "Deployment/web", &mut notes);
        assert!(notes.iter().all(|note| note.change == Change::Inert && note.reason == Reason::Outdone));
        let left = container.get("env").into_iter().flat_map(Node::items);
        let left =
            left.map(|it| format!("{}={}", it.str_at(&["name"]).unwrap(), it.str_at(&["value"]).unwrap()));
        (left.collect::<Vec<_>>().join(" "), notes.len())
    }

    #[test]
    fn of_a_variable_set_twice_the_last_is_written() {
        let twice = "[{name: A, value: old}, {name: B, value: b}, {name: A, value: new}]";
        assert_eq!(left(twice), ("B=b A=new".to_owned(), 2));
        let thrice = "[{name: A, value: x}, {name: A, value: y}, {name: A, value: z}]";
        assert_eq!(left(thrice), ("A=z".to_owned(), 4));
    }

    #[test]
    fn a_variable_that_another_is_made_of_stays() {
        let between = "[{name: A, value: old}, {name: B, value: $(A)/b}, {name: A, value: new}]";
        assert_eq!(left(between), ("A=old B=$(A)/b A=new".to_owned(), 0));
        let itself = "[{name: A, value: old}, {name: A, value: $(A)/new}]";
        assert_eq!(left(itself), ("A=old A=$(A)/new".to_owned(), 0));
    }
}

//! Native manifests in the official chart's shape.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use installation::{Component, Installation, Labels, Object, Role};
use tree::{Node, Value};

use crate::follow::{follow, translate_labels};
use crate::naming::component_label;
use crate::note::{Change, Note, Reason};
use crate::workload::green_workload;
use crate::{Naming, TargetError};

/// When an object of green is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// At once, while green is dark.
    Dark,
    /// When blue is gone.
    Adopted,
    /// Never by a voyage: jobs that change the database run when a person runs them.
    Withheld,
}

/// An object of green.
#[derive(Debug, Clone)]
pub struct GreenObject {
    /// The object; leaves that were carried keep their origins.
    pub object: Object,
    /// When it is applied.
    pub stage: Stage,
    /// Whether the chart has no place for it.
    pub supplement: bool,
    /// Index of the object it was made from, in the installation.
    pub from: Option<usize>,
    /// The component it belongs to, by the label's value; empty for those shared by all.
    pub component: String,
}

/// A Service that stays and will select green.
#[derive(Debug, Clone)]
pub struct Switched {
    /// Index of the Service in the installation.
    pub from: usize,
    /// The Service as it shall stand.
    pub object: Object,
    /// The component behind it: `web` or `streaming`.
    pub component: String,
}

/// What shall stand.
#[derive(Debug, Clone)]
pub struct Target {
    /// Names and labels.
    pub naming: Naming,
    /// What is made.
    pub green: Vec<GreenObject>,
    /// Services that pass from blue to green.
    pub switched: Vec<Switched>,
    /// Objects that stay as they are, by index in the installation.
    pub kept: Vec<usize>,
    /// Objects that go when blue goes, by index in the installation.
    pub removed: Vec<usize>,
    /// What became of leaves that were changed.
    pub notes: Vec<Note>,
}

/// Writes an installation as manifests in the official chart's shape.
///
/// # Errors
/// If no name can be found that collides with nothing, the one asked for does, or a Service leads to several workloads.
pub fn write_manifests(installation: &Installation, release: Option<&str>) -> Result<Target, TargetError> {
    each_leads_to_one(installation)?;
    let naming = Naming::choose(installation, release)?;
    let config_maps = name_config_maps(installation, &naming);
    let old_keys = selector_keys(installation);
    let mut target = Target {
        naming,
        green: Vec::new(),
        switched: Vec::new(),
        kept: Vec::new(),
        removed: Vec::new(),
        notes: Vec::new(),
    };
    let mut names = BTreeSet::new();
    let workloads = workload_names(installation, &target.naming);
    for (index, object) in installation.objects.iter().enumerate() {
        let component = main_component(installation, index);
        if let Some(name) = config_maps.get(&index) {
            let copy = copy_config_map(object, name, &mut target.notes);
            target.green.push(made(copy, Stage::Dark, false, index, ""));
        } else if let (Some(component), Some(name)) = (component, workloads.get(&index)) {
            let copy = green_workload(
                installation,
                object,
                component,
                name,
                &target.naming,
                &config_maps,
                &old_keys,
                &mut target.notes,
            );
            let stage = match object.kind() {
                "Job" => Stage::Withheld,
                _ => Stage::Dark,
            };
            let supplement = matches!(object.kind(), "CronJob");
            target.green.push(made(
                copy,
                stage,
                supplement,
                index,
                &component_label(installation, component),
            ));
        } else if let Some(behind) = installation.services.iter().find(|behind| behind.object == index) {
            let component = installation.components[behind.component].role.component();
            let after = switch_service(object, &target.naming, &component, &mut target.notes);
            target.switched.push(Switched { from: index, object: Object::new(after), component });
        } else if let Some(follower) =
            follow(installation, object, &target.naming, &workloads, &old_keys, &mut names, &mut target.notes)
        {
            let stage = if object.kind() == "NetworkPolicy" { Stage::Dark } else { Stage::Adopted };
            target.green.push(made(follower.node, stage, true, index, &follower.component));
            if follower.original_stays {
                target.kept.push(index);
                continue;
            }
        } else {
            target.kept.push(index);
            continue;
        }
        if is_shared(installation, index, &workloads) {
            target.kept.push(index);
        } else if !target.switched.iter().any(|switched| switched.from == index) {
            target.removed.push(index);
        }
    }
    let services = own_services(installation, &target);
    target.green.extend(services);
    target.green.sort_by_key(|made| order(made.object.kind()));
    Ok(target)
}

/// Refuses a Service whose ports are answered by several workloads.
pub(crate) fn each_leads_to_one(installation: &Installation) -> Result<(), TargetError> {
    let Some(mixed) = installation.services.iter().find(|behind| !behind.others.is_empty()) else {
        return Ok(());
    };
    let service = &installation.objects[mixed.object];
    let first = installation.components[mixed.component].object;
    let parts = std::iter::once(&first).chain(&mixed.others);
    let parts: Vec<String> = parts.map(|index| installation.objects[*index].id().to_string()).collect();
    let origin = service.node.at_keys(&["spec", "selector"]).and_then(|node| node.origin);
    let service = service.id().to_string();
    Err(TargetError::MixedService { service, parts: parts.join(", "), origin })
}

fn made(node: Node, stage: Stage, supplement: bool, from: usize, component: &str) -> GreenObject {
    GreenObject {
        object: Object::new(node),
        stage,
        supplement,
        from: Some(from),
        component: component.to_owned(),
    }
}

/// What others need comes first, as `kubectl apply` and Helm sort it.
fn order(kind: &str) -> u8 {
    match kind {
        "ConfigMap" => 0,
        "NetworkPolicy" => 1,
        "Service" => 2,
        "Deployment" | "StatefulSet" => 3,
        "CronJob" => 4,
        "Job" => 5,
        _ => 6,
    }
}

/// The component that a workload is there for: its first lasting one, else its first.
fn main_component(installation: &Installation, index: usize) -> Option<&Component> {
    let mut own = installation.components.iter().filter(|component| component.object == index);
    let first = own.clone().next();
    own.find(|component| component.role.is_lasting()).or(first)
}

/// The new name of every workload of Mastodon, by index. Where two would be called the same, the later one keeps
/// its old name as a suffix.
fn workload_names(installation: &Installation, naming: &Naming) -> IndexMap<usize, String> {
    let mut names: IndexMap<usize, String> = IndexMap::new();
    for (index, object) in installation.objects.iter().enumerate() {
        let Some(component) = main_component(installation, index) else { continue };
        let suffix = match component.role {
            Role::Migration | Role::Tootctl => object.name().trim_start_matches("mastodon-").to_owned(),
            _ => component_label(installation, component),
        };
        let mut name = naming.object(&suffix);
        if names.values().any(|taken| *taken == name) {
            name = naming.object(object.name());
        }
        names.insert(index, name);
    }
    names
}

/// The ConfigMaps that Mastodon's containers read, by index, with their new names: the first is the chart's
/// `<release>-env`.
fn name_config_maps(installation: &Installation, naming: &Naming) -> IndexMap<usize, String> {
    let mut named = IndexMap::new();
    for component in &installation.components {
        let workload = installation.workload(component);
        for name in config_maps_of(workload) {
            let found = installation.objects.iter().position(|object| {
                object.kind() == "ConfigMap"
                    && object.name() == name
                    && object.namespace() == workload.namespace()
                    && says_something(object)
            });
            let Some(index) = found else { continue };
            let suffix = if named.is_empty() { "env" } else { name.trim_start_matches("mastodon-") };
            named.entry(index).or_insert_with(|| naming.object(suffix));
        }
    }
    named
}

/// Whether a ConfigMap holds anything. One that does not is filled by something that the source does not show, under its
/// own name: no copy is made of it.
pub(crate) fn says_something(config_map: &Object) -> bool {
    let filled = |key| config_map.node.get(key).and_then(Node::as_mapping).is_some_and(|own| !own.is_empty());
    filled("data") || filled("binaryData")
}

/// The names of ConfigMaps that a workload's pods refer to.
pub(crate) fn config_maps_of(workload: &Object) -> Vec<String> {
    let mut names = Vec::new();
    let Some(template) = workload.template() else { return names };
    for leaf in template.leaves() {
        let keys: Vec<&str> = leaf
            .path
            .0
            .iter()
            .filter_map(|segment| match segment {
                tree::Segment::Key(key) => Some(key.as_str()),
                tree::Segment::Index(_) => None,
            })
            .collect();
        if let [.., "configMapRef" | "configMapKeyRef" | "configMap", "name"] = keys[..] {
            names.extend(leaf.node.as_text());
        }
    }
    names
}

/// Whether an object that green copies is also used by a neighbour, and so stays.
pub(crate) fn is_shared(
    installation: &Installation,
    index: usize,
    workloads: &IndexMap<usize, String>,
) -> bool {
    let object = &installation.objects[index];
    object.kind() == "ConfigMap"
        && installation.objects.iter().enumerate().any(|(other, neighbour)| {
            !workloads.contains_key(&other)
                && config_maps_of(neighbour).iter().any(|name| name == object.name())
        })
}

/// Every label key that some selector looks at: green's pods must not carry the old values.
pub(crate) fn selector_keys(installation: &Installation) -> BTreeSet<String> {
    installation.pod_selectors().into_iter().flat_map(|(_, labels)| labels.0.into_keys()).collect()
}

fn copy_config_map(object: &Object, name: &str, notes: &mut Vec<Note>) -> Node {
    let mut node = object.node.clone();
    rename(&mut node, name, notes);
    node
}

/// Gives an object a name of the release; the leaf keeps its origin and gets a note.
pub(crate) fn rename(node: &mut Node, name: &str, notes: &mut Vec<Note>) {
    let kind = node.str_at(&["kind"]).unwrap_or_default().to_owned();
    let slot = node.ensure(&["metadata", "name"]);
    if let Some(origin) = slot.origin {
        notes.push(Note {
            origin,
            change: Change::Translated,
            reason: Reason::ReleaseName,
            target: format!("{kind}/{name} metadata.name"),
        });
    }
    slot.value = Value::String(name.to_owned());
}

pub(crate) fn switch_service(
    object: &Object,
    naming: &Naming,
    component: &str,
    notes: &mut Vec<Note>,
) -> Node {
    let mut node = object.node.clone();
    let target = format!("{} spec.selector", object.id());
    let selector = node.ensure(&["spec", "selector"]);
    translate_labels(selector, &naming.selector(component), None, Reason::ServiceSelector, &target, notes);
    node
}

/// The chart's own Services, which nothing routes to yet: the side door, and what later installations of the
/// chart expect to find.
fn own_services(installation: &Installation, target: &Target) -> Vec<GreenObject> {
    let mut services = Vec::new();
    for (role, port_name) in [(Role::Web, "http"), (Role::Streaming, "streaming")] {
        let Some((_, component)) = installation.components_where(|own| *own == role).next() else { continue };
        let name = role.component();
        let port = installation.port(component);
        let mut node = Node::mapping();
        node.set("apiVersion", "v1");
        node.set("kind", "Service");
        node.ensure(&["metadata"]).set("name", target.naming.object(&name));
        if let Some(namespace) = installation.workload(component).namespace() {
            node.ensure(&["metadata"]).set("namespace", namespace);
        }
        *node.ensure(&["metadata", "labels"]) = labels_node(&target.naming.object_labels(&name));
        let mut entry = Node::mapping();
        entry.set("name", port_name);
        entry.set("port", i64::from(port));
        entry.set("targetPort", i64::from(port));
        node.ensure(&["spec"]).set("ports", Value::Sequence(vec![entry]));
        *node.ensure(&["spec", "selector"]) = labels_node(&target.naming.selector(&name));
        services.push(GreenObject {
            object: Object::new(node),
            stage: Stage::Dark,
            supplement: false,
            from: None,
            component: name,
        });
    }
    services
}

/// Labels as a mapping without origins.
pub(crate) fn labels_node(labels: &Labels) -> Node {
    Value::Mapping(labels.0.iter().map(|(key, value)| (key.clone(), Node::from(value.as_str()))).collect())
        .into()
}

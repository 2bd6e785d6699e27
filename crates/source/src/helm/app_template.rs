//! `app-template` of bjw-s: values that describe containers, in the layout of version 1 (one controller at the
//! top) and of version 2 and later (`controllers`).
//!
//! What the chart reads and how it names things, its library says (`bjw-s-labs/helm-charts`, `common` 3.7.3 and 4.1.1). `{{ .Release.Name }}` and `{{ .Release.Namespace }}` in texts are put in; other templates stay.

mod container;
mod network;
mod storage;
mod workload;

use installation::Object;
use tree::{Mapping, Node, Origin, Value};

use super::lower::in_namespace;
use super::release::Release;
use installation::chart::go;

/// The most nodes that one release may become.
const MAX_NODES: usize = 400_000;

/// A release of the template.
struct Template<'a> {
    release: &'a Release,
    values: &'a Node,
    /// The name that its objects begin with.
    name: String,
}

/// The objects that the chart makes; `None` where there would be too many.
pub(crate) fn objects(release: &Release, values: &Node) -> Option<Vec<Object>> {
    let mut values = upgraded(values);
    fill(&mut values, release);
    let name = values.str_at(&["fullnameOverride"]).or(values.str_at(&["global", "fullnameOverride"]));
    let name = name.unwrap_or(&release.name).to_owned();
    let template = Template { release, values: &values, name };
    // Every container may mount every volume, and every pod has the defaults of all.
    let section = |key: &str| values.get(key).map_or(0, go::size);
    let shared = section("persistence") + section("defaultPodOptions");
    if section("controllers").saturating_mul(shared) > MAX_NODES * 10 {
        return None;
    }
    let mut nodes = workload::workloads(&template);
    nodes.extend(network::network(&template));
    nodes.extend(storage::storage(&template));
    if nodes.iter().map(|node| node.leaves().len()).sum::<usize>() > MAX_NODES {
        return None;
    }
    let origin = release.origin.or(values.origin);
    Some(
        nodes
            .into_iter()
            .map(|mut node| {
                place(&mut node, origin);
                in_namespace(node, release)
            })
            .collect(),
    )
}

/// Gives what was made the place of what it was made for: its first child's, or else the release's.
fn place(node: &mut Node, around: Option<Origin>) {
    if node.origin.is_none() {
        node.origin = around;
    }
    let origin = node.origin;
    match &mut node.value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(|child| place(child, origin)),
        Value::Sequence(items) => items.iter_mut().for_each(|item| place(item, origin)),
        _ => {}
    }
}

fn fill(node: &mut Node, release: &Release) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(|child| fill(child, release)),
        Value::Sequence(items) => items.iter_mut().for_each(|item| fill(item, release)),
        Value::String(text) if text.contains("{{") => {
            for (field, value) in [
                ("Name", release.name.as_str()),
                ("Namespace", release.namespace.as_deref().unwrap_or("default")),
            ] {
                for written in [format!("{{{{ .Release.{field} }}}}"), format!("{{{{.Release.{field}}}}}")] {
                    *text = text.replace(&written, value);
                }
            }
        }
        _ => {}
    }
}

/// Values in the layout of version 1 are brought into today's: one controller and one container, both `main`.
fn upgraded(values: &Node) -> Node {
    if values.get("controllers").is_some() || values.get("image").is_none() {
        return values.clone();
    }
    const OF_CONTAINER: [&str; 11] = [
        "image",
        "command",
        "args",
        "env",
        "envFrom",
        "probes",
        "resources",
        "securityContext",
        "lifecycle",
        "termination",
        "tty",
    ];
    const OF_POD: [&str; 9] = [
        "podSecurityContext",
        "affinity",
        "nodeSelector",
        "tolerations",
        "topologySpreadConstraints",
        "hostAliases",
        "dnsConfig",
        "dnsPolicy",
        "imagePullSecrets",
    ];
    let mut made = values.clone();
    let origin = values.origin;
    let mut container = Node::mapping().at(values.get("image").and_then(|image| image.origin));
    let mut pod = Node::mapping().at(origin);
    if let Some(mapping) = made.as_mapping_mut() {
        for key in OF_CONTAINER {
            if let Some(value) = mapping.shift_remove(key) {
                container.set(key, value);
            }
        }
        for key in OF_POD {
            if let Some(value) = mapping.shift_remove(key) {
                pod.set(if key == "podSecurityContext" { "securityContext" } else { key }, value);
            }
        }
    }
    let mut controller = made.get("controller").cloned().unwrap_or_else(|| Node::mapping().at(origin));
    controller.set("pod", pod);
    let mut containers = Node::mapping().at(container.origin);
    containers.set("main", container);
    for (name, extra) in
        ["sidecars", "additionalContainers"].iter().filter_map(|key| values.get(key)?.as_mapping()).flatten()
    {
        containers.set(name, extra.clone());
    }
    controller.set("containers", containers);
    if let Some(containers) = values.get("initContainers") {
        controller.set("initContainers", containers.clone());
    }
    let mut controllers = Node::mapping().at(controller.origin);
    controllers.set("main", controller);
    made.set("controllers", controllers);
    made
}

impl<'a> Template<'a> {
    /// The entries of a section that are not switched off.
    fn enabled(&self, section: &str) -> Vec<(&'a str, &'a Node)> {
        let entries = self.values.get(section).and_then(Node::as_mapping).into_iter().flatten();
        entries
            .filter(|(_, entry)| entry.as_mapping().is_some())
            .filter(|(_, entry)| entry.get("enabled").is_none_or(|switch| switch.value != Value::Bool(false)))
            .map(|(name, entry)| (name.as_str(), entry))
            .collect()
    }

    /// The chart's major version; today's where the release says none.
    fn major(&self) -> u32 {
        let version = self.release.chart.version.as_deref().unwrap_or_default();
        let digits = version.trim_start_matches(['v', '^', '~', '=', '>', ' ']).split('.').next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(4)
    }

    /// The name of an entry's object: the release's, with the entry's own behind it where there are several. Up to
    /// version 2 the entry `main` alone goes without.
    fn name_of(&self, section: &str, key: &str, entry: &Node) -> String {
        self.named(key, entry, self.enabled(section).len())
    }

    /// The name of an entry among so many.
    fn named(&self, key: &str, entry: &Node, count: usize) -> String {
        let own = |field: &str| entry.str_at(&[field]);
        let goes_without = if self.major() < 3 { key == "main" } else { count == 1 || key == self.name };
        match (own("forceRename"), own("nameOverride")) {
            (Some(name), _) => name.to_owned(),
            (_, Some(name)) if name == self.name => self.name.clone(),
            (_, Some(name)) => format!("{}-{name}", self.name),
            _ if goes_without => self.name.clone(),
            _ => format!("{}-{key}", self.name),
        }
    }

    /// Labels by which the pods of a controller are found.
    fn selector(&self, controller: &str, origin: Option<Origin>) -> Node {
        let mut labels = Node::mapping().at(origin);
        labels.set("app.kubernetes.io/name", Node::from(self.name.as_str()).at(origin));
        labels.set("app.kubernetes.io/instance", Node::from(self.release.name.as_str()).at(origin));
        let label =
            if self.major() < 4 { "app.kubernetes.io/component" } else { "app.kubernetes.io/controller" };
        labels.set(label, Node::from(controller).at(origin));
        labels
    }

    /// The controller that an entry belongs to: the one it names, else the only one, else `main`.
    fn controller_of(&self, entry: &'a Node) -> &'a str {
        let controllers = self.enabled("controllers");
        entry.str_at(&["controller"]).unwrap_or(match controllers.as_slice() {
            [(only, _)] => only,
            _ => "main",
        })
    }
}

/// An object with a name and labels.
fn object(api_version: &str, kind: &str, name: &str, entry: &Node) -> Node {
    let origin = entry.origin;
    let mut node = Node::mapping().at(origin);
    node.set("apiVersion", Node::from(api_version).at(origin));
    node.set("kind", Node::from(kind).at(origin));
    let mut metadata = Node::mapping().at(origin);
    metadata.set("name", Node::from(name).at(origin));
    for key in ["labels", "annotations"] {
        if let Some(own) = entry.get(key).filter(|own| go::is_true(own)) {
            metadata.set(key, own.clone());
        }
    }
    node.set("metadata", metadata);
    node
}

/// Copies the keys that an entry has.
fn copy(from: &Node, to: &mut Node, keys: &[&str]) {
    for key in keys {
        if let Some(value) = from.get(key).filter(|value| value.value != Value::Null) {
            to.set(key, value.clone());
        }
    }
}

/// A list.
fn list(items: Vec<Node>, origin: Option<Origin>) -> Node {
    Node::from(Value::Sequence(items)).at(origin)
}

/// A mapping of a few entries.
fn mapping(entries: Vec<(&str, Node)>, origin: Option<Origin>) -> Node {
    let entries: Mapping = entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Node::from(Value::Mapping(entries)).at(origin)
}

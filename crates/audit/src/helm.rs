//! What is written for Helm: where every leaf stands, and what containers effectively get.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Component, Environment, Installation, Object, Role, SettingValue, known_setting};
use target::helm::{HelmTarget, Why, is_harmless};
use target::{Note, Reason};
use tree::{Node, Value};

use crate::compare::{Difference, difference, fields, followers, queues, routes};
use crate::ledger::{Ledger, Place, Places, Standing, Written, judge_all};
use crate::strays::strays;

/// Follows every leaf of every document to where it stands in values, patches, supplements, kept objects, or in what
/// the chart takes by itself.
#[must_use]
pub fn account_helm(
    written: &[Written<'_>],
    overridden: &[(tree::Origin, tree::Origin)],
    server_filled: &[tree::Origin],
    installation: &Installation,
    target: &HelmTarget,
) -> Ledger {
    let mut places = Places::new();
    let mut add = |label: &str, node: &Node, standing: Standing| {
        for leaf in node.leaves() {
            let Some(origin) = leaf.node.origin else { continue };
            let label = format!("{label} {}", leaf.path);
            places.entry(origin).or_default().push(Place { label, node: leaf.node.clone(), standing });
        }
    };
    add("values.yaml", &target.values, Standing::Carried);
    for patch in &target.patches {
        add(&Object::new(patch.node.clone()).id().to_string(), &patch.node, Standing::Supplemented);
    }
    for made in &target.supplements {
        add(&made.object.id().to_string(), &made.object.node, Standing::Supplemented);
    }
    // What only stands while a hook runs carries nothing.
    let lasting =
        |object: &&Object| object.node.at_keys(&["metadata", "annotations", "helm.sh/hook"]).is_none();
    for object in target.rendered.iter().filter(lasting) {
        add(&object.id().to_string(), &object.node, Standing::Defaulted);
    }
    for switched in &target.switched {
        add(&switched.object.id().to_string(), &switched.object.node, Standing::Kept);
    }
    for index in &target.kept {
        let object = &installation.objects[*index];
        add(&object.id().to_string(), &object.node, Standing::Kept);
    }
    judge_all(written, overridden, server_filled, installation, &places, &target.notes)
}

/// Compares what stands with what shall stand: what the chart renders, patched, beside supplements and what is kept.
/// `rendered` is what the chart made of the values, or [`HelmTarget::rendered`] where it is not at hand.
#[must_use]
pub fn compare_helm(before: &Installation, target: &HelmTarget, rendered: &[Object]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut objects = Vec::new();
    for object in rendered.iter().filter(|object| !is_empty_shell(object, target)) {
        match patched(object, target) {
            Ok(object) => objects.push(object),
            Err(reason) => {
                differences.push(difference(&object.id().to_string(), "", "patch", reason, String::new()));
            }
        }
    }
    objects.extend(target.supplements.iter().map(|made| made.object.clone()));
    objects.extend(target.switched.iter().map(|switched| switched.object.clone()));
    objects.extend(target.kept.iter().map(|index| before.objects[*index].clone()));
    let Ok(after) = Installation::understand(objects, None) else {
        differences.push(difference("installation", "", "recognised", before.domain.clone(), String::new()));
        return differences;
    };
    let explain = Explain { target };
    for component in before.components.iter().filter(|component| component.role.is_lasting()) {
        explain.component(before, &after, component, &mut differences);
    }
    routes(before, &after, &mut differences);
    queues(before, &after, &mut differences);
    // Components are compared one by one, their ConfigMaps by what containers get of them.
    let beside = |installation: &Installation, index: usize| {
        let lasting = |own: &Component| own.object == index && own.role.is_lasting();
        installation.objects[index].kind() != "ConfigMap" && !installation.components.iter().any(lasting)
    };
    followers(before, &after, beside, &mut differences);
    differences.extend(strays(before, &after));
    differences
}

/// Whether an object only stands because the chart cannot leave it out: a Deployment of no pods for a component that
/// there is none of.
fn is_empty_shell(object: &Object, target: &HelmTarget) -> bool {
    let not_there = |component: &str| {
        let path = format!("mastodon.{component}.replicas");
        target.comments.iter().any(|comment| comment.why == Why::NotThere && comment.path == path)
    };
    let mut empty = ["web", "streaming"].into_iter().filter(|component| not_there(component));
    object.kind() == "Deployment" && empty.any(|component| object.name() == target.naming.object(component))
}

/// An object of the chart with its patches, as Kustomize applies them.
fn patched(object: &Object, target: &HelmTarget) -> Result<Object, String> {
    let mut node = object.node.clone();
    for patch in &target.patches {
        let own = Object::new(patch.node.clone());
        if own.id() == object.id() {
            let merged = tree::patch::strategic_merge_as_kustomize(
                node,
                &patch.node,
                object.kind(),
                &mut tree::patch::Losses::new(),
            )
            .map_err(|error| error.to_string())?;
            node = merged.ok_or_else(|| "the patch deletes the object".to_owned())?;
        }
    }
    Ok(Object::new(node))
}

struct Explain<'a> {
    target: &'a HelmTarget,
}

impl Explain<'_> {
    fn component(
        &self,
        before: &Installation,
        after: &Installation,
        old: &Component,
        differences: &mut Vec<Difference>,
    ) {
        let old_workload = before.workload(old);
        let new = after.components.iter().find(|new| self.follows(before, old, after, new));
        let Some(new) = new else {
            let name = old_workload.name();
            differences.push(difference(name, "", "component", old.role.component(), String::new()));
            return;
        };
        let new_workload = after.workload(new);
        let name = new_workload.name();
        let pod = |object: &Object| object.template().and_then(|template| template.get("spec")).cloned();
        let (Some(old_pod), Some(new_pod)) = (pod(old_workload), pod(new_workload)) else { return };
        let left_out = ["containers", "initContainers", "volumes", "affinity", "topologySpreadConstraints"];
        fields(name, "", &members(&old_pod, &left_out), &members(&new_pod, &left_out), differences);
        self.workload(name, old_workload, new_workload, differences);
        for list in ["initContainers", "containers"] {
            let named = |pod: &Node| -> Vec<Node> {
                pod.get(list).into_iter().flat_map(Node::items).cloned().collect()
            };
            let (old_list, new_list) = (named(&old_pod), named(&new_pod));
            if old_list.len() != new_list.len() {
                let count = |list: &[Node]| list.len().to_string();
                differences.push(difference(name, list, "count", count(&old_list), count(&new_list)));
            }
            for (position, old_container) in old_list.iter().enumerate() {
                let is_main = list == "containers" && position == old.container;
                let new_container = if is_main {
                    new_list.get(new.container)
                } else {
                    counterpart(old_container, &new_list, (list == "containers").then_some(new.container))
                };
                let Some(new_container) = new_container else { continue };
                self.container(name, old_container, new_container, differences);
                if is_main {
                    let label = new_container.str_at(&["name"]).unwrap_or_default();
                    self.environment(name, label, old, new, differences);
                }
            }
        }
    }

    /// Whether a component of green is the one that a component of blue becomes.
    fn follows(&self, before: &Installation, old: &Component, after: &Installation, new: &Component) -> bool {
        let same_role = match (&old.role, &new.role) {
            (Role::Sidekiq(old), Role::Sidekiq(new)) => old.queues == new.queues,
            (old, new) => old == new,
        };
        let position = |installation: &Installation, component: &Component| {
            let alike = installation.components.iter().filter(|own| match (&own.role, &component.role) {
                (Role::Sidekiq(own), Role::Sidekiq(component)) => own.queues == component.queues,
                (own, component) => own == component,
            });
            alike.take_while(|own| !std::ptr::eq(*own, component)).count()
        };
        same_role && position(before, old) == position(after, new)
    }

    fn workload(&self, name: &str, old: &Object, new: &Object, differences: &mut Vec<Difference>) {
        let strategy = |object: &Object| {
            let mut node = object.node.at_keys(&["spec", "strategy"]).cloned().unwrap_or_else(Node::mapping);
            if node.get("type").is_none() {
                node.set("type", "RollingUpdate");
            }
            node
        };
        let (old_strategy, new_strategy) = (strategy(old), strategy(new));
        if !alike(&old_strategy, &new_strategy) {
            let recreated = new_strategy.str_at(&["type"]) == Some("Recreate");
            let texts = (old_strategy.to_json().to_string(), new_strategy.to_json().to_string());
            differences.push(Difference {
                explained_by: recreated.then_some(Reason::OneScheduler.id()),
                ..difference(name, "", "strategy", texts.0, texts.1)
            });
        }
        let (old_number, new_number) = (old.replicas(), new.replicas());
        if old_number != new_number {
            let explained = (new_number == 1).then(|| self.has(Reason::OneScheduler)).flatten();
            differences.push(Difference {
                explained_by: explained,
                ..difference(name, "", "replicas", old_number.to_string(), new_number.to_string())
            });
        }
        for key in ["revisionHistoryLimit", "minReadySeconds", "progressDeadlineSeconds"] {
            let text = |object: &Object| {
                object.node.at_keys(&["spec", key]).and_then(Node::as_text).unwrap_or_default()
            };
            if text(old) != text(new) {
                differences.push(difference(name, "", key, text(old), text(new)));
            }
        }
    }

    fn has(&self, reason: Reason) -> Option<&'static str> {
        self.target.notes.iter().any(|note: &Note| note.reason == reason).then(|| reason.id())
    }

    fn container(&self, name: &str, old: &Node, new: &Node, differences: &mut Vec<Difference>) {
        let label = new.str_at(&["name"]).unwrap_or_default();
        let left_out =
            ["name", "env", "envFrom", "ports", "command", "args", "imagePullPolicy", "volumeMounts"];
        let (before, after) = (members(old, &left_out), members(new, &left_out));
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
        let no_probes = probes.iter().all(|probe| old.get(probe).is_none());
        for key in keys {
            let (from, to) = (before.get(key), after.get(key));
            if from == to {
                continue;
            }
            let explained = if probes.contains(&key.as_str()) && no_probes {
                Some("reason-chart-adds")
            } else if probes.contains(&key.as_str()) || key == "lifecycle" {
                self.has(Reason::PortName)
            } else {
                None
            };
            let text = |text: Option<&String>| text.cloned().unwrap_or_default();
            let found = difference(name, label, key, text(from), text(to));
            differences.push(Difference { explained_by: explained, ..found });
        }
        self.command(name, label, old, new, differences);
        self.ports(name, label, old, new, differences);
        let paths = |node: &Node| -> BTreeSet<String> {
            let mounts = node.get("volumeMounts").into_iter().flat_map(Node::items);
            let path = |mount: &Node| mount.str_at(&["mountPath"]).map(normal_path);
            mounts.filter_map(path).collect()
        };
        if paths(old) != paths(new) {
            let text = |node: &Node| paths(node).into_iter().collect::<Vec<_>>().join(" ");
            differences.push(difference(name, label, "volumeMounts", text(old), text(new)));
        }
    }

    fn command(&self, name: &str, label: &str, old: &Node, new: &Node, differences: &mut Vec<Difference>) {
        let words = |node: &Node| -> String {
            let keys = ["command", "args"].iter().filter_map(|key| node.get(key));
            let words: Vec<String> = keys.flat_map(Node::items).filter_map(Node::as_text).collect();
            words.join(" ")
        };
        if words(old) != words(new) {
            let explained_by = self.has(Reason::SameCommand);
            differences.push(Difference {
                explained_by,
                ..difference(name, label, "command", words(old), words(new))
            });
        }
    }

    fn ports(&self, name: &str, label: &str, old: &Node, new: &Node, differences: &mut Vec<Difference>) {
        let read = |node: &Node| -> BTreeMap<String, String> {
            let ports = node.get("ports").into_iter().flat_map(Node::items);
            let text = |port: &Node, key| port.get(key).and_then(Node::as_text);
            ports
                .filter_map(|port| {
                    let protocol = text(port, "protocol").unwrap_or_else(|| "TCP".to_owned());
                    let key = format!("{}/{protocol}", text(port, "containerPort")?);
                    Some((key, text(port, "name").unwrap_or_default()))
                })
                .collect()
        };
        let (before, after) = (read(old), read(new));
        for (port, called) in &before {
            if let Some(other) = after.get(port).filter(|other| *other == called) {
                let _same = other;
                continue;
            }
            let to = after.get(port).cloned().unwrap_or_default();
            let explained = after.get(port).and_then(|_| {
                if called.is_empty() { Some("reason-chart-adds") } else { self.has(Reason::PortName) }
            });
            let field = format!("port {port}");
            let found = difference(name, label, &field, called.clone(), to);
            differences.push(Difference { explained_by: explained, ..found });
        }
        for (port, called) in after.iter().filter(|(port, _)| !before.contains_key(*port)) {
            let found = difference(name, label, &format!("port {port}"), String::new(), called.clone());
            differences.push(Difference { explained_by: Some("reason-chart-adds"), ..found });
        }
    }

    fn environment(
        &self,
        name: &str,
        label: &str,
        old: &Component,
        new: &Component,
        differences: &mut Vec<Difference>,
    ) {
        let (before, after) = (&old.environment, &new.environment);
        let names: BTreeSet<&String> = before.settings.keys().chain(after.settings.keys()).collect();
        for variable in names {
            let (from, to) = (before.settings.get(variable), after.settings.get(variable));
            let (from, to) = (from.map(|own| &own.value), to.map(|own| &own.value));
            if from == to || !reads(&old.role, variable) {
                continue;
            }
            let explained = match (from, to) {
                (None, Some(SettingValue::Text(text))) if is_harmless(variable, text) => {
                    Some("reason-chart-adds")
                }
                // It follows the number of threads where it is not set.
                (None, Some(SettingValue::Text(text)))
                    if variable == "MIN_THREADS"
                        && text == "5"
                        && !before.settings.contains_key("MAX_THREADS") =>
                {
                    Some("reason-chart-adds")
                }
                (None, Some(SettingValue::Secret { secret, key }))
                    if is_whole(before, secret, key, variable) =>
                {
                    Some("reason-named-of-whole")
                }
                (Some(_), Some(SettingValue::Secret { secret, .. })) if *secret == self.moved() => {
                    self.has(Reason::MovedToSecret)
                }
                _ => None,
            };
            let shown = |present: bool| if present { "(set)".to_owned() } else { String::new() };
            let field = format!("env {variable}");
            let found = difference(name, label, &field, shown(from.is_some()), shown(to.is_some()));
            differences.push(Difference { explained_by: explained, ..found });
        }
        if before.opaque != after.opaque {
            let found = difference(name, label, "envFrom", before.opaque.join(" "), after.opaque.join(" "));
            differences.push(found);
        }
    }

    fn moved(&self) -> String {
        self.target.naming.object("settings")
    }
}

/// Whether a role acts by a variable.
fn reads(role: &Role, name: &str) -> bool {
    known_setting(name).is_none_or(|known| match role {
        Role::Web => known.by_web,
        Role::Streaming => known.by_streaming,
        _ => known.by_sidekiq,
    })
}

/// Whether a Secret that is taken whole already has this key as this variable.
fn is_whole(environment: &Environment, secret: &str, key: &str, variable: &str) -> bool {
    environment.opaque.iter().any(|whole| {
        let mut parts = whole.splitn(3, '/');
        let (kind, prefix, name) = (parts.next(), parts.next(), parts.next());
        kind == Some("Secret")
            && name == Some(secret)
            && prefix.is_some_and(|prefix| format!("{prefix}{key}") == variable)
    })
}

/// The container that another one becomes: by name, else the exporter, else by its image.
fn counterpart<'a>(old: &Node, list: &'a [Node], main: Option<usize>) -> Option<&'a Node> {
    let others = || list.iter().enumerate().filter(|(index, _)| Some(*index) != main).map(|(_, own)| own);
    let name = old.str_at(&["name"]);
    let is_exporter = |node: &Node| {
        installation::command_line(node)
            .iter()
            .any(|word| word.rsplit('/').next() == Some("prometheus_exporter"))
    };
    others()
        .find(|own| own.str_at(&["name"]) == name)
        .or_else(|| others().find(|own| is_exporter(old) && is_exporter(own)))
}

/// Members of a mapping as JSON, without what is left out and what Kubernetes fills in alike.
fn members(node: &Node, left_out: &[&str]) -> BTreeMap<String, String> {
    let members = node.as_mapping().into_iter().flatten();
    members
        .filter(|(key, value)| {
            let default = match key.as_str() {
                "serviceAccountName" | "serviceAccount" => value.as_str() == Some("default"),
                "securityContext" | "resources" => value.as_mapping().is_some_and(|own| own.is_empty()),
                _ => value.value == Value::Null,
            };
            !default && !left_out.contains(&key.as_str())
        })
        .map(|(key, value)| (key.clone(), in_order(value).to_json().to_string()))
        .collect()
}

/// The same with the keys of its mappings in the alphabet's order: renderers sort them.
fn in_order(node: &Node) -> Node {
    let mut node = node.clone();
    match &mut node.value {
        Value::Mapping(mapping) => {
            mapping.sort_unstable_keys();
            for child in mapping.values_mut() {
                *child = in_order(child);
            }
        }
        Value::Sequence(items) => {
            for item in items {
                *item = in_order(item);
            }
        }
        _ => {}
    }
    node
}

fn alike(old: &Node, new: &Node) -> bool {
    let texts = |node: &Node| -> BTreeMap<String, String> {
        let leaves = node.leaves();
        let text = |leaf: &tree::Leaf<'_>| leaf.node.as_text().unwrap_or_default();
        leaves.iter().map(|leaf| (leaf.path.to_string(), text(leaf))).collect()
    };
    texts(old) == texts(new)
}

/// `/mastodon` leads to `/opt/mastodon` in the images.
fn normal_path(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path.strip_prefix("/mastodon/") {
        Some(rest) => format!("/opt/mastodon/{rest}"),
        None => path.to_owned(),
    }
}

//! The workloads as they shall stand: blue's, with everything of the chart's that changes nothing.

use std::collections::{BTreeMap, HashSet};

use installation::{Object, Queue, Role};
use tree::{Mapping, Node, Origin, Value};

use super::part::Part;
use super::secrets::make_optional;
use super::settings::is_harmless;
use super::wanted::{Form, Wanted, from_item, secret_ref, text_item};
use crate::note::{Change, Note, Reason};

/// Names of container ports that are called as in the chart now: old name → new name and number.
pub(crate) type PortNames = BTreeMap<String, (String, i64)>;

/// Makes the object that a Deployment of the chart must become.
pub(crate) struct Desired<'a> {
    pub(crate) part: &'a Part<'a>,
    pub(crate) skeleton: &'a Object,
    /// The data of `<release>-env` as it shall stand.
    pub(crate) config_map: &'a Mapping,
    /// What some component takes from a Secret: variable and reference.
    pub(crate) known_keys: &'a BTreeMap<String, Node>,
    /// The lines that values or the ConfigMap carry.
    pub(crate) carried: &'a HashSet<Origin>,
    /// The Secret that takes up what stands in the open.
    pub(crate) moved: &'a str,
    /// Whether an autoscaler sets the number of pods.
    pub(crate) scaled: bool,
    pub(crate) notes: &'a mut Vec<Note>,
}

impl Desired<'_> {
    pub(crate) fn make(mut self) -> (Node, PortNames) {
        let mut node = self.part.draft.clone();
        let id = format!("Deployment/{}", self.skeleton.name());
        let given = |keys: &[&str]| self.skeleton.node.at_keys(keys).cloned();
        let spec = given(&["spec"]).unwrap_or_else(Node::mapping);
        // An autoscaler's number stands where the source leaves it to the autoscaler.
        let left = self.scaled && node.at_keys(&["spec", "replicas"]).is_none();
        if let (false, Some(replicas)) = (left, spec.get("replicas")) {
            node.ensure(&["spec"]).set("replicas", replicas.clone());
        }
        settle_strategy(&mut node, &spec);
        settle_labels(&mut node, self.skeleton);
        let pod = node.ensure(&["spec", "template", "spec"]);
        let skeleton_pod = given(&["spec", "template", "spec"]).unwrap_or_else(Node::mapping);
        if pod.get("serviceAccountName").is_none() {
            pod.set("serviceAccountName", "default");
        }
        rename_media(pod, &skeleton_pod, self.part.component.container, &id, self.notes);
        let skeletons: Vec<Node> =
            skeleton_pod.get("containers").into_iter().flat_map(Node::items).cloned().collect();
        let mut containers: Vec<Node> =
            pod.get("containers").into_iter().flat_map(Node::items).cloned().collect();
        let mut names = PortNames::new();
        for (position, container) in containers.iter_mut().enumerate() {
            let name = container.get("name").and_then(Node::as_text);
            let Some(skeleton) =
                skeletons.iter().find(|other| other.get("name").and_then(Node::as_text) == name)
            else {
                continue;
            };
            self.settle_image_policy(container, skeleton);
            self.settle_ports(container, skeleton, &id, &mut names);
            self.settle_command(container, skeleton, &id);
            if position == self.part.component.container {
                settle_probes(container, skeleton);
                self.settle_environment(container, skeleton, &id);
            }
        }
        for container in &mut containers {
            rename_probe_ports(container, &names, &id, self.notes);
        }
        pod.set("containers", Value::Sequence(containers));
        (node, names)
    }

    /// Kubernetes pulls `latest` always and all else where it is missing, unless told.
    fn settle_image_policy(&self, container: &mut Node, skeleton: &Node) {
        if container.get("imagePullPolicy").is_some() {
            return;
        }
        let image = container.str_at(&["image"]).unwrap_or_default();
        let always =
            image.ends_with(":latest") || !image.rsplit('/').next().unwrap_or(image).contains([':', '@']);
        let policy = if always { "Always" } else { "IfNotPresent" };
        if skeleton.get("imagePullPolicy").is_some() {
            container.set("imagePullPolicy", policy);
        }
    }

    /// Ports are called as in the chart, where it declares the same ones.
    fn settle_ports(&mut self, container: &mut Node, skeleton: &Node, id: &str, names: &mut PortNames) {
        let Some(chart) = skeleton.get("ports") else { return };
        let mut ports: Vec<Node> =
            container.get("ports").into_iter().flat_map(Node::items).cloned().collect();
        for given in chart.items() {
            let number = given.get("containerPort").and_then(Node::as_i64).unwrap_or_default();
            let own = ports.iter_mut().find(|port| {
                port.get("containerPort").and_then(Node::as_i64) == Some(number)
                    && port.str_at(&["protocol"]).is_none_or(|protocol| protocol == "TCP")
            });
            let Some(own) = own else {
                ports.push(given.clone());
                continue;
            };
            let new = given.str_at(&["name"]).unwrap_or_default().to_owned();
            if let Some(old) = own.get("name").filter(|old| old.as_str() != Some(&new)) {
                names.insert(old.as_text().unwrap_or_default(), (new.clone(), number));
                if let Some(origin) = old.origin {
                    let target = format!("{id} port {new}");
                    self.notes.push(Note {
                        origin,
                        change: Change::Translated,
                        reason: Reason::PortName,
                        target,
                    });
                }
            }
            if own.str_at(&["name"]) != Some(&new) {
                own.set("name", new);
            }
            if let (None, Some(protocol)) = (own.get("protocol"), given.get("protocol")) {
                own.set("protocol", protocol.clone());
            }
        }
        container.set("ports", Value::Sequence(ports));
    }

    /// The chart's command stands where it runs the same program in the same way.
    fn settle_command(&mut self, container: &mut Node, skeleton: &Node, id: &str) {
        let words = |node: &Node| -> Vec<String> {
            let keys = ["command", "args"].iter().filter_map(|key| node.get(key));
            keys.flat_map(Node::items).filter_map(Node::as_text).collect()
        };
        let (old, new) = (words(container), words(skeleton));
        let exact = ["command", "args"]
            .iter()
            .all(|key| container.get(key).map(Node::to_json) == skeleton.get(key).map(Node::to_json));
        if exact || !same_program(&old, &new, &self.part.component.role) {
            return;
        }
        for key in ["command", "args"] {
            for leaf in container.get(key).map(Node::leaves).unwrap_or_default() {
                if let Some(origin) = leaf.node.origin {
                    let target = format!("{id} command");
                    self.notes.push(Note {
                        origin,
                        change: Change::Translated,
                        reason: Reason::SameCommand,
                        target,
                    });
                }
            }
            match skeleton.get(key) {
                Some(node) => container.set(key, node.clone().without_places()),
                None => {
                    if let Some(mapping) = container.as_mapping_mut() {
                        mapping.shift_remove(key);
                    }
                }
            }
        }
    }

    fn settle_environment(&mut self, container: &mut Node, skeleton: &Node, id: &str) {
        let wanted = &self.part.wanted;
        // The chart's ConfigMap, then what is taken whole today; what else the chart takes whole is taken by name.
        let of_chart = skeleton.get("envFrom").into_iter().flat_map(Node::items).take(1).cloned();
        let from = of_chart.chain(wanted.whole.iter().map(|whole| whole.item.clone())).collect();
        container.set("envFrom", Value::Sequence(from));
        let mut items: Vec<Node> = Vec::new();
        let given: Vec<&Node> = skeleton.get("env").into_iter().flat_map(Node::items).collect();
        for item in &given {
            let name = item.str_at(&["name"]).unwrap_or_default();
            let is_reference = item.get("valueFrom").is_some();
            match wanted.variables.get(name) {
                Some(form) if is_reference && self.is_shared(name, form) => self.note_said_once(name, form),
                Some(form) => items.push(self.item(name, form, id)),
                None => items.extend(self.kept(name, item)),
            }
        }
        for (name, form) in &wanted.variables {
            let has_line = given.iter().any(|item| item.str_at(&["name"]) == Some(name));
            if has_line {
                continue;
            }
            if self.is_shared(name, form) {
                self.note_said_once(name, form);
                continue;
            }
            items.push(self.item(name, form, id));
        }
        let refers = |item: &Node| item.str_at(&["value"]).is_some_and(|text| text.contains("$("));
        // A merge would put new items first, where what they refer to is not yet set.
        if items.iter().any(refers) {
            let mut directive = Node::mapping();
            directive.set("$patch", "replace");
            items.insert(0, directive);
        }
        container.set("env", Value::Sequence(items));
    }

    /// Whether the ConfigMap says it already, or nothing here reads it and it stands elsewhere.
    fn is_shared(&self, name: &str, form: &Form) -> bool {
        let Form::Text(text) = form else { return false };
        let shared = self.config_map.get(name).and_then(Node::as_text);
        let elsewhere = text.origin.is_some_and(|origin| self.carried.contains(&origin));
        shared == text.as_text() || (!self.part.wanted.reads(name) && elsewhere)
    }

    fn note_said_once(&mut self, name: &str, form: &Form) {
        let Form::Text(text) = form else { return };
        if let Some(origin) = text.origin.filter(|origin| !self.carried.contains(origin)) {
            let target = format!("ConfigMap/…-env data.{name}");
            let (change, reason) = (Change::Translated, Reason::SaidOnce);
            self.notes.push(Note { origin, change, reason, target });
        }
    }

    fn item(&mut self, name: &str, form: &Form, id: &str) -> Node {
        match form {
            Form::Text(text) => text_item(name, text.clone()),
            Form::Key(key) => from_item(name, key.from.clone()),
            Form::Item(item) => item.clone(),
            Form::Open(origin) => {
                if let Some(origin) = *origin {
                    let target = format!("{id} env {name}");
                    self.notes.push(Note {
                        origin,
                        change: Change::Translated,
                        reason: Reason::MovedToSecret,
                        target,
                    });
                }
                from_item(name, secret_ref(self.moved.into(), name.into(), false))
            }
        }
    }

    /// What the chart adds: kept where it changes nothing, made optional where a Secret taken whole may have it.
    fn kept(&self, name: &str, item: &Node) -> Option<Node> {
        let wanted: &Wanted = &self.part.wanted;
        if let Some(text) = item.get("value").and_then(Node::as_text) {
            return (is_harmless(name, &text) || name == "MIN_THREADS" || !wanted.reads(name))
                .then(|| item.clone());
        }
        let named = |key| item.str_at(&["valueFrom", "secretKeyRef", key]).unwrap_or_default();
        let whole = wanted.last_secret(name).filter(|whole| !whole.is_held);
        if whole.is_some_and(|whole| whole.gives(name, named("name"), named("key"))) {
            let mut item = item.clone();
            make_optional(&mut item);
            return Some(item);
        }
        let known = self.known_keys.get(name).is_some_and(|reference| {
            ["name", "key"].iter().all(|key| {
                reference.get(key).and_then(Node::as_text)
                    == item.at_keys(&["valueFrom", "secretKeyRef", key]).and_then(Node::as_text)
            })
        });
        (known && !wanted.reads(name)).then(|| item.clone())
    }
}

/// Labels that the chart gives to every object of its own stay.
fn settle_labels(node: &mut Node, skeleton: &Object) {
    let given = skeleton.node.at_keys(&["metadata", "labels"]).and_then(Node::as_mapping);
    for (key, value) in given.into_iter().flatten() {
        let labels = node.ensure(&["metadata", "labels"]);
        if labels.get(key).is_none() {
            labels.set(key, value.clone());
        }
    }
}

/// Kubernetes' default stands where the source says nothing.
fn settle_strategy(node: &mut Node, skeleton: &Node) {
    let Some(given) = skeleton.get("strategy") else { return };
    let strategy = node.ensure(&["spec", "strategy"]);
    if strategy.get("type").is_none() {
        strategy.set("type", "RollingUpdate");
    }
    if given.str_at(&["type"]) == Some("RollingUpdate") && strategy.str_at(&["type"]) == Some("RollingUpdate")
    {
        return;
    }
    super::part::drop_empty(node, &["spec"], "strategy");
}

/// A container that asks for no probe keeps the chart's; one that does has its own and no other.
fn settle_probes(container: &mut Node, skeleton: &Node) {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    if probes.iter().any(|probe| container.get(probe).is_some()) {
        return;
    }
    for probe in probes {
        if let Some(given) = skeleton.get(probe) {
            container.set(probe, given.clone());
        }
    }
}

fn rename_probe_ports(container: &mut Node, names: &PortNames, id: &str, notes: &mut Vec<Note>) {
    for probe in ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
        if let Some(node) = container.get_mut(probe) {
            rename_ports(node, names, id, notes);
        }
    }
}

/// Follows ports to their new names, wherever something refers to them by `port`.
pub(crate) fn rename_ports(node: &mut Node, names: &PortNames, id: &str, notes: &mut Vec<Note>) {
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| rename_ports(item, names, id, notes)),
        Value::Mapping(mapping) => {
            for (key, child) in mapping.iter_mut() {
                let new = child.as_str().and_then(|text| names.get(text)).map(|(new, _)| new.clone());
                match new {
                    Some(new) if matches!(key.as_str(), "port" | "targetPort") => {
                        if let Some(origin) = child.origin {
                            let target = format!("{id} port {new}");
                            notes.push(Note {
                                origin,
                                change: Change::Translated,
                                reason: Reason::PortName,
                                target,
                            });
                        }
                        child.value = Value::String(new);
                    }
                    _ => rename_ports(child, names, id, notes),
                }
            }
        }
        _ => {}
    }
}

/// The claim for media is called and mounted as in the chart; `/mastodon` leads to `/opt/mastodon` in the images.
fn rename_media(pod: &mut Node, skeleton: &Node, main: usize, id: &str, notes: &mut Vec<Note>) {
    let Some(claim) = media_claim(pod, main) else { return };
    let given = skeleton.get("volumes").into_iter().flat_map(Node::items);
    let mut of_chart = given.filter(|volume| volume.str_at(&["name"]) == Some("system"));
    let matches = of_chart.any(|volume| {
        volume.at_keys(&["persistentVolumeClaim", "claimName"]).and_then(Node::as_text)
            == claim.claim.as_text()
    });
    if !matches {
        return;
    }
    let mut note = |node: &Node| {
        if let Some(origin) = node.origin {
            let target = format!("{id} volume system");
            notes.push(Note { origin, change: Change::Translated, reason: Reason::MediaVolume, target });
        }
    };
    let volumes = pod.get_mut("volumes").and_then(Node::as_sequence_mut).into_iter().flatten();
    for volume in volumes.filter(|volume| volume.str_at(&["name"]) == Some(&claim.volume)) {
        if claim.volume != "system" {
            note(volume.ensure(&["name"]));
            volume.ensure(&["name"]).value = Value::String("system".to_owned());
        }
    }
    for list in ["initContainers", "containers"] {
        for container in pod.get_mut(list).and_then(Node::as_sequence_mut).into_iter().flatten() {
            let mounts = container.get_mut("volumeMounts").and_then(Node::as_sequence_mut);
            for mount in mounts.into_iter().flatten() {
                if mount.str_at(&["name"]) != Some(&claim.volume) {
                    continue;
                }
                if claim.volume != "system" {
                    note(mount.ensure(&["name"]));
                    mount.ensure(&["name"]).value = Value::String("system".to_owned());
                }
                if mount.str_at(&["mountPath"]) == Some("/mastodon/public/system") {
                    note(mount.ensure(&["mountPath"]));
                    let path = "/opt/mastodon/public/system".to_owned();
                    mount.ensure(&["mountPath"]).value = Value::String(path);
                }
            }
        }
    }
}

/// The volume that holds media.
pub(crate) struct MediaClaim {
    pub(crate) volume: String,
    pub(crate) claim: Node,
}

/// The claim mounted at `public/system`, whole, in the container that runs the component.
pub(crate) fn media_claim(pod: &Node, main: usize) -> Option<MediaClaim> {
    let container = pod.get("containers")?.items().nth(main)?;
    let mount = container.get("volumeMounts")?.items().find(|mount| {
        let path = mount.str_at(&["mountPath"]).unwrap_or_default().trim_end_matches('/');
        path.ends_with("mastodon/public/system") && mount.get("subPath").is_none()
    })?;
    let volume = mount.str_at(&["name"])?.to_owned();
    let held = pod.get("volumes")?.items().find(|own| own.str_at(&["name"]) == Some(&volume))?;
    let claim = held.at_keys(&["persistentVolumeClaim", "claimName"])?.clone();
    Some(MediaClaim { volume, claim })
}

/// Whether two command lines run the same program in the same way.
fn same_program(old: &[String], new: &[String], role: &Role) -> bool {
    let text: Vec<&str> = old.iter().map(String::as_str).collect();
    let chart: Vec<&str> = new.iter().map(String::as_str).collect();
    match (&text[..], &chart[..]) {
        (["node", script], ["node", _]) => {
            matches!(*script, "./streaming" | "./streaming/index.js" | "streaming" | "streaming/index.js")
        }
        (["bundle", "exec", "sidekiq", rest @ ..], ["bundle", "exec", "sidekiq", given @ ..]) => {
            let Role::Sidekiq(command) = role else { return false };
            let values = |words: &[&str], options: [&str; 2]| -> Vec<String> {
                let pairs = words.chunks(2).filter(|pair| options.contains(&pair[0]));
                pairs.filter_map(|pair| pair.get(1).map(|value| (*value).to_owned())).collect()
            };
            let plain =
                rest.chunks(2).all(|pair| matches!(pair, ["-c" | "--concurrency" | "-q" | "--queue", _]));
            // Without `-c` the number of threads may be set by a variable or a file.
            let threads = values(rest, ["-c", "--concurrency"]);
            let queues: Vec<String> = command.queues.iter().map(queue_text).collect();
            plain
                && !threads.is_empty()
                && threads == values(given, ["-c", "--concurrency"])
                && queues == values(given, ["-q", "--queue"])
        }
        ([exporter, rest @ ..], [of_chart, given @ ..])
            if exporter.ends_with("prometheus_exporter") && of_chart.ends_with("prometheus_exporter") =>
        {
            let same_bind = rest == ["--bind", "0.0.0.0"] && given == ["--bind", "0.0.0.0", "--port", "9394"];
            rest == given || same_bind
        }
        _ => old == new,
    }
}

/// A queue as it stands on Sidekiq's command line.
pub(crate) fn queue_text(queue: &Queue) -> String {
    match queue.weight {
        Some(weight) => format!("{},{weight}", queue.name),
        None => queue.name.clone(),
    }
}

/// Whether a container is the exporter that the chart knows how to run.
pub(crate) fn is_exporter(container: &Node, role: &Role) -> bool {
    *role == Role::Web
        && installation::command_line(container)
            .iter()
            .any(|word| word.rsplit('/').next() == Some("prometheus_exporter"))
}

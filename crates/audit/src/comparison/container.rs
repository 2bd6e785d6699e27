//! One container before and after: what it runs, how it is asked, and what it may use.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Role, command_line};
use tree::Node;

use super::flat::{Flat, Leaf, is_same_quantity, keys};
use super::mounts::{Mounts, mounts};
use super::side::Side;
use crate::difference::At;
use crate::{Code, Difference};

/// Fields that are compared by rules of their own.
const OWN_RULES: [&str; 17] = [
    "name",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "command",
    "args",
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resources",
    "volumeMounts",
    "volumeDevices",
    "securityContext",
    // What Kubernetes fills in, and nobody acts by.
    "terminationMessagePath",
];

/// A container, the pod around it, and what part of Mastodon it plays.
pub(crate) struct Seen<'a, 's> {
    pub(crate) container: &'a Node,
    /// The pod's `spec`.
    pub(crate) pod: &'a Node,
    /// The workload itself, for the claims that it makes.
    pub(crate) workload: &'a Node,
    pub(crate) role: Option<&'a Role>,
    pub(crate) side: &'a Side<'s>,
}

/// Compares all but the environment.
pub(crate) fn compare(at: At<'_>, old: &Seen<'_, '_>, new: &Seen<'_, '_>, found: &mut Vec<Difference>) {
    images(at, old, new, found);
    command(at, old, new, found);
    ports(at, old.container, new.container, found);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let codes = [Code::ProbeLost, Code::ProbeChanged, Code::ProbeAdded];
        whole(at, probe, &probed(old.container, probe), &probed(new.container, probe), codes, found);
    }
    let hook = |seen: &Seen<'_, '_>| Flat::of(seen.container.get("lifecycle"));
    let codes = [Code::LifecycleLost, Code::LifecycleChanged, Code::LifecycleChanged];
    whole(at, "lifecycle", &hook(old), &hook(new), codes, found);
    resources(at, old.container, new.container, found);
    mounted(at, &mounts(old), &mounts(new), found);
    super::security::compare(at, old, new, found);
    for key in keys(Some(old.container), Some(new.container)) {
        if OWN_RULES.contains(&key) {
            continue;
        }
        let read = |node: &Node| {
            let mut flat = Flat::of(node.get(key));
            flat.drop_default("", if key == "terminationMessagePolicy" { "File" } else { "false" });
            flat
        };
        let codes = [Code::ContainerFieldLost, Code::ContainerFieldChanged, Code::ContainerFieldChanged];
        whole(at, key, &read(old.container), &read(new.container), codes, found);
    }
}

/// One difference for a whole field: gone, changed or new.
pub(crate) fn whole(
    at: At<'_>,
    field: &str,
    old: &Flat,
    new: &Flat,
    [lost, changed, added]: [Code; 3],
    found: &mut Vec<Difference>,
) {
    if old == new {
        return;
    }
    let code = match (old.is_empty(), new.is_empty()) {
        (false, true) => lost,
        (true, false) => added,
        _ => changed,
    };
    let (from, to) =
        if code == changed && !old.is_empty() { old.differing(new) } else { (old.clone(), new.clone()) };
    let difference = at.differs(code, field, from.shown(), to.shown());
    let explained = (code == Code::ProbeAdded).then_some("reason-chart-adds");
    found.push(difference.explained(explained).from(from.origins()));
}

struct Image<'a> {
    repository: String,
    tag: &'a str,
    digest: &'a str,
}

/// An image reference in its parts, with what a runtime fills in left out.
fn parts(image: &str) -> Image<'_> {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    let (repository, tag) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, ""),
    };
    let repository = repository.strip_prefix("docker.io/").unwrap_or(repository);
    let repository = repository.strip_prefix("library/").unwrap_or(repository).to_owned();
    Image { repository, tag, digest }
}

fn images(at: At<'_>, old: &Seen<'_, '_>, new: &Seen<'_, '_>, found: &mut Vec<Difference>) {
    let written = |seen: &Seen<'_, '_>| seen.container.str_at(&["image"]).unwrap_or_default().to_owned();
    let (from, to) = (written(old), written(new));
    let (before, after) = (parts(&from), parts(&to));
    let origin = old.container.get("image").and_then(|node| node.origin);
    let same_name = before.repository == after.repository;
    let same_image =
        same_name && before.digest == after.digest && (!before.digest.is_empty() || before.tag == after.tag);
    let same_tag = same_name && before.tag == after.tag;
    if !same_image && same_tag && after.digest.is_empty() {
        found.push(at.differs(Code::ImageUnpinned, "image", &from, &to).from(origin));
    } else if !(same_image || same_tag && before.digest.is_empty()) {
        found.push(at.differs(Code::ImageChanged, "image", &from, &to).from(origin));
    }
    let policy = |seen: &Seen<'_, '_>, image: &Image<'_>| -> String {
        let own = seen.container.str_at(&["imagePullPolicy"]).filter(|own| !own.is_empty());
        let floats = matches!(image.tag, "" | "latest") && image.digest.is_empty();
        own.unwrap_or(if floats { "Always" } else { "IfNotPresent" }).to_owned()
    };
    let (old_policy, new_policy) = (policy(old, &before), policy(new, &after));
    if old_policy != new_policy {
        // What is pinned is the same image whenever it is pulled.
        let pinned = !before.digest.is_empty() && !after.digest.is_empty();
        let origin = old.container.get("imagePullPolicy").and_then(|node| node.origin);
        let difference = at.differs(Code::PullPolicyChanged, "imagePullPolicy", old_policy, new_policy);
        found.push(difference.explained(pinned.then_some("audit-pinned")).from(origin));
    }
}

fn command(at: At<'_>, old: &Seen<'_, '_>, new: &Seen<'_, '_>, found: &mut Vec<Difference>) {
    let words = |seen: &Seen<'_, '_>| -> Vec<String> {
        let keys = ["command", "args"].iter().filter_map(|key| seen.container.get(key));
        keys.flat_map(Node::items).map(|word| Leaf::read(word).shown).collect()
    };
    let (from, to) = (words(old), words(new));
    let sealed = |seen: &Seen<'_, '_>| {
        let mut flat = Flat::of(seen.container.get("command"));
        let args = Flat::of(seen.container.get("args"));
        let moved = args.0.into_iter().map(|(path, leaf)| (format!("args{path}"), leaf));
        flat.0.extend(moved);
        flat.0.into_values().collect::<Vec<_>>()
    };
    if from == to && sealed(old).len() == sealed(new).len() {
        return;
    }
    let (before, after) = (program(old.container), program(new.container));
    let same = match (old.role, new.role) {
        (Some(Role::Sidekiq(own)), Some(Role::Sidekiq(other))) => {
            before.first() == after.first()
                && own.queues == other.queues
                && own.own_config == other.own_config
                && own.concurrency.unwrap_or(5) == other.concurrency.unwrap_or(5)
        }
        (Some(Role::Streaming), Some(Role::Streaming)) => {
            before == after || (is_streaming(&before) && is_streaming(&after))
        }
        _ => before == after,
    };
    let origins = ["command", "args"].iter().filter_map(|key| old.container.get(key));
    let origins = origins.flat_map(Node::items).filter_map(|word| word.origin);
    let difference = at.differs(Code::CommandChanged, "command", from.join(" "), to.join(" "));
    found.push(difference.explained(same.then_some("reason-same-command")).from(origins));
}

/// The forms in which Mastodon's streaming server is started; the image's own command is one of them.
fn is_streaming(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words.as_slice(), [] | ["node", "streaming" | "streaming/" | "streaming/index.js"])
}

/// A command line without what only starts it.
fn program(container: &Node) -> Vec<String> {
    let words = command_line(container);
    let plain = words.iter().map(|word| word.trim_start_matches("./").trim_start_matches("bin/").to_owned());
    let mut words: Vec<String> = plain.filter(|word| !matches!(word.as_str(), "bundle" | "exec")).collect();
    // Rails hands tasks such as `db:migrate` on to Rake.
    let is_task = words.get(1).is_some_and(|word| word.contains(':'));
    if let Some(first) = words.first_mut().filter(|first| is_task && *first == "rake") {
        "rails".clone_into(first);
    }
    words
}

fn ports(at: At<'_>, old: &Node, new: &Node, found: &mut Vec<Difference>) {
    let read = |node: &Node| -> BTreeMap<String, (String, String, Option<tree::Origin>)> {
        let ports = node.get("ports").into_iter().flat_map(Node::items);
        let text = |port: &Node, key| port.get(key).and_then(Node::as_text);
        let read = ports.filter_map(|port| {
            let protocol = text(port, "protocol").unwrap_or_else(|| "TCP".to_owned());
            let key = format!("{}/{protocol}", text(port, "containerPort")?);
            let host = text(port, "hostPort").map(|host| format!("host {host}")).unwrap_or_default();
            let origin = port.get("name").or_else(|| port.get("containerPort")).and_then(|node| node.origin);
            Some((key, (text(port, "name").unwrap_or_default(), host, origin)))
        });
        read.collect()
    };
    let (before, after) = (read(old), read(new));
    let shown = |name: &str, host: &str| {
        let parts: Vec<&str> = [name, host].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { "(open)".to_owned() } else { parts.join(", ") }
    };
    for (port, (name, host, origin)) in &before {
        let field = format!("port {port}");
        match after.get(port) {
            None => found.push(at.differs(Code::PortLost, &field, shown(name, host), "").from(*origin)),
            Some((to, to_host, _)) if host != to_host => {
                let lost = at.differs(Code::PortLost, &field, shown(name, host), shown(to, to_host));
                found.push(lost.from(*origin));
            }
            Some((to, _, _)) if name != to && !name.is_empty() => {
                // Whatever finds it by name is compared by the number that the name leads to.
                let renamed = at.differs(Code::PortRenamed, &field, name.as_str(), to.as_str());
                found.push(renamed.explained(Some("reason-port-name")).from(*origin));
            }
            Some(_) => {}
        }
    }
    for (port, (name, host, _)) in after.iter().filter(|(port, _)| !before.contains_key(*port)) {
        let added = at.differs(Code::PortAdded, &format!("port {port}"), "", shown(name, host));
        found.push(added.explained(host.is_empty().then_some("reason-chart-adds")));
    }
}

/// A probe with Kubernetes' defaults, its port by number.
fn probed(container: &Node, probe: &str) -> Flat {
    let mut flat = Flat::of(container.get(probe));
    by_number(&mut flat, container);
    if flat.is_empty() {
        return flat;
    }
    for (key, default) in [
        ("initialDelaySeconds", "0"),
        ("timeoutSeconds", "1"),
        ("periodSeconds", "10"),
        ("successThreshold", "1"),
        ("failureThreshold", "3"),
    ] {
        flat.or(key, default);
    }
    if flat.0.contains_key("httpGet.port") {
        flat.or("httpGet.scheme", "HTTP");
        flat.or("httpGet.path", "/");
    }
    flat.drop_default("grpc.service", "");
    flat
}

/// Ports by name become the numbers that the container gives them.
fn by_number(flat: &mut Flat, container: &Node) {
    let ports: Vec<&Node> = container.get("ports").into_iter().flat_map(Node::items).collect();
    for key in ["httpGet.port", "tcpSocket.port"] {
        let Some(leaf) = flat.0.get_mut(key) else { continue };
        let named = ports.iter().find(|port| port.str_at(&["name"]) == Some(&leaf.shown));
        if let Some(number) = named.and_then(|port| port.get("containerPort")).and_then(Node::as_text) {
            *leaf = Leaf::said(number, leaf.origin);
        }
    }
}

/// Requests and limits; a limit without a request is one too.
fn resources(at: At<'_>, old: &Node, new: &Node, found: &mut Vec<Difference>) {
    let read = |node: &Node| -> Flat {
        let mut flat = Flat::of(node.get("resources"));
        let limits: Vec<(String, Leaf)> = flat
            .0
            .iter()
            .filter_map(|(path, leaf)| {
                Some((format!("requests{}", path.strip_prefix("limits")?), leaf.clone()))
            })
            .collect();
        for (path, leaf) in limits {
            flat.0.entry(path).or_insert(leaf);
        }
        flat
    };
    let (before, after) = (read(old), read(new));
    let paths: BTreeSet<&String> = before.0.keys().chain(after.0.keys()).collect();
    for path in paths {
        let (from, to) = (before.0.get(path), after.0.get(path));
        let text = |leaf: Option<&Leaf>| leaf.map(|leaf| leaf.shown.clone()).unwrap_or_default();
        let (from_text, to_text) = (text(from), text(to));
        if from.is_some() == to.is_some() && is_same_quantity(&from_text, &to_text) {
            continue;
        }
        let code = if to.is_none() { Code::ResourcesLost } else { Code::ResourcesChanged };
        let origin = from.and_then(|leaf| leaf.origin);
        found.push(at.differs(code, &format!("resources {path}"), from_text, to_text).from(origin));
    }
}

fn mounted(at: At<'_>, old: &Mounts, new: &Mounts, found: &mut Vec<Difference>) {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for path in paths {
        let field = format!("mount {path}");
        let (from, to) = (old.get(path), new.get(path));
        let shown = |what: Option<&Flat>| what.map(Flat::shown).unwrap_or_default();
        match (from, to) {
            (Some(from), Some(to)) if from == to => {}
            (Some(from), _) => {
                let code = if to.is_some() { Code::MountChanged } else { Code::MountLost };
                found.push(at.differs(code, &field, from.shown(), shown(to)).from(from.origins()));
            }
            (None, to) => found.push(at.differs(Code::MountAdded, &field, "", shown(to))),
        }
    }
}

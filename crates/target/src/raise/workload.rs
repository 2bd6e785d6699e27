//! A service of the project as a Deployment, or as a Job where it runs and ends.

use installation::{Minor, Role, SidekiqCommand, Version};
use tree::{Node, Origin, Value};

use super::assemble::{Workload, beside, made_at, note, start, text};
use super::settings::escaped;
use super::volumes::Mounted;
use crate::{Change, Note, Reason};

/// What Compose takes where a healthcheck says nothing: seconds between checks, seconds for one, failures in a row
/// (reference of the Compose file, `healthcheck`, and Docker's `HEALTHCHECK`).
const HEALTHCHECK_DEFAULTS: [(&str, i64); 3] =
    [("periodSeconds", 30), ("timeoutSeconds", 30), ("failureThreshold", 3)];
/// The release whose web answers `/health`.
const ANSWERS_HEALTH: Minor = (3, 1);
/// User and group `mastodon` of the official images, since 2.0 (their Dockerfile).
const MASTODON: i64 = 991;

/// The workload that a service becomes.
pub(super) fn raised(
    workload: &Workload<'_>,
    env_from: Vec<Node>,
    env: Vec<Node>,
    mounted: Mounted,
    notes: &mut Vec<Note>,
) -> Node {
    let place = workload.place();
    let mut container = container(workload, notes);
    for (key, list) in [("envFrom", env_from), ("env", env), ("volumeMounts", mounted.mounts)] {
        if !list.is_empty() {
            container.set(key, Value::Sequence(list));
        }
    }
    let mut pod = pod(workload, notes);
    if !mounted.volumes.is_empty() {
        if mounted.has_claim {
            *pod.ensure(&["securityContext", "fsGroup"]) = Node::from(MASTODON).at(place);
        }
        pod.set("volumes", Value::Sequence(mounted.volumes));
    }
    pod.set("containers", Value::Sequence(vec![container]));
    let object = match workload.component.role.is_lasting() || is_restarted(workload) {
        true => deployment(workload, pod, notes),
        false => job(&workload.name, pod, place),
    };
    made_at(object, place)
}

/// Whether Compose starts it again when it ends: a loop that runs a task now and then.
fn is_restarted(workload: &Workload<'_>) -> bool {
    matches!(workload.service.str_at(&["restart"]), Some("always" | "unless-stopped"))
}

/// A Job of these pods, run once.
pub(super) fn job(name: &str, mut pod: Node, place: Option<Origin>) -> Node {
    let mut object = start("batch/v1", "Job", name, place);
    pod.set("restartPolicy", "Never");
    object.ensure(&["spec"]).set("backoffLimit", 0);
    *object.ensure(&["spec", "template", "spec"]) = pod;
    object
}

fn deployment(workload: &Workload<'_>, pod: Node, notes: &mut Vec<Note>) -> Node {
    let place = workload.place();
    let mut object = start("apps/v1", "Deployment", &workload.name, place);
    let schedules = matches!(&workload.component.role, Role::Sidekiq(command) if command.schedules());
    if let Some(replicas) = workload.object.node.at_keys(&["spec", "replicas"]) {
        let several = schedules && replicas.as_i64().is_some_and(|number| number > 1);
        if several {
            let target = format!("Deployment/{} spec.replicas", workload.name);
            note(notes, replicas.origin, Change::Replaced, Reason::OneScheduler, target);
        }
        let replicas = if several { Node::from(1).at(replicas.origin) } else { replicas.clone() };
        object.ensure(&["spec"]).set("replicas", replicas);
    }
    if schedules {
        *object.ensure(&["spec", "strategy", "type"]) = text("Recreate", place);
    }
    let label = "mastoferry.dev/raised";
    *object.ensure(&["spec", "selector", "matchLabels", label]) = text(workload.name.as_str(), place);
    let template = object.ensure(&["spec", "template"]);
    *template.ensure(&["metadata", "labels", label]) = text(workload.name.as_str(), place);
    let annotations = annotations(workload);
    if !annotations.is_empty() {
        *template.ensure(&["metadata", "annotations"]) = Value::Mapping(annotations).into();
    }
    *template.ensure(&["spec"]) = pod;
    object
}

/// The labels of the service that nothing of Docker's reads, where Kubernetes allows their names.
fn annotations(workload: &Workload<'_>) -> tree::Mapping {
    let labels = workload.service.get("labels").and_then(Node::as_mapping).into_iter().flatten();
    let kept = labels.filter(|(name, _)| !is_of_docker(name) && is_annotation(name));
    kept.map(|(name, value)| (name.clone(), text(value.as_text().unwrap_or_default(), value.origin)))
        .collect()
}

/// Prefixes of the labels that proxies, updaters, schedulers and Docker itself read.
const OF_DOCKER: [&str; 12] = [
    "traefik.",
    "caddy",
    "com.centurylinklabs.watchtower",
    "ofelia.",
    "com.docker.",
    "docker-volume-backup.",
    "autoheal",
    "diun.",
    "wud.",
    "dozzle.",
    "homepage.",
    "io.portainer.",
];

/// Whether a label is for programs that look at Docker's containers.
pub(super) fn is_of_docker(name: &str) -> bool {
    OF_DOCKER.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether Kubernetes allows an annotation of this name: `[prefix/]name`, the name of letters, digits, `-_.`.
pub(super) fn is_annotation(name: &str) -> bool {
    let (prefix, own) = name.split_once('/').unwrap_or(("", name));
    let of = |text: &str, more: &[char]| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c));
    let edges = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    own.len() <= 63 && of(own, &['-', '_', '.']) && edges(own) && of(prefix, &['-', '.'])
}

fn pod(workload: &Workload<'_>, notes: &mut Vec<Note>) -> Node {
    let mut pod = Node::mapping().at(workload.place());
    let lowered = workload.object.template().and_then(|template| template.get("spec"));
    // Compose's ten seconds are a default that nobody wrote; Kubernetes has its own, which is kinder to Sidekiq's jobs.
    let seconds = lowered.and_then(|own| own.get("terminationGracePeriodSeconds"));
    if let (Some(written), Some(seconds)) = (workload.service.get("stop_grace_period"), seconds) {
        pod.set("terminationGracePeriodSeconds", seconds.clone().at(written.origin));
    }
    if let Some(host) = lowered.and_then(|own| own.get("hostNetwork")) {
        pod.set("hostNetwork", host.clone());
    }
    let aliases = host_aliases(workload, notes);
    if !aliases.is_empty() {
        pod.set("hostAliases", Value::Sequence(aliases));
    }
    pod
}

/// `extra_hosts` with addresses; `host-gateway` means the Docker host, which a pod does not run on.
fn host_aliases(workload: &Workload<'_>, notes: &mut Vec<Note>) -> Vec<Node> {
    let mut aliases: Vec<Node> = Vec::new();
    for leaf in workload.service.get("extra_hosts").map(Node::leaves).unwrap_or_default() {
        let Some(written) = leaf.node.as_text() else { continue };
        let (host, address) = match leaf.path.last_key() {
            Some(host) => (host.to_owned(), written),
            None => match written.split_once(['=', ':']) {
                Some((host, address)) => (host.to_owned(), address.to_owned()),
                None => continue,
            },
        };
        let address = address.trim_matches(['[', ']']).to_owned();
        let target = format!("Deployment/{} hostAliases", workload.name);
        if address.parse::<std::net::IpAddr>().is_err() {
            note(notes, leaf.node.origin, Change::Replaced, Reason::NodeSetting, target);
            continue;
        }
        let place = beside(leaf.node.origin);
        let mut alias = Node::mapping().at(place);
        alias.set("ip", text(address, place));
        alias.set("hostnames", Value::Sequence(vec![text(host, place)]));
        aliases.push(made_at(alias, place));
        note(notes, leaf.node.origin, Change::Translated, Reason::VariableForm, target);
    }
    aliases
}

fn container(workload: &Workload<'_>, notes: &mut Vec<Note>) -> Node {
    let lowered = workload.container;
    let place = workload.place();
    let mut container = Node::mapping().at(place);
    container.set("name", text(super::assemble::slug(&workload.name), place));
    for key in ["image", "resources", "workingDir", "tty", "stdin", "securityContext"] {
        if let Some(node) = lowered.get(key) {
            container.set(key, node.clone());
        }
    }
    if workload.shares {
        let command = own_command(&workload.component.role).into_iter().map(|word| text(word, place));
        container.set("command", Value::Sequence(command.collect()));
        for key in ["command", "args"] {
            for leaf in lowered.get(key).map(Node::leaves).unwrap_or_default() {
                let target = format!("Deployment/{} command", workload.name);
                note(notes, leaf.node.origin, Change::Translated, Reason::TakenApart, target);
            }
        }
    } else {
        for key in ["command", "args"] {
            let Some(words) = lowered.get(key) else { continue };
            let escaped = words.items().map(|word| escaped(word, workload, notes)).collect();
            container.set(key, Node::from(Value::Sequence(escaped)).at(words.origin));
        }
    }
    pull_policy(workload, &mut container);
    let ports = ports(workload);
    if !ports.is_empty() {
        container.set("ports", Value::Sequence(ports));
    }
    if let Some(probe) = probe(workload) {
        container.set("readinessProbe", probe);
    }
    container
}

/// How Mastodon's Procfile and documentation start a part on its own.
fn own_command(role: &Role) -> Vec<String> {
    let words: &[&str] = match role {
        Role::Web => &["bundle", "exec", "puma", "-C", "config/puma.rb"],
        Role::Streaming => &["node", "./streaming"],
        _ => &["bundle", "exec", "sidekiq"],
    };
    let mut command: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    if let Role::Sidekiq(SidekiqCommand { concurrency, queues, named, .. }) = role {
        if let Some(threads) = concurrency {
            command.extend(["-c".to_owned(), threads.to_string()]);
        }
        for queue in queues.iter().filter(|_| *named) {
            command.extend(["-q".to_owned(), crate::helm::queue_text(queue)]);
        }
    }
    command
}

/// `pull_policy`, where Kubernetes has the same.
fn pull_policy(workload: &Workload<'_>, container: &mut Node) {
    let Some(written) = workload.service.get("pull_policy") else { return };
    let policy = match written.as_str() {
        Some("always") => "Always",
        Some("never") => "Never",
        Some("missing" | "if_not_present") => "IfNotPresent",
        _ => return,
    };
    container.set("imagePullPolicy", text(policy, written.origin));
}

/// The ports that the container listens on; those of the host are not taken.
fn ports(workload: &Workload<'_>) -> Vec<Node> {
    let own = match &workload.component.role {
        Role::Web => Some(("http", 3000)),
        Role::Streaming => Some(("streaming", 4000)),
        _ => None,
    };
    let mut ports: Vec<Node> = Vec::new();
    if !workload.shares {
        for port in workload.container.get("ports").into_iter().flat_map(Node::items) {
            let number = port.get("containerPort").and_then(Node::as_i64);
            let known = |other: &Node| other.get("containerPort").and_then(Node::as_i64) == number;
            if number.is_none() || ports.iter().any(known) {
                continue;
            }
            let mut out = Node::mapping().at(port.origin);
            for key in ["name", "containerPort", "protocol"] {
                if let Some(node) = port.get(key) {
                    out.set(key, node.clone());
                }
            }
            ports.push(out);
        }
    }
    if let (Some((name, number)), true) = (own, ports.is_empty()) {
        let mut port = Node::mapping();
        port.set("name", name);
        port.set("containerPort", number);
        ports.push(port);
    }
    ports
}

/// The healthcheck with the defaults that Compose takes, or what tells that web and streaming are ready, as the official
/// chart asks it.
fn probe(workload: &Workload<'_>) -> Option<Node> {
    if let Some(probe) = workload.container.get("readinessProbe").filter(|_| !workload.shares) {
        let mut probe = probe.clone();
        if let Some(words) = probe.at_keys(&["exec", "command"]).cloned() {
            let escaped = words.items().map(|word| escaped(word, workload, &mut Vec::new())).collect();
            probe.ensure(&["exec"]).set("command", Node::from(Value::Sequence(escaped)).at(words.origin));
        }
        for (key, seconds) in HEALTHCHECK_DEFAULTS {
            if probe.get(key).is_none() {
                probe.set(key, Node::from(seconds).at(beside(probe.origin)));
            }
        }
        return Some(probe);
    }
    let release = workload.container.get("image").and_then(Version::read).and_then(|own| own.minor());
    let answers = release.is_none_or(|release| release >= ANSWERS_HEALTH);
    let (path, port) = match &workload.component.role {
        Role::Web => ("/health", 3000),
        Role::Streaming => ("/api/v1/streaming/health", 4000),
        _ => return None,
    };
    let port = ports(workload)
        .first()
        .and_then(|own| own.get("containerPort").and_then(Node::as_i64))
        .unwrap_or(port);
    let mut probe = Node::mapping();
    if answers {
        probe.ensure(&["httpGet"]).set("path", path);
        probe.ensure(&["httpGet"]).set("port", port);
    } else {
        probe.ensure(&["tcpSocket"]).set("port", port);
    }
    Some(probe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_names_that_kubernetes_allows() {
        for (name, allowed) in
            [("a.b/c-d", true), ("maintainer", true), ("a b", false), ("a/b/c", false), ("-a", false)]
        {
            assert_eq!(is_annotation(name), allowed, "{name}");
        }
    }
}

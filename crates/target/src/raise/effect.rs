//! What the parts of Mastodon effectively get as pods, against what they get as containers of the host.
//!
//! This does not trust [`super::raise`]: it looks at both sides anew.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Component, Installation, Role, RouteKind, SettingValue};
use tree::{Node, Origin};

use crate::{Note, Reason};

/// Something that a part of Mastodon gets otherwise. Values of variables are left out: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The part, or `routes`.
    pub component: String,
    /// What differs.
    pub field: String,
    /// Before, in a form that shows no secret.
    pub before: String,
    /// After.
    pub after: String,
    /// What explains it.
    pub reason: Option<Reason>,
}

/// Compares every lasting part, and the routes to them. `notes` may explain a changed setting, nothing else.
#[must_use]
pub fn effects(before: &Installation, after: &Installation, notes: &[Note]) -> Vec<Effect> {
    let mut found = Vec::new();
    for old in before.components.iter().filter(|own| own.role.is_lasting()) {
        let name = old.role.component();
        match counterpart(before, old, after) {
            None => found.push(effect(&name, "component", &name, "", None)),
            Some(new) => Sides { before, old, after, new, notes, name }.compare(&mut found),
        }
    }
    routes(before, after, &mut found);
    found
}

fn effect(component: &str, field: &str, before: &str, after: &str, reason: Option<Reason>) -> Effect {
    let own = ToOwned::to_owned;
    Effect { component: own(component), field: own(field), before: own(before), after: own(after), reason }
}

/// The part of the other side that does the same, the nth where several do.
fn counterpart<'a>(before: &Installation, old: &Component, after: &'a Installation) -> Option<&'a Component> {
    let alike = |one: &Role, other: &Role| match (one, other) {
        (Role::Sidekiq(one), Role::Sidekiq(other)) => one.queues == other.queues,
        (one, other) => one == other,
    };
    let earlier = before.components.iter().take_while(|own| !std::ptr::eq(*own, old));
    let position = earlier.filter(|own| alike(&own.role, &old.role)).count();
    after.components.iter().filter(|own| alike(&own.role, &old.role)).nth(position)
}

struct Sides<'a> {
    before: &'a Installation,
    old: &'a Component,
    after: &'a Installation,
    new: &'a Component,
    notes: &'a [Note],
    name: String,
}

impl Sides<'_> {
    fn compare(&self, found: &mut Vec<Effect>) {
        let (Some(old), Some(new)) = (self.before.container(self.old), self.after.container(self.new)) else {
            return;
        };
        self.workload(found);
        self.environment(found);
        let shares = self.before.components.iter().filter(|own| own.object == self.old.object).count() > 1;
        let apart = shares.then_some(Reason::TakenApart);
        let mut differ = |field: &str, one: String, other: String, reason| {
            if one != other {
                found.push(effect(&self.name, field, &one, &other, reason));
            }
        };
        let json =
            |node: &Node, key: &str| node.get(key).map(|own| own.to_json().to_string()).unwrap_or_default();
        for key in ["image", "workingDir", "tty", "stdin", "resources", "securityContext"] {
            differ(key, json(old, key), json(new, key), None);
        }
        differ("command", words(old, |word| word.to_owned()), words(new, unescaped), apart);
        let (one, other) = (paths(old), paths(new));
        differ("mounts", one, other, None);
        let place = |installation: &Installation, component: &Component| {
            let pod = installation.workload(component).template().and_then(|own| own.get("spec"));
            let volumes = pod.and_then(|pod| pod.get("volumes")).into_iter().flat_map(Node::items);
            let kinds = volumes.flat_map(|own| own.as_mapping().into_iter().flatten());
            let kinds: BTreeSet<&str> =
                kinds.map(|(key, _)| key.as_str()).filter(|key| *key != "name").collect();
            kinds.into_iter().collect::<Vec<_>>().join(" ")
        };
        let volumes = (place(self.before, self.old), place(self.after, self.new));
        differ("volumes", volumes.0, volumes.1, Some(Reason::VolumeClaim));
        let (one, other) = (ports(old), ports(new));
        let added = one.is_subset(&other).then_some(Reason::ServicePort).or(apart);
        differ("ports", joined(&one), joined(&other), added);
        let (one, other) = (probe(old, OF_COMPOSE), probe(new, OF_KUBERNETES));
        let added = one.is_empty().then_some(Reason::Healthcheck).or(apart);
        differ("readinessProbe", one, other, added);
    }

    fn workload(&self, found: &mut Vec<Effect>) {
        let (old, new) = (self.before.workload(self.old), self.after.workload(self.new));
        let schedules = matches!(&self.new.role, Role::Sidekiq(command) if command.schedules());
        let (one, other) = (old.replicas(), new.replicas());
        if one != other {
            let reason = (schedules && other == 1).then_some(Reason::OneScheduler);
            found.push(effect(&self.name, "replicas", &one.to_string(), &other.to_string(), reason));
        }
        let strategy = |node: &Node| node.str_at(&["spec", "strategy", "type"]).map(ToOwned::to_owned);
        let (one, other) = (strategy(&old.node), strategy(&new.node));
        let text = |own: Option<String>| own.unwrap_or_else(|| "RollingUpdate".to_owned());
        let (one, other) = (text(one), text(other));
        if one != other {
            let reason =
                if schedules && other == "Recreate" { Reason::OneScheduler } else { Reason::Rollout };
            let safe = !schedules || other == "Recreate";
            found.push(effect(&self.name, "strategy", &one, &other, safe.then_some(reason)));
        }
        let grace = |own: &installation::Object| {
            let pod = own.template().and_then(|template| template.get("spec"));
            pod.and_then(|pod| pod.get("terminationGracePeriodSeconds")).and_then(Node::as_i64).unwrap_or(30)
        };
        let (one, other) = (grace(old), grace(new));
        if one != other {
            // Compose's ten seconds where nothing is written; never less than was written.
            let longer = (one == 10 && other == 30).then_some(Reason::ClusterDefault);
            found.push(effect(&self.name, "grace", &one.to_string(), &other.to_string(), longer));
        }
    }

    fn environment(&self, found: &mut Vec<Effect>) {
        let (old, new) = (&self.old.environment, &self.new.environment);
        let names: BTreeSet<&String> = old.settings.keys().chain(new.settings.keys()).collect();
        for name in names {
            let (one, other) = (old.settings.get(name), new.settings.get(name));
            let field = format!("env {name}");
            let (Some(one), Some(other)) = (one, other) else {
                let shown = |there: bool| if there { "(set)" } else { "" };
                found.push(effect(&self.name, &field, shown(one.is_some()), shown(other.is_some()), None));
                continue;
            };
            let moved = matches!(other.value, SettingValue::Secret { .. })
                && matches!(one.value, SettingValue::Sealed(_) | SettingValue::Text(_));
            if moved {
                let reason = Some(Reason::MovedToSecret);
                found.push(effect(&self.name, &field, "(set)", "Secret", reason));
            } else if one.value != other.value {
                found.push(effect(&self.name, &field, "(set)", "(other)", self.noted(&one.origins)));
            }
        }
        if old.opaque != new.opaque {
            let as_many = old.opaque.len() == new.opaque.len();
            let of_files = old.opaque.iter().all(|own| own.starts_with("env_file/"))
                && new.opaque.iter().all(|own| own.starts_with("Secret/"));
            let reason = (as_many && of_files).then_some(Reason::EnvFile);
            found.push(effect(&self.name, "envFrom", &old.opaque.join(" "), &new.opaque.join(" "), reason));
        }
    }

    /// Why a setting says another host: only these reasons change what is set.
    fn noted(&self, origins: &[Origin]) -> Option<Reason> {
        let mut notes = self.notes.iter().filter(|note| origins.contains(&note.origin));
        let found = notes.find(|note| {
            matches!(note.reason, Reason::ServiceName | Reason::StoreElsewhere | Reason::StoreInCluster)
        });
        found.map(|note| note.reason)
    }
}

fn words(container: &Node, read: impl Fn(&str) -> String) -> String {
    let keys = ["command", "args"].iter().filter_map(|key| container.get(key));
    let words = keys.flat_map(Node::items).map(|word| match word.as_secret() {
        Some(secret) => read(secret.reveal()),
        None => read(&word.as_text().unwrap_or_default()),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What the kubelet makes of a word whose names are set nowhere: `$$` stands for `$`.
fn unescaped(word: &str) -> String {
    word.replace("$$", "$")
}

fn paths(container: &Node) -> String {
    let mounts = container.get("volumeMounts").into_iter().flat_map(Node::items);
    let paths: BTreeSet<String> = mounts
        .filter_map(|mount| {
            let read_only = mount.get("readOnly").and_then(Node::as_text).unwrap_or_default();
            Some(format!("{} {read_only}", mount.str_at(&["mountPath"])?).trim().to_owned())
        })
        .collect();
    paths.into_iter().collect::<Vec<_>>().join(", ")
}

fn ports(container: &Node) -> BTreeSet<String> {
    let ports = container.get("ports").into_iter().flat_map(Node::items);
    let told = |port: &Node| {
        let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
        Some(format!("{}/{protocol}", port.get("containerPort")?.as_text()?))
    };
    ports.filter_map(told).collect()
}

fn joined(ports: &BTreeSet<String>) -> String {
    ports.iter().cloned().collect::<Vec<_>>().join(" ")
}

/// What a check takes where it says nothing: seconds between checks, seconds for one, failures in a row.
const OF_COMPOSE: [i64; 3] = [30, 30, 3];
const OF_KUBERNETES: [i64; 3] = [10, 1, 3];

/// What a probe asks, and how often.
fn probe(container: &Node, [period, timeout, failures]: [i64; 3]) -> String {
    let Some(probe) = container.get("readinessProbe") else { return String::new() };
    let exec = probe.at_keys(&["exec", "command"]);
    let asks: Vec<String> = exec
        .into_iter()
        .flat_map(Node::items)
        .filter_map(Node::as_text)
        .map(|word| unescaped(&word))
        .collect();
    let default = |key: &str, number: i64| probe.get(key).and_then(Node::as_i64).unwrap_or(number);
    format!(
        "{} every {}s within {}s, {} times",
        if asks.is_empty() { probe.to_json().to_string() } else { asks.join(" ") },
        default("periodSeconds", period),
        default("timeoutSeconds", timeout),
        default("failureThreshold", failures)
    )
}

/// Every way in by a host name must lead to the same part; ports of the host are behind the Ingress or Gateway now.
fn routes(before: &Installation, after: &Installation, found: &mut Vec<Effect>) {
    let part = |installation: &Installation, target: &installation::RouteTarget| match target {
        installation::RouteTarget::Component(index) => Some(installation.components[*index].role.component()),
        _ => None,
    };
    let table: BTreeMap<(String, String), String> = after
        .routes
        .iter()
        .filter_map(|route| Some(((route.host.clone(), route.path.clone()), part(after, &route.target)?)))
        .collect();
    let of_gateway = after.routes.iter().any(|route| route.kind == RouteKind::HttpRoute);
    let front = if of_gateway { "HTTPRoute" } else { "Ingress" };
    for route in &before.routes {
        let Some(to) = part(before, &route.target) else { continue };
        let way = format!("{}{}", route.host, route.path);
        if !route.kind.knows_hosts() || route.host.is_empty() {
            let way = format!("{way}:{}", route.port);
            found.push(effect("routes", &way, &to, front, Some(Reason::ServicePort)));
            continue;
        }
        let now = table.get(&(route.host.to_ascii_lowercase(), route.path.clone()));
        if now != Some(&to) {
            found.push(effect("routes", &way, &to, now.map_or("", String::as_str), None));
        } else if route.kind == RouteKind::ProxyLabels {
            found.push(effect("routes", &way, "labels", front, Some(Reason::ProxyLabels)));
        }
    }
}

//! What every container, route and queue effectively gets, before and after.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Component, Installation, Object, Role, RouteTarget};
use serde::Serialize;
use target::{Reason, Stage, Target};
use tree::Node;

use crate::Ledger;
use crate::strays::strays;

/// A difference between the sides. Values of variables are left out: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The component, or `routes`, `queues`, `neighbours`.
    pub component: String,
    /// The container, where one is concerned.
    pub container: String,
    /// What differs.
    pub field: String,
    /// Before, in a form that shows no secret.
    pub before: String,
    /// After.
    pub after: String,
    /// The message id of what explains it.
    pub explained_by: Option<&'static str>,
}

/// What the audit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing differs but what is explained.
    Equivalent,
    /// Something differs and nothing explains it.
    Differences,
    /// Something would be lost.
    Losses,
}

/// The verdict over a ledger and the differences.
#[must_use]
pub fn verdict(ledger: &Ledger, differences: &[Difference]) -> Verdict {
    let lost = |difference: &&Difference| difference.after.is_empty() && difference.explained_by.is_none();
    if ledger.unaccounted().next().is_some() || differences.iter().any(|difference| lost(&difference)) {
        Verdict::Losses
    } else if differences.iter().any(|difference| difference.explained_by.is_none()) {
        Verdict::Differences
    } else {
        Verdict::Equivalent
    }
}

/// Compares what stands with what shall stand.
#[must_use]
pub fn compare(before: &Installation, target: &Target) -> Vec<Difference> {
    let objects: Vec<Object> = target
        .green
        .iter()
        .map(|made| made.object.clone())
        .chain(target.switched.iter().map(|switched| switched.object.clone()))
        .chain(target.kept.iter().map(|index| before.objects[*index].clone()))
        .collect();
    let mut differences = Vec::new();
    let Ok(after) = Installation::understand(objects, None) else {
        differences.push(difference("installation", "", "recognised", before.domain.clone(), String::new()));
        return differences;
    };
    for made in target.green.iter().filter(|made| made.stage != Stage::Adopted) {
        let Some(from) = made.from else { continue };
        workloads(before, &after, &before.objects[from], &made.object, &mut differences);
    }
    routes(before, &after, &mut differences);
    queues(before, &after, &mut differences);
    followers(before, &after, |_, _| true, &mut differences);
    differences.extend(strays(before, &after));
    differences
}

pub(crate) fn difference(
    component: &str,
    container: &str,
    field: &str,
    before: String,
    after: String,
) -> Difference {
    Difference {
        component: component.to_owned(),
        container: container.to_owned(),
        field: field.to_owned(),
        before,
        after,
        explained_by: None,
    }
}

fn workloads(
    before: &Installation,
    after: &Installation,
    old: &Object,
    new: &Object,
    differences: &mut Vec<Difference>,
) {
    let (Some(old_template), Some(new_template)) = (old.template(), new.template()) else { return };
    let name = new.name().to_owned();
    let skip = |node: &Node, left_out: &[&str]| -> BTreeMap<String, String> {
        let members = node.as_mapping().into_iter().flatten();
        members
            .filter(|(key, _)| !left_out.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.to_json().to_string()))
            .collect()
    };
    let empty = Node::mapping();
    let pod = |template: &Node| template.get("spec").cloned().unwrap_or_else(|| empty.clone());
    let (old_pod, new_pod) = (pod(old_template), pod(new_template));
    // Volumes name ConfigMaps, which are renamed: their content is compared with the containers' below.
    let left_out = ["containers", "initContainers", "volumes"];
    fields(&name, "", &skip(&old_pod, &left_out), &skip(&new_pod, &left_out), differences);
    let strategy =
        |object: &Object| object.node.at_keys(&["spec", "strategy"]).map(|node| node.to_json().to_string());
    if strategy(old) != strategy(new) {
        let recreated = new.node.str_at(&["spec", "strategy", "type"]) == Some("Recreate");
        let explained = recreated.then_some(Reason::OneScheduler.id());
        differences.push(Difference {
            explained_by: explained,
            ..difference(
                &name,
                "",
                "strategy",
                strategy(old).unwrap_or_default(),
                strategy(new).unwrap_or_default(),
            )
        });
    }
    let replicas = |object: &Object| object.replicas().to_string();
    if replicas(old) != replicas(new) {
        differences.push(difference(&name, "", "replicas", replicas(old), replicas(new)));
    }
    for list in ["initContainers", "containers"] {
        let old_containers: Vec<&Node> = old_pod.get(list).into_iter().flat_map(Node::items).collect();
        let new_containers: Vec<&Node> = new_pod.get(list).into_iter().flat_map(Node::items).collect();
        if old_containers.len() != new_containers.len() {
            let count = |containers: &[&Node]| containers.len().to_string();
            differences.push(difference(
                &name,
                list,
                "count",
                count(&old_containers),
                count(&new_containers),
            ));
        }
        for (old_container, new_container) in old_containers.iter().zip(&new_containers) {
            let container = new_container.str_at(&["name"]).unwrap_or_default();
            let left_out = ["name", "env", "envFrom"];
            fields(
                &name,
                container,
                &skip(old_container, &left_out),
                &skip(new_container, &left_out),
                differences,
            );
            environments(&name, container, (before, old_container), (after, new_container), differences);
        }
    }
}

pub(crate) fn fields(
    component: &str,
    container: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    differences: &mut Vec<Difference>,
) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        if before.get(key) != after.get(key) {
            let text = |side: &BTreeMap<String, String>| side.get(key).cloned().unwrap_or_default();
            differences.push(difference(component, container, key, text(before), text(after)));
        }
    }
}

fn environments(
    component: &str,
    container: &str,
    (before, old): (&Installation, &Node),
    (after, new): (&Installation, &Node),
    differences: &mut Vec<Difference>,
) {
    let old = installation::resolve_environment(old, &before.objects);
    let new = installation::resolve_environment(new, &after.objects);
    let names: BTreeSet<&String> = old.settings.keys().chain(new.settings.keys()).collect();
    for name in names {
        let value =
            |side: &installation::Environment| side.settings.get(name).map(|setting| setting.value.clone());
        if value(&old) != value(&new) {
            let shown = |present: bool| if present { "(set)".to_owned() } else { String::new() };
            differences.push(difference(
                component,
                container,
                &format!("env {name}"),
                shown(value(&old).is_some()),
                shown(value(&new).is_some()),
            ));
        }
    }
    if old.opaque != new.opaque {
        differences.push(difference(
            component,
            container,
            "envFrom",
            old.opaque.join(" "),
            new.opaque.join(" "),
        ));
    }
}

/// What answers a route, in words that are the same on both sides.
fn answers(installation: &Installation, target: &RouteTarget) -> String {
    match target {
        RouteTarget::Component(index) => installation.components[*index].role.component(),
        RouteTarget::Neighbour(index) => installation.objects[*index].id().to_string(),
        RouteTarget::Unknown => String::new(),
    }
}

pub(crate) fn routes(before: &Installation, after: &Installation, differences: &mut Vec<Difference>) {
    let table = |installation: &Installation| -> BTreeMap<String, String> {
        installation
            .routes
            .iter()
            .map(|route| {
                let way = if route.kind.knows_hosts() {
                    format!("{}{}", route.host, route.path)
                } else {
                    format!("{}:{}", route.service, route.port)
                };
                (way, answers(installation, &route.target))
            })
            .collect()
    };
    fields("routes", "", &table(before), &table(after), differences);
}

pub(crate) fn queues(before: &Installation, after: &Installation, differences: &mut Vec<Difference>) {
    let served = |installation: &Installation| -> BTreeMap<String, String> {
        let workers =
            installation.components.iter().filter_map(|component: &Component| match &component.role {
                Role::Sidekiq(command) => Some(command),
                _ => None,
            });
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for queue in workers.flat_map(|command| &command.queues) {
            *count.entry(queue.name.clone()).or_default() += 1;
        }
        count.into_iter().map(|(queue, workers)| (queue, workers.to_string())).collect()
    };
    fields("queues", "", &served(before), &served(after), differences);
}

/// Autoscalers, monitors and neighbours: each kind must be there as often as before.
pub(crate) fn followers(
    before: &Installation,
    after: &Installation,
    counts: impl Fn(&Installation, usize) -> bool,
    differences: &mut Vec<Difference>,
) {
    let count = |installation: &Installation| -> BTreeMap<String, String> {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for (index, object) in installation.objects.iter().enumerate() {
            if object.kind() == "Service" || !counts(installation, index) {
                continue;
            }
            *count.entry(object.kind().to_owned()).or_default() += 1;
        }
        count.into_iter().map(|(kind, number)| (kind, number.to_string())).collect()
    };
    fields("objects", "", &count(before), &count(after), differences);
}

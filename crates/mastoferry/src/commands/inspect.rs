//! `mastoferry inspect`: what an installation is made of.

use installation::{FindingKind, Installation, Role, RouteTarget};
use serde_json::json;
use tree::{Node, Value};

use crate::cli::{InspectArgs, Output};
use crate::prepare::{self, Read};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs the command; its result is what goes to standard output.
pub(crate) fn inspect(arguments: &InspectArgs, output: Output, words: &Words) -> Result<String, Problem> {
    if arguments.objects {
        let sourced = prepare::sourced(&arguments.source.source, words)?;
        return objects(&sourced.objects, words);
    }
    let read = prepare::read(&arguments.source, words)?;
    Ok(match output {
        Output::Json => format!("{:#}\n", as_json(&read)),
        Output::Text | Output::Markdown => overview(&read, words),
    })
}

/// The objects as YAML documents, keys sorted as `kustomize build` sorts them.
fn objects(objects: &[installation::Object], words: &Words) -> Result<String, Problem> {
    let mut documents = Vec::new();
    for object in objects {
        let mut node = object.node.clone();
        if object.kind() == "Secret" {
            hide_values(&mut node);
        }
        sort_keys(&mut node);
        let text = tree::to_yaml(&node)
            .map_err(|error| Problem::new(words, Exit::Failed, "write", &[("reason", &error.to_string())]))?;
        documents.push(text);
    }
    Ok(documents.join("---\n"))
}

fn hide_values(secret: &mut Node) {
    for field in ["data", "stringData"] {
        for (_, value) in secret.get_mut(field).and_then(Node::as_mapping_mut).into_iter().flatten() {
            value.value = Value::String(String::new());
        }
    }
}

fn sort_keys(node: &mut Node) {
    match &mut node.value {
        Value::Mapping(mapping) => {
            mapping.sort_keys();
            mapping.values_mut().for_each(sort_keys);
        }
        Value::Sequence(items) => items.iter_mut().for_each(sort_keys),
        _ => {}
    }
}

/// What answers a route, by name.
fn answers(installation: &Installation, target: &RouteTarget) -> String {
    match target {
        RouteTarget::Component(index) => installation.components[*index].role.component(),
        RouteTarget::Neighbour(index) => installation.objects[*index].id().to_string(),
        RouteTarget::Unknown => "?".to_owned(),
    }
}

fn queues(role: &Role) -> Vec<String> {
    match role {
        Role::Sidekiq(command) => command.queues.iter().map(|queue| queue.name.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The message id of a finding.
pub(crate) fn finding_id(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::SeveralSchedulers => "finding-several-schedulers",
        FindingKind::SchedulerOverlapsOnUpdate => "finding-scheduler-overlaps",
        FindingKind::ShortGracePeriod => "finding-short-grace-period",
        FindingKind::UnservedQueue => "finding-unserved-queue",
        FindingKind::FloatingImage => "finding-floating-image",
    }
}

fn as_json(read: &Read) -> serde_json::Value {
    let installation = &read.installation;
    let place = |origin: Option<tree::Origin>| origin.map(|origin| read.sourced.files.place(origin));
    json!({
        "domain": installation.domain,
        "namespace": installation.namespace,
        "objects": installation.objects.iter().map(|object| object.id().to_string()).collect::<Vec<_>>(),
        "components": installation.components.iter().map(|component| {
            let workload = installation.workload(component);
            let concurrency = match &component.role { Role::Sidekiq(command) => command.concurrency, _ => None };
            json!({
                "component": component.role.component(),
                "workload": workload.id().to_string(),
                "source": place(workload.node.origin),
                "replicas": workload.replicas(),
                "queues": queues(&component.role),
                "concurrency": concurrency,
                "settings": component.environment.settings.keys().collect::<Vec<_>>(),
                "opaque": component.environment.opaque,
            })
        }).collect::<Vec<_>>(),
        "routes": installation.routes.iter().map(|route| json!({
            "host": route.host, "path": route.path, "service": route.service, "port": route.port,
            "answers": answers(installation, &route.target), "source": place(route.origin),
        })).collect::<Vec<_>>(),
        "needs": installation.needs.iter().map(|need| json!({
            "kind": need.kind, "name": need.name, "keys": need.keys, "whole": need.whole,
        })).collect::<Vec<_>>(),
        "findings": installation.findings.iter().map(|finding| json!({
            "finding": finding_id(finding.kind).trim_start_matches("finding-"),
            "object": finding.object.to_string(), "source": place(finding.origin),
        })).collect::<Vec<_>>(),
    })
}

/// The installation in words.
pub(crate) fn overview(read: &Read, words: &Words) -> String {
    let installation = &read.installation;
    let count = |number: usize| number.to_string();
    let mut lines = vec![words.tell(
        "inspect-headline",
        &[
            ("domain", &installation.domain),
            ("objects", &count(installation.objects.len())),
            ("files", &count(read.sourced.files.ids().count())),
        ],
    )];
    for component in &installation.components {
        let workload = installation.workload(component);
        let mut line = format!("  {:<28} {:<34}", component.role.component(), workload.id().to_string());
        if component.role.is_lasting() {
            line.push_str(&words.tell("inspect-replicas", &[("replicas", &workload.replicas().to_string())]));
        }
        if let Role::Sidekiq(command) = &component.role {
            line.push_str(&format!("  {}", queues(&component.role).join(" ")));
            if let Some(concurrency) = command.concurrency {
                line.push_str(&format!("  -c {concurrency}"));
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.push(words.tell("inspect-routes", &[]));
    for route in &installation.routes {
        let url = format!("{}{}", route.host, route.path);
        lines.push(format!("  {url:<44} {}", answers(installation, &route.target)));
    }
    let neighbours: Vec<String> = neighbours(installation);
    if !neighbours.is_empty() {
        lines.push(words.tell("inspect-neighbours", &[]));
        lines.push(format!("  {}", neighbours.join("  ")));
    }
    for need in &installation.needs {
        lines.push(words.tell("inspect-need", &[("kind", &need.kind), ("name", &need.name)]));
    }
    for finding in &installation.findings {
        let place = finding.origin.map(|origin| read.sourced.files.place(origin)).unwrap_or_default();
        let text = words.tell(finding_id(finding.kind), &[("object", &finding.object.to_string())]);
        lines.push(format!("! {text} ({place})"));
    }
    lines.join("\n") + "\n"
}

/// Workloads beside Mastodon.
fn neighbours(installation: &Installation) -> Vec<String> {
    installation
        .objects
        .iter()
        .enumerate()
        .filter(|(index, object)| {
            object.template().is_some()
                && !installation.components.iter().any(|component| component.object == *index)
        })
        .map(|(_, object)| object.id().to_string())
        .collect()
}

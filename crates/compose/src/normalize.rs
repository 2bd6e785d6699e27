//! What Compose makes explicit once everything is merged (compose-go, `loader/normalize.go`).

use tree::{Mapping, Node, Origin, Value};

use crate::interpolation::Surroundings;
use crate::place::printed;
use crate::volume::clean;

/// Makes networks, dependencies, names and the like explicit.
pub(crate) fn normalize(project: &mut Node, name: &str, around: &Surroundings<'_>) {
    networks(project);
    for service in
        project.get_mut("services").and_then(Node::as_mapping_mut).into_iter().flat_map(Mapping::values_mut)
    {
        self::service(service, around);
    }
    names(project, name);
}

/// Gives names that stand alone in a list of environment variables their values.
pub(crate) fn resolve_lists(project: &mut Node, around: &Surroundings<'_>) {
    let services = project.get_mut("services").and_then(Node::as_mapping_mut);
    for service in services.into_iter().flat_map(Mapping::values_mut) {
        for item in service.get_mut("environment").and_then(Node::as_sequence_mut).into_iter().flatten() {
            resolve_entry(item, around);
        }
    }
}

fn resolve_entry(item: &mut Node, around: &Surroundings<'_>) -> bool {
    let Value::String(text) = &mut item.value else { return true };
    if text.contains('=') {
        return true;
    }
    let Some(value) = around.get(text) else { return false };
    *text = format!("{text}={value}");
    true
}

fn service(service: &mut Node, around: &Surroundings<'_>) {
    if service.str_at(&["pull_policy"]) == Some("if_not_present")
        && let Some(policy) = service.get_mut("pull_policy")
    {
        policy.value = Value::String("missing".to_owned());
    }
    if let Some(build) = service.get_mut("build") {
        let origin = build.origin;
        if build.get("dockerfile").is_none() && build.get("dockerfile_inline").is_none() {
            build.set("dockerfile", Node::from("Dockerfile").at(origin));
        }
        if let Some(arguments) = build.get_mut("args") {
            resolve(arguments, around, false);
        }
    }
    if let Some(environment) = service.get_mut("environment") {
        resolve(environment, around, true);
    }
    for mount in service.get_mut("volumes").and_then(Node::as_sequence_mut).into_iter().flatten() {
        if let Some(Node { value: Value::String(target), .. }) = mount.get_mut("target") {
            *target = clean(target);
        }
    }
    dependencies(service);
}

/// Values from the environment for names that stand alone; those without any stay or go.
fn resolve(node: &mut Node, around: &Surroundings<'_>, keep: bool) {
    match &mut node.value {
        Value::Sequence(items) => items.retain_mut(|item| resolve_entry(item, around) || keep),
        Value::Mapping(mapping) => mapping.retain(|key, child| {
            if child.value != Value::Null {
                return true;
            }
            let value = around.get(key);
            let found = value.is_some();
            child.value = value.map_or(Value::Null, Value::String);
            child.spelling = None;
            found || keep
        }),
        _ => {}
    }
}

/// Services that another attribute makes a service depend on.
fn dependencies(service: &mut Node) {
    let mut wanted: Vec<(String, bool, Option<Origin>)> = Vec::new();
    for link in service.get("links").into_iter().flat_map(Node::items) {
        let text = printed(link).unwrap_or_default();
        let mut parts = text.split(':');
        let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let linked = if second.is_some() && third.is_none() { first } else { text.as_str() };
        wanted.push((linked.to_owned(), true, link.origin));
    }
    for attribute in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(node) = service.get(attribute)
            && let Some(shared) = node.as_str().and_then(|text| text.strip_prefix("service:"))
        {
            wanted.push((shared.to_owned(), true, node.origin));
        }
    }
    for from in service.get("volumes_from").into_iter().flat_map(Node::items) {
        let text = printed(from).unwrap_or_default();
        if !text.starts_with("container:") {
            wanted.push((text.split(':').next().unwrap_or_default().to_owned(), false, from.origin));
        }
    }
    for (name, restart, origin) in wanted {
        let all = service.ensure(&["depends_on"]);
        all.origin = all.origin.or(origin);
        if all.get(&name).is_none() {
            let mut dependency = crate::merge::started(origin);
            dependency.set("restart", Node::from(restart).at(origin));
            all.set(&name, dependency);
        }
    }
}

fn networks(project: &mut Node) {
    let mut used = None;
    let services = project.get_mut("services").and_then(Node::as_mapping_mut);
    for service in services.into_iter().flat_map(Mapping::values_mut) {
        let origin = service.origin;
        if service.get("provider").is_some() || service.get("network_mode").is_some() {
            continue;
        }
        let attached =
            service.get("networks").and_then(Node::as_mapping).filter(|attached| !attached.is_empty());
        match attached {
            None => {
                let mut attached = Node::mapping().at(origin);
                attached.set("default", Node::from(Value::Null).at(origin));
                service.set("networks", attached);
                used = used.or(Some(origin));
            }
            Some(attached) if attached.contains_key("default") => used = used.or(Some(origin)),
            Some(_) => {}
        }
    }
    if let Some(origin) = used {
        let networks = project.ensure(&["networks"]);
        networks.origin = networks.origin.or(origin);
        if networks.get("default").is_none() {
            networks.set("default", Node::from(Value::Null).at(origin));
        }
    }
}

/// A resource without a name is called after its key.
fn names(project: &mut Node, name: &str) {
    for section in ["networks", "volumes", "configs", "secrets"] {
        let resources = project.get_mut(section).and_then(Node::as_mapping_mut);
        for (key, resource) in resources.into_iter().flatten() {
            let origin = resource.origin;
            if resource.value == Value::Null {
                *resource = Node::mapping().at(origin);
            }
            if resource.get("name").is_none_or(|name| name.value == Value::Null) {
                let external = resource.get("external").and_then(printed);
                let is_external =
                    matches!(external.as_deref(), Some("true" | "True" | "TRUE" | "t" | "T" | "1"));
                let made = if is_external { key.clone() } else { format!("{name}_{key}") };
                resource.set("name", Node::from(made).at(origin));
            }
        }
    }
}

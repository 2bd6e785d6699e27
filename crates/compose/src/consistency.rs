//! What does not fit together (compose-go, `loader/validate.go`).

use std::collections::{HashMap, HashSet};

use tree::{Mapping, Node, Origin, Value};

use crate::error::{ComposeError, ComposeErrorKind};
use crate::place::printed;

type Problems = Vec<ComposeError>;

/// Everything about the services that are switched on that Compose would refuse.
pub(crate) fn check(project: &Node, disabled: &[(String, Option<Origin>)]) -> Problems {
    let mut problems = Problems::new();
    let services = project.get("services").and_then(Node::as_mapping);
    let context = Context { project, disabled };
    for (name, service) in services.into_iter().flatten() {
        context.image(name, service, &mut problems);
        context.references(name, service, &mut problems);
        context.dependencies(name, service, &mut problems);
        numbers(name, service, &mut problems);
        mounts(name, service, &mut problems);
    }
    for (name, secret) in project.get("secrets").and_then(Node::as_mapping).into_iter().flatten() {
        let given = ["external", "file", "environment"].iter().any(|key| secret.get(key).is_some());
        if !given {
            let attribute = format!("secrets.{name}.file");
            problems.push(ComposeError::at(ComposeErrorKind::Missing { attribute }, secret.origin));
        }
    }
    problems.extend(cycle(services));
    problems
}

/// Containers of one name.
pub(crate) fn container_names(project: &Node) -> Problems {
    let mut seen = HashSet::new();
    let services = project.get("services").and_then(Node::as_mapping).into_iter().flatten();
    let named = services.filter_map(|(name, service)| Some((name, service.get("container_name")?)));
    let twice = named.filter(|(_, container)| !seen.insert(printed(container)));
    let refuse = |(name, container): (&String, &Node)| {
        let attribute = format!("services.{name}.container_name");
        ComposeError::at(ComposeErrorKind::Twice { attribute }, container.origin)
    };
    twice.map(refuse).collect()
}

struct Context<'a> {
    project: &'a Node,
    disabled: &'a [(String, Option<Origin>)],
}

impl Context<'_> {
    fn has(&self, section: &str, name: &str) -> bool {
        self.project.get(section).and_then(|section| section.get(name)).is_some()
    }

    fn image(&self, name: &str, service: &Node, problems: &mut Problems) {
        let exclusive = |attribute: &str, other: &str, origin| {
            let (attribute, other) =
                (format!("services.{name}.{attribute}"), format!("services.{name}.{other}"));
            ComposeError::at(ComposeErrorKind::Exclusive { attribute, other }, origin)
        };
        let has = |keys: &[&str]| service.at_keys(keys).is_some();
        if !has(&["build"]) && !has(&["image"]) && !has(&["provider"]) {
            let kind = ComposeErrorKind::NoImage { service: name.to_owned() };
            problems.push(ComposeError::at(kind, service.origin));
        }
        if has(&["build", "dockerfile"]) && has(&["build", "dockerfile_inline"]) {
            problems.push(exclusive("build.dockerfile", "build.dockerfile_inline", service.origin));
        }
        if has(&["network_mode"]) && has(&["networks"]) {
            problems.push(exclusive("network_mode", "networks", service.origin));
        }
        let platforms = service.at_keys(&["build", "platforms"]);
        if let (Some(platforms), Some(platform)) = (platforms, service.str_at(&["platform"]))
            && !platforms.items().any(|item| item.as_str() == Some(platform))
        {
            problems.push(exclusive("platform", "build.platforms", platforms.origin));
        }
        for context in service
            .at_keys(&["build", "additional_contexts"])
            .and_then(Node::as_mapping)
            .into_iter()
            .flat_map(Mapping::values)
        {
            let target = context.as_str().and_then(|context| context.strip_prefix("service:"));
            let known = |target: &str| self.project.at_keys(&["services", target, "build"]).is_some();
            if let Some(target) = target.filter(|target| !known(target)) {
                problems.push(undefined(name, "build.additional_contexts", target, context.origin));
            }
        }
        if let Some(first) = service.at_keys(&["healthcheck", "test"]).and_then(|test| test.items().next())
            && !matches!(first.as_str(), Some("CMD" | "CMD-SHELL" | "NONE"))
        {
            let attribute = format!("services.{name}.healthcheck.test");
            problems.push(ComposeError::wrong(
                attribute,
                "a list that begins with CMD, CMD-SHELL or NONE",
                first.origin,
            ));
        }
    }

    fn references(&self, name: &str, service: &Node, problems: &mut Problems) {
        for (network, node) in service.get("networks").and_then(Node::as_mapping).into_iter().flatten() {
            if !self.has("networks", network) {
                problems.push(undefined(name, "network", network, node.origin));
            }
        }
        for (model, node) in service.get("models").and_then(Node::as_mapping).into_iter().flatten() {
            if !self.has("models", model) {
                problems.push(undefined(name, "model", model, node.origin));
            }
        }
        let lists: [(&[&str], &str, &'static str); 4] = [
            (&["volumes"], "volumes", "volume"),
            (&["configs"], "configs", "config"),
            (&["secrets"], "secrets", "secret"),
            (&["build", "secrets"], "secrets", "build secret"),
        ];
        for (way, section, attribute) in lists {
            for entry in service.at_keys(way).into_iter().flat_map(Node::items) {
                let is_volume = section != "volumes" || entry.str_at(&["type"]) == Some("volume");
                let source = entry.str_at(&["source"]);
                let is_needed = source.is_some() || section != "volumes";
                let source = source.unwrap_or_default();
                if is_volume && is_needed && !self.has(section, source) {
                    problems.push(undefined(name, attribute, source, entry.origin));
                }
            }
        }
    }

    fn dependencies(&self, name: &str, service: &Node, problems: &mut Problems) {
        for (other, dependency) in service.get("depends_on").and_then(Node::as_mapping).into_iter().flatten()
        {
            let off = self.disabled.iter().any(|(disabled, _)| disabled == other);
            let optional =
                dependency.get("required").map(|required| &required.value) == Some(&Value::Bool(false));
            let excused = off && optional;
            if !excused && !self.has("services", other) {
                problems.push(undefined(name, "service", other, dependency.origin));
            }
        }
        let shared = service.get("network_mode");
        if let Some(other) = shared.and_then(Node::as_str).and_then(|mode| mode.strip_prefix("service:"))
            && !self.has("services", other)
        {
            problems.push(undefined(name, "service", other, shared.and_then(|node| node.origin)));
        }
    }
}

fn undefined(service: &str, attribute: &'static str, name: &str, origin: Option<Origin>) -> ComposeError {
    let kind = ComposeErrorKind::Undefined { service: service.to_owned(), attribute, name: name.to_owned() };
    ComposeError::at(kind, origin)
}

fn numbers(name: &str, service: &Node, problems: &mut Problems) {
    let attribute = |keys: &[&str]| format!("services.{name}.{}", keys.join("."));
    let pairs: [(&str, &[&str]); 5] = [
        ("scale", &["deploy", "replicas"]),
        ("cpus", &["deploy", "resources", "limits", "cpus"]),
        ("mem_limit", &["deploy", "resources", "limits", "memory"]),
        ("mem_reservation", &["deploy", "resources", "reservations", "memory"]),
        ("pids_limit", &["deploy", "resources", "limits", "pids"]),
    ];
    for (old, new) in pairs {
        let Some(one) = service.get(old) else { continue };
        // Where the group stands without the number, the number is none.
        let group = service.at_keys(&new[..new.len() - 1]).is_some();
        let other = service.at_keys(new);
        let differs = match other {
            Some(other) => other.to_json() != one.to_json(),
            None => group && old != "scale",
        };
        if differs {
            let kind = ComposeErrorKind::Exclusive { attribute: attribute(&[old]), other: attribute(new) };
            problems.push(ComposeError::at(kind, one.origin));
        }
    }
    let scales = [service.get("scale"), service.at_keys(&["deploy", "replicas"])];
    for scale in scales.into_iter().flatten() {
        if scale.as_i64().is_some_and(|scale| scale < 0) {
            problems.push(ComposeError::wrong(attribute(&["scale"]), "0 or more", scale.origin));
        }
    }
    let scale = scales.into_iter().flatten().find_map(Node::as_i64).unwrap_or(1);
    if let (true, Some(container)) = (scale > 1, service.get("container_name")) {
        let kind = ComposeErrorKind::Exclusive {
            attribute: attribute(&["container_name"]),
            other: attribute(&["scale"]),
        };
        problems.push(ComposeError::at(kind, container.origin));
    }
}

fn mounts(name: &str, service: &Node, problems: &mut Problems) {
    let mut seen: HashSet<String> = HashSet::new();
    let tmpfs = service.get("tmpfs").into_iter().flat_map(Node::items);
    let tmpfs = tmpfs.map(|item| (printed(item).unwrap_or_default(), item.origin));
    let tmpfs = tmpfs.map(|(text, origin)| (text.split(':').next().unwrap_or_default().to_owned(), origin));
    let volumes = service.get("volumes").into_iter().flat_map(Node::items);
    let volumes = volumes.map(|item| (item.str_at(&["target"]).unwrap_or_default().to_owned(), item.origin));
    for (target, origin) in tmpfs.chain(volumes) {
        if !seen.insert(target) {
            let attribute = format!("services.{name}.volumes");
            problems.push(ComposeError::at(ComposeErrorKind::Twice { attribute }, origin));
        }
    }
}

/// The first service that depends on itself, over others or not.
fn cycle(services: Option<&Mapping>) -> Option<ComposeError> {
    let services = services?;
    // 1: on the way; 2: known to be free of cycles.
    let mut state: HashMap<&str, u8> = HashMap::new();
    for start in services.keys() {
        let mut open: Vec<(&str, bool)> = vec![(start, false)];
        while let Some((name, is_done)) = open.pop() {
            if is_done {
                state.insert(name, 2);
                continue;
            }
            match state.get(name) {
                Some(2) => continue,
                Some(_) => {
                    let origin = services.get(name).and_then(|service| service.get("depends_on")?.origin);
                    let kind = ComposeErrorKind::DependencyCycle { service: name.to_owned() };
                    return Some(ComposeError::at(kind, origin));
                }
                None => {}
            }
            state.insert(name, 1);
            open.push((name, true));
            let all = services.get(name).and_then(|service| service.get("depends_on")?.as_mapping());
            let all = all.into_iter().flat_map(Mapping::keys);
            open.extend(
                all.filter(|other| services.contains_key(*other)).map(|other| (other.as_str(), false)),
            );
        }
    }
    None
}

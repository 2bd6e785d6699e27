//! The services that are switched on, and what of the project they need.

use std::collections::HashSet;

use tree::{Mapping, Node, Origin};

/// Takes out services that no active profile switches on, and returns their names.
pub(crate) fn switch_off(project: &mut Node, profiles: &[String]) -> Vec<(String, Option<Origin>)> {
    let mut off = Vec::new();
    let Some(services) = project.get_mut("services").and_then(Node::as_mapping_mut) else { return off };
    services.retain(|name, service| {
        let own: Vec<&str> =
            service.get("profiles").into_iter().flat_map(Node::items).filter_map(Node::as_str).collect();
        let on = own.is_empty()
            || profiles.iter().any(|profile| profile == "*" || own.contains(&profile.as_str()));
        if !on {
            off.push((name.clone(), service.origin));
        }
        on
    });
    off
}

/// Leaves out networks, volumes, secrets, configs and models that no service refers to.
pub(crate) fn leave_out_unused(project: &mut Node) {
    let services: Vec<&Node> =
        project.get("services").and_then(Node::as_mapping).into_iter().flat_map(Mapping::values).collect();
    let keys = |section: &str| {
        let named = services.iter().filter_map(|service| service.get(section)?.as_mapping());
        named.flat_map(Mapping::keys).cloned().collect::<HashSet<String>>()
    };
    let sources = |way: &[&str]| {
        let entries = services.iter().filter_map(|service| service.at_keys(way)).flat_map(Node::items);
        let volume = |entry: &&Node| way != ["volumes"] || entry.str_at(&["type"]) == Some("volume");
        let named = entries.filter(volume).filter_map(|entry| entry.str_at(&["source"]));
        named.map(str::to_owned).collect::<HashSet<String>>()
    };
    let mut secrets = sources(&["secrets"]);
    secrets.extend(sources(&["build", "secrets"]));
    let used = [
        ("networks", keys("networks")),
        ("models", keys("models")),
        ("volumes", sources(&["volumes"])),
        ("configs", sources(&["configs"])),
        ("secrets", secrets),
    ];
    let Some(project) = project.as_mapping_mut() else { return };
    for (section, used) in used {
        let Some(resources) = project.get_mut(section).and_then(Node::as_mapping_mut) else { continue };
        resources.retain(|name, _| used.contains(name));
        if resources.is_empty() {
            project.shift_remove(section);
        }
    }
}

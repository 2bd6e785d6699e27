//! What Compose fills in, and the checks it makes on the spelt-out form.

use tree::{Node, Value};

use crate::error::{ComposeError, ComposeErrorKind, Result};
use crate::place::{Place, printed};
use crate::port::is_ip;

/// Fills in what is left unsaid.
pub(crate) fn fill_in(node: &mut Node, place: &Place) {
    let origin = node.origin;
    if let Value::Mapping(mapping) = &mut node.value {
        let mut unless_set = |key: &str, value: Node| {
            mapping.entry(key.to_owned()).or_insert_with(|| value.at(origin));
        };
        if place.is("services.*.build") {
            unless_set("context", ".".into());
        } else if place.is("services.*.secrets.*") {
            let source = mapping.get("source").and_then(printed).unwrap_or_default();
            let target = format!("/run/secrets/{source}");
            mapping.entry("target".to_owned()).or_insert_with(|| Node::from(target).at(origin));
        } else if place.is("services.*.ports.*") {
            unless_set("protocol", "tcp".into());
            unless_set("mode", "ingress".into());
        } else if is_device(place) {
            if !mapping.contains_key("device_ids") {
                mapping.entry("count".to_owned()).or_insert_with(|| Node::from("all").at(origin));
            }
        } else {
            for (key, child) in mapping.iter_mut() {
                fill_in(child, &place.key(key));
            }
        }
    } else if let Value::Sequence(items) = &mut node.value {
        for child in items.iter_mut() {
            fill_in(child, &place.key("[]"));
        }
    }
}

fn is_device(place: &Place) -> bool {
    place.is("services.*.deploy.resources.reservations.devices.*") || place.is("services.*.gpus.*")
}

/// Checks what the schema cannot say.
pub(crate) fn check(node: &Node, place: &Place) -> Result<()> {
    if place.is("volumes.*") {
        return check_external(node, place);
    }
    if place.is("configs.*") {
        return one_source(node, place, &["file", "environment", "content"]);
    }
    if place.is("secrets.*") {
        return one_source(node, place, &["file", "environment"]);
    }
    if place.is("services.*.ports.*") {
        return match node.get("host_ip") {
            Some(ip) if !printed(ip).is_some_and(|ip| is_ip(&ip)) => {
                Err(ComposeError::wrong(place.key("host_ip").to_string(), "an IP address", ip.origin))
            }
            _ => Ok(()),
        };
    }
    if is_device(place) && node.get("count").is_some() && node.get("device_ids").is_some() {
        return Err(exclusive(node, place, "count", "device_ids"));
    }
    if place.is("services.*.develop.watch.*.path") && node.as_str() == Some("") {
        return Err(ComposeError::wrong(place.to_string(), "a path", node.origin));
    }
    match &node.value {
        Value::Mapping(mapping) => mapping.iter().try_for_each(|(key, child)| check(child, &place.key(key))),
        Value::Sequence(items) => items.iter().try_for_each(|child| check(child, &place.key("[]"))),
        _ => Ok(()),
    }
}

fn exclusive(node: &Node, place: &Place, one: &str, other: &str) -> ComposeError {
    let (attribute, other) = (place.key(one).to_string(), place.key(other).to_string());
    ComposeError::at(ComposeErrorKind::Exclusive { attribute, other }, node.origin)
}

fn check_external(node: &Node, place: &Place) -> Result<()> {
    if node.get("external").map(|external| &external.value) != Some(&Value::Bool(true)) {
        return Ok(());
    }
    let allowed = |key: &str| matches!(key, "name" | "external") || key.starts_with("x-");
    match node.as_mapping().into_iter().flatten().find(|(key, _)| !allowed(key)) {
        Some((key, _)) => Err(exclusive(node, place, "external", key)),
        None => Ok(()),
    }
}

fn one_source(node: &Node, place: &Place, keys: &[&str]) -> Result<()> {
    let set: Vec<&&str> = keys.iter().filter(|key| node.get(key).is_some()).collect();
    match &set[..] {
        [one, other, ..] => Err(exclusive(node, place, one, other)),
        [] if node.get("driver").is_none() && node.get("external").is_none() => {
            let attribute = place.key(&keys.join("|")).to_string();
            Err(ComposeError::at(ComposeErrorKind::Missing { attribute }, node.origin))
        }
        _ => Ok(()),
    }
}

//! Lists in which a later entry takes the place of an earlier one of the same key.

use std::collections::HashMap;

use tree::{Node, Value};

use crate::error::{ComposeError, Result};
use crate::merge::{Overridden, note};
use crate::place::{Place, printed};
use crate::volume;

#[derive(Clone, Copy)]
enum Key {
    /// What stands before `=`.
    Name,
    /// The target of a mount.
    Target,
    /// The device inside.
    Device,
    /// The target of a config or secret; where there is none, the source below a folder.
    Mounted(&'static str),
    Text,
    Port,
    Path,
}

const KEYS: &[(&str, Key)] = &[
    ("networks.*.labels", Key::Name),
    ("networks.*.ipam.options", Key::Name),
    ("services.*.annotations", Key::Name),
    ("services.*.build.args", Key::Name),
    ("services.*.build.additional_contexts", Key::Name),
    ("services.*.build.platform", Key::Name),
    ("services.*.build.tags", Key::Name),
    ("services.*.build.labels", Key::Name),
    ("services.*.cap_add", Key::Name),
    ("services.*.cap_drop", Key::Name),
    ("services.*.configs", Key::Mounted("")),
    ("services.*.deploy.labels", Key::Name),
    ("services.*.devices", Key::Device),
    ("services.*.dns", Key::Name),
    ("services.*.dns_opt", Key::Name),
    ("services.*.dns_search", Key::Name),
    ("services.*.environment", Key::Name),
    ("services.*.env_file", Key::Path),
    ("services.*.expose", Key::Text),
    ("services.*.labels", Key::Name),
    ("services.*.links", Key::Name),
    ("services.*.networks.*.aliases", Key::Name),
    ("services.*.networks.*.link_local_ips", Key::Name),
    ("services.*.ports", Key::Port),
    ("services.*.profiles", Key::Name),
    ("services.*.secrets", Key::Mounted("/run/secrets")),
    ("services.*.sysctls", Key::Name),
    ("services.*.tmpfs", Key::Name),
    ("services.*.volumes", Key::Target),
];

/// Leaves one entry of each key, where the first stood.
pub(crate) fn enforce(node: &mut Node, place: &Place, overridden: &mut Overridden) -> Result<()> {
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping.iter_mut() {
                enforce(child, &place.key(key), overridden)?;
            }
            Ok(())
        }
        Value::Sequence(items) => match place.find(KEYS) {
            Some(rule) => dedupe(items, rule, place, overridden),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn dedupe(items: &mut Vec<Node>, rule: Key, place: &Place, overridden: &mut Overridden) -> Result<()> {
    let mut kept: Vec<Node> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for item in std::mem::take(items) {
        let key = key(&item, rule).ok_or_else(|| {
            let attribute = place.key("[]").to_string();
            ComposeError::wrong(attribute, "an entry with a name or target", item.origin)
        })?;
        match at.get(&key) {
            Some(index) => {
                note(&kept[*index], &item, overridden);
                kept[*index] = item;
            }
            None => {
                at.insert(key, kept.len());
                kept.push(item);
            }
        }
    }
    *items = kept;
    Ok(())
}

fn key(item: &Node, rule: Key) -> Option<String> {
    let child = |key: &str| item.get(key).and_then(printed);
    match (rule, &item.value) {
        (Key::Name, Value::String(text)) => Some(text.split('=').next().unwrap_or_default().to_owned()),
        (Key::Text, Value::String(_) | Value::Number(_)) => printed(item),
        (Key::Target, Value::String(text)) => {
            volume::parse(text, None).map(|mount| mount.str_at(&["target"]).unwrap_or_default().to_owned())
        }
        (Key::Target | Key::Device, Value::Mapping(_)) => child("target"),
        (Key::Device, Value::String(text)) => {
            let mut parts = text.split(':');
            let first = parts.next().unwrap_or_default();
            Some(parts.next().unwrap_or(first).to_owned())
        }
        (Key::Mounted(folder), Value::String(text)) => Some(format!("{folder}/{text}")),
        (Key::Mounted(folder), Value::Mapping(_)) => {
            child("target").or_else(|| Some(format!("{folder}/{}", child("source").unwrap_or_default())))
        }
        (Key::Port, Value::Mapping(_)) => {
            let target = child("target")?;
            let host = child("host_ip").unwrap_or_else(|| "0.0.0.0".to_owned());
            let protocol = child("protocol").unwrap_or_else(|| "tcp".to_owned());
            Some(format!("{host}:{}:{target}/{protocol}", child("published").unwrap_or_default()))
        }
        (Key::Path, Value::Mapping(_)) => child("path"),
        (Key::Port | Key::Path, Value::String(_) | Value::Number(_)) => printed(item),
        (Key::Port | Key::Path | Key::Target | Key::Device, _) => Some(String::new()),
        (Key::Name | Key::Text | Key::Mounted(_), _) => None,
    }
}

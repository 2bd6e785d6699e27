//! Spelling out short forms (compose-go, `transform`).

use tree::{Mapping, Node, Value};

use crate::budget::Budget;
use crate::error::{ComposeError, ComposeErrorKind, Result};
use crate::merge::started;
use crate::place::{Place, printed};
use crate::{port, volume};

#[derive(Clone, Copy)]
enum Form {
    /// A text is a list of one.
    Listed,
    /// A text is the source of a file.
    FileMount,
    /// Whatever it is, it is a text.
    Printed,
    Pairs,
    DependsOn,
    EnvFile,
    Extends,
    Gpus,
    /// A list of names is a mapping to nothing.
    Named,
    Mount,
    Device,
    Ports,
    Build,
    Ssh,
    /// `external: {name: …}` is an old form.
    External,
}

const FORMS: &[(&str, Form)] = &[
    ("services.*.build.secrets.*", Form::FileMount),
    ("services.*.build.provenance", Form::Printed),
    ("services.*.build.sbom", Form::Printed),
    ("services.*.build.additional_contexts", Form::Pairs),
    ("services.*.depends_on", Form::DependsOn),
    ("services.*.env_file", Form::EnvFile),
    ("services.*.label_file", Form::Listed),
    ("services.*.extends", Form::Extends),
    ("services.*.gpus", Form::Gpus),
    ("services.*.networks", Form::Named),
    ("services.*.models", Form::Named),
    ("services.*.volumes.*", Form::Mount),
    ("services.*.dns", Form::Listed),
    ("services.*.devices.*", Form::Device),
    ("services.*.secrets.*", Form::FileMount),
    ("services.*.configs.*", Form::FileMount),
    ("services.*.ports", Form::Ports),
    ("services.*.build", Form::Build),
    ("services.*.build.ssh", Form::Ssh),
    ("services.*.develop.watch.*.ignore", Form::Listed),
    ("services.*.develop.watch.*.include", Form::Listed),
    ("volumes.*", Form::External),
    ("networks.*", Form::External),
    ("secrets.*", Form::External),
    ("configs.*", Form::External),
];

/// Spells out every short form below a node.
pub(crate) fn spell_out(node: &mut Node, place: &Place, budget: &mut Budget) -> Result<()> {
    let form = place.find(FORMS);
    if let Some(form) = form {
        apply(node, form, place, budget)?;
    }
    if !matches!(form, None | Some(Form::Build | Form::Extends | Form::Gpus | Form::External)) {
        return Ok(());
    }
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping.iter_mut() {
                spell_out(child, &place.key(key), budget)?;
            }
        }
        Value::Sequence(items) => {
            for child in items.iter_mut() {
                spell_out(child, &place.key("[]"), budget)?;
            }
            if place.is("services.*.dns") {
                items.retain(|item| !matches!(&item.value, Value::Null) && item.as_str() != Some(""));
            }
        }
        _ => {}
    }
    Ok(())
}

fn apply(node: &mut Node, form: Form, place: &Place, budget: &mut Budget) -> Result<()> {
    let origin = node.origin;
    let wrong = |wanted: &str| ComposeError::wrong(place.to_string(), wanted, origin);
    match form {
        Form::Listed => {
            if node.as_str().is_some() {
                *node = Node::from(Value::Sequence(vec![node.clone()])).at(origin);
            }
        }
        Form::FileMount => under(node, "source"),
        Form::Build => under(node, "context"),
        Form::Extends => under(node, "service"),
        Form::Printed => *node = Node::from(printed(node).unwrap_or_default()).at(origin),
        Form::Pairs => pairs(node).ok_or_else(|| wrong("NAME=VALUE"))?,
        Form::DependsOn => depends_on(node).ok_or_else(|| wrong("a list or mapping of services"))?,
        Form::EnvFile => env_file(node),
        Form::Gpus => {
            if node.as_str().is_some() {
                let mut gpu = Node::mapping().at(origin);
                gpu.set("count", Node::from("all").at(origin));
                *node = Node::from(Value::Sequence(vec![gpu])).at(origin);
            }
        }
        Form::Named => names(node),
        Form::Mount => {
            if let Some(text) = node.as_str() {
                let mount = volume::parse(text, origin);
                *node = mount.ok_or_else(|| wrong("[SOURCE:]TARGET[:OPTIONS]"))?;
            }
        }
        Form::Device => {
            if let Some(text) = node.as_str() {
                *node = device(text, node).ok_or_else(|| wrong("SOURCE[:TARGET[:PERMISSIONS]]"))?;
            }
        }
        Form::Ports => ports(node, place, budget)?,
        Form::Ssh => ssh(node).ok_or_else(|| wrong("default, or ID=PATH"))?,
        Form::External => external(node, place)?,
    }
    Ok(())
}

/// A text becomes a mapping that holds it.
fn under(node: &mut Node, key: &str) {
    if node.as_str().is_some() {
        let mut mapping = Node::mapping().at(node.origin);
        mapping.set(key, node.clone());
        *node = mapping;
    }
}

fn pairs(node: &mut Node) -> Option<()> {
    let Value::Sequence(items) = &node.value else { return Some(()) };
    let mut mapping = Mapping::new();
    for item in items {
        let (name, value) = item.as_str()?.split_once('=')?;
        mapping.insert(name.to_owned(), Node::from(value).at(item.origin));
    }
    node.value = Value::Mapping(mapping);
    Some(())
}

fn depends_on(node: &mut Node) -> Option<()> {
    match &mut node.value {
        Value::Mapping(mapping) => {
            for child in mapping.values_mut() {
                let origin = child.origin;
                let dependency = child.as_mapping_mut()?;
                let condition = || Node::from("service_started").at(origin);
                dependency.entry("condition".to_owned()).or_insert_with(condition);
                dependency.entry("required".to_owned()).or_insert_with(|| Node::from(true).at(origin));
            }
        }
        Value::Sequence(items) => {
            let named = items.iter().map(|item| Some((item.as_str()?.to_owned(), started(item.origin))));
            let mapping: Option<Mapping> = named.collect();
            node.value = Value::Mapping(mapping?);
        }
        _ => return None,
    }
    Some(())
}

fn env_file(node: &mut Node) {
    if node.as_str().is_some() {
        *node = Node::from(Value::Sequence(vec![node.clone()])).at(node.origin);
    }
    for item in node.as_sequence_mut().into_iter().flatten() {
        under(item, "path");
        let origin = item.origin;
        if let Some(entry) = item.as_mapping_mut() {
            entry.entry("required".to_owned()).or_insert_with(|| Node::from(true).at(origin));
        }
    }
}

fn names(node: &mut Node) {
    if let Value::Sequence(items) = &node.value {
        let nothing = |item: &Node| Node::from(Value::Null).at(item.origin);
        let named = items.iter().map(|item| (printed(item).unwrap_or_default(), nothing(item)));
        node.value = Value::Mapping(named.collect());
    }
}

fn device(text: &str, node: &Node) -> Option<Node> {
    let parts: Vec<&str> = text.split(':').collect();
    let (source, rest) = parts.split_first()?;
    let target = rest.first().filter(|target| !target.is_empty()).unwrap_or(source);
    let permissions = rest.get(1).copied().unwrap_or("rwm");
    let mut device = Node::mapping().at(node.origin);
    for (key, value) in [("source", *source), ("target", *target), ("permissions", permissions)] {
        device.set(key, Node::from(value).at(node.origin));
    }
    (rest.len() <= 2).then_some(device)
}

fn ports(node: &mut Node, place: &Place, budget: &mut Budget) -> Result<()> {
    let mut out = Vec::new();
    for item in node.items() {
        let origin = item.origin;
        let text = match &item.value {
            Value::Mapping(_) => {
                out.push(item.clone());
                continue;
            }
            Value::Number(number) if number.is_f64() => None,
            _ => printed(item),
        };
        let read = text.and_then(|text| port::parse(&text)).ok_or_else(|| {
            let attribute = place.key("[]").to_string();
            ComposeError::wrong(attribute, "[[IP:]HOST:]CONTAINER[/PROTOCOL]", origin)
        })?;
        budget.nodes(read.len().saturating_mul(6), item)?;
        for port in read {
            let mut spelt = Node::mapping().at(origin);
            let mut set = |key: &str, value: Node| spelt.set(key, value.at(origin));
            set("mode", "ingress".into());
            if !port.host_ip.is_empty() {
                set("host_ip", port.host_ip.into());
            }
            set("target", i64::from(port.target).into());
            if !port.published.is_empty() {
                set("published", port.published.into());
            }
            set("protocol", port.protocol.into());
            out.push(spelt);
        }
    }
    node.value = Value::Sequence(out);
    Ok(())
}

fn ssh(node: &mut Node) -> Option<()> {
    let Value::Sequence(items) = &node.value else { return Some(()) };
    let mut mapping = Mapping::new();
    for item in items {
        let text = item.as_str()?;
        match text.split_once('=') {
            Some((id, path)) => mapping.insert(id.to_owned(), Node::from(path).at(item.origin)),
            None if text == "default" => {
                mapping.insert(text.to_owned(), Node::from(Value::Null).at(item.origin))
            }
            None => return None,
        };
    }
    node.value = Value::Mapping(mapping);
    Some(())
}

fn external(node: &mut Node, place: &Place) -> Result<()> {
    let Some(external) = node.get("external").filter(|external| external.as_mapping().is_some()) else {
        return Ok(());
    };
    let origin = external.origin;
    let old = external.get("name").cloned();
    let conflict = match (node.get("name"), &old) {
        (Some(name), Some(old)) => name.to_json() != old.to_json(),
        _ => false,
    };
    if conflict {
        let (attribute, other) = (place.key("name").to_string(), place.key("external.name").to_string());
        return Err(ComposeError::at(ComposeErrorKind::Exclusive { attribute, other }, origin));
    }
    node.set("external", Node::from(true).at(origin));
    if let (None, Some(old)) = (node.get("name"), old) {
        node.set("name", old);
    }
    Ok(())
}

//! Containers.

use tree::{Node, Value};

use super::{copy, list, mapping};
use installation::chart::go;

/// A container of the values as Kubernetes has it.
pub(super) fn container(name: &str, values: &Node) -> Node {
    let origin = values.origin;
    let name = values.str_at(&["nameOverride"]).unwrap_or(name);
    let mut made = mapping(vec![("name", Node::from(name).at(origin))], origin);
    if let Some(image) = values.get("image").and_then(image) {
        made.set("image", image);
    }
    if let Some(policy) = values.at_keys(&["image", "pullPolicy"]) {
        made.set("imagePullPolicy", policy.clone());
    }
    for key in ["command", "args"] {
        if let Some(words) = values.get(key).filter(|words| go::is_true(words)) {
            // A single text is one word, as the chart takes it.
            let words = match words.as_sequence() {
                Some(_) => words.clone(),
                None => list(vec![words.clone()], words.origin),
            };
            made.set(key, words);
        }
    }
    if let Some(env) = values.get("env").and_then(environment) {
        made.set("env", env);
    }
    let sources = values.get("envFrom").filter(|sources| go::is_true(sources));
    if let Some(sources) = sources {
        let items = sources.items().map(source).collect();
        made.set("envFrom", list(items, sources.origin));
    }
    probes(values, &mut made);
    copy(
        values,
        &mut made,
        &["resources", "securityContext", "lifecycle", "ports", "workingDir", "restartPolicy"],
    );
    made
}

/// `repository:tag`, with a digest behind it where there is one.
fn image(image: &Node) -> Option<Node> {
    if image.as_str().is_some() {
        return Some(image.clone());
    }
    let repository = image.get("repository")?;
    let mut text = repository.as_text()?;
    let tag = image.get("tag").filter(|tag| go::is_true(tag));
    if let Some(tag) = tag.and_then(Node::as_text) {
        text = format!("{text}:{tag}");
    }
    if let Some(digest) = image.str_at(&["digest"]) {
        text = format!("{text}@{digest}");
    }
    Some(Node::from(text).at(tag.unwrap_or(repository).origin))
}

/// Variables: a list as Kubernetes has it, or a mapping of names to values or to where they come from.
fn environment(env: &Node) -> Option<Node> {
    if let Some(items) = env.as_sequence() {
        return Some(list(items.to_vec(), env.origin));
    }
    let mut ordered = Vec::new();
    for (name, value) in env.as_mapping()? {
        let origin = value.origin;
        let mut variable = mapping(vec![("name", Node::from(name.as_str()).at(origin))], origin);
        match &value.value {
            Value::Mapping(_) if value.get("value").is_some() || value.get("valueFrom").is_some() => {
                copy(value, &mut variable, &["valueFrom"]);
                if let Some(value) = value.get("value") {
                    variable.set("value", go::to_text(value));
                }
            }
            Value::Mapping(fields) => {
                let reference = fields.iter().find(|(key, _)| key.ends_with("Ref"));
                let Some((key, reference)) = reference else { continue };
                variable.set("valueFrom", mapping(vec![(key.as_str(), reference.clone())], origin));
            }
            Value::Sequence(_) => continue,
            _ => variable.set("value", go::to_text(value)),
        }
        ordered.push(variable);
    }
    Some(list(ordered, env.origin))
}

/// A source of variables: as Kubernetes has it, or `secret: NAME` and `config: NAME` for short.
fn source(source: &Node) -> Node {
    for (short, long) in [("secret", "secretRef"), ("config", "configMapRef"), ("configMap", "configMapRef")]
    {
        if let Some(name) = source.get(short).filter(|name| name.as_str().is_some()) {
            let reference = mapping(vec![("name", name.clone())], name.origin);
            return mapping(vec![(long, reference)], source.origin);
        }
    }
    source.clone()
}

/// Probes that the values spell out; the chart's ready-made ones depend on its Service and are left out.
fn probes(values: &Node, made: &mut Node) {
    for (name, field) in
        [("liveness", "livenessProbe"), ("readiness", "readinessProbe"), ("startup", "startupProbe")]
    {
        let Some(probe) = values.at_keys(&["probes", name]) else { continue };
        let is_on = probe.get("enabled").is_none_or(|switch| switch.value != Value::Bool(false));
        let is_custom = probe.get("custom").is_some_and(|custom| custom.value == Value::Bool(true));
        if let Some(spec) = probe.get("spec").filter(|_| is_on && is_custom) {
            made.set(field, spec.clone());
        }
    }
}

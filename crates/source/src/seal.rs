//! Sealing: what a source says in secret is taken out of sight before anything else sees it.

use std::collections::HashSet;

use installation::{holds_secret, is_secret, is_secret_option};
use tree::{Node, Origin, Value};

use crate::{Form, Role, Sourced};

/// Annotations that repeat a whole object, secrets included.
const COPIES: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "kapp.k14s.io/original"];

/// Seals, in the objects and in the documents as written: the values of Secrets, values under names that are secret in
/// ConfigMaps, environments, env files and Helm values, literals of secret generators, copies of objects in
/// annotations, and every text that has a secret in it (a URL with a password, an env file inside a value, an option of a
/// command line). A leaf that is sealed in one place is sealed wherever its origin stands.
pub fn seal(sourced: &mut Sourced) {
    let by_name = matches!(sourced.form, Form::Compose | Form::HelmValues);
    for object in &mut sourced.objects {
        walk(&mut object.node, Names::Kubernetes);
    }
    for document in &mut sourced.documents {
        let names = match document.role {
            Role::Values | Role::Settings => Names::Settings,
            _ if by_name => Names::Settings,
            _ => Names::Kubernetes,
        };
        walk(&mut document.node, names);
    }
    if let Some(normalised) = &mut sourced.normalised {
        walk(normalised, Names::Settings);
    }
    let mut sealed = HashSet::new();
    let objects = sourced.objects.iter().map(|object| &object.node);
    objects.chain(sourced.documents.iter().map(|document| &document.node)).for_each(|node| {
        collect(node, &mut sealed);
    });
    let objects = sourced.objects.iter_mut().map(|object| &mut object.node);
    objects.chain(sourced.documents.iter_mut().map(|document| &mut document.node)).for_each(|node| {
        seal_at(node, &sealed);
    });
    if let Some(normalised) = &mut sourced.normalised {
        seal_at(normalised, &sealed);
    }
}

/// What the names of a mapping's keys mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Fields of Kubernetes' objects, among which `secretName` and the like only lead to secrets.
    Kubernetes,
    /// Settings, in capitals or as Helm's values have them.
    Settings,
}

fn walk(node: &mut Node, names: Names) {
    match &mut node.value {
        Value::String(text) => {
            if holds_secret(text) {
                node.seal();
            }
        }
        Value::Sequence(items) => {
            let mut after_option = false;
            for item in items {
                let is_option = item.as_str().is_some_and(is_secret_option);
                if after_option && !is_option {
                    seal_literal(item);
                }
                after_option = is_option;
                walk(item, names);
            }
        }
        Value::Mapping(_) => walk_mapping(node, names),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Secret(_) => {}
    }
}

fn walk_mapping(node: &mut Node, names: Names) {
    let kind = node.str_at(&["kind"]).unwrap_or_default().to_owned();
    let seals_value = ["name", "op"].iter().any(|key| node.get(key).is_some())
        && ["name", "path"]
            .iter()
            .filter_map(|key| node.str_at(&[key]))
            .any(|name| is_secret(name.rsplit('/').next().unwrap_or(name)));
    let Some(mapping) = node.as_mapping_mut() else { return };
    for (key, child) in mapping {
        let key = key.as_str();
        if matches!(key, "existingSecretKeys" | "secretKeys") {
            // Helm's values name keys of Secrets there, under the names of what the keys hold.
            continue;
        }
        match key {
            "data" | "stringData" if kind == "Secret" => child.seal(),
            "data" | "environment" | "env" if child.as_mapping().is_some() => walk(child, Names::Settings),
            "values" | "valuesObject" => walk(child, Names::Settings),
            "secretGenerator" => seal_literals(child),
            "value" if seals_value => seal_literal(child),
            _ if COPIES.contains(&key) => child.seal(),
            _ if names == Names::Settings && is_secret(key) => seal_literal(child),
            _ if is_password_field(key) => seal_literal(child),
            _ => {}
        }
        walk(child, names);
    }
}

/// Fields that hold a password in any custom resource.
fn is_password_field(key: &str) -> bool {
    matches!(
        key.to_ascii_lowercase().as_str(),
        "password" | "passwd" | "passphrase" | "token" | "clientsecret" | "privatekey" | "secretaccesskey"
    )
}

/// Seals a text that is not empty and no reference to a variable.
fn seal_literal(node: &mut Node) {
    let is_literal = match &node.value {
        Value::String(text) => !text.is_empty() && !is_reference(text),
        Value::Number(_) => true,
        _ => false,
    };
    if is_literal {
        node.seal();
    }
}

fn is_reference(text: &str) -> bool {
    let whole = |open: &str, close: char| {
        text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    whole("$(", ')') || whole("${", '}')
}

fn seal_literals(generators: &mut Node) {
    for generator in generators.as_sequence_mut().into_iter().flatten() {
        if let Some(literals) = generator.get_mut("literals") {
            literals.seal();
        }
    }
}

fn collect(node: &Node, sealed: &mut HashSet<Origin>) {
    match &node.value {
        Value::Secret(_) => sealed.extend(node.origin),
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, sealed)),
        Value::Mapping(mapping) => mapping.values().for_each(|child| collect(child, sealed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn seal_at(node: &mut Node, sealed: &HashSet<Origin>) {
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| seal_at(item, sealed)),
        Value::Mapping(mapping) => mapping.values_mut().for_each(|child| seal_at(child, sealed)),
        Value::String(_) | Value::Bool(_) | Value::Number(_)
            if node.origin.is_some_and(|origin| sealed.contains(&origin)) =>
        {
            node.seal();
        }
        _ => {}
    }
}

//! The objects at the end, as text: whole, but for what no two runs have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::facets::plain;
use crate::names::Names;

/// What the server writes into metadata by itself, and no two runs share.
const STAMPS: [&str; 6] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "selfLink",
    "deletionGracePeriodSeconds",
];

/// All objects, one YAML document each, those that are alike once with their number.
pub(crate) fn told(standing: &[(String, Arc<Value>)], names: &Names, managers: &[String]) -> String {
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    for (word, object) in standing {
        // Of events and of what is derived from pods and Services the record tells.
        if matches!(word.as_str(), "endpointslice" | "account") {
            continue;
        }
        let object = said(&essence(object, managers), names);
        let Some(yaml) = yaml(&object) else { continue };
        *texts.entry(yaml).or_default() += 1;
    }
    let documents: Vec<String> = texts
        .into_iter()
        .map(|(text, count)| if count == 1 { text } else { format!("{text}alike: {count}\n") })
        .collect();
    documents.join("---\n")
}

/// An object without stamps, its fields in one order.
fn essence(object: &Value, managers: &[String]) -> Value {
    let mut object = object.clone();
    let claims = claims(&object, managers);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|field, _| !STAMPS.contains(&field.as_str()) && field != "managedFields");
        if !claims.is_empty() {
            metadata.insert("managedFields".to_owned(), Value::Array(claims));
        }
    }
    if let Some(owners) = object["metadata"].get_mut("ownerReferences").and_then(Value::as_array_mut) {
        owners.iter_mut().filter_map(Value::as_object_mut).for_each(|owner| {
            owner.remove("uid");
        });
    }
    match object["kind"].as_str() {
        Some("Pod") => pod(&mut object),
        Some("Service") => service(&mut object),
        // What an autoscaler says of itself depends on when it looked last.
        Some("HorizontalPodAutoscaler") => {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
        Some("Secret") => seal(&mut object),
        // Its template is its Deployment's.
        Some("ReplicaSet") => {
            object["spec"].as_object_mut().map(|spec| spec.remove("template"));
        }
        _ => {}
    }
    status(&mut object);
    ordered(&object)
}

/// What each manager of the scenario claims, as paths.
fn claims(object: &Value, managers: &[String]) -> Vec<Value> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut claims: Vec<(String, Value)> = entries
        .filter(|entry| managers.iter().any(|manager| entry["manager"] == **manager))
        .map(|entry| {
            let mut paths = Vec::new();
            claimed(&entry["fieldsV1"], "", &mut paths);
            paths.sort();
            let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
            let mut told = json!({"manager": text("manager"), "operation": text("operation")});
            if !text("subresource").is_empty() {
                told["subresource"] = json!(text("subresource"));
            }
            told["claims"] = json!(paths);
            (told.to_string(), told)
        })
        .collect();
    claims.sort_by(|one, other| one.0.cmp(&other.0));
    claims.into_iter().map(|(_, told)| told).collect()
}

/// The deepest paths of a field set.
fn claimed(fields: &Value, path: &str, paths: &mut Vec<String>) {
    let inner = fields.as_object().into_iter().flatten().filter(|(key, _)| *key != ".");
    let mut is_leaf = true;
    for (key, value) in inner {
        is_leaf = false;
        let key = key.split_once(':').map_or(key.as_str(), |(_, key)| key);
        claimed(value, &format!("{path}.{key}"), paths);
    }
    if is_leaf && !path.is_empty() {
        paths.push(path.to_owned());
    }
}

/// A pod without what the node and admission give it.
fn pod(object: &mut Value) {
    if let Some(spec) = object["spec"].as_object_mut() {
        let token =
            |one: &Value| one["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
        without(spec, "volumes", token);
        for containers in ["containers", "initContainers"] {
            for container in spec.get_mut(containers).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(container) = container.as_object_mut() {
                    without(container, "volumeMounts", token);
                }
            }
        }
        for field in ["tolerations", "nodeName", "priority", "preemptionPolicy"] {
            spec.remove(field);
        }
    }
    object["status"] = json!({"phase": object["status"]["phase"]});
}

fn without(fields: &mut Map<String, Value>, list: &str, is: impl Fn(&Value) -> bool) {
    if let Some(Value::Array(items)) = fields.get_mut(list) {
        items.retain(|item| !is(item));
        if items.is_empty() {
            fields.remove(list);
        }
    }
}

/// Values of Secrets are shown nowhere, not even made-up ones.
fn seal(object: &mut Value) {
    for value in
        object.get_mut("data").and_then(Value::as_object_mut).into_iter().flat_map(|data| data.values_mut())
    {
        *value = json!("(sealed)");
    }
}

/// A Service without its addresses; that it has some stays.
fn service(object: &mut Value) {
    if let Some(spec) = object["spec"].as_object_mut() {
        if let Some(address) = spec.get_mut("clusterIP").filter(|address| **address != "None") {
            *address = json!("ADDRESS");
        }
        if let Some(Value::Array(addresses)) = spec.get_mut("clusterIPs") {
            addresses
                .iter_mut()
                .filter(|address| **address != "None")
                .for_each(|address| *address = json!("ADDRESS"));
        }
    }
}

/// Times of conditions go; what they say stays, but for messages that count time.
fn status(object: &mut Value) {
    let Some(status) = object.get_mut("status").and_then(Value::as_object_mut) else { return };
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        for condition in conditions.iter_mut().filter_map(Value::as_object_mut) {
            condition.retain(|field, _| !field.ends_with("Time"));
            let reason = condition.get("reason").and_then(Value::as_str).map(plain);
            if let Some(reason @ "ReplicaSetUpdated") = reason {
                let reason = json!(reason);
                condition.insert("reason".to_owned(), reason);
                condition.remove("message");
            }
        }
        conditions.sort_by_key(ToString::to_string);
    }
    status.retain(|field, _| !field.ends_with("Time"));
}

fn ordered(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> =
                fields.iter().map(|(key, value)| (key, ordered(value))).collect();
            Value::Object(fields.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        Value::Array(items) => items.iter().map(ordered).collect(),
        other => other.clone(),
    }
}

/// The same with every generated name, address and time as records say it.
fn said(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => Value::String(names.say(text)),
        Value::Array(items) => items.iter().map(|item| said(item, names)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), said(value, names))).collect())
        }
        other => other.clone(),
    }
}

/// JSON is YAML: read as a tree and written as one.
fn yaml(value: &Value) -> Option<String> {
    let mut files = tree::Files::new();
    let file = files.add("object", value.to_string());
    let nodes = tree::parse(&files, file).ok()?;
    tree::to_yaml(nodes.first()?).ok()
}

//! Secrets that pods require and no object gives.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::cluster::namespace_of;

/// What stands for a value nobody told.
const STAND_IN: &str = "stand-in";

/// The keys asked for, by namespace and name of the Secret.
type Wanted<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;

/// A Secret for each that is required but not among the objects, with a stand-in for each key that is asked for.
/// Objects that name no namespace are in the default one.
#[must_use]
pub fn absent(objects: &[Value], default: &str) -> Vec<Value> {
    let mut wanted = Wanted::new();
    for object in objects {
        ask(object, namespace_of(object, default), &mut wanted);
    }
    for object in objects.iter().filter(|object| object["kind"] == "Secret") {
        if let Some(name) = object.pointer("/metadata/name").and_then(Value::as_str) {
            wanted.remove(&(namespace_of(object, default), name));
        }
    }
    wanted.into_iter().map(|((namespace, name), keys)| secret(namespace, name, &keys)).collect()
}

/// Looks for references wherever a pod template may stand: Deployments, CronJobs and pods alike.
fn ask<'a>(value: &'a Value, namespace: &'a str, wanted: &mut Wanted<'a>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| ask(item, namespace, wanted)),
        Value::Object(fields) => {
            for (field, inner) in fields {
                // A volume calls it `secretName`, everybody else `name`; both are required unless said otherwise.
                let name = match field.as_str() {
                    "secretRef" | "secretKeyRef" => inner.get("name"),
                    "secret" => inner.get("secretName"),
                    _ => None,
                };
                if let Some(name) = name.and_then(Value::as_str)
                    && inner.get("optional") != Some(&Value::Bool(true))
                {
                    let keys = wanted.entry((namespace, name)).or_default();
                    keys.extend(inner.get("key").and_then(Value::as_str));
                }
                ask(inner, namespace, wanted);
            }
        }
        _ => {}
    }
}

fn secret(namespace: &str, name: &str, keys: &BTreeSet<&str>) -> Value {
    let data: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), STAND_IN.into())).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "stringData": data,
    })
}

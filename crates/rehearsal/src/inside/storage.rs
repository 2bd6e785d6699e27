//! Claims and volumes that pods use and no object gives: what runs today has them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cluster::namespace_of;

/// The class of claims that name none.
pub(super) fn class() -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "hollow.local/storage",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    })
}

/// A volume for each that a claim names, and a claim for each that a pod uses, unless it is among the objects.
pub(super) fn absent(objects: &[Value], default: &str) -> Vec<Value> {
    let mut claims: BTreeSet<(&str, &str)> = BTreeSet::new();
    for object in objects {
        ask(object, namespace_of(object, default), &mut claims);
    }
    let mut made = Vec::new();
    for claim in objects.iter().filter(|object| object["kind"] == "PersistentVolumeClaim") {
        if let Some(name) = claim.pointer("/metadata/name").and_then(Value::as_str) {
            claims.remove(&(namespace_of(claim, default), name));
        }
        let named = claim.pointer("/spec/volumeName").and_then(Value::as_str).filter(|name| !name.is_empty());
        let stands = |name: &str| {
            objects.iter().any(|one| {
                one["kind"] == "PersistentVolume"
                    && one.pointer("/metadata/name").is_some_and(|one| one == name)
            })
        };
        made.extend(named.filter(|name| !stands(name)).map(|name| volume(name, claim)));
    }
    made.extend(claims.into_iter().map(|(namespace, name)| claim(namespace, name)));
    made
}

/// Looks for claims wherever a pod template may stand.
fn ask<'a>(value: &'a Value, namespace: &'a str, claims: &mut BTreeSet<(&'a str, &'a str)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| ask(item, namespace, claims)),
        Value::Object(fields) => {
            for (field, inner) in fields {
                if field == "persistentVolumeClaim"
                    && let Some(name) = inner.get("claimName").and_then(Value::as_str)
                {
                    claims.insert((namespace, name));
                }
                ask(inner, namespace, claims);
            }
        }
        _ => {}
    }
}

fn claim(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    })
}

fn volume(name: &str, claim: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": claim.pointer("/spec/resources/requests"),
            "accessModes": claim.pointer("/spec/accessModes"),
            "storageClassName": claim.pointer("/spec/storageClassName"),
            "persistentVolumeReclaimPolicy": "Retain",
            "csi": {"driver": "hollow.local/storage", "volumeHandle": name},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pods_use_is_there() {
        let pod = |claim: &str| {
            json!({"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": {"volumes": [
                {"name": "a", "persistentVolumeClaim": {"claimName": claim}}]}}}})
        };
        let given = json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "given"},
            "spec": {"volumeName": "disk-1", "accessModes": ["ReadWriteOnce"]}});
        let made = absent(&[pod("given"), pod("absent"), given], "social");
        let told: Vec<_> =
            made.iter().map(|one| (one["kind"].as_str(), one.pointer("/metadata/name"))).collect();
        assert_eq!(
            told,
            [
                (Some("PersistentVolume"), Some(&json!("disk-1"))),
                (Some("PersistentVolumeClaim"), Some(&json!("absent"))),
            ]
        );
    }
}

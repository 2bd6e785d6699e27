//! The pod of each number, and the claims that go with it.

use serde_json::{Value, json};

use super::revision;
use crate::api::object;

/// The number at the end of a pod's name, if it is one of the set's.
pub(super) fn of(set: &Value, pod: &Value) -> Option<i64> {
    let rest = object::name(pod).strip_prefix(object::name(set))?.strip_prefix('-')?;
    rest.parse().ok().filter(|number: &i64| number.to_string() == rest)
}

/// The pod of a number, of one revision.
pub(super) fn pod(set: &Value, revision: &Value, number: i64) -> Value {
    let name = format!("{}-{number}", object::name(set));
    let mut template = revision::template(revision);
    let mut spec = object::take(&mut template, &["spec"]).unwrap_or(json!({}));
    spec["hostname"] = name.as_str().into();
    if let Some(service) = object::text(set, &["spec", "serviceName"]).filter(|service| !service.is_empty()) {
        spec["subdomain"] = service.into();
    }
    let mut volumes = object::items(&spec, &["volumes"]).to_vec();
    for claim in object::items(set, &["spec", "volumeClaimTemplates"]) {
        let volume = object::name(claim);
        volumes.retain(|one| object::text(one, &["name"]) != Some(volume));
        let claim = claim_name(set, volume, number);
        volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}}));
    }
    if !volumes.is_empty() {
        spec["volumes"] = volumes.into();
    }
    let mut labels = object::at(&template, &["metadata", "labels"]).cloned().unwrap_or(json!({}));
    object::put(&mut labels, &["statefulset.kubernetes.io/pod-name"], name.as_str());
    object::put(&mut labels, &["apps.kubernetes.io/pod-index"], number.to_string());
    object::put(&mut labels, &[revision::HASH], object::name(revision));
    let mut metadata = json!({
        "name": name,
        "generateName": format!("{}-", object::name(set)),
        "labels": labels,
        "ownerReferences": [object::owner_reference(set)],
    });
    let annotations = object::at(&template, &["metadata", "annotations"]).cloned();
    object::put_or_take(&mut metadata, &["annotations"], annotations);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

fn claim_name(set: &Value, volume: &str, number: i64) -> String {
    format!("{volume}-{}-{number}", object::name(set))
}

/// The claims of a number.
pub(super) fn claims(set: &Value, number: i64) -> impl Iterator<Item = Value> {
    object::items(set, &["spec", "volumeClaimTemplates"]).iter().map(move |template| {
        let mut claim = template.clone();
        let name = claim_name(set, object::name(template), number);
        object::put(&mut claim, &["apiVersion"], "v1");
        object::put(&mut claim, &["kind"], "PersistentVolumeClaim");
        object::put(&mut claim, &["metadata", "name"], name);
        object::take(&mut claim, &["metadata", "namespace"]);
        object::take(&mut claim, &["status"]);
        // The set finds its claims again by the labels that its pods have.
        let selected = object::at(set, &["spec", "selector", "matchLabels"]).and_then(Value::as_object);
        for (key, value) in selected.into_iter().flatten() {
            object::put(&mut claim, &["metadata", "labels", key], value.clone());
        }
        claim
    })
}

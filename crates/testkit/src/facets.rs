//! What is looked at of an object: the facets of its kind.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use serde_json::Value;

use crate::chain::Seen;
use crate::condition;

/// The facets of an object, each by its name. `managers` are those whose claims the scenario is about.
pub(crate) fn of(
    word: &str,
    object: &Value,
    before: Option<&Seen>,
    managers: &[String],
) -> Vec<(&'static str, Seen)> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let count = |value: &Value| Seen::count(value.as_i64().unwrap_or(0));
    let mut facets = match word {
        "deployment" => vec![
            ("wants", count(&spec["replicas"])),
            ("ready", count(&status["readyReplicas"])),
            ("Progressing", condition_of(object, "Progressing")),
            ("Available", condition_of(object, "Available")),
            ("ReplicaFailure", condition_of(object, "ReplicaFailure")),
            ("content", digest(&object["spec"]["template"])),
        ],
        "replicaset" | "statefulset" => {
            vec![("wants", count(&spec["replicas"])), ("ready", count(&status["readyReplicas"]))]
        }
        "pod" => {
            vec![("life", life(object, before)), ("restarts", restarts(object)), ("labels", labels(object))]
        }
        "service" => vec![("selects", pairs(&spec["selector"])), ("content", digest(&spec["ports"]))],
        "job" => vec![
            ("suspended", flag(&spec["suspend"])),
            ("active", count(&status["active"])),
            ("succeeded", count(&status["succeeded"])),
            ("failed", count(&status["failed"])),
            ("conditions", conditions(object)),
        ],
        "cronjob" => vec![("suspended", flag(&spec["suspend"])), ("schedule", text(&spec["schedule"]))],
        "lease" => vec![
            ("holder", text(&spec["holderIdentity"])),
            ("changes hands", count(&spec["leaseTransitions"])),
        ],
        "autoscaler" => {
            let bounds = format!("{} to {}", spec["minReplicas"], spec["maxReplicas"]);
            vec![("bounds", Seen::Words(bounds)), ("target", text(&spec["scaleTargetRef"]["name"]))]
        }
        "budget" => vec![("lets go of", count(&status["disruptionsAllowed"]))],
        "claim" => vec![("phase", text(&status["phase"]))],
        _ => vec![("content", digest(&without_envelope(object)))],
    };
    if word != "pod" && !ending(object).is_empty() {
        // What a controller still says of an object that goes depends on which of the two is faster.
        facets.retain(|(name, _)| !REPORTED.contains(name));
    }
    facets.push(("managers", claims(object, managers)));
    if word != "pod" {
        facets.push(("deletion", Seen::Words(ending(object).to_owned())));
    }
    facets
}

/// Facets that a controller reports.
const REPORTED: [&str; 8] =
    ["ready", "Progressing", "Available", "ReplicaFailure", "active", "succeeded", "failed", "conditions"];

fn ending(object: &Value) -> &'static str {
    let ends = object["metadata"].get("deletionTimestamp").is_some_and(|time| !time.is_null());
    if ends { "asked for" } else { "" }
}

fn text(value: &Value) -> Seen {
    Seen::Words(value.as_str().unwrap_or_default().to_owned())
}

fn flag(value: &Value) -> Seen {
    Seen::Words(if value == true { "yes" } else { "" }.to_owned())
}

fn pairs(value: &Value) -> Seen {
    let mut pairs: Vec<String> = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    Seen::Words(pairs.join(","))
}

/// A pod's labels, without the hash that names its ReplicaSet and what controllers put there.
fn labels(object: &Value) -> Seen {
    let mut labels = object["metadata"]["labels"].clone();
    if let Some(labels) = labels.as_object_mut() {
        labels.retain(|key, _| {
            key != "pod-template-hash" && !key.contains("batch.kubernetes.io") && !labels_of_jobs(key)
        });
    }
    pairs(&labels)
}

fn labels_of_jobs(key: &str) -> bool {
    matches!(key, "controller-uid" | "job-name")
}

fn condition_of(object: &Value, kind: &str) -> Seen {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|condition| condition["type"] == kind);
    let told = found.map(|condition| {
        let reason = condition["reason"].as_str().unwrap_or_default();
        format!("{} {}", condition["status"].as_str().unwrap_or_default(), plain(reason))
    });
    Seen::Words(told.unwrap_or_default())
}

/// The reason of a condition. Whether a Deployment that goes on says last that it made a ReplicaSet or that this one changed
/// depends on which of the two controllers is faster.
pub(crate) fn plain(reason: &str) -> &str {
    if reason == "NewReplicaSetCreated" { "ReplicaSetUpdated" } else { reason }
}

/// The types of all conditions that hold, in the order of the alphabet.
fn conditions(object: &Value) -> Seen {
    let conditions = object["status"]["conditions"].as_array();
    let holding = conditions.into_iter().flatten().filter(|condition| condition["status"] == "True");
    let mut told: Vec<String> = holding
        .map(|condition| {
            let reason = condition["reason"].as_str().unwrap_or_default();
            let kind = condition["type"].as_str().unwrap_or_default();
            if reason.is_empty() { kind.to_owned() } else { format!("{kind} {reason}") }
        })
        .collect();
    told.sort();
    Seen::Words(told.join(", "))
}

/// Whether a pod's containers were started again; how often depends on how long one looks.
fn restarts(pod: &Value) -> Seen {
    let statuses = pod["status"]["containerStatuses"].as_array();
    let count: i64 =
        statuses.into_iter().flatten().filter_map(|status| status["restartCount"].as_i64()).sum();
    Seen::Words(if count == 0 { "none" } else { "some" }.to_owned())
}

/// Whether a pod will soon be in another state of its life by itself.
pub(crate) fn is_on_its_way(pod: &Value) -> bool {
    let Seen::Words(words) = life(pod, None) else { return false };
    matches!(words.as_str(), "created" | "bound" | "running" | "ending")
}

/// Where a pod is in its life. What only passes is told apart by the chain.
fn life(pod: &Value, before: Option<&Seen>) -> Seen {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    let statuses = ["initContainerStatuses", "containerStatuses"];
    let mut waiting = statuses
        .iter()
        .flat_map(|kind| pod["status"][kind].as_array())
        .flatten()
        .filter_map(|status| status["state"]["waiting"]["reason"].as_str())
        .filter(|reason| !matches!(*reason, "ContainerCreating" | "PodInitializing"));
    let was_ready = matches!(before, Some(Seen::Words(words)) if words == "ready" || words == "unready");
    let word = if !ending(pod).is_empty() {
        "ending".to_owned()
    } else if matches!(phase, "Succeeded" | "Failed") {
        phase.to_lowercase()
    } else if let Some(reason) = waiting.next() {
        format!("waits: {reason}")
    } else if condition::ready(pod) {
        "ready".to_owned()
    } else if was_ready {
        "unready".to_owned()
    } else if phase == "Running" {
        "running".to_owned()
    } else if pod["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty()) {
        "bound".to_owned()
    } else {
        "created".to_owned()
    };
    Seen::Words(word)
}

/// Who claims fields of the object, and how.
fn claims(object: &Value, managers: &[String]) -> Seen {
    let mut told: Vec<String> = object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| managers.iter().any(|manager| entry["manager"] == **manager))
        .map(|entry| {
            let word = |field: &str| entry[field].as_str().unwrap_or_default().to_lowercase();
            let part = word("subresource");
            let part = if part.is_empty() { part } else { format!(" {part}") };
            format!("{} ({}{part})", entry["manager"].as_str().unwrap_or_default(), word("operation"))
        })
        .collect();
    told.sort();
    told.dedup();
    Seen::Words(told.join(", "))
}

fn without_envelope(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|field, _| !matches!(field.as_str(), "metadata" | "status" | "apiVersion" | "kind"));
    }
    object
}

/// A number for a content; records number contents anew in the order seen, so that secrets stay secret.
fn digest(value: &Value) -> Seen {
    let mut hasher = DefaultHasher::new();
    sorted(value).hash(&mut hasher);
    Seen::Words(format!("content:{:016x}", hasher.finish()))
}

/// JSON with its fields in one order.
pub(crate) fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let told: Vec<String> =
                keys.iter().map(|key| format!("{key:?}:{}", sorted(&fields[*key]))).collect();
            format!("{{{}}}", told.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

//! What must hold after every run.

use rehearsal::Invariants;
use serde_json::{Value, json};
use voyage::Outcome;

/// What nobody made by hand, and what comes and goes by itself.
const BY_ITSELF: [&str; 8] = [
    "Pod",
    "ReplicaSet",
    "EndpointSlice",
    "Endpoints",
    "Event",
    "ControllerRevision",
    "Job",
    "ServiceAccount",
];
/// What the server counts and stamps.
const STAMPED: [&str; 5] = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"];

/// Objects as they are compared, and the labels of running pods: a label that was put on one must be gone as well.
pub(crate) fn essence(objects: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> = objects.iter().filter_map(of_object).collect();
    all.sort_by_cached_key(Value::to_string);
    all
}

fn of_object(object: &Value) -> Option<Value> {
    let kind = object["kind"].as_str().unwrap_or_default();
    if kind == "Pod" && object["metadata"].get("deletionTimestamp").is_none() {
        return Some(json!({"pod of": object["metadata"]["labels"]}));
    }
    if BY_ITSELF.contains(&kind) {
        return None;
    }
    let mut object = object.clone();
    object.as_object_mut()?.remove("status");
    let metadata = object["metadata"].as_object_mut()?;
    STAMPED.iter().for_each(|field| drop(metadata.remove(*field)));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        // The Deployment controller's own count.
        annotations.remove("deployment.kubernetes.io/revision");
    }
    if metadata.get("annotations").is_some_and(|own| *own == json!({})) {
        metadata.remove("annotations");
    }
    Some(object)
}

/// What is known at the end of a run.
pub(crate) struct Ends<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) again: &'a Outcome,
    pub(crate) before: &'a [Value],
    pub(crate) after: &'a [Value],
    pub(crate) invariants: Invariants,
    pub(crate) failed_requests: u64,
    pub(crate) drained: bool,
}

/// Everything that does not hold.
pub(crate) fn violations(ends: &Ends<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let Invariants { max_schedulers, jobs_lost, jobs_duplicated, .. } = ends.invariants;
    must(max_schedulers <= 1, format!("{max_schedulers} schedulers at once"));
    must(jobs_lost == 0, format!("{jobs_lost} jobs lost"));
    must(jobs_duplicated == 0, format!("{jobs_duplicated} jobs done twice"));
    must(ends.failed_requests == 0, format!("{} requests failed", ends.failed_requests));
    must(ends.drained, "jobs are left undone".to_owned());
    must(ends.outcome == ends.again, format!("{:?}, and asked for again {:?}", ends.outcome, ends.again));
    match ends.outcome {
        Outcome::RolledBack { .. } => {
            for (what, these, others) in
                [("is gone", ends.before, ends.after), ("is left", ends.after, ends.before)]
            {
                for object in these.iter().filter(|object| !others.contains(object)) {
                    must(false, format!("{} {what} or is otherwise: {object}", name(object)));
                }
            }
            must(ends.before.len() == ends.after.len(), "there are more or fewer objects".to_owned());
        }
        Outcome::Completed => {
            let blue = |object: &&Value| object["kind"] == "Deployment" && !name(object).contains("green-");
            must(!ends.after.iter().any(|object| blue(&object)), "a Deployment of blue is left".to_owned());
            must(!ends.after.iter().any(|object| object["kind"] == "Lease"), "a Lease is left".to_owned());
        }
        Outcome::Stopped { reason } => must(false, format!("stopped: {reason}")),
        Outcome::Failed { reason } => must(false, format!("failed: {reason}")),
    }
    wrong
}

fn name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("pod").to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

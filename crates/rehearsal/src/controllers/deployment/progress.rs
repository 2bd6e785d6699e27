//! How far a Deployment has come: its status.

use std::time::Duration;

use serde_json::{Value, json};

use super::fleet::{Fleet, counted, replicas};
use super::rolling;
use crate::api::{ApiError, Part, Write, object};
use crate::controllers::conditions::{self, Finding};
use crate::controllers::pods;

/// How long a Deployment may go without progress; none when it is not watched for it.
pub(super) fn deadline(deployment: &Value) -> Option<Duration> {
    let seconds = object::int(deployment, &["spec", "progressDeadlineSeconds"])?;
    (seconds != i64::from(i32::MAX)).then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Writes a finding among an object's conditions, with the time of this update.
pub(super) fn note(deployment: &mut Value, finding: &Finding, now: &str) {
    let mut conditions = object::items(deployment, &["status", "conditions"]).to_vec();
    set(&mut conditions, finding, now);
    object::put(deployment, &["status", "conditions"], conditions);
}

/// Sets a condition; a Deployment's also say when they were last updated.
fn set(conditions: &mut Vec<Value>, finding: &Finding, now: &str) {
    if conditions::set(conditions, finding, now)
        && let Some(condition) = conditions.last_mut()
    {
        condition["lastUpdateTime"] = now.into();
    }
}

/// Whether everything wished for is there, new and available, and nothing else.
pub(super) fn is_complete(deployment: &Value, status: &Value) -> bool {
    let wanted = replicas(deployment);
    let count = |what: &str| status.get(what).and_then(Value::as_i64).unwrap_or_default();
    let generation = object::int(deployment, &["metadata", "generation"]).unwrap_or_default();
    ["updatedReplicas", "replicas", "availableReplicas"].iter().all(|what| count(what) == wanted)
        && count("observedGeneration") >= generation
}

/// Says that a Deployment is paused, or is no longer, so that no deadline runs out meanwhile.
pub(super) fn mark_pause(fleet: &mut Fleet) -> Result<(), ApiError> {
    let deployment = &fleet.deployment;
    let reason = object::condition(deployment, "Progressing").and_then(|one| object::text(one, &["reason"]));
    if deadline(deployment).is_none() || reason == Some("ProgressDeadlineExceeded") {
        return Ok(());
    }
    let is_paused = object::at(deployment, &["spec", "paused"]) == Some(&Value::Bool(true));
    let finding = match (is_paused, reason == Some("DeploymentPaused")) {
        (true, false) => Finding::new("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"),
        (false, true) => Finding::new("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed"),
        _ => return Ok(()),
    };
    let now = fleet.now();
    let at = (object::namespace(deployment), object::name(deployment));
    let marked = fleet.store().change(fleet.kind, at, Part::Status, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        note(&mut new, &finding, &now);
        Ok(new)
    })?;
    fleet.deployment = marked;
    Ok(())
}

/// The status by what the ReplicaSets say.
fn reckoned(fleet: &Fleet) -> Value {
    let deployment = &fleet.deployment;
    let sum = |what: &str| -> i64 { fleet.all().map(|set| counted(set, what)).sum() };
    let size: i64 = fleet.all().map(|set| replicas(set)).sum();
    let available = sum("availableReplicas");
    let updated = fleet.new.as_ref().map(|new| counted(new, "replicas")).unwrap_or_default();
    let mut status = json!({});
    conditions::counts(
        &mut status,
        &[
            ("observedGeneration", object::int(deployment, &["metadata", "generation"]).unwrap_or_default()),
            ("replicas", sum("replicas")),
            ("updatedReplicas", updated),
            ("readyReplicas", sum("readyReplicas")),
            ("availableReplicas", available),
            ("unavailableReplicas", (size - available).max(0)),
        ],
    );
    status["terminatingReplicas"] = sum("terminatingReplicas").into();
    let mut conditions = object::items(deployment, &["status", "conditions"]).to_vec();
    let finding = if available >= rolling::fewest(fleet) {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    set(&mut conditions, &Finding::new("Available", finding.0, finding.1, finding.2), &fleet.now());
    status["conditions"] = conditions.into();
    conditions::counts(&mut status, &[("collisionCount", counted(deployment, "collisionCount"))]);
    status
}

/// Writes the status without a word on progress: nothing is being rolled out.
pub(super) fn status_only(fleet: &Fleet) -> Result<(), ApiError> {
    pods::set_status(fleet.store(), fleet.kind, &fleet.deployment, reckoned(fleet))
}

/// Writes the status of a rollout; tells when the deadline should be looked at.
pub(super) fn rollout(fleet: &Fleet) -> Result<Option<Duration>, ApiError> {
    let deployment = &fleet.deployment;
    let mut status = reckoned(fleet);
    let mut conditions = object::items(&status, &["conditions"]).to_vec();
    let before = object::condition(deployment, "Progressing");
    let count = |status: &Value, what: &str| object::int(status, &[what]).unwrap_or_default();
    let was_complete = count(&status, "replicas") == count(&status, "updatedReplicas")
        && before.and_then(|before| object::text(before, &["reason"])) == Some("NewReplicaSetAvailable");
    match deadline(deployment) {
        None => conditions::remove(&mut conditions, "Progressing"),
        // What was complete and is not any more (a pod fell ill) has no deadline until there is a new template.
        Some(_) if was_complete => {}
        Some(deadline) => progressing(fleet, &status, &mut conditions, deadline),
    }
    let failure = fleet.new.iter().chain(&fleet.old).find_map(|set| object::condition(set, "ReplicaFailure"));
    conditions_of_failure(&mut conditions, failure);
    status["conditions"] = conditions.into();
    let wait = until_deadline(fleet, &status);
    pods::set_status(fleet.store(), fleet.kind, deployment, status)?;
    Ok(wait)
}

/// What `Progressing` says of a rollout that is under way.
fn progressing(fleet: &Fleet, status: &Value, conditions: &mut Vec<Value>, deadline: Duration) {
    let deployment = &fleet.deployment;
    let now = fleet.now();
    let name = match &fleet.new {
        Some(new) => format!("ReplicaSet \"{}\"", object::name(new)),
        None => format!("Deployment \"{}\"", object::name(deployment)),
    };
    if is_complete(deployment, status) {
        let message = format!("{name} has successfully progressed.");
        set(conditions, &Finding::new("Progressing", "True", "NewReplicaSetAvailable", message), &now);
    } else if has_moved(deployment.get("status").unwrap_or(&Value::Null), status) {
        let finding =
            Finding::new("Progressing", "True", "ReplicaSetUpdated", format!("{name} is progressing."));
        // With the same reason too: each sign of progress is a new time of update.
        let kept = conditions::find(conditions, "Progressing").cloned();
        conditions::remove(conditions, "Progressing");
        set(conditions, &finding, &now);
        let kept = kept.filter(|kept| object::text(kept, &["status"]) == Some("True"));
        if let (Some(kept), Some(last)) = (kept, conditions.last_mut()) {
            last["lastTransitionTime"] = kept["lastTransitionTime"].clone();
        }
    } else if is_late(fleet, conditions, deadline) {
        let message = format!("{name} has timed out progressing.");
        set(conditions, &Finding::new("Progressing", "False", "ProgressDeadlineExceeded", message), &now);
    }
}

fn has_moved(before: &Value, after: &Value) -> bool {
    let count = |status: &Value, what: &str| object::int(status, &[what]).unwrap_or_default();
    let old = |status: &Value| count(status, "replicas") - count(status, "updatedReplicas");
    let more = |what: &str| count(after, what) > count(before, what);
    more("updatedReplicas") || old(after) < old(before) || more("readyReplicas") || more("availableReplicas")
}

fn is_late(fleet: &Fleet, conditions: &[Value], deadline: Duration) -> bool {
    let Some(condition) = conditions::find(conditions, "Progressing") else { return false };
    match object::text(condition, &["reason"]) {
        Some("NewReplicaSetAvailable") => false,
        Some("ProgressDeadlineExceeded") => true,
        _ => {
            let now = fleet.store().clock().now();
            object::age(condition, &["lastUpdateTime"], now).is_some_and(|age| age > deadline)
        }
    }
}

fn until_deadline(fleet: &Fleet, status: &Value) -> Option<Duration> {
    let deadline = deadline(&fleet.deployment)?;
    let condition = conditions::find(object::items(status, &["conditions"]), "Progressing")?;
    let is_late = object::text(condition, &["reason"]) == Some("ProgressDeadlineExceeded");
    if is_late || is_complete(&fleet.deployment, status) {
        return None;
    }
    let age = object::age(condition, &["lastUpdateTime"], fleet.store().clock().now()).unwrap_or_default();
    Some(deadline.saturating_sub(age) + Duration::from_secs(1))
}

/// A ReplicaSet that cannot make its pods is the Deployment's failure too.
fn conditions_of_failure(conditions: &mut Vec<Value>, failure: Option<&Value>) {
    let Some(failure) = failure else {
        conditions::remove(conditions, "ReplicaFailure");
        return;
    };
    let same = |field: &str, one: &Value| one.get(field) == failure.get(field);
    let known = conditions::find(conditions, "ReplicaFailure");
    if known.is_some_and(|known| same("status", known) && same("reason", known)) {
        return;
    }
    let mut condition = failure.clone();
    condition["lastUpdateTime"] = failure["lastTransitionTime"].clone();
    conditions::remove(conditions, "ReplicaFailure");
    conditions.push(condition);
}

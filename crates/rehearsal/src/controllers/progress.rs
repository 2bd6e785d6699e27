//! How far a Deployment has come: its status.

use std::time::Duration;

use serde_json::{Value, json};

use super::deployment::{Fleet, counted};
use super::{pods, rollout};
use crate::api::{ApiError, Kind, Store, object};

/// A condition's `status`, `reason` and `message`.
type Finding = (&'static str, &'static str, String);

/// Writes the status; tells when the deadline should be looked at.
pub(super) fn report(store: &Store, kind: &Kind, fleet: &Fleet) -> Result<Option<Duration>, ApiError> {
    let deployment = &fleet.deployment;
    let sum = |what: &str| -> i64 { fleet.all().map(|set| counted(set, what)).sum() };
    let updated = fleet.new.as_ref().map(|new| counted(new, "replicas")).unwrap_or_default();
    let (total, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let mut status = json!({
        "observedGeneration": object::int(deployment, &["metadata", "generation"]).unwrap_or_default(),
        "replicas": total,
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": available,
        "unavailableReplicas": (fleet.wanted() - available).max(0),
    });
    let now = object::timestamp(store.clock().now());
    let enough = available >= rollout::fewest(fleet);
    let availability = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.".to_owned())
    };
    let wanted = fleet.wanted();
    let is_complete = updated == wanted && total == wanted && available >= wanted && fleet.new.is_some();
    let before = object::condition(deployment, "Progressing");
    let (finding, moved, wait) = advance(store, fleet, is_complete, (updated, total, ready, available));
    let progressing = condition("Progressing", before, finding, &now, moved);
    let available =
        condition("Available", object::condition(deployment, "Available"), availability, &now, false);
    let known = ["Progressing", "Available"];
    let others = object::items(deployment, &["status", "conditions"]);
    let others =
        others.iter().filter(|one| !known.contains(&object::text(one, &["type"]).unwrap_or_default()));
    status["conditions"] = [available, progressing].into_iter().chain(others.cloned()).collect();
    pods::set_status(store, kind, deployment, status)?;
    Ok(wait)
}

/// What `Progressing` says, whether something moved since it was last written, and how long to wait for the
/// deadline.
fn advance(
    store: &Store,
    fleet: &Fleet,
    is_complete: bool,
    (updated, total, ready, available): (i64, i64, i64, i64),
) -> (Finding, bool, Option<Duration>) {
    let deployment = &fleet.deployment;
    let set = fleet.new.as_ref().map(|new| object::name(new)).unwrap_or_default();
    if is_complete {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        return (("True", "NewReplicaSetAvailable", message), false, None);
    }
    let before = object::condition(deployment, "Progressing");
    let reason = before.and_then(|before| object::text(before, &["reason"])).unwrap_or_default();
    let old = |total: i64, updated: i64| total - updated;
    let moved = updated > counted(deployment, "updatedReplicas")
        || ready > counted(deployment, "readyReplicas")
        || available > counted(deployment, "availableReplicas")
        || old(total, updated) < old(counted(deployment, "replicas"), counted(deployment, "updatedReplicas"));
    let seconds = object::int(deployment, &["spec", "progressDeadlineSeconds"]).unwrap_or(600);
    let deadline = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let generation = object::int(deployment, &["metadata", "generation"]);
    let is_news = generation != object::int(deployment, &["status", "observedGeneration"]);
    let waited = before.and_then(|before| object::age(before, &["lastUpdateTime"], store.clock().now()));
    let is_late = reason == "ProgressDeadlineExceeded" || waited.is_some_and(|waited| waited > deadline);
    if is_late && !moved && !is_news && reason != "NewReplicaSetAvailable" {
        let message = format!("ReplicaSet \"{set}\" has timed out progressing.");
        return (("False", "ProgressDeadlineExceeded", message), false, None);
    }
    // What was complete and is not any more (a pod fell ill) has no deadline until there is a new template.
    if reason == "NewReplicaSetAvailable" && !is_news && !moved {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        return (("True", "NewReplicaSetAvailable", message), false, None);
    }
    let message = format!("ReplicaSet \"{set}\" is progressing.");
    let left =
        deadline.saturating_sub(if moved || is_news { Duration::ZERO } else { waited.unwrap_or_default() });
    (("True", "ReplicaSetUpdated", message), moved || is_news, Some(left + Duration::from_secs(1)))
}

/// A condition that keeps its times while it says the same.
fn condition(kind: &str, before: Option<&Value>, finding: Finding, now: &str, moved: bool) -> Value {
    let (status, reason, message) = finding;
    let same =
        |field: &str, value: &str| before.is_some_and(|before| object::text(before, &[field]) == Some(value));
    let time = |field: &str, kept: bool| {
        let kept = before.filter(|_| kept).and_then(|before| object::text(before, &[field]));
        kept.unwrap_or(now).to_owned()
    };
    json!({
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": time("lastUpdateTime", same("status", status) && same("reason", reason) && !moved),
        "lastTransitionTime": time("lastTransitionTime", same("status", status)),
    })
}

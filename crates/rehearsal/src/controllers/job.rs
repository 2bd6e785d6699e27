//! Job: pods that run to their end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Store, object};

/// What a Job waits after its first failed pod; doubled with each further one.
const BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    kind: ("batch/v1", "Job"),
    hears: &[("v1", "Pod")],
    concerns: |_, pod| pods::managed_by(pod, "Job").into_iter().collect(),
    step,
};

/// Where a Job stands.
struct Standing {
    active: Vec<Arc<Value>>,
    succeeded: i64,
    failed: i64,
    /// Containers started again within pods that are to restart on failure.
    restarts: i64,
    last_failure: Option<Duration>,
}

fn step(store: &Store, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(job) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let pod = store.kind("v1", "Pod")?;
    if is_over(&job) {
        return clear_away(store, kind, &job);
    }
    if object::is_deleting(&job) {
        return Ok(None);
    }
    let standing = Standing::of(store, &pod, &job)?;
    let number = |field: &str, default: i64| object::int(&job, &["spec", field]).unwrap_or(default);
    let completions = number("completions", 1);
    let age = object::age(&job, &["status", "startTime"], store.clock().now()).unwrap_or_default();
    let limit =
        object::int(&job, &["spec", "activeDeadlineSeconds"]).and_then(|limit| u64::try_from(limit).ok());
    let limit = limit.map(Duration::from_secs);
    if standing.succeeded >= completions {
        return end(
            store,
            kind,
            &job,
            &standing,
            ("Complete", "CompletionsReached", "Reached expected number of succeeded pods"),
        );
    }
    if standing.failed + standing.restarts > number("backoffLimit", 6) {
        let why = ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        return end(store, kind, &job, &standing, why);
    }
    if limit.is_some_and(|limit| age >= limit) {
        let why = ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline");
        return end(store, kind, &job, &standing, why);
    }
    if object::at(&job, &["spec", "suspend"]) == Some(&Value::Bool(true)) {
        standing.active.iter().try_for_each(|one| pods::delete(store, &pod, one))?;
        report(store, kind, &job, &standing, Some(("Suspended", "JobSuspended", "Job suspended")))?;
        return Ok(None);
    }
    let wait = standing.back_off();
    let active = i64::try_from(standing.active.len()).unwrap_or(i64::MAX);
    let missing = (completions - standing.succeeded).min(number("parallelism", 1)) - active;
    if wait.is_zero() {
        (0..missing).try_for_each(|_| pods::create(store, &pod, &job))?;
    }
    let standing = if missing > 0 { Standing::of(store, &pod, &job)? } else { standing };
    report(store, kind, &job, &standing, None)?;
    let left = limit.map(|limit| limit.saturating_sub(age));
    Ok(left.into_iter().chain((!wait.is_zero() && missing > 0).then_some(wait)).min())
}

impl Standing {
    fn of(store: &Store, pod: &Kind, job: &Value) -> Result<Self, ApiError> {
        let managed = pods::managed(store, pod, job)?;
        let phase = |wanted: &str| {
            let count =
                managed.iter().filter(|pod| object::text(pod, &["status", "phase"]) == Some(wanted)).count();
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        let now = store.clock().now();
        let failures = managed.iter().filter(|pod| object::text(pod, &["status", "phase"]) == Some("Failed"));
        let last_failure = failures.filter_map(|pod| ended(pod, now)).min();
        // What was counted once stays counted, though its pod be deleted.
        let counted = |what: &str| object::int(job, &["status", what]).unwrap_or_default();
        let (succeeded, failed) =
            (phase("Succeeded").max(counted("succeeded")), phase("Failed").max(counted("failed")));
        let active: Vec<_> = managed.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        let restarts = active.iter().flat_map(|pod| object::items(pod, &["status", "containerStatuses"]));
        let restarts = restarts.filter_map(|one| object::int(one, &["restartCount"])).sum();
        Ok(Self { active, succeeded, failed, restarts, last_failure })
    }

    /// How much longer the next pod must wait for the last failure's sake.
    fn back_off(&self) -> Duration {
        let (Some(since), true) = (self.last_failure, self.failed > 0) else { return Duration::ZERO };
        let doubled = u32::try_from(self.failed - 1).unwrap_or_default().min(6);
        (BACK_OFF * 2u32.pow(doubled)).min(LONGEST_BACK_OFF).saturating_sub(since)
    }
}

/// How long ago a pod's containers ended.
fn ended(pod: &Value, now: std::time::SystemTime) -> Option<Duration> {
    let statuses = object::items(pod, &["status", "containerStatuses"]);
    let ends =
        statuses.iter().filter_map(|one| object::age(one, &["state", "terminated", "finishedAt"], now));
    ends.min().or_else(|| object::age(pod, &["metadata", "creationTimestamp"], now))
}

fn is_over(job: &Value) -> bool {
    object::holds(job, "Complete") || object::holds(job, "Failed")
}

fn end(
    store: &Store,
    kind: &Kind,
    job: &Value,
    standing: &Standing,
    why: (&str, &str, &str),
) -> Result<Option<Duration>, ApiError> {
    let pod = store.kind("v1", "Pod")?;
    standing.active.iter().try_for_each(|one| pods::delete(store, &pod, one))?;
    let standing = Standing { active: Vec::new(), ..*standing };
    report(store, kind, job, &standing, Some(why))?;
    Ok(None)
}

/// Deletes what has outlived its use.
fn clear_away(store: &Store, kind: &Kind, job: &Value) -> Result<Option<Duration>, ApiError> {
    let Some(seconds) = object::int(job, &["spec", "ttlSecondsAfterFinished"]) else { return Ok(None) };
    let keep = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let over = object::condition(job, "Complete").or_else(|| object::condition(job, "Failed"));
    let age = over.and_then(|over| object::age(over, &["lastTransitionTime"], store.clock().now()));
    let left = keep.saturating_sub(age.unwrap_or_default());
    if left.is_zero() {
        pods::delete(store, kind, job)?;
        return Ok(None);
    }
    Ok(Some(left))
}

fn report(
    store: &Store,
    kind: &Kind,
    job: &Value,
    standing: &Standing,
    finding: Option<(&str, &str, &str)>,
) -> Result<(), ApiError> {
    let now = object::timestamp(store.clock().now());
    let ready = standing.active.iter().filter(|pod| pods::is_ready(pod)).count();
    let mut status = json!({
        "active": standing.active.len(),
        "ready": ready,
        "succeeded": standing.succeeded,
        "failed": standing.failed,
    });
    let started = object::text(job, &["status", "startTime"]).unwrap_or(&now);
    let is_suspended = finding.is_some_and(|(condition, ..)| condition == "Suspended");
    if !is_suspended {
        status["startTime"] = started.into();
    }
    let mut conditions: Vec<Value> = object::items(job, &["status", "conditions"]).to_vec();
    if !is_suspended {
        conditions.retain(|one| object::text(one, &["type"]) != Some("Suspended"));
    }
    if let Some((condition, reason, message)) =
        finding.filter(|(condition, ..)| !object::holds(job, condition))
    {
        conditions.push(json!({"type": condition, "status": "True", "reason": reason, "message": message,
            "lastProbeTime": now, "lastTransitionTime": now}));
        if condition == "Complete" {
            status["completionTime"] = now.as_str().into();
        }
    }
    if !conditions.is_empty() {
        status["conditions"] = conditions.into();
    }
    pods::set_status(store, kind, job, status)
}

//! What a Job's pods add up to. Pods that ended are counted once: their uid is written into the status first,
//! then their finalizer comes off, then they are a number.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::policy::{self, Verdict};
use crate::api::{ApiError, Kind, Part, Store, Write, object};
use crate::controllers::pods;

/// The finalizer that keeps a pod until its Job has counted it.
pub(super) const TRACKED: &str = "batch.kubernetes.io/job-tracking";

/// What a Job waits after its first failed pod; doubled with each further one.
const BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

/// A Job's pods.
pub(super) struct Reckoning {
    pub(super) pods: Vec<Arc<Value>>,
    pub(super) active: Vec<Arc<Value>>,
    pub(super) succeeded: i64,
    pub(super) failed: i64,
}

fn phase(pod: &Value) -> &str {
    object::text(pod, &["status", "phase"]).unwrap_or_default()
}

/// Whether a pod counts as failed: one that is taken away before its end does, unless only pods that have
/// really failed are to be replaced.
pub(super) fn is_failed(job: &Value, pod: &Value) -> bool {
    let waits_for_end = object::text(job, &["spec", "podReplacementPolicy"]) == Some("Failed")
        || object::at(job, &["spec", "podFailurePolicy"]).is_some_and(Value::is_object);
    phase(pod) == "Failed" || (!waits_for_end && object::is_deleting(pod) && phase(pod) != "Succeeded")
}

/// Whether a failed pod counts towards the limit.
pub(super) fn counts(job: &Value, pod: &Value) -> bool {
    policy::judge(job, pod) != Verdict::Ignored
}

/// The uids in `status.uncountedTerminatedPods`.
pub(super) fn uncounted<'a>(status: &'a Value, what: &str) -> &'a [Value] {
    object::items(status, &["uncountedTerminatedPods", what])
}

fn is_uncounted(status: &Value, pod: &Value) -> bool {
    ["succeeded", "failed"]
        .iter()
        .any(|what| uncounted(status, what).iter().any(|uid| uid == object::uid(pod)))
}

impl Reckoning {
    pub(super) fn of(store: &Store, pod: &Kind, job: &Value) -> Result<Self, ApiError> {
        let pods = pods::managed(store, pod, job)?;
        let active: Vec<_> = pods.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
        let status = job.get("status").unwrap_or(&Value::Null);
        let fresh = |is: &dyn Fn(&Value) -> bool| {
            let fresh =
                pods.iter().filter(|pod| object::has_finalizer(pod, TRACKED) && !is_uncounted(status, pod));
            i64::try_from(fresh.filter(|pod| is(pod)).count()).unwrap_or(i64::MAX)
        };
        let total = |what: &str| {
            let waiting = i64::try_from(uncounted(status, what).len()).unwrap_or(i64::MAX);
            object::int(status, &[what]).unwrap_or_default() + waiting
        };
        let succeeded = total("succeeded") + fresh(&|pod| phase(pod) == "Succeeded");
        let failed = total("failed") + fresh(&|pod| is_failed(job, pod) && counts(job, pod));
        Ok(Self { pods, active, succeeded, failed })
    }

    pub(super) fn ready(&self) -> usize {
        self.active.iter().filter(|pod| pods::is_ready(pod)).count()
    }

    /// The pods that are on their way out.
    pub(super) fn terminating(&self) -> usize {
        self.pods.iter().filter(|pod| object::is_deleting(pod) && !pods::is_finished(pod)).count()
    }

    /// Containers started again within pods that are to restart on failure: whether they are too many.
    pub(super) fn is_past_limit(&self, job: &Value) -> bool {
        if object::text(job, &["spec", "template", "spec", "restartPolicy"]) != Some("OnFailure") {
            return false;
        }
        let running = self.pods.iter().filter(|pod| matches!(phase(pod), "Running" | "Pending"));
        let restarts: i64 = running
            .flat_map(|pod| {
                let lists = ["initContainerStatuses", "containerStatuses"];
                lists.into_iter().flat_map(|list| object::items(pod, &["status", list]))
            })
            .filter_map(|one| object::int(one, &["restartCount"]))
            .sum();
        let limit = object::int(job, &["spec", "backoffLimit"]).unwrap_or(6);
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    /// Why the policy says that the whole Job has failed, if it does.
    pub(super) fn verdict(&self, job: &Value) -> Option<String> {
        self.pods.iter().filter(|pod| is_failed(job, pod)).find_map(|pod| match policy::judge(job, pod) {
            Verdict::FailsJob(why) => Some(why),
            Verdict::Counts | Verdict::Ignored => None,
        })
    }

    /// How much longer the next pod must wait for the sake of the failures since the last success.
    pub(super) fn back_off(&self, job: &Value, now: SystemTime) -> Duration {
        let ends = |is: &dyn Fn(&Value) -> bool| -> Vec<SystemTime> {
            self.pods.iter().filter(|pod| is(pod)).map(|pod| ended(pod)).collect()
        };
        let success = ends(&|pod| phase(pod) == "Succeeded").into_iter().max();
        let mut failures = ends(&|pod| is_failed(job, pod));
        failures.retain(|end| success.is_none_or(|success| *end > success));
        let (Some(last), Ok(count)) = (failures.iter().max(), u32::try_from(failures.len())) else {
            return Duration::ZERO;
        };
        let wait = (BACK_OFF * 2u32.pow(count.saturating_sub(1).min(6))).min(LONGEST_BACK_OFF);
        wait.saturating_sub(now.duration_since(*last).unwrap_or_default())
    }
}

/// When a pod ended, as far as can be told.
fn ended(pod: &Value) -> SystemTime {
    let time = |value: &Value, path: &[&str]| object::text(value, path).and_then(object::time);
    let statuses = object::items(pod, &["status", "containerStatuses"]);
    let ends: Vec<_> =
        statuses.iter().filter_map(|one| time(one, &["state", "terminated", "finishedAt"])).collect();
    let by_containers = ends.iter().max().filter(|_| ends.len() == statuses.len()).copied();
    let by_condition = || {
        let ready = object::condition(pod, "Ready");
        let unready = ready.filter(|one| object::text(one, &["status"]) == Some("False"));
        unready.and_then(|one| time(one, &["lastTransitionTime"]))
    };
    let by_deletion = || {
        let grace = object::int(pod, &["metadata", "deletionGracePeriodSeconds"]).unwrap_or_default();
        let grace = Duration::from_secs(u64::try_from(grace).unwrap_or_default());
        time(pod, &["metadata", "deletionTimestamp"])?.checked_sub(grace)
    };
    by_containers
        .or_else(by_condition)
        .or_else(by_deletion)
        .or_else(|| time(pod, &["metadata", "creationTimestamp"]))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Writes the uids of pods that have ended into the status. Gives the pods whose finalizer may come off then,
/// and whether the status changed.
pub(super) fn collect(
    reckoning: &Reckoning,
    job: &Value,
    status: &mut Value,
    (is_over, is_success): (bool, bool),
) -> (Vec<Arc<Value>>, bool) {
    let mut released = Vec::new();
    let mut changed = false;
    for pod in reckoning.pods.iter().filter(|pod| object::has_finalizer(pod, TRACKED)) {
        let has_failed = is_failed(job, pod);
        let has_succeeded = phase(pod) == "Succeeded";
        if !(has_failed || has_succeeded || is_over || object::is_deleting(job)) {
            continue;
        }
        released.push(Arc::clone(pod));
        let list = if has_succeeded {
            "succeeded"
        } else if has_failed || (is_over && !is_success) {
            "failed"
        } else {
            continue;
        };
        if !is_uncounted(status, pod) && (has_succeeded || counts(job, pod)) {
            let mut uids = uncounted(status, list).to_vec();
            uids.push(object::uid(pod).into());
            object::put(status, &["uncountedTerminatedPods", list], uids);
            changed = true;
        }
    }
    (released, changed)
}

/// Takes the finalizer off a pod.
pub(super) fn release(store: &Store, kind: &Kind, pod: &Value) -> Result<(), ApiError> {
    let at = (object::namespace(pod), object::name(pod));
    let released = store.change(kind, at, Part::Whole, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        let mut finalizers = object::items(live, &["metadata", "finalizers"]).to_vec();
        finalizers.retain(|one| one != TRACKED);
        let finalizers = (!finalizers.is_empty()).then_some(Value::Array(finalizers));
        object::put_or_take(&mut new, &["metadata", "finalizers"], finalizers);
        Ok(new)
    });
    match released {
        Ok(_) | Err(ApiError::NotFound(_)) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Turns the uids into numbers. Tells whether there were any.
pub(super) fn settle(status: &mut Value) -> bool {
    let mut changed = false;
    for what in ["succeeded", "failed"] {
        let waiting = i64::try_from(uncounted(status, what).len()).unwrap_or(i64::MAX);
        if waiting > 0 {
            changed = true;
            status[what] = (object::int(status, &[what]).unwrap_or_default() + waiting).into();
        }
    }
    status["uncountedTerminatedPods"] = json!({});
    changed
}

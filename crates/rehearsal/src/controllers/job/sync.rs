//! One step for one Job.

use std::time::Duration;

use serde_json::{Value, json};

use super::reckoning::{self, Reckoning, TRACKED};
use crate::api::{ApiError, Key, Kind, Propagation, object};
use crate::controllers::conditions::{self, Finding};
use crate::controllers::desk::Desk;
use crate::controllers::worker::Duty;
use crate::controllers::{pods, replicaset};

/// What this controller does.
pub(in crate::controllers) const DUTY: Duty = Duty {
    name: "job-controller",
    kind: ("batch/v1", "Job"),
    hears: &[("v1", "Pod")],
    concerns: |_, pod| pods::managed_by(pod, "Job").into_iter().collect(),
    step,
};

/// One look at a Job, as far as it has come.
struct Look<'a> {
    desk: &'a Desk,
    kind: &'a Kind,
    pod: &'a Kind,
    job: &'a Value,
    reckoning: Reckoning,
    /// The status as it will be written.
    status: Value,
    /// What the Job has come to, if it is over.
    end: Option<Finding>,
    /// When to look again.
    wait: Option<Duration>,
    active: usize,
    ready: usize,
    terminating: usize,
}

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let pod = desk.store.kind("v1", "Pod")?;
    let Ok(job) = desk.store.get(kind, &key.namespace, &key.name) else {
        return release_orphans(desk, &pod, key).map(|()| None);
    };
    if object::holds(&job, "Complete") || object::holds(&job, "Failed") {
        return clear_away(desk, kind, &job);
    }
    let reckoning = Reckoning::of(&desk.store, &pod, &job)?;
    let mut status = job.get("status").cloned().filter(Value::is_object).unwrap_or(json!({}));
    let now = object::timestamp(desk.store.clock().now());
    if object::text(&status, &["startTime"]).is_none() && !is_suspended(&job) {
        status["startTime"] = now.into();
    }
    let (active, ready, terminating) = (reckoning.active.len(), reckoning.ready(), reckoning.terminating());
    let mut look = Look {
        desk,
        kind,
        pod: &pod,
        job: &job,
        reckoning,
        status,
        end: None,
        wait: None,
        active,
        ready,
        terminating,
    };
    look.judge();
    let managed = look.manage();
    look.track()?;
    managed.map(|()| look.wait)
}

fn is_suspended(job: &Value) -> bool {
    object::at(job, &["spec", "suspend"]) == Some(&Value::Bool(true))
}

/// Pods whose Job is gone are not held back for it any more.
fn release_orphans(desk: &Desk, pod: &Kind, key: &Key) -> Result<(), ApiError> {
    for one in desk.store.list(pod, Some(&key.namespace)) {
        if object::has_finalizer(&one, TRACKED) && pods::managed_by(&one, "Job").as_ref() == Some(key) {
            reckoning::release(&desk.store, pod, &one)?;
        }
    }
    Ok(())
}

impl Look<'_> {
    fn now(&self) -> String {
        object::timestamp(self.desk.store.clock().now())
    }

    /// Whether the Job is over, and how. What was found once stays found.
    fn judge(&mut self) {
        let job = self.job;
        let found = ["SuccessCriteriaMet", "FailureTarget"].into_iter().find(|kind| object::holds(job, kind));
        if let Some(kind) = found {
            let condition = object::condition(job, kind).cloned().unwrap_or_default();
            let text = |field: &str| object::text(&condition, &[field]).unwrap_or_default().to_owned();
            self.end = Some(Finding::new(kind, "True", reason(&text("reason")), text("message")));
            return;
        }
        let limit = object::int(job, &["spec", "backoffLimit"]).unwrap_or(6);
        let fails = |reason: &'static str, message: String| {
            Some(Finding::new("FailureTarget", "True", reason, message))
        };
        if let Some(why) = self.reckoning.verdict(job) {
            self.end = fails("PodFailurePolicy", why);
        } else if self.reckoning.failed > limit || self.reckoning.is_past_limit(job) {
            let message = "Job has reached the specified backoff limit";
            self.end = fails("BackoffLimitExceeded", message.to_owned());
        } else if let Some(left) = self.until_deadline() {
            if left.is_zero() {
                let message = "Job was active longer than specified deadline";
                self.end = fails("DeadlineExceeded", message.to_owned());
            } else {
                self.wait = Some(left);
            }
        }
    }

    /// How much longer the Job may be active, if it has a deadline.
    fn until_deadline(&self) -> Option<Duration> {
        let limit = object::int(self.job, &["spec", "activeDeadlineSeconds"])?;
        if is_suspended(self.job) {
            return None;
        }
        let age = object::age(&self.status, &["startTime"], self.desk.store.clock().now());
        let limit = Duration::from_secs(u64::try_from(limit).unwrap_or_default());
        Some(limit.saturating_sub(age.unwrap_or_default()))
    }

    /// Makes and deletes pods as the Job needs them, and says whether it is suspended.
    fn manage(&mut self) -> Result<(), ApiError> {
        if self.end.is_some() {
            let active = std::mem::take(&mut self.reckoning.active);
            return active.iter().try_for_each(|pod| self.dismiss(pod));
        }
        let managed = if object::is_deleting(self.job) { Ok(()) } else { self.resize() };
        let completions = object::int(self.job, &["spec", "completions"]);
        let is_complete = self.active == 0
            && match completions {
                Some(completions) => self.reckoning.succeeded >= completions,
                None => self.reckoning.succeeded > 0,
            };
        if is_complete {
            let message = "Reached expected number of succeeded pods";
            self.end = Some(Finding::new("SuccessCriteriaMet", "True", "CompletionsReached", message));
        } else if !object::is_deleting(self.job) {
            self.mark_suspension();
        }
        managed
    }

    fn resize(&mut self) -> Result<(), ApiError> {
        let parallelism = object::int(self.job, &["spec", "parallelism"]).unwrap_or(1);
        let wanted = match object::int(self.job, &["spec", "completions"]) {
            _ if is_suspended(self.job) => 0,
            Some(completions) => (completions - self.reckoning.succeeded).min(parallelism),
            None if self.reckoning.succeeded > 0 => i64::try_from(self.active).unwrap_or(i64::MAX),
            None => parallelism,
        };
        let wanted = usize::try_from(wanted).unwrap_or_default();
        if self.active > wanted {
            let now = self.desk.store.clock().now();
            let mut active = self.reckoning.active.clone();
            active
                .sort_by(|one, other| replicaset::worth(one, other, &std::collections::BTreeMap::new(), now));
            let surplus = self.active - wanted;
            return active.iter().take(surplus).try_for_each(|pod| self.dismiss(pod));
        }
        let only_failed = object::text(self.job, &["spec", "podReplacementPolicy"]) == Some("Failed");
        let held = if only_failed { self.terminating } else { 0 };
        let missing = wanted.saturating_sub(self.active + held);
        if missing == 0 || is_suspended(self.job) {
            return Ok(());
        }
        let wait = self.reckoning.back_off(self.job, self.desk.store.clock().now());
        if !wait.is_zero() {
            self.wait = self.wait.into_iter().chain([wait]).min();
            return Ok(());
        }
        for _ in 0..missing {
            let mut pod = pods::drafted(self.job);
            let mut finalizers = object::items(&pod, &["metadata", "finalizers"]).to_vec();
            finalizers.push(TRACKED.into());
            object::put(&mut pod, &["metadata", "finalizers"], finalizers);
            pods::create(self.desk, self.pod, self.job, pod)?;
            self.active += 1;
        }
        Ok(())
    }

    fn dismiss(&mut self, pod: &Value) -> Result<(), ApiError> {
        pods::dismiss(self.desk, self.pod, self.job, pod)?;
        self.active -= 1;
        self.terminating += 1;
        if pods::is_ready(pod) {
            self.ready -= 1;
        }
        Ok(())
    }

    fn mark_suspension(&mut self) {
        let known = object::holds(self.job, "Suspended");
        let now = self.now();
        let finding = match (is_suspended(self.job), known) {
            (true, false) => Finding::new("Suspended", "True", "JobSuspended", "Job suspended"),
            (false, true) => Finding::new("Suspended", "False", "JobResumed", "Job resumed"),
            _ => return,
        };
        self.put(&finding);
        if known {
            self.status["startTime"] = now.into();
            self.desk.note(self.job, "Resumed", &finding.message);
        } else {
            self.desk.note(self.job, "Suspended", &finding.message);
        }
    }

    fn put(&mut self, finding: &Finding) {
        let now = self.now();
        let mut conditions = object::items(&self.status, &["conditions"]).to_vec();
        if conditions::set(&mut conditions, finding, &now)
            && let Some(condition) = conditions.last_mut()
        {
            condition["lastProbeTime"] = now.into();
        }
        self.status["conditions"] = conditions.into();
    }

    /// Counts the pods that ended, in three writes that can be cut off anywhere, and ends the Job when
    /// nothing of it is left.
    fn track(&mut self) -> Result<(), ApiError> {
        let is_success = self.end.as_ref().is_some_and(|end| end.kind == "SuccessCriteriaMet");
        let is_over = self.end.is_some();
        if let Some(end) = self.end.clone() {
            self.put(&end);
        }
        self.count();
        let (released, _) =
            reckoning::collect(&self.reckoning, self.job, &mut self.status, (is_over, is_success));
        self.write()?;
        released.iter().try_for_each(|pod| reckoning::release(&self.desk.store, self.pod, pod))?;
        reckoning::settle(&mut self.status);
        let end = self.end.clone().filter(|_| self.terminating == 0);
        if let Some(end) = &end {
            let kind = if is_success { "Complete" } else { "Failed" };
            self.put(&Finding { kind, ..end.clone() });
            if is_success {
                self.status["completionTime"] = self.now().into();
            }
        }
        self.write()?;
        match end {
            Some(_) if is_success => self.desk.note(self.job, "Completed", "Job completed"),
            Some(end) => self.desk.warn(self.job, end.reason, &end.message),
            None => {}
        }
        Ok(())
    }

    fn count(&mut self) {
        for count in ["active", "succeeded", "failed"] {
            if object::int(&self.status, &[count]).is_some_and(|count| count == 0) {
                object::take(&mut self.status, &[count]);
            }
        }
        object::take(&mut self.status, &["active"]);
        let active = i64::try_from(self.active).unwrap_or(i64::MAX);
        conditions::counts(&mut self.status, &[("active", active)]);
        self.status["ready"] = self.ready.into();
        self.status["terminating"] = self.terminating.into();
        object::put_default(&mut self.status, &["uncountedTerminatedPods"], json!({}));
    }

    fn write(&mut self) -> Result<(), ApiError> {
        let live = match self.desk.store.get(self.kind, object::namespace(self.job), object::name(self.job)) {
            Ok(live) => live,
            Err(_) => return Ok(()),
        };
        pods::set_status(&self.desk.store, self.kind, &live, self.status.clone())
    }
}

/// A reason as the controller knows it.
fn reason(text: &str) -> &'static str {
    ["PodFailurePolicy", "BackoffLimitExceeded", "DeadlineExceeded"]
        .into_iter()
        .find(|one| *one == text)
        .unwrap_or("CompletionsReached")
}

/// Deletes what has outlived its use, as the TTL controller does.
fn clear_away(desk: &Desk, kind: &Kind, job: &Value) -> Result<Option<Duration>, ApiError> {
    let Some(seconds) = object::int(job, &["spec", "ttlSecondsAfterFinished"]) else { return Ok(None) };
    if object::is_deleting(job) {
        return Ok(None);
    }
    let keep = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let over = object::condition(job, "Complete").or_else(|| object::condition(job, "Failed"));
    let age = over.and_then(|over| object::age(over, &["lastTransitionTime"], desk.store.clock().now()));
    let left = keep.saturating_sub(age.unwrap_or_default());
    if left.is_zero() {
        pods::delete_with(&desk.store, kind, job, Propagation::Foreground)?;
        return Ok(None);
    }
    Ok(Some(left))
}

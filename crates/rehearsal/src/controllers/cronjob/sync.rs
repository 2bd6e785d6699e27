//! One step for one CronJob.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::schedule::Schedule;
use crate::api::{ApiError, Key, Kind, Write, object};
use crate::controllers::desk::Desk;
use crate::controllers::pods;
use crate::controllers::worker::Duty;

/// More missed times than this are told of.
const MANY: u64 = 100;

/// What this controller does.
pub(in crate::controllers) const DUTY: Duty = Duty {
    name: "cronjob-controller",
    kind: ("batch/v1", "CronJob"),
    hears: &[("batch/v1", "Job")],
    concerns: |_, job| pods::managed_by(job, "CronJob").into_iter().collect(),
    step,
};

/// One look at a CronJob.
struct Look<'a> {
    desk: &'a Desk,
    kind: Arc<Kind>,
    cron: &'a Value,
    jobs: Vec<Arc<Value>>,
    status: Value,
    now: SystemTime,
}

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(cron) = desk.store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let jobs = desk.store.kind("batch/v1", "Job")?;
    let mut own = desk.store.list(&jobs, Some(&key.namespace));
    own.retain(|job| {
        object::controller_of(job).and_then(|owner| object::text(owner, &["uid"])) == Some(object::uid(&cron))
    });
    let status = cron.get("status").cloned().filter(Value::is_object).unwrap_or(json!({}));
    let now = desk.store.clock().now();
    let mut look = Look { desk, kind: jobs, cron: &cron, jobs: own, status, now };
    look.clean_up()?;
    look.take_stock();
    let wait = if object::is_deleting(&cron) { Ok(None) } else { look.start() };
    let status = look.status;
    pods::set_status(&desk.store, kind, &cron, status)?;
    wait
}

/// How a Job ended, if it has.
fn end(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| object::holds(job, kind))
}

impl Look<'_> {
    fn active(&self) -> Vec<Value> {
        object::items(&self.status, &["active"]).to_vec()
    }

    fn set_active(&mut self, active: Vec<Value>) {
        let active = (!active.is_empty()).then_some(Value::Array(active));
        object::put_or_take(&mut self.status, &["active"], active);
    }

    /// Deletes the oldest of the finished Jobs that are more than are to be kept.
    fn clean_up(&mut self) -> Result<(), ApiError> {
        for (kind, field) in
            [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")]
        {
            let Some(limit) = object::int(self.cron, &["spec", field]) else { continue };
            let mut over: Vec<_> = self.jobs.iter().filter(|job| end(job) == Some(kind)).cloned().collect();
            over.sort_by(|one, other| {
                let started = |job: &Value| object::text(job, &["status", "startTime"]).map(str::to_owned);
                started(one).cmp(&started(other)).then_with(|| object::name(one).cmp(object::name(other)))
            });
            let surplus = over.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
            for job in over.iter().take(surplus) {
                self.delete(job)?;
            }
        }
        Ok(())
    }

    fn delete(&mut self, job: &Value) -> Result<(), ApiError> {
        pods::delete(&self.desk.store, &self.kind, job)?;
        let mut active = self.active();
        active.retain(|one| object::text(one, &["uid"]) != Some(object::uid(job)));
        self.set_active(active);
        self.desk.note(self.cron, "SuccessfulDelete", &format!("Deleted job {}", object::name(job)));
        Ok(())
    }

    /// Writes down what has become of the Jobs.
    fn take_stock(&mut self) {
        let mut active = self.active();
        for job in self.jobs.clone() {
            let is_known = active.iter().any(|one| object::text(one, &["uid"]) == Some(object::uid(&job)));
            let name = object::name(&job);
            match end(&job) {
                Some(end) if is_known => {
                    active.retain(|one| object::text(one, &["uid"]) != Some(object::uid(&job)));
                    let message = format!("Saw completed job: {name}, condition: {end}");
                    self.desk.note(self.cron, "SawCompletedJob", &message);
                }
                None if !is_known => {
                    let message = format!("Saw a job that the controller did not create or forgot: {name}");
                    self.desk.warn(self.cron, "UnexpectedJob", &message);
                }
                _ => {}
            }
            let completed = object::text(&job, &["status", "completionTime"]);
            let before = object::text(&self.status, &["lastSuccessfulTime"]).unwrap_or_default();
            if let Some(completed) = completed.filter(|completed| *completed > before) {
                self.status["lastSuccessfulTime"] = completed.into();
            }
        }
        let jobs = &self.jobs;
        active.retain(|one| {
            let stands = jobs.iter().any(|job| object::text(one, &["uid"]) == Some(object::uid(job)));
            if !stands {
                let name = object::text(one, &["name"]).unwrap_or_default();
                self.desk.note(self.cron, "MissingJob", &format!("Active job went missing: {name}"));
            }
            stands
        });
        self.set_active(active);
    }

    fn zone(&self) -> Result<TimeZone, String> {
        match object::text(self.cron, &["spec", "timeZone"]) {
            Some(name) => TimeZone::get(name)
                .map_err(|_| format!("invalid timeZone: {name:?}: unknown time zone {name}")),
            None => Ok(TimeZone::UTC),
        }
    }

    /// Starts the Job whose time has come, and says when the next one's does.
    fn start(&mut self) -> Result<Option<Duration>, ApiError> {
        let zone = match self.zone() {
            Ok(zone) => zone,
            Err(why) => {
                self.desk.warn(self.cron, "UnknownTimeZone", &why);
                return Ok(None);
            }
        };
        if object::at(self.cron, &["spec", "suspend"]) == Some(&Value::Bool(true)) {
            return Ok(None);
        }
        let text = object::text(self.cron, &["spec", "schedule"]).unwrap_or_default();
        let schedule = match Schedule::read(text, zone) {
            Ok(schedule) => schedule,
            Err(why) => {
                let message = format!("unparseable schedule: {text:?} : {why}");
                self.desk.warn(self.cron, "UnparseableSchedule", &message);
                return Ok(None);
            }
        };
        if let Some(due) = self.due(&schedule) {
            self.start_for(due)?;
        }
        let next = schedule.next(self.now).and_then(|next| next.duration_since(self.now).ok());
        // A moment later, so that the time has come for certain.
        Ok(next.map(|wait| wait + Duration::from_millis(100)))
    }

    /// The latest time that has come and has not been dealt with.
    fn due(&self, schedule: &Schedule) -> Option<SystemTime> {
        let time = |value: &Value, path: &[&str]| object::text(value, path).and_then(object::time);
        let deadline = self.deadline().and_then(|deadline| self.now.checked_sub(deadline));
        let since = time(&self.status, &["lastScheduleTime"])
            .or_else(|| time(self.cron, &["metadata", "creationTimestamp"]))?;
        let since = deadline.map_or(since, |deadline| deadline.max(since));
        let first = schedule.next(since).filter(|first| *first <= self.now)?;
        let second = schedule.next(first)?;
        if second > self.now {
            return Some(first);
        }
        let between = second.duration_since(first).ok()?.as_secs().max(1);
        let missed = self.now.duration_since(first).ok()?.as_secs() / between + 1;
        if missed > MANY {
            let why = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.desk.warn(self.cron, "TooManyMissedTimes", why);
        }
        let mut latest = first + Duration::from_secs((missed - 1).saturating_sub(1) * between);
        let mut found = None;
        while let Some(next) = schedule.next(latest).filter(|next| *next <= self.now) {
            found = Some(next);
            latest = next;
        }
        found
    }

    fn deadline(&self) -> Option<Duration> {
        let seconds = object::int(self.cron, &["spec", "startingDeadlineSeconds"])?;
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
    }

    fn start_for(&mut self, due: SystemTime) -> Result<(), ApiError> {
        let time = object::timestamp(due);
        if self.deadline().is_some_and(|deadline| due + deadline < self.now) {
            let told = Timestamp::try_from(due).unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S +0000");
            let message = format!("Missed scheduled time to start a job: {told}");
            self.desk.warn(self.cron, "MissSchedule", &message);
            return Ok(());
        }
        let job = self.job(due);
        let name = object::name(&job).to_owned();
        let is_started = self.active().iter().any(|one| object::text(one, &["name"]) == Some(&name));
        if is_started || object::text(&self.status, &["lastScheduleTime"]) == Some(&time) {
            return Ok(());
        }
        match object::text(self.cron, &["spec", "concurrencyPolicy"]) {
            Some("Forbid") if !self.active().is_empty() => {
                let why =
                    "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.desk.note(self.cron, "JobAlreadyActive", why);
                return Ok(());
            }
            Some("Replace") => {
                for job in self.jobs.clone().iter().filter(|job| end(job).is_none()) {
                    self.delete(job)?;
                }
            }
            _ => {}
        }
        let namespace = object::namespace(self.cron);
        let made = match self.desk.store.create(&self.kind, namespace, job, &Write::by_cluster()) {
            Ok(made) => {
                self.desk.note(self.cron, "SuccessfulCreate", &format!("Created job {name}"));
                made
            }
            Err(ApiError::AlreadyExists(_)) => self.desk.store.get(&self.kind, namespace, &name)?,
            Err(refusal) => {
                self.desk.warn(self.cron, "FailedCreate", &format!("Error creating job: {refusal}"));
                return Err(refusal);
            }
        };
        let mut active = self.active();
        active.push(json!({
            "apiVersion": "batch/v1", "kind": "Job", "namespace": namespace, "name": name,
            "uid": object::uid(&made), "resourceVersion": object::at(&made, &["metadata", "resourceVersion"]),
        }));
        self.set_active(active);
        self.status["lastScheduleTime"] = time.into();
        Ok(())
    }

    /// The Job of a time, named by its minute so that there is never a second one.
    fn job(&self, due: SystemTime) -> Value {
        let template = object::at(self.cron, &["spec", "jobTemplate"]).cloned().unwrap_or_default();
        let minute = due.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
        let mut metadata = json!({
            "name": format!("{}-{minute}", object::name(self.cron)),
            "ownerReferences": [object::owner_reference(self.cron)],
        });
        for copied in ["labels", "annotations"] {
            let given = object::at(&template, &["metadata", copied]).cloned();
            object::put_or_take(&mut metadata, &[copied], given);
        }
        let zone = self.zone().unwrap_or(TimeZone::UTC);
        let local = Timestamp::try_from(due).unwrap_or_default().to_zoned(zone);
        let time = local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let time = time.strip_suffix("+00:00").map_or(time.clone(), |time| format!("{time}Z"));
        object::put(&mut metadata, &["annotations", "batch.kubernetes.io/cronjob-scheduled-timestamp"], time);
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template.get("spec")})
    }
}

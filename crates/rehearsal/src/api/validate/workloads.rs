//! What makes pods: Deployments and their kin, Jobs and CronJobs.

use serde_json::{Value, json};

use super::pods;
use super::rules::{count_or_percent, keep, nonnegative};
use crate::api::object;
use crate::api::selectors;
use crate::api::status::Cause;

/// The rules of a Deployment.
pub(super) fn deployment(deployment: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = deployment.get("spec").unwrap_or(&Value::Null);
    nonnegative(spec, &["replicas"], "spec", causes);
    selection(spec, "deployment", causes);
    pods::template(spec.get("template").unwrap_or(&Value::Null), "spec.template", causes);
    lasting(spec, "ReplicaSet", causes);
    strategy(spec, causes);
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        nonnegative(spec, &[field], "spec", causes);
    }
    let (deadline, ready) =
        (object::int(spec, &["progressDeadlineSeconds"]), object::int(spec, &["minReadySeconds"]));
    if let Some(deadline) = deadline.filter(|deadline| *deadline <= ready.unwrap_or_default()) {
        let why = "must be greater than minReadySeconds";
        causes.push(Cause::invalid("spec.progressDeadlineSeconds", &deadline.into(), why));
    }
    keep(old, deployment, &["spec", "selector"], causes);
}

fn strategy(spec: &Value, causes: &mut Vec<Cause>) {
    let rolling = object::at(spec, &["strategy", "rollingUpdate"]);
    match object::text(spec, &["strategy", "type"]).unwrap_or_default() {
        "Recreate" => {
            if rolling.is_some() {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                causes.push(Cause::forbidden("spec.strategy.rollingUpdate", why));
            }
        }
        "RollingUpdate" => {
            let at = "spec.strategy.rollingUpdate";
            let part =
                |field: &str| rolling.and_then(|rolling| rolling.get(field)).cloned().unwrap_or_default();
            for field in ["maxUnavailable", "maxSurge"] {
                count_or_percent(&part(field), &format!("{at}.{field}"), causes);
            }
            let is_none = |value: &Value| {
                *value == 0 || value.as_str().is_some_and(|text| text.trim_end_matches('%').parse() == Ok(0))
            };
            if is_none(&part("maxUnavailable")) && is_none(&part("maxSurge")) {
                let why = "may not be 0 when `maxSurge` is 0";
                causes.push(Cause::invalid(format!("{at}.maxUnavailable"), &part("maxUnavailable"), why));
            }
        }
        other => {
            let value = json!({"Type": other, "RollingUpdate": null});
            causes.push(Cause::unsupported("spec.strategy", &value, &["Recreate", "RollingUpdate"]));
        }
    }
}

/// A selector that chooses the template's pods and something at all.
fn selection(spec: &Value, what: &str, causes: &mut Vec<Cause>) {
    let template = object::at(spec, &["template", "metadata", "labels"]).and_then(Value::as_object);
    let Some(selector) = spec.get("selector") else {
        causes.push(Cause::required("spec.selector"));
        if what != "replicaset" {
            mismatch(template, causes);
        }
        return;
    };
    let expressions = object::items(selector, &["matchExpressions"]);
    for (index, one) in expressions.iter().enumerate() {
        let at = format!("spec.selector.matchExpressions[{index}]");
        let values = object::items(one, &["values"]);
        match object::text(one, &["operator"]).unwrap_or_default() {
            "In" | "NotIn" if values.is_empty() => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                causes.push(Cause::missing(format!("{at}.values"), why));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                causes.push(Cause::forbidden(format!("{at}.values"), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => causes.push(Cause::invalid(
                format!("{at}.operator"),
                &other.into(),
                "not a valid selector operator",
            )),
        }
    }
    if selector.as_object().is_none_or(serde_json::Map::is_empty) {
        let why = format!("empty selector is invalid for {what}");
        causes.push(Cause::invalid("spec.selector", selector, &why));
    } else if !selectors::matches(Some(selector), template) {
        mismatch(template, causes);
    }
}

fn mismatch(template: Option<&serde_json::Map<String, Value>>, causes: &mut Vec<Cause>) {
    let found = template.map_or(Value::Null, |labels| Value::Object(labels.clone()));
    let why = "`selector` does not match template `labels`";
    causes.push(Cause::invalid("spec.template.metadata.labels", &found, why));
}

/// Pods that are kept running are started again whenever they end.
fn lasting(spec: &Value, what: &str, causes: &mut Vec<Cause>) {
    let policy = object::text(spec, &["template", "spec", "restartPolicy"]).unwrap_or_default();
    if policy != "Always" {
        causes.push(Cause::unsupported("spec.template.spec.restartPolicy", &policy.into(), &["Always"]));
    }
    if object::at(spec, &["template", "spec", "activeDeadlineSeconds"]).is_some() {
        let why = format!("activeDeadlineSeconds in {what} is not Supported");
        causes.push(Cause::forbidden("spec.template.spec.activeDeadlineSeconds", &why));
    }
}

/// The rules of a ReplicaSet.
pub(super) fn replica_set(set: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = set.get("spec").unwrap_or(&Value::Null);
    nonnegative(spec, &["replicas"], "spec", causes);
    nonnegative(spec, &["minReadySeconds"], "spec", causes);
    selection(spec, "replicaset", causes);
    pods::template(spec.get("template").unwrap_or(&Value::Null), "spec.template", causes);
    lasting(spec, "ReplicaSet", causes);
    keep(old, set, &["spec", "selector"], causes);
}

/// The rules of a DaemonSet.
pub(super) fn daemon_set(set: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = set.get("spec").unwrap_or(&Value::Null);
    selection(spec, "daemonset", causes);
    pods::template(spec.get("template").unwrap_or(&Value::Null), "spec.template", causes);
    lasting(spec, "DaemonSet", causes);
    keep(old, set, &["spec", "selector"], causes);
}

/// The rules of a StatefulSet.
pub(super) fn stateful_set(set: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = set.get("spec").unwrap_or(&Value::Null);
    nonnegative(spec, &["replicas"], "spec", causes);
    nonnegative(spec, &["minReadySeconds"], "spec", causes);
    selection(spec, "statefulset", causes);
    pods::template(spec.get("template").unwrap_or(&Value::Null), "spec.template", causes);
    lasting(spec, "StatefulSet", causes);
    let Some(old) = old else { return };
    let bare = |set: &Value| {
        let mut spec = set.get("spec").cloned().unwrap_or_default();
        for field in [
            "replicas",
            "template",
            "updateStrategy",
            "minReadySeconds",
            "ordinals",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
        ] {
            object::take(&mut spec, &[field]);
        }
        spec
    };
    if bare(set) != bare(old) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                   'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                   'minReadySeconds' are forbidden";
        causes.push(Cause::forbidden("spec", why));
    }
}

/// The rules of a Job.
pub(super) fn job(job: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = job.get("spec").unwrap_or(&Value::Null);
    job_spec(spec, "spec", causes);
    let template = object::at(spec, &["template", "metadata", "labels"]).and_then(Value::as_object);
    if !selectors::matches(spec.get("selector"), template) {
        mismatch(template, causes);
    }
    if object::text(spec, &["completionMode"]) != Some("Indexed") {
        keep(old, job, &["spec", "completions"], causes);
    }
    keep(old, job, &["spec", "selector"], causes);
    let is_suspended =
        old.is_some_and(|old| object::at(old, &["spec", "suspend"]) == Some(&Value::Bool(true)));
    if !is_suspended {
        keep(old, job, &["spec", "template"], causes);
    }
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy"] {
        keep(old, job, &["spec", field], causes);
    }
}

fn job_spec(spec: &Value, at: &str, causes: &mut Vec<Cause>) {
    for field in
        ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"]
    {
        nonnegative(spec, &[field], at, causes);
    }
    pods::template(spec.get("template").unwrap_or(&Value::Null), &format!("{at}.template"), causes);
    let field = format!("{at}.template.spec.restartPolicy");
    let policy = object::text(spec, &["template", "spec", "restartPolicy"]).unwrap_or_default();
    // Nobody who says nothing means `Always`, which is filled in for them.
    if !["OnFailure", "Never"].contains(&policy) {
        causes.push(if policy == "Always" || policy.is_empty() {
            Cause::missing(field, "valid values: \"OnFailure\", \"Never\"")
        } else {
            Cause::unsupported(field, &policy.into(), &["OnFailure", "Never"])
        });
    }
}

/// The rules of a CronJob.
pub(super) fn cron_job(cron: &Value, causes: &mut Vec<Cause>) {
    let spec = cron.get("spec").unwrap_or(&Value::Null);
    let schedule = object::text(spec, &["schedule"]).unwrap_or_default();
    if schedule.is_empty() {
        causes.push(Cause::required("spec.schedule"));
    } else {
        if let Some(why) = wrong_schedule(schedule) {
            causes.push(Cause::invalid("spec.schedule", &schedule.into(), &why));
        }
        if schedule.contains("TZ") {
            let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            causes.push(Cause::invalid("spec.schedule", &schedule.into(), why));
        }
    }
    if let Some(zone) = object::text(spec, &["timeZone"]) {
        if zone.is_empty() {
            causes.push(Cause::invalid(
                "spec.timeZone",
                &zone.into(),
                "timeZone must be nil or non-empty string",
            ));
        } else if zone.eq_ignore_ascii_case("local") {
            let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
            causes.push(Cause::invalid("spec.timeZone", &zone.into(), why));
        } else if jiff::tz::TimeZone::get(zone).is_err() {
            let why = format!("unknown time zone {zone}");
            causes.push(Cause::invalid("spec.timeZone", &zone.into(), &why));
        }
    }
    nonnegative(spec, &["startingDeadlineSeconds"], "spec", causes);
    let policies = ["Allow", "Forbid", "Replace"];
    let policy = object::text(spec, &["concurrencyPolicy"]).unwrap_or_default();
    if !policies.contains(&policy) {
        causes.push(Cause::unsupported("spec.concurrencyPolicy", &policy.into(), &policies));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        nonnegative(spec, &[field], "spec", causes);
    }
    let job = object::at(spec, &["jobTemplate", "spec"]).unwrap_or(&Value::Null);
    job_spec(job, "spec.jobTemplate.spec", causes);
}

/// What `robfig/cron` says of a schedule it cannot read.
fn wrong_schedule(schedule: &str) -> Option<String> {
    let schedule = match schedule.split_once(' ') {
        Some((zone, rest)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => rest.trim(),
        _ => schedule,
    };
    if let Some(word) = schedule.strip_prefix('@') {
        let words = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        let is_every = word.starts_with("every ");
        return (!words.contains(&word) && !is_every).then(|| format!("unrecognized descriptor: {schedule}"));
    }
    let fields: Vec<&str> = schedule.split_ascii_whitespace().collect();
    if fields.len() != 5 {
        let shown: Vec<String> = fields.iter().map(ToString::to_string).collect();
        return Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), shown.join(" ")));
    }
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let bounds: [(u32, u32, &[&str]); 5] =
        [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, MONTHS), (0, 6, DAYS)];
    fields
        .iter()
        .zip(bounds)
        .find_map(|(field, bounds)| field.split(',').find_map(|part| wrong_range(part, bounds)))
}

fn wrong_range(part: &str, (least, most, words): (u32, u32, &[&str])) -> Option<String> {
    let number = |text: &str| -> Result<u32, String> {
        let word = words.iter().position(|word| text.eq_ignore_ascii_case(word));
        if let Some(index) = word.and_then(|index| u32::try_from(index).ok()) {
            return Ok(index + least);
        }
        text.parse().map_err(|_| {
            format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")
        })
    };
    let check = || -> Result<(), String> {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (start, end) = match range {
            "*" | "?" => (least, most),
            range => match range.split_once('-') {
                Some((start, end)) => (number(start)?, number(end)?),
                None => {
                    let start = number(range)?;
                    (start, if step.is_some() { most } else { start })
                }
            },
        };
        if step.map(&number).transpose()? == Some(0) {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        if start < least {
            return Err(format!("beginning of range ({start}) below minimum ({least}): {part}"));
        }
        if end > most {
            return Err(format!("end of range ({end}) above maximum ({most}): {part}"));
        }
        if start > end {
            return Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
        }
        Ok(())
    };
    check().err()
}

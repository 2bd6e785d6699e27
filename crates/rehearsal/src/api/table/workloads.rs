//! What makes pods, and what judges their number.

use std::time::SystemTime;

use serde_json::Value;

use super::age::{age, since, span};
use super::rows::{count, labels, plain, selector, text_or};
use crate::api::object;

/// The names and images of a template's containers.
fn layout(object: &Value, template: &[&str]) -> (String, String) {
    let path = [template, &["spec", "containers"]].concat();
    let containers = object::items(object, &path);
    let joined = |field: &str| {
        let all: Vec<&str> =
            containers.iter().map(|one| object::text(one, &[field]).unwrap_or_default()).collect();
        all.join(",")
    };
    (joined("name"), joined("image"))
}

const TEMPLATE: &[&str] = &["spec", "template"];

pub(super) fn deployment(object: &Value, now: SystemTime) -> Vec<Value> {
    let (names, images) = layout(object, TEMPLATE);
    let ready = count(object, &["status", "readyReplicas"]);
    vec![
        object::name(object).into(),
        format!("{ready}/{}", count(object, &["spec", "replicas"])).into(),
        count(object, &["status", "updatedReplicas"]).into(),
        count(object, &["status", "availableReplicas"]).into(),
        age(object, now).into(),
        names.into(),
        images.into(),
        selector(object::at(object, &["spec", "selector"])).into(),
    ]
}

pub(super) fn replica_set(object: &Value, now: SystemTime) -> Vec<Value> {
    let (names, images) = layout(object, TEMPLATE);
    vec![
        object::name(object).into(),
        count(object, &["spec", "replicas"]).into(),
        count(object, &["status", "replicas"]).into(),
        count(object, &["status", "readyReplicas"]).into(),
        age(object, now).into(),
        names.into(),
        images.into(),
        selector(object::at(object, &["spec", "selector"])).into(),
    ]
}

pub(super) fn stateful_set(object: &Value, now: SystemTime) -> Vec<Value> {
    let (names, images) = layout(object, TEMPLATE);
    let ready = count(object, &["status", "readyReplicas"]);
    vec![
        object::name(object).into(),
        format!("{ready}/{}", count(object, &["spec", "replicas"])).into(),
        age(object, now).into(),
        names.into(),
        images.into(),
    ]
}

pub(super) fn daemon_set(object: &Value, now: SystemTime) -> Vec<Value> {
    let (names, images) = layout(object, TEMPLATE);
    vec![
        object::name(object).into(),
        count(object, &["status", "desiredNumberScheduled"]).into(),
        count(object, &["status", "currentNumberScheduled"]).into(),
        count(object, &["status", "numberReady"]).into(),
        count(object, &["status", "updatedNumberScheduled"]).into(),
        count(object, &["status", "numberAvailable"]).into(),
        labels(object::at(object, &["spec", "template", "spec", "nodeSelector"])).into(),
        age(object, now).into(),
        names.into(),
        images.into(),
        selector(object::at(object, &["spec", "selector"])).into(),
    ]
}

pub(super) fn revision(object: &Value, now: SystemTime) -> Vec<Value> {
    let controller = object::controller_of(object).map_or_else(
        || "<none>".to_owned(),
        |owner| {
            let version = object::text(owner, &["apiVersion"]).unwrap_or_default();
            let group = version.split_once('/').map_or("", |(group, _)| group);
            let kind = object::text(owner, &["kind"]).unwrap_or_default().to_lowercase();
            let name = object::text(owner, &["name"]).unwrap_or_default();
            if group.is_empty() { format!("{kind}/{name}") } else { format!("{kind}.{group}/{name}") }
        },
    );
    vec![
        object::name(object).into(),
        controller.into(),
        count(object, &["revision"]).into(),
        age(object, now).into(),
    ]
}

pub(super) fn job(object: &Value, now: SystemTime) -> Vec<Value> {
    let done = count(object, &["status", "succeeded"]);
    let completions = match object::int(object, &["spec", "completions"]) {
        Some(wanted) => format!("{done}/{wanted}"),
        None => match count(object, &["spec", "parallelism"]) {
            many if many > 1 => format!("{done}/1 of {many}"),
            _ => format!("{done}/1"),
        },
    };
    let at = |field: &str| object::text(object, &["status", field]).and_then(object::time);
    let duration = match (at("startTime"), at("completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => span(start, end.unwrap_or(now)),
    };
    let holds = |kind: &str| object::holds(object, kind);
    let status = if holds("Complete") {
        "Complete"
    } else if holds("Failed") {
        "Failed"
    } else if object::is_deleting(object) {
        "Terminating"
    } else {
        let others = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
        others.into_iter().find(|kind| holds(kind)).unwrap_or("Running")
    };
    let (names, images) = layout(object, TEMPLATE);
    vec![
        object::name(object).into(),
        status.into(),
        completions.into(),
        duration.into(),
        age(object, now).into(),
        names.into(),
        images.into(),
        selector(object::at(object, &["spec", "selector"])).into(),
    ]
}

pub(super) fn cron_job(object: &Value, now: SystemTime) -> Vec<Value> {
    let last = ["status", "lastScheduleTime"];
    let last =
        if object::at(object, &last).is_some() { since(object, &last, now) } else { "<none>".to_owned() };
    let suspended = match object::at(object, &["spec", "suspend"]).and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let (names, images) = layout(object, &["spec", "jobTemplate", "spec", "template"]);
    vec![
        object::name(object).into(),
        text_or(object, &["spec", "schedule"], "").into(),
        text_or(object, &["spec", "timeZone"], "<none>").into(),
        suspended.into(),
        object::items(object, &["status", "active"]).len().into(),
        last.into(),
        age(object, now).into(),
        names.into(),
        images.into(),
        selector(object::at(object, &["spec", "jobTemplate", "spec", "selector"])).into(),
    ]
}

pub(super) fn autoscaler(object: &Value, now: SystemTime) -> Vec<Value> {
    let target = |field: &str| text_or(object, &["spec", "scaleTargetRef", field], "");
    vec![
        object::name(object).into(),
        format!("{}/{}", target("kind"), target("name")).into(),
        targets(object).into(),
        plain(object::at(object, &["spec", "minReplicas"]), "<unset>").into(),
        count(object, &["spec", "maxReplicas"]).into(),
        count(object, &["status", "currentReplicas"]).into(),
        age(object, now).into(),
    ]
}

/// The metrics an autoscaler goes by: as they are, and as they should be.
fn targets(object: &Value) -> String {
    let current = object::items(object, &["status", "currentMetrics"]);
    let told = object::items(object, &["spec", "metrics"]).iter().enumerate().map(|(index, metric)| {
        let kind = object::text(metric, &["type"]).unwrap_or_default();
        let mut source = kind.to_owned();
        source[..kind.len().min(1)].make_ascii_lowercase();
        let wanted = object::at(metric, &[&source, "target"]).unwrap_or(&Value::Null);
        let name = match kind {
            "Resource" | "ContainerResource" => format!("{}: ", text_or(metric, &[&source, "name"], "")),
            _ => String::new(),
        };
        let now = current.get(index).and_then(|one| object::at(one, &[&source, "current"]));
        let value = |of: Option<&Value>, field: &str| plain(of.and_then(|of| of.get(field)), "<unknown>");
        if wanted.get("averageUtilization").is_some() {
            let now = value(now, "averageUtilization");
            let now = if now == "<unknown>" { now } else { format!("{now}%") };
            format!("{name}{now}/{}%", value(Some(wanted), "averageUtilization"))
        } else if wanted.get("averageValue").is_some() {
            let average = if name.is_empty() && kind != "Pods" { " (avg)" } else { "" };
            format!("{name}{}/{}{average}", value(now, "averageValue"), value(Some(wanted), "averageValue"))
        } else {
            format!("{name}{}/{}", value(now, "value"), value(Some(wanted), "value"))
        }
    });
    let told: Vec<String> = told.collect();
    match told.len() {
        0 => "<none>".to_owned(),
        1 | 2 => told.join(", "),
        more => format!("{} + {} more...", told[..2].join(", "), more - 2),
    }
}

pub(super) fn budget(object: &Value, now: SystemTime) -> Vec<Value> {
    vec![
        object::name(object).into(),
        plain(object::at(object, &["spec", "minAvailable"]), "N/A").into(),
        plain(object::at(object, &["spec", "maxUnavailable"]), "N/A").into(),
        count(object, &["status", "disruptionsAllowed"]).into(),
        age(object, now).into(),
    ]
}

//! Pods and the node they run on.

use std::time::SystemTime;

use serde_json::Value;

use super::age::{age, span};
use super::rows::{count, text_or};
use crate::api::object;

/// What a pod comes to, gathered container by container: `printPod` of the real server.
#[derive(Debug, Default)]
struct Tally {
    ready: usize,
    restarts: i64,
    last_restart: Option<SystemTime>,
}

impl Tally {
    fn add(&mut self, status: &Value) {
        self.restarts += count(status, &["restartCount"]);
        let ended = object::text(status, &["lastState", "terminated", "finishedAt"]).and_then(object::time);
        self.last_restart = self.last_restart.max(ended);
    }
}

pub(super) fn pod(pod: &Value, now: SystemTime) -> Vec<Value> {
    let sidecars = sidecars(pod);
    let total = object::items(pod, &["spec", "containers"]).len() + sidecars.len();
    let phase = object::text(pod, &["status", "phase"]).unwrap_or_default();
    let told = object::text(pod, &["status", "reason"]).filter(|reason| !reason.is_empty());
    let mut reason = told.unwrap_or(phase).to_owned();
    let mut tally = Tally::default();
    let mut of_sidecars = Tally::default();
    let initializing = initializing(pod, &sidecars, &mut tally, &mut of_sidecars);
    let is_initializing = initializing.is_some();
    if let Some(stage) = initializing {
        reason = stage;
    }
    if !is_initializing || object::holds(pod, "Initialized") {
        tally = Tally { ready: tally.ready, ..of_sidecars };
        if let Some(stage) = containers(pod, &mut tally, &reason) {
            reason = stage;
        }
    }
    if object::is_deleting(pod) {
        if told == Some("NodeLost") {
            "Unknown".clone_into(&mut reason);
        } else if !["Succeeded", "Failed"].contains(&phase) {
            "Terminating".clone_into(&mut reason);
        }
    }
    let restarts = match tally.last_restart {
        Some(last) if tally.restarts != 0 => format!("{} ({} ago)", tally.restarts, span(last, now)),
        _ => tally.restarts.to_string(),
    };
    vec![
        object::name(pod).into(),
        format!("{}/{total}", tally.ready).into(),
        reason.into(),
        restarts.into(),
        age(pod, now).into(),
        text_or(pod, &["status", "podIP"], "<none>").into(),
        text_or(pod, &["spec", "nodeName"], "<none>").into(),
        text_or(pod, &["status", "nominatedNodeName"], "<none>").into(),
        gates(pod).into(),
    ]
}

/// The init containers that go on running beside the others.
fn sidecars(pod: &Value) -> Vec<&str> {
    let init = object::items(pod, &["spec", "initContainers"]).iter();
    let going_on = init.filter(|one| object::text(one, &["restartPolicy"]) == Some("Always"));
    going_on.filter_map(|one| object::text(one, &["name"])).collect()
}

/// How far the containers that stand before the others have come, if they are not through.
fn initializing(
    pod: &Value,
    sidecars: &[&str],
    tally: &mut Tally,
    of_sidecars: &mut Tally,
) -> Option<String> {
    let total = object::items(pod, &["spec", "initContainers"]).len();
    for (index, status) in object::items(pod, &["status", "initContainerStatuses"]).iter().enumerate() {
        let is_sidecar = object::text(status, &["name"]).is_some_and(|name| sidecars.contains(&name));
        tally.add(status);
        if is_sidecar {
            of_sidecars.add(status);
        }
        let ended = object::at(status, &["state", "terminated"]);
        let code = object::int(status, &["state", "terminated", "exitCode"]).unwrap_or_default();
        if ended.is_some() && code == 0 {
            continue;
        }
        if is_sidecar && status.get("started") == Some(&Value::Bool(true)) {
            tally.ready += usize::from(status.get("ready") == Some(&Value::Bool(true)));
            continue;
        }
        let waiting = object::text(status, &["state", "waiting", "reason"]).filter(|one| !one.is_empty());
        return Some(match (ended, waiting) {
            (Some(ended), _) => format!("Init:{}", end(ended)),
            (None, Some(reason)) if reason != "PodInitializing" => format!("Init:{reason}"),
            _ => format!("Init:{index}/{total}"),
        });
    }
    None
}

/// What the containers proper say, the first one last.
fn containers(pod: &Value, tally: &mut Tally, phase: &str) -> Option<String> {
    let mut reason: Option<String> = None;
    let mut failure: Option<String> = None;
    let mut runs = false;
    for status in object::items(pod, &["status", "containerStatuses"]).iter().rev() {
        tally.add(status);
        let waiting = object::text(status, &["state", "waiting", "reason"]).filter(|one| !one.is_empty());
        if let Some(waiting) = waiting {
            reason = Some(waiting.to_owned());
        } else if let Some(ended) = object::at(status, &["state", "terminated"]) {
            let ending = end(ended);
            if count(ended, &["exitCode"]) != 0 {
                failure = Some(ending.clone());
            }
            reason = Some(ending);
        } else if status.get("ready") == Some(&Value::Bool(true))
            && object::at(status, &["state", "running"]).is_some()
        {
            runs = true;
            tally.ready += 1;
        }
    }
    if reason.as_deref().unwrap_or(phase) != "Completed" {
        return reason;
    }
    if runs && object::holds(pod, "Ready") {
        return Some("Running".to_owned());
    }
    failure.or_else(|| runs.then(|| "NotReady".to_owned())).or(reason)
}

fn end(ended: &Value) -> String {
    let reason = object::text(ended, &["reason"]).filter(|reason| !reason.is_empty());
    match (reason, count(ended, &["signal"])) {
        (Some(reason), _) => reason.to_owned(),
        (None, 0) => format!("ExitCode:{}", count(ended, &["exitCode"])),
        (None, signal) => format!("Signal:{signal}"),
    }
}

fn gates(pod: &Value) -> String {
    let gates = object::items(pod, &["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates
        .iter()
        .filter(|gate| object::text(gate, &["conditionType"]).is_some_and(|kind| object::holds(pod, kind)))
        .count();
    format!("{open}/{}", gates.len())
}

pub(super) fn node(node: &Value, now: SystemTime) -> Vec<Value> {
    let mut status = match object::condition(node, "Ready") {
        Some(_) if object::holds(node, "Ready") => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if object::at(node, &["spec", "unschedulable"]) == Some(&Value::Bool(true)) {
        status.push_str(",SchedulingDisabled");
    }
    let labels = object::labels(node).into_iter().flatten();
    let mut roles: Vec<&str> =
        labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    roles.retain(|role| !role.is_empty());
    roles.sort_unstable();
    let roles = if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") };
    let address = |kind: &str| {
        let all = object::items(node, &["status", "addresses"]).iter();
        let mut fitting = all.filter(|one| object::text(one, &["type"]) == Some(kind));
        fitting.next().and_then(|one| object::text(one, &["address"])).unwrap_or("<none>")
    };
    let info = |field: &str| text_or(node, &["status", "nodeInfo", field], "<unknown>");
    let mut kernel = info("kernelVersion").to_owned();
    if let Some(architecture) = object::text(node, &["status", "nodeInfo", "architecture"]) {
        kernel = format!("{kernel} ({architecture})");
    }
    vec![
        object::name(node).into(),
        status.into(),
        roles.into(),
        age(node, now).into(),
        text_or(node, &["status", "nodeInfo", "kubeletVersion"], "").into(),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        info("osImage").into(),
        kernel.into(),
        info("containerRuntimeVersion").into(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: Value, deleting: bool) -> Vec<String> {
        let mut whole = json!({
            "metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": [{"name": "a"}, {"name": "b"}],
                "initContainers": [{"name": "first"}, {"name": "side", "restartPolicy": "Always"}]},
            "status": status,
        });
        if deleting {
            object::put(&mut whole, &["metadata", "deletionTimestamp"], "2026-01-01T00:01:00Z");
        }
        let now = object::time("2026-01-01T00:02:05Z").unwrap();
        pod(&whole, now)[1..5].iter().map(|cell| cell.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_pod_is_told_by_the_worst_of_its_containers() {
        let done = json!({"name": "first", "restartCount": 1, "state": {"terminated": {"exitCode": 0}}});
        let side = json!({"name": "side", "ready": true, "started": true, "restartCount": 2, "state": {"running": {}}});
        let runs = json!({"name": "a", "ready": true, "restartCount": 0, "state": {"running": {}}});
        let crashed = json!({"name": "b", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:01:00Z"}}});
        let whole = json!({"phase": "Running", "initContainerStatuses": [done, side],
            "containerStatuses": [runs, crashed]});
        assert_eq!(told(whole.clone(), false), ["2/3", "CrashLoopBackOff", "5 (65s ago)", "2m5s"]);
        assert_eq!(told(whole, true)[1], "Terminating");
        assert_eq!(
            told(
                json!({"phase": "Pending", "initContainerStatuses": [
                {"name": "first", "restartCount": 0, "state": {"running": {}}}]}),
                false
            ),
            ["0/3", "Init:0/2", "0", "2m5s"]
        );
        assert_eq!(told(json!({"phase": "Pending"}), false)[1], "Pending");
    }
}

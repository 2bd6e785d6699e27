//! The life of nodes: one that is not heard of any more is marked, and its pods are taken away after as long
//! as they put up with it, as `pkg/controller/nodelifecycle` and `tainteviction` do it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use clock::Clock;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::conditions::{self, Finding};
use super::desk::Desk;
use super::{nodes, pods};
use crate::api::{ApiError, Kind, Part, Write, object};

/// How often nodes are looked at (`--node-monitor-period`), and at least how long that is on the wall: with a
/// fast clock a node must not seem lost for being scheduled late.
const LOOK: Duration = Duration::from_secs(5);
const SHORTEST_LOOK: Duration = Duration::from_millis(100);
/// After so many looks without a sign of life a node is lost (`--node-monitor-grace-period` of 50 s).
const PATIENCE: u32 = 10;
/// How long pods put up with a lost node where they say nothing, as admission would have them say.
const TOLERATED: i64 = 300;

const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// What was last heard of a node, and how many looks ago.
#[derive(Debug, Default)]
struct Heard {
    sign: String,
    looks: u32,
}

/// Watches over nodes until cancelled.
pub(super) async fn watch(desk: Desk, eviction: Desk, clock: Clock, cancel: CancellationToken) {
    let mut heard: BTreeMap<String, Heard> = BTreeMap::new();
    let look = clock.on_the_wall(LOOK).max(SHORTEST_LOOK);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(look) => {}
        }
        // What could not be written now is written at the next look.
        drop(look_at_all(&desk, &eviction, &mut heard));
    }
}

fn look_at_all(desk: &Desk, eviction: &Desk, heard: &mut BTreeMap<String, Heard>) -> Result<(), ApiError> {
    let kind = desk.store.kind("v1", "Node")?;
    for node in nodes::all(&desk.store)? {
        let name = object::name(&node).to_owned();
        let sign = sign(desk, &node)?;
        let known = heard.entry(name.clone()).or_default();
        if known.sign == sign {
            known.looks += 1;
        } else {
            *known = Heard { sign, looks: 0 };
        }
        let ready = object::condition(&node, "Ready").and_then(|one| object::text(one, &["status"]));
        if known.looks >= PATIENCE && ready.is_some_and(|ready| ready != "Unknown") {
            lose(desk, &kind, &node)?;
        }
        let node = desk.store.get(&kind, "", &name)?;
        taint(desk, &kind, &node)?;
    }
    for node in nodes::all(&desk.store)? {
        evict(eviction, &node)?;
    }
    Ok(())
}

/// What changes while a node lives: the time of its last report and its lease.
fn sign(desk: &Desk, node: &Value) -> Result<String, ApiError> {
    let report = object::condition(node, "Ready").and_then(|one| object::text(one, &["lastHeartbeatTime"]));
    let leases = desk.store.kind("coordination.k8s.io/v1", "Lease")?;
    let lease = desk.store.get(&leases, "kube-node-lease", object::name(node)).ok();
    let renewed = lease.as_ref().and_then(|lease| object::text(lease, &["spec", "renewTime"]));
    Ok(format!("{}{}", report.unwrap_or_default(), renewed.unwrap_or_default()))
}

/// Writes down that nothing is known of a node any more, and that its pods are not ready.
fn lose(desk: &Desk, kind: &Kind, node: &Value) -> Result<(), ApiError> {
    let now = object::timestamp(desk.store.clock().now());
    desk.store.change(kind, ("", object::name(node)), Part::Status, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        let mut conditions = object::items(live, &["status", "conditions"]).to_vec();
        for one in &mut conditions {
            one["status"] = "Unknown".into();
            one["reason"] = "NodeStatusUnknown".into();
            one["message"] = "Kubelet stopped posting node status.".into();
            one["lastTransitionTime"] = now.as_str().into();
        }
        object::put(&mut new, &["status", "conditions"], conditions);
        Ok(new)
    })?;
    let name = object::name(node);
    desk.note(node, "NodeNotReady", &format!("Node {name} status is now: NodeNotReady"));
    let pod = desk.store.kind("v1", "Pod")?;
    for one in on(desk, &pod, name).iter().filter(|one| pods::is_ready(one)) {
        let at = (object::namespace(one), object::name(one));
        desk.store.change(&pod, at, Part::Status, &Write::by_cluster(), |live| {
            let mut new = live.clone();
            let mut conditions = object::items(live, &["status", "conditions"]).to_vec();
            for condition in conditions.iter_mut().filter(|one| one["type"] == "Ready") {
                condition["status"] = "False".into();
                condition["lastTransitionTime"] = now.as_str().into();
            }
            object::put(&mut new, &["status", "conditions"], conditions);
            Ok(new)
        })?;
        desk.warn(one, "NodeNotReady", "Node is not ready");
    }
    Ok(())
}

fn on(desk: &Desk, pod: &Kind, node: &str) -> Vec<std::sync::Arc<Value>> {
    let mut all = desk.store.list(pod, None);
    all.retain(|one| object::text(one, &["spec", "nodeName"]) == Some(node));
    all
}

/// Gives a node the taints that its condition means, and takes those that it no longer means.
fn taint(desk: &Desk, kind: &Kind, node: &Value) -> Result<(), ApiError> {
    let Some(ready) = object::condition(node, "Ready") else { return Ok(()) };
    let wished = match object::text(ready, &["status"]) {
        Some("True") => None,
        Some("Unknown") => Some(UNREACHABLE),
        _ => Some(NOT_READY),
    };
    let taints = object::items(node, &["spec", "taints"]);
    let is_ours = |taint: &Value| {
        object::text(taint, &["key"]).is_some_and(|key| key == UNREACHABLE || key == NOT_READY)
    };
    let has = |effect: &str| {
        taints.iter().any(|taint| taint["key"].as_str() == wished && taint["effect"] == effect)
    };
    let is_right = match wished {
        None => !taints.iter().any(is_ours),
        Some(_) => has("NoSchedule") && has("NoExecute"),
    };
    if is_right {
        return Ok(());
    }
    let now = object::timestamp(desk.store.clock().now());
    let tainted =
        desk.store.change(kind, ("", object::name(node)), Part::Main, &Write::by_cluster(), |live| {
            let mut new = live.clone();
            let mut taints = object::items(live, &["spec", "taints"]).to_vec();
            taints.retain(|taint| !is_ours(taint));
            for effect in wished.into_iter().flat_map(|_| ["NoSchedule", "NoExecute"]) {
                taints.push(json!({"key": wished, "effect": effect, "timeAdded": now}));
            }
            let taints = (!taints.is_empty()).then_some(Value::Array(taints));
            object::put_or_take(&mut new, &["spec", "taints"], taints);
            Ok(new)
        });
    tainted.map(drop)
}

/// Takes away the pods that have put up with their node for long enough.
fn evict(desk: &Desk, node: &Value) -> Result<(), ApiError> {
    let taints = object::items(node, &["spec", "taints"]).iter();
    let hostile: Vec<&Value> =
        taints.filter(|taint| object::text(taint, &["effect"]) == Some("NoExecute")).collect();
    if hostile.is_empty() {
        return Ok(());
    }
    let pod = desk.store.kind("v1", "Pod")?;
    let now = desk.store.clock().now();
    for one in on(desk, &pod, object::name(node)) {
        let is_due = hostile.iter().any(|taint| is_due(&one, taint, now));
        if object::is_deleting(&one) || pods::is_finished(&one) || !is_due {
            continue;
        }
        let at = (object::namespace(&one), object::name(&one));
        let why = "Taint manager: deleting due to NoExecute taint";
        let finding = Finding::new("DisruptionTarget", "True", "DeletionByTaintManager", why);
        desk.store.change(&pod, at, Part::Status, &Write::by_cluster(), |live| {
            let mut new = live.clone();
            let mut conditions = object::items(live, &["status", "conditions"]).to_vec();
            conditions::set(&mut conditions, &finding, &object::timestamp(now));
            object::put(&mut new, &["status", "conditions"], conditions);
            Ok(new)
        })?;
        let message = format!("Marking for deletion Pod {}/{}", at.0, at.1);
        desk.note(&one, "TaintManagerEviction", &message);
        pods::delete(&desk.store, &pod, &one)?;
    }
    Ok(())
}

/// Whether a pod has put up with a taint for as long as it will.
fn is_due(pod: &Value, taint: &Value, now: SystemTime) -> bool {
    let tolerations = object::items(pod, &["spec", "tolerations"]);
    let about: Vec<&Value> = tolerations.iter().filter(|one| nodes::tolerates(one, taint)).collect();
    let is_known = object::text(taint, &["key"]).is_some_and(|key| key == UNREACHABLE || key == NOT_READY);
    let seconds = match about.is_empty() {
        true if is_known => Some(TOLERATED),
        true => Some(0),
        false => {
            let limits: Vec<_> = about.iter().map(|one| object::int(one, &["tolerationSeconds"])).collect();
            limits.into_iter().min_by_key(|limit| limit.unwrap_or(i64::MAX)).flatten()
        }
    };
    let Some(seconds) = seconds else { return false };
    let limit = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    object::age(taint, &["timeAdded"], now).is_none_or(|age| age >= limit)
}

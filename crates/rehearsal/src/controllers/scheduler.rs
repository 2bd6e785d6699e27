//! The scheduler: each pod goes to the node with the fewest pods that will have it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::conditions::{self, Finding};
use super::desk::Desk;
use super::nodes::{self, Asker, Request};
use super::worker::Duty;
use super::{claims, pods};
use crate::api::{ApiError, Key, Kind, Part, Store, Write, object};

/// The node that stands for them all where none is registered.
const NODE: &str = "hollow-0";
/// When a pod that no node would have is looked at again.
const AGAIN: Duration = Duration::from_secs(5);

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "default-scheduler",
    kind: ("v1", "Pod"),
    hears: &[("v1", "Node"), ("v1", "PersistentVolumeClaim")],
    concerns: |store, _| {
        let Ok(kind) = store.kind("v1", "Pod") else { return Vec::new() };
        store.list(&kind, None).iter().filter(|pod| waits(pod)).map(|pod| Key::of(pod)).collect()
    },
    step,
};

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(pod) = desk.store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    if !waits(&pod) {
        return Ok(None);
    }
    match choose(&desk.store, kind, &pod)? {
        Ok(node) => {
            if !claims::settle(&desk.store, &pod, &node)? {
                // The claims that wait for their first pod are provided first.
                return Ok(None);
            }
            bind(desk, kind, &pod, &node)?;
            Ok(None)
        }
        Err(why) => {
            let now = object::timestamp(desk.store.clock().now());
            desk.warn(&pod, "FailedScheduling", &why);
            let finding = Finding::new("PodScheduled", "False", "Unschedulable", why);
            desk.store.change(
                kind,
                (&key.namespace, &key.name),
                Part::Status,
                &Write::default(),
                |live| {
                    let mut new = live.clone();
                    let mut conditions = object::items(live, &["status", "conditions"]).to_vec();
                    conditions::set(&mut conditions, &finding, &now);
                    object::put(&mut new, &["status", "conditions"], conditions);
                    Ok(new)
                },
            )?;
            Ok(Some(AGAIN))
        }
    }
}

fn bind(desk: &Desk, kind: &Kind, pod: &Value, node: &str) -> Result<(), ApiError> {
    let now = object::timestamp(desk.store.clock().now());
    let at = (object::namespace(pod), object::name(pod));
    desk.store.change(kind, at, Part::Whole, &Write::default(), |live| {
        let mut placed = live.clone();
        if waits(live) {
            object::put(&mut placed, &["spec", "nodeName"], node);
            let mut conditions = object::items(live, &["status", "conditions"]).to_vec();
            conditions.retain(|one| object::text(one, &["type"]) != Some("PodScheduled"));
            conditions.push(json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": now}));
            object::put(&mut placed, &["status", "conditions"], conditions);
        }
        Ok(placed)
    })?;
    let message = format!("Successfully assigned {}/{} to {node}", at.0, at.1);
    desk.note(pod, "Scheduled", &message);
    Ok(())
}

/// The node for a pod, or why there is none.
fn choose(store: &Store, kind: &Kind, pod: &Value) -> Result<Result<String, String>, ApiError> {
    let all = nodes::all(store)?;
    let count = all.len();
    if let Some(missing) = claims::missing(store, pod)? {
        let none = format!("0/{count} nodes are available");
        let helpless = "Preemption is not helpful for scheduling.";
        return Ok(Err(format!("{none}: {missing}. preemption: {none}: {count} {helpless}")));
    }
    if all.is_empty() {
        return Ok(Ok(NODE.to_owned()));
    }
    let request = Request::of(pod);
    let mut why: BTreeMap<String, usize> = BTreeMap::new();
    let mut fitting: Vec<&Arc<Value>> = Vec::new();
    for node in &all {
        let refusal = nodes::refusal(node, pod, Asker::Scheduler).map(|key| {
            if key == "node.kubernetes.io/unschedulable" {
                "node(s) were unschedulable".to_owned()
            } else {
                format!("node(s) had untolerated taint(s) {{{key}}}")
            }
        });
        let refusal = refusal.or_else(|| nodes::shortage(store, kind, node, request).map(str::to_owned));
        match refusal {
            Some(refusal) => *why.entry(refusal).or_default() += 1,
            None => fitting.push(node),
        }
    }
    if fitting.len() <= 1 {
        let chosen = fitting.first().map(|node| object::name(node).to_owned());
        return Ok(chosen.ok_or_else(|| refused(count, &why)));
    }
    let load = |node: &Value| {
        let all = store.list(kind, None);
        all.iter()
            .filter(|one| object::text(one, &["spec", "nodeName"]) == Some(object::name(node)))
            .filter(|one| pods::is_active(one))
            .count()
    };
    let least = fitting.into_iter().min_by_key(|node| load(node));
    Ok(Ok(least.map_or(NODE, |node| object::name(node)).to_owned()))
}

fn refused(count: usize, why: &BTreeMap<String, usize>) -> String {
    let reasons: Vec<String> = why.iter().map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
    let none = format!("0/{count} nodes are available");
    let (short, other): (Vec<_>, Vec<_>) =
        why.iter().partition(|(reason, _)| reason.starts_with("Insufficient"));
    let sum = |of: &[(&String, &usize)]| of.iter().map(|(_, nodes)| **nodes).sum::<usize>();
    let mut tried = Vec::new();
    if sum(&short) > 0 {
        tried.push(format!("{} No preemption victims found for incoming pod", sum(&short)));
    }
    if sum(&other) > 0 {
        tried.push(format!("{} Preemption is not helpful for scheduling", sum(&other)));
    }
    format!("{none}: {}. preemption: {none}: {}.", reasons.join(", "), tried.join(", "))
}

fn waits(pod: &Value) -> bool {
    let is_placed = object::text(pod, &["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let is_gated = !object::items(pod, &["spec", "schedulingGates"]).is_empty();
    !is_placed && !is_gated && !object::is_deleting(pod)
}

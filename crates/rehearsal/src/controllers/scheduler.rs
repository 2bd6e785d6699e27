//! The scheduler: every pod goes to the one node there is.

use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Part, Write, object};

/// The node that stands for them all.
pub(super) const NODE: &str = "hollow-0";

/// What this controller does.
pub(super) const DUTY: Duty =
    Duty { name: "default-scheduler", kind: ("v1", "Pod"), hears: &[], concerns: |_, _| Vec::new(), step };

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let store = &desk.store;
    let Ok(pod) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    if !waits(&pod) {
        return Ok(None);
    }
    let now = object::timestamp(store.clock().now());
    store.change(kind, (&key.namespace, &key.name), Part::Whole, &Write::default(), |live| {
        let mut placed = live.clone();
        if waits(live) {
            object::put(&mut placed, &["spec", "nodeName"], NODE);
            let mut conditions = object::items(live, &["status", "conditions"]).to_vec();
            conditions.retain(|one| object::text(one, &["type"]) != Some("PodScheduled"));
            conditions.push(json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": now}));
            object::put(&mut placed, &["status", "conditions"], conditions);
        }
        Ok(placed)
    })?;
    Ok(None)
}

fn waits(pod: &Value) -> bool {
    let is_placed = object::text(pod, &["spec", "nodeName"]).is_some_and(|node| !node.is_empty());
    let is_gated = !object::items(pod, &["spec", "schedulingGates"]).is_empty();
    !is_placed && !is_gated && !object::is_deleting(pod)
}

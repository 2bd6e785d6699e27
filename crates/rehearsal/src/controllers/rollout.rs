//! How many pods each ReplicaSet of a rolling Deployment may have now.

use std::sync::Arc;

use serde_json::Value;

use super::deployment::{Fleet, counted, replicas};
use crate::api::object;

/// How many pods may be above and below what is wished while rolling.
fn margins(fleet: &Fleet) -> (i64, i64) {
    let wanted = fleet.wanted();
    let share = |field: &str, round_up: bool| match object::at(
        &fleet.deployment,
        &["spec", "strategy", "rollingUpdate", field],
    ) {
        Some(Value::Number(number)) => number.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or_default();
            (wanted * percent + if round_up { 99 } else { 0 }) / 100
        }
        _ => 0,
    };
    let (surge, unavailable) = (share("maxSurge", true), share("maxUnavailable", false));
    // With no room either way nothing could ever move.
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(wanted.max(1))) }
}

/// The fewest pods that must stay available.
pub(super) fn fewest(fleet: &Fleet) -> i64 {
    let is_rolling = object::text(&fleet.deployment, &["spec", "strategy", "type"]) == Some("RollingUpdate");
    let wanted = fleet.wanted();
    if wanted == 0 || !is_rolling { wanted } else { wanted - margins(fleet).1 }
}

/// The size with which a new ReplicaSet begins.
pub(super) fn first_size(fleet: &Fleet) -> i64 {
    grown(fleet, 0)
}

/// What the new ReplicaSet may grow to from `now`.
fn grown(fleet: &Fleet, now: i64) -> i64 {
    let wanted = fleet.wanted();
    if now >= wanted {
        return wanted;
    }
    let old: i64 = fleet.old.iter().map(|set| replicas(set)).sum();
    let room = wanted + margins(fleet).0 - old - now;
    now + room.clamp(0, wanted - now)
}

/// The sizes to give now, for the ReplicaSets that change.
pub(super) fn sizes(fleet: &Fleet) -> Vec<(Arc<Value>, i64)> {
    let Some(new) = &fleet.new else { return Vec::new() };
    let size = grown(fleet, replicas(new));
    if size != replicas(new) {
        return vec![(Arc::clone(new), size)];
    }
    shrunk(fleet, new)
}

fn shrunk(fleet: &Fleet, new: &Value) -> Vec<(Arc<Value>, i64)> {
    let fewest = fewest(fleet);
    let total: i64 = fleet.all().map(|set| replicas(set)).sum();
    let new_unavailable = (replicas(new) - counted(new, "availableReplicas")).max(0);
    let mut may_go = total - fewest - new_unavailable;
    let mut sizes: Vec<i64> = fleet.old.iter().map(|set| replicas(set)).collect();
    if may_go <= 0 {
        return Vec::new();
    }
    // First those that serve nobody anyway.
    for (set, size) in fleet.old.iter().zip(&mut sizes) {
        let idle = (*size - counted(set, "availableReplicas")).clamp(0, may_go);
        *size -= idle;
        may_go -= idle;
    }
    // Then those that serve, as far as enough are left.
    let available: i64 = fleet.all().map(|set| counted(set, "availableReplicas").min(replicas(set))).sum();
    let mut spare = (available - fewest).clamp(0, may_go);
    for size in &mut sizes {
        let gone = (*size).min(spare);
        *size -= gone;
        spare -= gone;
    }
    fleet
        .old
        .iter()
        .zip(sizes)
        .filter(|(set, size)| replicas(set) != *size)
        .map(|(set, size)| (Arc::clone(set), size))
        .collect()
}

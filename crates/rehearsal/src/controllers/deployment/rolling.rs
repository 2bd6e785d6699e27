//! The two ways from one template to the next, and how many pods each ReplicaSet may have on the way.

use std::sync::Arc;

use serde_json::Value;

use super::fleet::{Fleet, counted, replicas};
use super::progress;
use crate::api::{ApiError, object};
use crate::controllers::pods;

/// How many pods may be above and below what is wished while rolling; nothing for other strategies.
fn margins(fleet: &Fleet) -> (i64, i64) {
    let strategy = |field: &str| object::at(&fleet.deployment, &["spec", "strategy", "rollingUpdate", field]);
    if !is_rolling(fleet) {
        return (0, 0);
    }
    let wanted = fleet.wanted();
    let surge = pods::share(strategy("maxSurge"), wanted, true).unwrap_or_default();
    let unavailable = pods::share(strategy("maxUnavailable"), wanted, false).unwrap_or_default();
    // With no room either way nothing could ever move.
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// Whether the strategy is to roll.
pub(super) fn is_rolling(fleet: &Fleet) -> bool {
    object::text(&fleet.deployment, &["spec", "strategy", "type"]) == Some("RollingUpdate")
}

/// How many pods there may be above what is wished.
pub(super) fn surge(fleet: &Fleet) -> i64 {
    margins(fleet).0
}

/// The fewest pods that must stay available.
pub(super) fn fewest(fleet: &Fleet) -> i64 {
    let wanted = fleet.wanted();
    if wanted == 0 { 0 } else { wanted - margins(fleet).1.min(wanted) }
}

/// What the new ReplicaSet may grow to from `now`.
pub(super) fn grown(fleet: &Fleet, now: i64) -> i64 {
    let wanted = fleet.wanted();
    if !is_rolling(fleet) {
        return wanted;
    }
    let field = ["spec", "strategy", "rollingUpdate", "maxSurge"];
    let surge = pods::share(object::at(&fleet.deployment, &field), wanted, true).unwrap_or_default();
    let old: i64 = fleet.old.iter().map(|set| replicas(set)).sum();
    let room = wanted + surge - old - now;
    if room <= 0 { now } else { now + room.min(wanted - now) }
}

/// Rolls one step on: up if there is room, else down if enough are left.
pub(super) fn roll(fleet: &mut Fleet) -> Result<(), ApiError> {
    fleet.sync_revision(true)?;
    let Some(new) = fleet.new.clone() else { return Ok(()) };
    let size = if replicas(&new) > fleet.wanted() { fleet.wanted() } else { grown(fleet, replicas(&new)) };
    if fleet.scale(&new, size, false)? {
        return Ok(());
    }
    let mut is_moved = false;
    for (set, size) in shrunk(fleet, &new) {
        is_moved |= fleet.scale(&set, size, false)?;
    }
    if !is_moved && progress::is_complete(&fleet.deployment, &fleet.deployment["status"]) {
        fleet.forget()?;
    }
    Ok(())
}

/// The sizes of the old ReplicaSets that may shrink now.
fn shrunk(fleet: &Fleet, new: &Value) -> Vec<(Arc<Value>, i64)> {
    let fewest = fewest(fleet);
    let total: i64 = fleet.all().map(|set| replicas(set)).sum();
    let new_unavailable = replicas(new) - counted(new, "availableReplicas");
    let may_go = total - fewest - new_unavailable;
    let mut sizes: Vec<i64> = fleet.old.iter().map(|set| replicas(set)).collect();
    if may_go <= 0 {
        return Vec::new();
    }
    // First those that serve nobody anyway.
    let mut idle_left = may_go;
    for (set, size) in fleet.old.iter().zip(&mut sizes) {
        let idle = (*size - counted(set, "availableReplicas")).clamp(0, idle_left);
        *size -= idle;
        idle_left -= idle;
    }
    // Then those that serve, as far as enough are left.
    let available: i64 = fleet.all().map(|set| counted(set, "availableReplicas")).sum();
    let mut spare = (available - fewest).max(0);
    for size in &mut sizes {
        let gone = (*size).min(spare);
        *size -= gone;
        spare -= gone;
    }
    let changed = fleet.old.iter().zip(sizes).filter(|(set, size)| replicas(set) != *size);
    changed.map(|(set, size)| (Arc::clone(set), size)).collect()
}

/// Everything old must be gone, down to the last process, before anything new begins.
pub(super) fn recreate(fleet: &mut Fleet) -> Result<(), ApiError> {
    fleet.sync_revision(false)?;
    let mut is_moved = false;
    for set in &fleet.old {
        is_moved |= replicas(set) != 0 && fleet.scale(set, 0, false)?;
    }
    if is_moved || old_pods_run(fleet)? {
        return Ok(());
    }
    if fleet.new.is_none() {
        fleet.sync_revision(true)?;
    }
    if let Some(new) = fleet.new.clone() {
        fleet.scale(&new, fleet.wanted(), false)?;
    }
    if progress::is_complete(&fleet.deployment, &fleet.deployment["status"]) {
        fleet.forget()?;
    }
    Ok(())
}

fn old_pods_run(fleet: &Fleet) -> Result<bool, ApiError> {
    if fleet.old.iter().any(|set| counted(set, "replicas") > 0) {
        return Ok(true);
    }
    let pod = fleet.store().kind("v1", "Pod")?;
    let old: Vec<&str> = fleet.old.iter().map(|set| object::uid(set)).collect();
    let namespace = object::namespace(&fleet.deployment);
    Ok(fleet.store().list(&pod, Some(namespace)).iter().any(|pod| {
        let owner = object::controller_of(pod).and_then(|owner| object::text(owner, &["uid"]));
        !pods::is_finished(pod) && owner.is_some_and(|owner| old.contains(&owner))
    }))
}

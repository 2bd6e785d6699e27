//! A Deployment that was scaled or is paused: sizes change in proportion, and nothing rolls.

use serde_json::Value;

use super::fleet::{DESIRED, Fleet, MOST, annotated, counted, replicas};
use super::rolling;
use crate::api::ApiError;
use crate::controllers::pods;

/// Whether the wish has changed since the ReplicaSets were last sized.
pub(super) fn is_scaled(fleet: &Fleet) -> bool {
    let mut active = fleet.all().filter(|set| replicas(set) > 0);
    active.any(|set| annotated(set, DESIRED).is_some_and(|desired| desired != fleet.wanted()))
}

/// Sizes the ReplicaSets: the only active one (or the latest) gets everything, several share it.
pub(super) fn scale(fleet: &Fleet) -> Result<(), ApiError> {
    let active: Vec<_> = fleet.all().filter(|set| replicas(set) > 0).collect();
    if active.len() <= 1 {
        let latest = active.into_iter().next().or(fleet.new.as_ref()).or(fleet.old.last());
        return match latest {
            Some(set) => fleet.scale(set, fleet.wanted(), false).map(drop),
            None => Ok(()),
        };
    }
    if fleet.new.as_ref().is_some_and(|new| is_saturated(fleet, new)) {
        let mut old = fleet.old.iter().filter(|set| replicas(set) > 0);
        return old.try_for_each(|set| fleet.scale(set, 0, false).map(drop));
    }
    if !rolling::is_rolling(fleet) {
        return Ok(());
    }
    let mut active: Vec<_> = active.into_iter().cloned().collect();
    let wanted = fleet.wanted();
    let allowed = if wanted > 0 { wanted + rolling::surge(fleet) } else { 0 };
    let to_add = allowed - active.iter().map(|set| replicas(set)).sum::<i64>();
    // The largest first; among equals the newer grows first and the older shrinks first.
    active.sort_by(|one, other| {
        let by_age = if to_add > 0 { pods::by_age(other, one) } else { pods::by_age(one, other) };
        replicas(other).cmp(&replicas(one)).then(by_age)
    });
    let mut added = 0;
    let mut sizes: Vec<i64> = Vec::new();
    for set in &active {
        let part = if to_add == 0 { 0 } else { proportion(fleet, set, to_add - added, to_add > 0) };
        sizes.push(replicas(set) + part);
        added += part;
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    active.iter().zip(sizes).try_for_each(|(set, size)| fleet.scale(set, size, true).map(drop))
}

fn is_saturated(fleet: &Fleet, new: &Value) -> bool {
    let wanted = fleet.wanted();
    replicas(new) == wanted
        && annotated(new, DESIRED) == Some(wanted)
        && counted(new, "availableReplicas") == wanted
}

/// A ReplicaSet's part of what is to be added or (negative) taken.
fn proportion(fleet: &Fleet, set: &Value, left: i64, grows: bool) -> i64 {
    if replicas(set) == 0 || left == 0 {
        return 0;
    }
    let fraction = fraction(fleet, set);
    if grows { fraction.min(left) } else { fraction.max(left) }
}

fn fraction(fleet: &Fleet, set: &Value) -> i64 {
    let size = replicas(set);
    if fleet.wanted() == 0 {
        return -size;
    }
    let most = fleet.wanted() + rolling::surge(fleet);
    let before = annotated(set, MOST).filter(|most| *most > 0);
    let before = before.unwrap_or_else(|| counted(&fleet.deployment, "replicas"));
    if before == 0 {
        return 0;
    }
    // Half is rounded away from nothing, in whole numbers.
    (2 * size * most + before) / (2 * before) - size
}

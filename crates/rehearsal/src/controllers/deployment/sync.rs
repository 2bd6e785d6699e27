//! One step for one Deployment.

use std::time::Duration;

use serde_json::Value;

use super::fleet::Fleet;
use super::{progress, rolling, scaling};
use crate::api::{ApiError, Key, Kind, object};
use crate::controllers::desk::Desk;
use crate::controllers::pods;
use crate::controllers::worker::Duty;

/// What this controller does.
pub(in crate::controllers) const DUTY: Duty = Duty {
    name: "deployment-controller",
    kind: ("apps/v1", "Deployment"),
    hears: &[("apps/v1", "ReplicaSet"), ("v1", "Pod")],
    concerns: |store, object| {
        if let Some(key) = pods::managed_by(object, "Deployment") {
            return vec![key];
        }
        let Some(set) = pods::managed_by(object, "ReplicaSet") else { return Vec::new() };
        let set =
            store.kind("apps/v1", "ReplicaSet").and_then(|kind| store.get(&kind, &set.namespace, &set.name));
        set.ok().and_then(|set| pods::managed_by(&set, "Deployment")).into_iter().collect()
    },
    step,
};

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(deployment) = desk.store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let mut fleet = Fleet::gather(desk, kind, deployment)?;
    if object::is_deleting(&fleet.deployment) {
        fleet.sync_revision(false)?;
        return progress::status_only(&fleet).map(|()| None);
    }
    progress::mark_pause(&mut fleet)?;
    let is_paused = object::at(&fleet.deployment, &["spec", "paused"]) == Some(&Value::Bool(true));
    fleet.sync_revision(false)?;
    if is_paused || scaling::is_scaled(&fleet) {
        scaling::scale(&fleet)?;
        if is_paused {
            fleet.forget()?;
        }
        let Some(fleet) = again(desk, kind, key)? else { return Ok(None) };
        return progress::status_only(&fleet).map(|()| None);
    }
    if rolling::is_rolling(&fleet) {
        rolling::roll(&mut fleet)?;
    } else {
        rolling::recreate(&mut fleet)?;
    }
    match again(desk, kind, key)? {
        Some(fleet) => progress::rollout(&fleet),
        None => Ok(None),
    }
}

/// The fleet as it stands after it was changed.
fn again<'a>(desk: &'a Desk, kind: &'a Kind, key: &Key) -> Result<Option<Fleet<'a>>, ApiError> {
    match desk.store.get(kind, &key.namespace, &key.name) {
        Ok(deployment) => Fleet::gather(desk, kind, deployment).map(Some),
        Err(_) => Ok(None),
    }
}

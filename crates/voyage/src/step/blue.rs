//! Blue: stopped, removed, and brought back.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::{Condition, ObjectRef, Propagation};
use plan::Replicas;

use super::deck::{CONTROLLERS, GOING_BACK};
use super::{Deck, Standing, green, ours};
use crate::StepError;

const FOUND: &str = "blue";

pub(super) async fn stopped(deck: &Deck<'_>, deployments: &[Replicas]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for stopping in deployments {
        let idle = deck.idle(&stopping.deployment)?;
        if !deck.cluster.holds(&idle).await? {
            lacking.push(format!("expected {idle}"));
        }
    }
    if deck.locker.found::<BTreeMap<String, u32>>(FOUND)?.is_none() {
        lacking.push("what was found is not noted".to_owned());
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn stop(deck: &Deck<'_>, deployments: &[Replicas], timeout_s: u64) -> Result<(), StepError> {
    let mut found = BTreeMap::new();
    for stopping in deployments {
        found.insert(stopping.deployment.clone(), deck.cluster.replicas(&stopping.deployment).await?);
    }
    deck.locker.note(FOUND, &found)?;
    for stopping in deployments {
        deck.cluster.scale(&stopping.deployment, 0).await?;
    }
    for stopping in deployments {
        deck.wait(&deck.idle(&stopping.deployment)?, Duration::from_secs(timeout_s)).await?;
    }
    Ok(())
}

/// Blue comes back as it was found, and is ready before anyone is sent to it.
pub(super) async fn restart(deck: &Deck<'_>, timeout_s: u64) -> Result<(), StepError> {
    let found: BTreeMap<String, u32> = deck.locker.found(FOUND)?.unwrap_or_default();
    let limit = Duration::from_secs(timeout_s).max(GOING_BACK);
    for (deployment, replicas) in &found {
        deck.cluster.scale(deployment, *replicas).await?;
    }
    for (deployment, replicas) in found {
        deck.wait(&green::ready_condition(&Replicas { deployment, replicas }), limit).await?;
    }
    Ok(())
}

/// Where a removable object of blue stands.
pub(super) fn removable(deck: &Deck<'_>, object: &str) -> Result<ObjectRef, StepError> {
    let (kind, name) = object.split_once('/').ok_or_else(|| StepError::NotInPlan(object.to_owned()))?;
    let why = match kind {
        "Secret" => "secret values are kept nowhere, so it could not be put back",
        "PersistentVolumeClaim" | "PersistentVolume" => "the data in it could not be put back",
        "Namespace" | "CustomResourceDefinition" => "what it holds could not be put back",
        _ => return deck.place(kind, name),
    };
    Err(StepError::Irremovable(object.to_owned(), why))
}

pub(super) async fn removed(deck: &Deck<'_>, objects: &[String]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for object in objects {
        if deck.cluster.get(&removable(deck, object)?).await?.is_some() {
            lacking.push(format!("{object} still exists"));
        }
    }
    Ok(Standing::of(&lacking))
}

/// Each object is read, kept as it stands (workers at none), and deleted if it is still the one read.
pub(super) async fn remove(deck: &Deck<'_>, objects: &[String]) -> Result<(), StepError> {
    for object in objects {
        let place = removable(deck, object)?;
        let Some(found) = deck.cluster.get(&place).await? else {
            continue;
        };
        let runs = place.kind.kind == "Deployment" && found["spec"]["replicas"].as_u64() != Some(0);
        if runs {
            return Err(StepError::Irremovable(object.clone(), "it still runs pods"));
        }
        deck.locker.remove(&found)?;
        deck.cluster.delete(&found, Propagation::Background).await?;
        deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
    }
    Ok(())
}

/// Puts back what was removed, as it stood then: Deployments at no pods, so that no worker of blue's runs
/// beside one of green's. What is there is left as it is.
pub(super) async fn restore(deck: &Deck<'_>, objects: &[String]) -> Result<(), StepError> {
    for object in objects {
        let place = removable(deck, object)?;
        if let Some(kept) = deck.locker.removed(&place)? {
            // One that is on its way out must be out before it can come back.
            if let Some(found) = deck.cluster.get(&place).await? {
                if found["metadata"].get("deletionTimestamp").is_none() {
                    continue;
                }
                deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
            }
            ours::put_back(deck, &kept).await?;
        }
    }
    Ok(())
}

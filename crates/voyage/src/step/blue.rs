//! Blue: stopped, removed, and brought back.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::{Condition, ObjectRef, Propagation, Selector};
use plan::{Action, Plan, Replicas, SideDoor, Step, Waves};

use super::deck::{CONTROLLERS, GOING_BACK, planned};
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

pub(super) async fn stop(
    deck: &Deck<'_>,
    deployments: &[Replicas],
    waves: Option<&Waves>,
    timeout_s: u64,
) -> Result<(), StepError> {
    let mut found = BTreeMap::new();
    for stopping in deployments {
        found.insert(stopping.deployment.clone(), deck.cluster.replicas(&stopping.deployment).await?);
    }
    deck.locker.note(FOUND, &found)?;
    deck.copied().await?;
    if let Some(waves) = waves {
        thin_out(deck, waves).await?;
    }
    for stopping in deployments {
        deck.cluster.scale(&stopping.deployment, 0).await?;
    }
    for stopping in deployments {
        deck.wait(&deck.idle(&stopping.deployment)?, Duration::from_secs(timeout_s)).await?;
    }
    Ok(())
}

/// Takes part after part away, until one part is left. Whoever was connected to it connects anew meanwhile.
async fn thin_out(deck: &Deck<'_>, waves: &Waves) -> Result<(), StepError> {
    for deployment in &waves.deployments {
        let mut left = deck.cluster.replicas(deployment).await?;
        let part = left.div_ceil(waves.parts.max(1)).max(1);
        while left > part {
            left -= part;
            deck.cluster.scale(deployment, left).await?;
            deck.pause(deck.cluster.clock().on_the_wall(Duration::from_secs(waves.pause_s))).await?;
        }
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
    let checks: Vec<SideDoor> = deck.plan.steps.iter().flat_map(checks_of).cloned().collect();
    for (deployment, replicas) in found {
        let pods = Selector::of_workload(deck.planned("Deployment", &deployment)?)?;
        deck.wait(&green::ready_condition(&Replicas { deployment, replicas }), limit).await?;
        green::await_answers(deck, &pods, &checks).await?;
    }
    Ok(())
}

fn checks_of(step: &Step) -> &[SideDoor] {
    match &step.action {
        Action::VerifyGreen { checks } => checks,
        _ => &[],
    }
}

/// Where a removable object of blue stands.
pub(super) fn removable(plan: &Plan, object: &str) -> Result<ObjectRef, StepError> {
    let (kind, name) = object.split_once('/').ok_or_else(|| StepError::NotInPlan(object.to_owned()))?;
    let why = match kind {
        "Secret" => "secret values are kept nowhere, so it could not be put back",
        "PersistentVolumeClaim" | "PersistentVolume" => "the data in it could not be put back",
        "Namespace" | "CustomResourceDefinition" => "what it holds could not be put back",
        _ => return Ok(ObjectRef::of(planned(plan, kind, name)?)?),
    };
    Err(StepError::Irremovable(object.to_owned(), why))
}

pub(super) async fn removed(deck: &Deck<'_>, objects: &[String]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for object in objects {
        if deck.cluster.get(&removable(deck.plan, object)?).await?.is_some() {
            lacking.push(format!("{object} still exists"));
        }
    }
    Ok(Standing::of(&lacking))
}

/// Each object is read, kept as it stands (workers at none), and deleted if it is still the one read.
pub(super) async fn remove(deck: &Deck<'_>, objects: &[String]) -> Result<(), StepError> {
    for object in objects {
        let place = removable(deck.plan, object)?;
        let Some(found) = deck.cluster.get(&place).await? else {
            continue;
        };
        let runs = place.kind.kind == "Deployment" && found["spec"]["replicas"].as_u64() != Some(0);
        if runs {
            return Err(StepError::Irremovable(object.clone(), "it still runs pods"));
        }
        deck.locker.remove(&found)?;
        deck.copied().await?;
        deck.cluster.delete(&found, Propagation::Background).await?;
        deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
    }
    Ok(())
}

/// Puts back what was removed, as it stood then: Deployments at no pods, so that no worker of blue's runs
/// beside one of green's. What is there is left as it is.
pub(super) async fn restore(deck: &Deck<'_>, objects: &[String]) -> Result<(), StepError> {
    for object in objects {
        let place = removable(deck.plan, object)?;
        if let Some(kept) = deck.locker.removed(&place)? {
            // One that is on its way out must be out before it can come back.
            if let Some(found) = deck.cluster.get(&place).await? {
                if found["metadata"].get("deletionTimestamp").is_none() {
                    continue;
                }
                deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
            }
            ours::put_back(deck.cluster, &kept).await?;
        }
    }
    Ok(())
}

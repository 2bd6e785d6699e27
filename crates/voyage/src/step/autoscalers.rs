//! Autoscalers are pinned to what runs, so that nothing scales what is being moved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Deck, Standing};
use crate::StepError;

const FOUND: &str = "autoscalers";

/// An autoscaler's bounds as found, and what it is pinned to.
#[derive(Debug, Serialize, Deserialize)]
struct Bounds {
    min: Value,
    max: Value,
    /// Nothing for a target of no pods, which its autoscaler leaves alone anyway.
    pinned: Option<u32>,
}

pub(super) async fn paused(deck: &Deck<'_>, autoscalers: &[String]) -> Result<Standing, StepError> {
    let found: BTreeMap<String, Bounds> = deck.locker.found(FOUND)?.unwrap_or_default();
    let mut lacking = Vec::new();
    for name in autoscalers {
        let live = deck.cluster.need(&deck.place("HorizontalPodAutoscaler", name)?).await?;
        let pinned = match found.get(name).map(|bounds| bounds.pinned) {
            Some(Some(pinned)) => {
                live["spec"]["minReplicas"] == pinned && live["spec"]["maxReplicas"] == pinned
            }
            Some(None) => true,
            None => false,
        };
        if !pinned {
            lacking.push(format!("HorizontalPodAutoscaler/{name} is not pinned"));
        }
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn pause(deck: &Deck<'_>, autoscalers: &[String]) -> Result<(), StepError> {
    let mut found: BTreeMap<String, Bounds> = BTreeMap::new();
    for name in autoscalers {
        let live = deck.cluster.need(&deck.place("HorizontalPodAutoscaler", name)?).await?;
        deck.locker.back_up(&live)?;
        let spec = &live["spec"];
        let target = spec["scaleTargetRef"]["name"].as_str().unwrap_or_default();
        let replicas = deck.cluster.replicas(target).await?;
        let pinned = (replicas > 0).then_some(replicas);
        let bounds = Bounds { min: spec["minReplicas"].clone(), max: spec["maxReplicas"].clone(), pinned };
        found.insert(name.clone(), bounds);
    }
    deck.locker.note(FOUND, &found)?;
    // Noted once: after a crash the first note counts, since bounds may be pinned since.
    let found: BTreeMap<String, Bounds> = deck.locker.found(FOUND)?.unwrap_or(found);
    for (name, bounds) in &found {
        if let Some(pinned) = bounds.pinned {
            let patch = json!({"spec": {"minReplicas": pinned, "maxReplicas": pinned}});
            deck.cluster.patch_merge(&deck.place("HorizontalPodAutoscaler", name)?, &patch).await?;
        }
    }
    Ok(())
}

pub(super) async fn resume(deck: &Deck<'_>, autoscalers: &[String]) -> Result<(), StepError> {
    let found: BTreeMap<String, Bounds> = deck.locker.found(FOUND)?.unwrap_or_default();
    for (name, bounds) in found.iter().filter(|(name, _)| autoscalers.contains(name)) {
        let patch = json!({"spec": {"minReplicas": bounds.min, "maxReplicas": bounds.max}});
        deck.cluster.patch_merge(&deck.place("HorizontalPodAutoscaler", name)?, &patch).await?;
    }
    Ok(())
}

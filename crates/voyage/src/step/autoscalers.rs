//! Autoscalers are pinned to what runs, so that nothing scales what is being moved.

use std::collections::BTreeMap;

use plan::Action;
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
    /// Its behaviour as found.
    #[serde(default)]
    behavior: Value,
    /// Whether its target's pods end one by one: then the bound below must not bring them back, and it is told to scale
    /// neither up nor down.
    #[serde(default)]
    halted: bool,
}

impl Bounds {
    /// What its `spec` must say while it is paused.
    fn paused(&self) -> Option<Value> {
        let pinned = self.pinned?;
        let off = json!({"selectPolicy": "Disabled"});
        Some(if self.halted {
            json!({"minReplicas": 1, "maxReplicas": pinned, "behavior": {"scaleUp": off, "scaleDown": off}})
        } else {
            json!({"minReplicas": pinned, "maxReplicas": pinned})
        })
    }
}

pub(super) async fn paused(deck: &Deck<'_>, autoscalers: &[String]) -> Result<Standing, StepError> {
    let found: BTreeMap<String, Bounds> = deck.locker.found(FOUND)?.unwrap_or_default();
    let mut lacking = Vec::new();
    for name in autoscalers {
        let live = deck.cluster.need(&deck.place("HorizontalPodAutoscaler", name)?).await?;
        let pinned = found
            .get(name)
            .is_some_and(|bounds| bounds.paused().is_none_or(|wanted| holds(&wanted, &live["spec"])));
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
        let bounds = Bounds {
            min: spec["minReplicas"].clone(),
            max: spec["maxReplicas"].clone(),
            pinned,
            behavior: spec["behavior"].clone(),
            halted: ends_one_by_one(deck, target),
        };
        found.insert(name.clone(), bounds);
    }
    deck.locker.note(FOUND, &found)?;
    deck.copied().await?;
    // Noted once: after a crash the first note counts, since bounds may be pinned since.
    let found: BTreeMap<String, Bounds> = deck.locker.found(FOUND)?.unwrap_or(found);
    for (name, bounds) in &found {
        if let Some(paused) = bounds.paused() {
            let patch = json!({ "spec": paused });
            deck.cluster.patch_merge(&deck.place("HorizontalPodAutoscaler", name)?, &patch).await?;
        }
    }
    Ok(())
}

pub(super) async fn resume(deck: &Deck<'_>, autoscalers: &[String]) -> Result<(), StepError> {
    let found: BTreeMap<String, Bounds> = deck.locker.found(FOUND)?.unwrap_or_default();
    for (name, bounds) in found.iter().filter(|(name, _)| autoscalers.contains(name)) {
        let patch = json!({"spec": {"minReplicas": bounds.min, "maxReplicas": bounds.max}});
        let place = deck.place("HorizontalPodAutoscaler", name)?;
        if bounds.halted {
            // What was added to it goes, too: a merge would leave it there.
            let nothing = json!({"spec": {"behavior": null}});
            deck.cluster.patch_merge(&place, &nothing).await?;
            let as_found = json!({"spec": {"behavior": bounds.behavior}});
            deck.cluster.patch_merge(&place, &as_found).await?;
        }
        deck.cluster.patch_merge(&place, &patch).await?;
    }
    Ok(())
}

fn ends_one_by_one(deck: &Deck<'_>, deployment: &str) -> bool {
    deck.plan.steps.iter().any(|step| match &step.action {
        Action::ShiftPods(shift) => shift.blue.iter().any(|own| own.deployment == deployment),
        _ => false,
    })
}

/// Whether all that is wanted is found.
fn holds(wanted: &Value, found: &Value) -> bool {
    match wanted {
        Value::Object(fields) => fields.iter().all(|(key, wanted)| holds(wanted, &found[key])),
        wanted => wanted == found,
    }
}

//! Every object that later steps touch or remove is kept.

use std::collections::BTreeSet;

use cluster::{Kind, ObjectRef};
use plan::Action;

use super::{Deck, Standing};
use crate::StepError;

pub(super) async fn backed_up(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for place in touched(deck)? {
        if deck.locker.backup(&place)?.is_none() && deck.cluster.get(&place).await?.is_some() {
            lacking.push(format!("{place} is not backed up"));
        }
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn back_up(deck: &Deck<'_>) -> Result<(), StepError> {
    for place in touched(deck)? {
        if let Some(found) = deck.cluster.get(&place).await? {
            deck.locker.back_up(&found)?;
        }
    }
    Ok(())
}

/// What the plan's steps touch of blue. Secrets are neither touched nor kept.
fn touched(deck: &Deck<'_>) -> Result<Vec<ObjectRef>, StepError> {
    let mut named: BTreeSet<(&str, &str)> = BTreeSet::new();
    for step in &deck.plan.steps {
        match &step.action {
            Action::PauseAutoscalers { autoscalers } => {
                named.extend(autoscalers.iter().map(|name| ("HorizontalPodAutoscaler", name.as_str())));
            }
            Action::DrainQueues { workers, cron_jobs, .. } => {
                named.extend(workers.iter().map(|it| ("Deployment", it.deployment.as_str())));
                named.extend(cron_jobs.iter().map(|name| ("CronJob", name.as_str())));
            }
            Action::OpenOverlap { services, .. } | Action::CloseOverlap { services } => {
                named.extend(services.iter().map(|it| ("Service", it.service.as_str())));
            }
            Action::StopBlue { deployments, .. } => {
                named.extend(deployments.iter().map(|it| ("Deployment", it.deployment.as_str())));
            }
            Action::RemoveBlue { objects } => {
                named.extend(objects.iter().filter_map(|object| object.split_once('/')));
            }
            Action::CheckAssumptions
            | Action::AcquireLease { .. }
            | Action::BackUp
            | Action::RecordBaseline { .. }
            | Action::InstallGreen
            | Action::AwaitReady { .. }
            | Action::VerifyGreen { .. }
            | Action::StartQueues { .. }
            | Action::HoldOverlap { .. }
            | Action::Observe { .. }
            | Action::Adopt
            | Action::RecordRelease { .. }
            | Action::FinalAudit
            | Action::ReleaseLease { .. } => {}
        }
    }
    let mut places: Vec<ObjectRef> =
        named.into_iter().map(|(kind, name)| deck.place(kind, name)).collect::<Result<_, _>>()?;
    for object in &deck.plan.adopted {
        let place = ObjectRef::of(object)?;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.retain(|place| place.kind != Kind::secret());
    Ok(places)
}

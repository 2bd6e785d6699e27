//! Every object that later steps touch or remove is kept, and beside them the rest of the old side.

use std::collections::BTreeSet;

use cluster::{ClusterError, Kind, ObjectRef};
use plan::Action;

use super::{Deck, Standing};
use crate::StepError;
use crate::backup::Unkept;

/// What is not kept of the old side: tasks would run again, and data cannot be put back by an object.
const NEVER: [&str; 6] =
    ["Job", "Pod", "Namespace", "PersistentVolume", "CustomResourceDefinition", "StorageClass"];

pub(super) async fn backed_up(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for place in touched(deck)? {
        if deck.locker.backup(&place)?.is_none() && deck.cluster.get(&place).await?.is_some() {
            lacking.push(format!("{place} is not backed up"));
        }
    }
    if !deck.locker.is_sealed() {
        lacking.push("the backup is not finished".to_owned());
    }
    Ok(Standing::of(&lacking))
}

/// What will be touched must be kept; of the rest it is stated where it cannot be.
pub(super) async fn back_up(deck: &Deck<'_>) -> Result<(), StepError> {
    let touched = touched(deck)?;
    for place in &touched {
        if let Some(found) = deck.cluster.get(place).await? {
            deck.locker.back_up(&found)?;
        }
    }
    let mut unkept = Vec::new();
    for place in beside(deck)?.iter().filter(|place| !touched.contains(place)) {
        if place.kind == Kind::secret() && !deck.locker.keeps_secrets() {
            unkept.push(Unkept::new(place, "there is nobody to encrypt it for"));
            continue;
        }
        match deck.cluster.get(place).await {
            Ok(Some(found)) => deck.locker.back_up(&found)?,
            Ok(None) => unkept.push(Unkept::new(place, "it does not exist")),
            Err(error) if is_refusal(&error) => unkept.push(Unkept::new(place, error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    deck.locker.seal(deck.cluster.namespace(), unkept)
}

fn is_refusal(error: &ClusterError) -> bool {
    matches!(error.code(), Some(401 | 403 | 405))
}

/// The rest of the old side, and the Secrets that both sides use.
fn beside(deck: &Deck<'_>) -> Result<Vec<ObjectRef>, StepError> {
    let mut places = Vec::new();
    for object in deck.plan.blue_here() {
        let place = ObjectRef::of(object)?;
        if !NEVER.contains(&place.kind.kind.as_str()) && !place.kind.is_cluster_scoped() {
            places.push(place);
        }
    }
    for need in &deck.plan.needs {
        let place = ObjectRef::new(Kind::secret(), &need.secret);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Ok(places)
}

/// What the plan's steps touch of blue. Secrets are not touched.
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
            Action::ShiftPods(shift) => {
                named.extend(shift.blue.iter().map(|it| ("Deployment", it.deployment.as_str())));
                named.extend(shift.services.iter().map(|it| ("Service", it.service.as_str())));
            }
            Action::ShiftWeights { routes, .. } | Action::RestoreRoutes { routes } => {
                named.extend(routes.iter().map(|it| ("HTTPRoute", it.route.as_str())));
            }
            Action::ShowPage(page) | Action::HidePage(page) => {
                named.extend(page.services.iter().map(|it| ("Service", it.service.as_str())));
            }
            Action::RemoveBlue { objects } => {
                named.extend(objects.iter().filter_map(|object| object.split_once('/')));
            }
            Action::CheckAssumptions
            | Action::AcquireLease { .. }
            | Action::PauseGitops { .. }
            | Action::BackUp
            | Action::RecordBaseline { .. }
            | Action::FollowStores { .. }
            | Action::CutOverStores { .. }
            | Action::InstallGreen
            | Action::AwaitReady { .. }
            | Action::VerifyGreen { .. }
            | Action::StartQueues { .. }
            | Action::RaiseGreen { .. }
            | Action::RaisePage { .. }
            | Action::RemovePage
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

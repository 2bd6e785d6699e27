//! Watching traffic: before anything changes, and while users are on green.

use std::time::Duration;

use plan::Action;

use super::deck::CONTROLLERS;
use super::perform::stands;
use super::{Deck, Standing, green};
use crate::{StepError, Traffic};

const FOUND: &str = "baseline";
/// Looked back over at least, however fast the cluster's clock runs: traffic does not run faster. It ran
/// before the voyage began, so that nothing is waited for.
const AT_LEAST: Duration = Duration::from_secs(1);

/// What was recorded, by this process or one before it.
pub(crate) fn baseline(locker: &crate::Locker) -> Result<Option<Traffic>, StepError> {
    locker.found(FOUND)
}

pub(super) fn recorded(deck: &Deck<'_>) -> Result<Standing, StepError> {
    Ok(match baseline(deck.locker)? {
        Some(_) => Standing::Holds,
        None => Standing::Lacks("no baseline is recorded".to_owned()),
    })
}

pub(super) async fn record(deck: &Deck<'_>, seconds: u64) -> Result<(), StepError> {
    let wall = deck.cluster.clock().on_the_wall(Duration::from_secs(seconds));
    deck.pause(wall).await?;
    let traffic = deck.traffic.window(wall.max(AT_LEAST));
    deck.locker.note(FOUND, &traffic)?;
    deck.tell_baseline(traffic);
    Ok(())
}

/// The guard does the watching; this gives it the time.
pub(super) async fn hold(deck: &Deck<'_>, seconds: u64) -> Result<(), StepError> {
    deck.pause(deck.cluster.clock().on_the_wall(Duration::from_secs(seconds))).await
}

/// As [`hold`]; and in the end all of green must be ready, also what no user asks, and users and queues must still be
/// where they were led: a GitOps controller may have put them back, and blue is about to end.
pub(super) async fn observe(deck: &Deck<'_>, seconds: u64) -> Result<(), StepError> {
    hold(deck, seconds).await?;
    for step in &deck.plan.steps {
        let leads = matches!(
            step.action,
            Action::DrainQueues { .. } | Action::StartQueues { .. } | Action::CloseOverlap { .. }
        );
        if leads && let Standing::Lacks(what) = stands(deck, &step.action).await? {
            return Err(StepError::Undone(what));
        }
    }
    for wanted in deck.green_deployments() {
        deck.wait(&green::ready_condition(&wanted), CONTROLLERS).await?;
    }
    Ok(())
}

//! Watching traffic: before anything changes, and while users are on green.

use std::collections::BTreeMap;
use std::time::Duration;

use plan::Action;

use super::deck::CONTROLLERS;
use super::perform::stands;
use super::{Deck, Standing, green};
use crate::event::now_ms;
use crate::{StepError, Traffic, VoyageEvent, guard};

const FOUND: &str = "baseline";
const ASKED: &str = "baseline-asked";
/// Looked back over at least, however fast the cluster's clock runs: traffic does not run faster. It ran
/// before the voyage began, so that nothing is waited for.
const AT_LEAST: Duration = Duration::from_secs(1);

/// What was recorded, by this process or one before it.
pub(crate) fn baseline(locker: &crate::Locker) -> Result<Option<Traffic>, StepError> {
    locker.found(FOUND)
}

/// What Prometheus said then, by rule.
pub(crate) fn answers(locker: &crate::Locker) -> Result<BTreeMap<String, f64>, StepError> {
    Ok(locker.found(ASKED)?.unwrap_or_default())
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
    if let Some(prometheus) = deck.prometheus {
        let (found, missing) =
            guard::baselines(deck.plan, prometheus, deck.cluster.clock(), wall.max(AT_LEAST)).await;
        deck.locker.note(ASKED, &found)?;
        deck.asked.send_replace(answers(deck.locker)?);
        for (rule, why) in missing {
            let note = format!("no baseline: {why}");
            let _nobody_listens = deck.events.send(VoyageEvent::Noted { rule, note, at_ms: now_ms() });
        }
    }
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
            Action::PauseGitops { .. }
                | Action::CutOverStores { .. }
                | Action::DrainQueues { .. }
                | Action::StartQueues { .. }
                | Action::ShiftPods(_)
                | Action::HidePage(_)
                | Action::RestoreRoutes { .. }
                | Action::CloseOverlap { .. }
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

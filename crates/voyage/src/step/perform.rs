//! Each action observed, done, verified and undone.

use super::Deck;
use super::{
    adopt, assumptions, audit, autoscalers, backup, blue, green, lease, observing, overlap, queues, release,
};
use futures::future::{BoxFuture, FutureExt};
use plan::Action;

use crate::StepError;

/// Whether a step's effect is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is.
    Holds,
    /// It is not, or not all of it.
    Lacks(String),
    /// The step leaves nothing to look at: it has to be done to be known.
    Unseen,
}

impl Standing {
    /// Holds when nothing is lacking.
    pub(super) fn of(lacking: &[String]) -> Self {
        if lacking.is_empty() { Self::Holds } else { Self::Lacks(lacking.join("; ")) }
    }
}

/// Observes, does unless done, and verifies.
pub(crate) async fn perform(deck: &Deck<'_>, action: &Action) -> Result<(), StepError> {
    if let Action::CloseOverlap { .. } = action {
        deck.traffic.users_moved();
    }
    if stands(deck, action).await? == Standing::Holds {
        return Ok(());
    }
    make(deck, action).await?;
    match stands(deck, action).await? {
        Standing::Holds | Standing::Unseen => Ok(()),
        Standing::Lacks(what) => Err(StepError::Unverified(what)),
    }
}

/// Whether a step's effect is there: looked at before, to skip what is done, and after, to verify it.
pub(super) fn stands<'a>(
    deck: &'a Deck<'_>,
    action: &'a Action,
) -> BoxFuture<'a, Result<Standing, StepError>> {
    match action {
        Action::CheckAssumptions
        | Action::VerifyGreen { .. }
        | Action::HoldOverlap { .. }
        | Action::Observe { .. }
        | Action::FinalAudit => std::future::ready(Ok(Standing::Unseen)).boxed(),
        Action::AcquireLease { lease } => lease::held(deck, lease).boxed(),
        Action::ReleaseLease { lease } => lease::released(deck, lease).boxed(),
        Action::PauseAutoscalers { autoscalers } => autoscalers::paused(deck, autoscalers).boxed(),
        Action::BackUp => backup::backed_up(deck).boxed(),
        Action::RecordBaseline { .. } => std::future::ready(observing::recorded(deck)).boxed(),
        Action::InstallGreen => green::installed(deck).boxed(),
        Action::AwaitReady { deployments, .. } => green::ready(deck, deployments).boxed(),
        Action::DrainQueues { workers, cron_jobs, .. } => queues::drained(deck, workers, cron_jobs).boxed(),
        Action::StartQueues { workers, cron_jobs, .. } => queues::started(deck, workers, cron_jobs).boxed(),
        Action::OpenOverlap { pods, services } => overlap::open(deck, pods, services).boxed(),
        Action::CloseOverlap { services } => overlap::closed(deck, services).boxed(),
        Action::StopBlue { deployments, .. } => blue::stopped(deck, deployments).boxed(),
        Action::RemoveBlue { objects } => blue::removed(deck, objects).boxed(),
        Action::Adopt => adopt::adopted(deck).boxed(),
        Action::RecordRelease { secret } => release::recorded(deck, secret).boxed(),
    }
}

fn make<'a>(deck: &'a Deck<'_>, action: &'a Action) -> BoxFuture<'a, Result<(), StepError>> {
    match action {
        Action::CheckAssumptions => assumptions::check(deck).boxed(),
        Action::AcquireLease { lease } => lease::acquire(deck, lease).boxed(),
        Action::ReleaseLease { lease } => lease::release(deck, lease).boxed(),
        Action::PauseAutoscalers { autoscalers } => autoscalers::pause(deck, autoscalers).boxed(),
        Action::BackUp => backup::back_up(deck).boxed(),
        Action::RecordBaseline { seconds } => observing::record(deck, *seconds).boxed(),
        Action::InstallGreen => green::install(deck).boxed(),
        Action::AwaitReady { deployments, timeout_s } => {
            green::await_ready(deck, deployments, *timeout_s).boxed()
        }
        Action::VerifyGreen { checks } => green::verify(deck, checks).boxed(),
        Action::DrainQueues { workers, cron_jobs, timeout_s } => {
            queues::drain(deck, workers, cron_jobs, *timeout_s).boxed()
        }
        Action::StartQueues { workers, cron_jobs, timeout_s } => {
            queues::start(deck, workers, cron_jobs, *timeout_s).boxed()
        }
        Action::OpenOverlap { pods, services } => overlap::make_open(deck, pods, services).boxed(),
        Action::CloseOverlap { services } => overlap::close(deck, services).boxed(),
        Action::HoldOverlap { seconds } => observing::hold(deck, *seconds).boxed(),
        Action::Observe { seconds } => observing::observe(deck, *seconds).boxed(),
        Action::StopBlue { deployments, timeout_s } => blue::stop(deck, deployments, *timeout_s).boxed(),
        Action::RemoveBlue { objects } => blue::remove(deck, objects).boxed(),
        Action::Adopt => adopt::adopt(deck).boxed(),
        Action::RecordRelease { secret } => release::record(deck, secret).boxed(),
        Action::FinalAudit => audit::audit(deck).boxed(),
    }
}

/// Takes a step back, however much of it was done.
pub(crate) fn undo<'a>(deck: &'a Deck<'_>, action: &'a Action) -> BoxFuture<'a, Result<(), StepError>> {
    match action {
        Action::CheckAssumptions
        | Action::BackUp
        | Action::RecordBaseline { .. }
        | Action::AwaitReady { .. }
        | Action::VerifyGreen { .. }
        | Action::HoldOverlap { .. }
        | Action::Observe { .. }
        | Action::FinalAudit => std::future::ready(Ok(())).boxed(),
        Action::AcquireLease { lease } => lease::release(deck, lease).boxed(),
        Action::ReleaseLease { lease } => lease::acquire(deck, lease).boxed(),
        Action::PauseAutoscalers { autoscalers } => autoscalers::resume(deck, autoscalers).boxed(),
        Action::InstallGreen => green::uninstall(deck).boxed(),
        Action::DrainQueues { workers, cron_jobs, timeout_s } => {
            queues::undrain(deck, workers, cron_jobs, *timeout_s).boxed()
        }
        Action::StartQueues { workers, cron_jobs, timeout_s } => {
            queues::unstart(deck, workers, cron_jobs, *timeout_s).boxed()
        }
        Action::OpenOverlap { pods, services } => overlap::undo_open(deck, pods, services).boxed(),
        Action::CloseOverlap { services } => overlap::back_to_blue(deck, services).boxed(),
        Action::StopBlue { timeout_s, .. } => blue::restart(deck, *timeout_s).boxed(),
        Action::RemoveBlue { objects } => blue::restore(deck, objects).boxed(),
        Action::Adopt => adopt::unadopt(deck).boxed(),
        Action::RecordRelease { secret } => release::forget(deck, secret).boxed(),
    }
}

/// What was recorded before, for the guard of a voyage that goes on.
pub(crate) fn recorded_baseline(locker: &crate::Locker) -> Result<Option<crate::Traffic>, StepError> {
    observing::baseline(locker)
}

/// Holds the Lease again, in a process that took over.
pub(crate) async fn take_up_lease(deck: &Deck<'_>, lease: &str) -> Result<(), StepError> {
    lease::acquire(deck, lease).await
}

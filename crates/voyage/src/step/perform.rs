//! Each action observed, done, verified and undone.

use super::Deck;
use super::{
    adopt, assumptions, audit, autoscalers, backup, blue, gitops, green, lease, observing, overlap, page,
    queues, release, shift, stores, weights,
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
    match action {
        Action::CloseOverlap { .. }
        | Action::ShiftPods(_)
        | Action::ShiftWeights { .. }
        | Action::HidePage(_) => deck.traffic.users_moved(),
        Action::ShowPage(_) => deck.traffic.announced(true),
        _ => {}
    }
    if stands(deck, action).await? != Standing::Holds {
        make(deck, action).await?;
        if let Standing::Lacks(what) = stands(deck, action).await? {
            return Err(StepError::Unverified(what));
        }
    }
    if let Action::HidePage(_) = action {
        deck.traffic.announced(false);
    }
    Ok(())
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
        Action::PauseGitops { .. } => gitops::paused(deck).boxed(),
        Action::BackUp => backup::backed_up(deck).boxed(),
        Action::RecordBaseline { .. } => std::future::ready(observing::recorded(deck)).boxed(),
        Action::FollowStores { .. } => stores::following(deck).boxed(),
        Action::CutOverStores { .. } => stores::cut_over_stands(deck).boxed(),
        Action::InstallGreen => green::installed(deck).boxed(),
        Action::AwaitReady { deployments, .. } => green::ready(deck, deployments).boxed(),
        Action::DrainQueues { workers, cron_jobs, .. } => queues::drained(deck, workers, cron_jobs).boxed(),
        Action::StartQueues { workers, cron_jobs, .. } => queues::started(deck, workers, cron_jobs).boxed(),
        Action::OpenOverlap { pods, services } => overlap::open(deck, pods, services).boxed(),
        Action::CloseOverlap { services } => overlap::closed(deck, services).boxed(),
        Action::RaiseGreen { deployments, .. } => green::ready(deck, deployments).boxed(),
        Action::ShiftPods(shift) => shift::shifted(deck, shift).boxed(),
        Action::ShiftWeights { routes, stages, .. } => weights::shifted(deck, routes, stages).boxed(),
        Action::RestoreRoutes { routes } => weights::restored(deck, routes).boxed(),
        Action::RaisePage { deployments, .. } => page::raised(deck, deployments).boxed(),
        Action::ShowPage(page) | Action::HidePage(page) => overlap::closed(deck, &page.services).boxed(),
        Action::RemovePage => page::removed(deck).boxed(),
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
        Action::PauseGitops { owners } => gitops::pause(deck, owners).boxed(),
        Action::BackUp => backup::back_up(deck).boxed(),
        Action::RecordBaseline { seconds } => observing::record(deck, *seconds).boxed(),
        Action::FollowStores { .. } => stores::follow(deck).boxed(),
        Action::CutOverStores { .. } => stores::cut_over(deck).boxed(),
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
        Action::RaiseGreen { deployments, timeout_s } => green::raise(deck, deployments, *timeout_s).boxed(),
        Action::ShiftPods(shift) => shift::shift(deck, shift).boxed(),
        Action::ShiftWeights { routes, stages, stage_s } => {
            weights::shift(deck, routes, stages, *stage_s).boxed()
        }
        Action::RestoreRoutes { routes } => weights::restore(deck, routes).boxed(),
        Action::RaisePage { deployments, checks, timeout_s } => {
            page::raise(deck, deployments, checks, *timeout_s).boxed()
        }
        Action::ShowPage(page) => page::show(deck, page).boxed(),
        Action::HidePage(page) => page::hide(deck, page).boxed(),
        Action::RemovePage => page::remove(deck).boxed(),
        Action::StopBlue { deployments, waves, timeout_s } => {
            blue::stop(deck, deployments, waves.as_ref(), *timeout_s).boxed()
        }
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
        Action::PauseGitops { .. } => gitops::resume(deck).boxed(),
        Action::FollowStores { .. } | Action::CutOverStores { .. } => stores::go_back(deck).boxed(),
        Action::InstallGreen => green::uninstall(deck).boxed(),
        Action::DrainQueues { workers, cron_jobs, timeout_s } => {
            queues::undrain(deck, workers, cron_jobs, *timeout_s).boxed()
        }
        Action::StartQueues { workers, cron_jobs, timeout_s } => {
            queues::unstart(deck, workers, cron_jobs, *timeout_s).boxed()
        }
        Action::OpenOverlap { pods, services } => overlap::undo_open(deck, pods, services).boxed(),
        Action::CloseOverlap { services } => overlap::undo_close(deck, action, services).boxed(),
        Action::RaiseGreen { deployments, timeout_s } => green::lower(deck, deployments, *timeout_s).boxed(),
        Action::ShiftPods(shift) => shift::unshift(deck, shift).boxed(),
        // Put back, routes lead to whatever is behind the Services, which go back next.
        Action::ShiftWeights { routes, .. } | Action::RestoreRoutes { routes } => {
            weights::restore(deck, routes).boxed()
        }
        Action::RaisePage { .. } => page::remove(deck).boxed(),
        Action::ShowPage(page) => page::unshow(deck, page).boxed(),
        Action::HidePage(page) => page::unhide(deck, page).boxed(),
        Action::RemovePage => page::put_back(deck).boxed(),
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

/// What Prometheus said before, for the same.
pub(crate) fn recorded_answers(
    locker: &crate::Locker,
) -> Result<std::collections::BTreeMap<String, f64>, StepError> {
    observing::answers(locker)
}

/// Holds the Lease again, in a process that took over.
pub(crate) async fn take_up_lease(deck: &Deck<'_>, lease: &str) -> Result<(), StepError> {
    lease::acquire(deck, lease).await
}

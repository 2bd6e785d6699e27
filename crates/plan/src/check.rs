//! The plan checker: a plan that breaks a law is not run, whoever wrote it.

use crate::{Action, Plan, PlanError, Step};

/// Checks a plan against the laws that can be seen in it: make before break, one scheduler, known form.
///
/// # Errors
/// The first law that it breaks.
pub fn check(plan: &Plan) -> Result<(), PlanError> {
    if plan.format != Plan::FORMAT {
        return Err(PlanError::Format { found: plan.format, expected: Plan::FORMAT });
    }
    let position =
        |accept: fn(&Action) -> bool| plan.steps.iter().position(|step: &Step| accept(&step.action));
    let ready = position(|action| matches!(action, Action::AwaitReady { .. }));
    let verified = position(|action| matches!(action, Action::VerifyGreen { .. }));
    let drained = position(|action| matches!(action, Action::DrainQueues { .. }));
    let started = position(|action| matches!(action, Action::StartQueues { .. }));
    let overlap = position(|action| matches!(action, Action::OpenOverlap { .. }));
    let held = position(|action| matches!(action, Action::HoldOverlap { .. }));
    let switched = position(|action| matches!(action, Action::CloseOverlap { .. }));
    let observed = position(|action| matches!(action, Action::Observe { .. }));
    let stopped = position(|action| matches!(action, Action::StopBlue { .. }));
    let removed = position(|action| matches!(action, Action::RemoveBlue { .. }));
    let backed_up = position(|action| matches!(action, Action::BackUp));
    let recorded = position(|action| matches!(action, Action::RecordRelease { .. }));
    let in_order = [
        (backed_up, removed, "a backup is made before anything is removed"),
        (ready, overlap, "green is ready before users can reach it"),
        (verified, overlap, "green is verified before users can reach it"),
        (drained, started, "blue's queues are drained before green's workers start"),
        (overlap, switched, "the overlap opens before blue is left out"),
        (overlap, held, "only an overlap that is open can be held"),
        (switched, observed, "green is observed with users on it"),
        (observed, stopped, "blue stays hot while green is observed"),
        (stopped, removed, "blue's pods end before its objects go"),
        // Whoever finds a release in `helm list` may upgrade it, and with it what is not yet as its values say.
        (removed, recorded, "Helm is told of green when blue is gone"),
    ];
    for (first, second, law) in in_order {
        let broken = match (first, second) {
            (Some(first), Some(second)) => first >= second,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if broken {
            return Err(PlanError::Unlawful(law.to_owned()));
        }
    }
    if plan.helm.is_some() != recorded.is_some() {
        return Err(PlanError::Unlawful("Helm is told of a release if green is one".to_owned()));
    }
    if held.zip(switched).is_some_and(|(held, switched)| held > switched) {
        return Err(PlanError::Unlawful("an overlap is held before it is closed".to_owned()));
    }
    let mut ids: Vec<&str> = plan.steps.iter().map(|step| step.id.0.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(PlanError::Unlawful("every step has its own id".to_owned()));
    }
    Ok(())
}

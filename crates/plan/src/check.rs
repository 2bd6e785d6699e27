//! The plan checker: a plan that breaks a law is not run, whoever wrote it.

use crate::queries::check_rules;
use crate::{Action, Plan, PlanError, Step};

/// Checks a plan against the laws that can be seen in it: make before break, one scheduler, known form.
///
/// # Errors
/// The first law that it breaks.
pub fn check(plan: &Plan) -> Result<(), PlanError> {
    if plan.format != Plan::FORMAT {
        return Err(PlanError::Format { found: plan.format, expected: Plan::FORMAT });
    }
    check_rules(&plan.rules).map_err(|error| PlanError::Unlawful(error.to_string()))?;
    let places = Places::of(plan);
    each_has_its_forerunner(&places)?;
    each_part_is_ready(plan)?;
    what_is_left(plan, &places)?;
    let mut ids: Vec<&str> = plan.steps.iter().map(|step| step.id.0.as_str()).collect();
    ids.sort_unstable();
    lawful(ids.windows(2).all(|pair| pair[0] != pair[1]), "every step has its own id")
}

/// Where the first step of each kind stands.
struct Places {
    fenced: Option<usize>,
    backed_up: Option<usize>,
    installed: Option<usize>,
    ready: Option<usize>,
    verified: Option<usize>,
    drained: Option<usize>,
    followed: Option<usize>,
    crossed: Option<usize>,
    started: Option<usize>,
    weighted: Option<usize>,
    overlap: Option<usize>,
    held: Option<usize>,
    switched: Option<usize>,
    led_back: Option<usize>,
    shifted: Option<usize>,
    raised: Option<usize>,
    shown: Option<usize>,
    hidden: Option<usize>,
    taken_off: Option<usize>,
    observed: Option<usize>,
    stopped: Option<usize>,
    removed: Option<usize>,
    recorded: Option<usize>,
}

impl Places {
    fn of(plan: &Plan) -> Self {
        let first =
            |accept: fn(&Action) -> bool| plan.steps.iter().position(|step: &Step| accept(&step.action));
        Self {
            fenced: first(|action| matches!(action, Action::PauseGitops { .. })),
            backed_up: first(|action| matches!(action, Action::BackUp)),
            installed: first(|action| matches!(action, Action::InstallGreen)),
            ready: first(|action| matches!(action, Action::AwaitReady { .. } | Action::RaiseGreen { .. })),
            verified: first(|action| matches!(action, Action::VerifyGreen { .. })),
            drained: first(|action| matches!(action, Action::DrainQueues { .. })),
            followed: first(|action| matches!(action, Action::FollowStores { .. })),
            crossed: first(|action| matches!(action, Action::CutOverStores { .. })),
            started: first(|action| matches!(action, Action::StartQueues { .. })),
            weighted: first(|action| matches!(action, Action::ShiftWeights { .. })),
            overlap: first(|action| matches!(action, Action::OpenOverlap { .. })),
            held: first(|action| matches!(action, Action::HoldOverlap { .. })),
            switched: first(|action| matches!(action, Action::CloseOverlap { .. })),
            led_back: first(|action| matches!(action, Action::RestoreRoutes { .. })),
            shifted: first(|action| matches!(action, Action::ShiftPods(_))),
            raised: first(|action| matches!(action, Action::RaisePage { .. })),
            shown: first(|action| matches!(action, Action::ShowPage(_))),
            hidden: first(|action| matches!(action, Action::HidePage(_))),
            taken_off: first(|action| matches!(action, Action::RemovePage)),
            observed: first(|action| matches!(action, Action::Observe { .. })),
            stopped: first(|action| matches!(action, Action::StopBlue { .. })),
            removed: first(|action| matches!(action, Action::RemoveBlue { .. })),
            recorded: first(|action| matches!(action, Action::RecordRelease { .. })),
        }
    }
}

fn lawful(holds: bool, law: &str) -> Result<(), PlanError> {
    if holds { Ok(()) } else { Err(PlanError::Unlawful(law.to_owned())) }
}

/// A step that needs another before it has it.
fn each_has_its_forerunner(places: &Places) -> Result<(), PlanError> {
    let Places { ready, verified, overlap, switched, weighted, shown, hidden, stopped, shifted, .. } =
        *places;
    let in_order = [
        (places.backed_up, places.removed, "a backup is made before anything is removed"),
        (ready, overlap, "green is ready before users can reach it"),
        (verified, overlap, "green is verified before users can reach it"),
        (places.followed, places.crossed, "stores are filled before they pass over"),
        (places.drained, places.crossed, "blue's queues are drained before the stores pass over"),
        (places.drained, places.started, "blue's queues are drained before green's workers start"),
        (overlap, switched, "the overlap opens before blue is left out"),
        (overlap, places.held, "only an overlap that is open can be held"),
        (switched.or(hidden), places.observed, "green is observed with users on it"),
        // Behind a page that says so, nobody needs blue.
        (
            shown.or(places.observed),
            stopped,
            "blue stays hot while green is observed, or users have the page",
        ),
        (verified, weighted, "green is verified before users can reach it"),
        (weighted, places.led_back, "only routes that were changed are put back"),
        (switched, places.led_back, "a route is put back when the Service behind it has passed to green"),
        (places.raised, shown, "the page stands before users get it"),
        (shown, hidden, "only a page that is shown can be hidden"),
        (verified, hidden, "green is verified before users can reach it"),
        (stopped, hidden, "blue's pods end before green takes their place"),
        (hidden, places.taken_off, "the page is removed when nobody gets it any more"),
        (stopped.or(shifted), places.removed, "blue's pods end before its objects go"),
        (verified, shifted, "green is verified before it takes the place of blue"),
        // Whoever finds a release in `helm list` may upgrade it, and with it what is not yet as its values say.
        (places.removed, places.recorded, "Helm is told of green when blue is gone"),
    ];
    for (first, second, law) in in_order {
        let holds = match (first, second) {
            (Some(first), Some(second)) => first < second,
            (None, second) => second.is_none(),
            (Some(_), None) => true,
        };
        lawful(holds, law)?;
    }
    Ok(())
}

/// What was changed for a time is put back, and nothing runs that may not.
fn what_is_left(plan: &Plan, places: &Places) -> Result<(), PlanError> {
    let before = |first: Option<usize>, second| first.zip(second).is_none_or(|(one, other)| one < other);
    lawful(places.weighted.is_some() == places.led_back.is_some(), "routes that were changed are put back")?;
    lawful(plan.helm.is_some() == places.recorded.is_some(), "Helm is told of a release if green is one")?;
    lawful(before(places.held, places.switched), "an overlap is held before it is closed")?;
    // Migrations on a database that blue uses are their owner's to start; charts start them by hooks.
    let is_task = |object: &serde_json::Value| object["kind"] == "Job" || object["kind"] == "Pod";
    let has_task = plan.green.iter().chain(&plan.adopted).any(is_task);
    lawful(!has_task, "no task runs while both sides use one database")?;
    let law = "who applies the old side is paused before anything is made";
    lawful(before(places.fenced, places.installed), law)?;
    let (moves, crossed) = (!plan.stores.is_empty(), places.crossed);
    lawful(
        moves == crossed.is_some() && moves == places.followed.is_some(),
        "stores pass over if any move, and at one point",
    )?;
    lawful(before(places.followed, places.installed), "green finds its stores filled")?;
    let law = "nobody is led to green, and no worker of its starts, before its stores take writes";
    let users = [places.started, places.weighted, places.overlap, places.switched, places.hidden];
    lawful(users.iter().all(|first| before(crossed, *first)), law)?;
    // With a page, the old side's pods end first: nobody writes any more.
    let ended = places.stopped.filter(|_| places.shown.is_some());
    lawful(before(ended, crossed), "behind a page, stores pass over when the old side's pods have ended")?;
    lawful(plan.stores.keeps_from(plan.strategy).is_none(), "two databases never serve at once")
}

/// Where parts pass one after the other, the first pod of each is ready and verified before users can reach it.
fn each_part_is_ready(plan: &Plan) -> Result<(), PlanError> {
    let (mut ready, mut verified) = (false, false);
    for step in &plan.steps {
        match &step.action {
            Action::AwaitReady { .. } | Action::RaiseGreen { .. } => (ready, verified) = (true, false),
            Action::VerifyGreen { .. } => verified = ready,
            Action::OpenOverlap { .. } if !verified => {
                return Err(PlanError::Unlawful("green is verified before users can reach it".to_owned()));
            }
            Action::OpenOverlap { .. } => (ready, verified) = (false, false),
            _ => {}
        }
    }
    Ok(())
}

//! `mastoferry resume`, `rollback`, `status`, `report`: on with a rehearsal or a migration, whichever its state tells of.

use plan::{Plan, StepId};
use voyage::{Level, Phase};

use super::migrate;
use super::rehearse::{go, told};
use crate::cli::{
    ElsewhereArgs, LevelChoice, OnwardArgs, Output, ReachArgs, ReportArgs, ResumeArgs, RollbackArgs,
    StateArgs, StatusArgs,
};
use crate::migrate::{Asked, Course, Direction, journal};
use crate::problem::{Exit, Problem};
use crate::rehearse::{self, Options, State, Way, say};
use crate::summary::{Bucket, Outcome, Summary};
use crate::words::Words;

/// Goes on with what was interrupted.
pub(crate) fn resume(
    arguments: &ResumeArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let pauses = arguments.pause_before.iter().map(|step| StepId(step.clone())).collect();
    let course = Course { direction: Direction::Forward, pauses, events: arguments.onward.events.clone() };
    again(&arguments.state, &arguments.onward, &arguments.elsewhere, course, output, words)
}

/// Takes it back.
pub(crate) fn rollback(
    arguments: &RollbackArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let level = match arguments.level {
        LevelChoice::Traffic => Level::Traffic,
        LevelChoice::Release => Level::Release,
        LevelChoice::Database => {
            stores_moved(arguments, words)?;
            Level::Database
        }
    };
    let events = arguments.onward.events.clone();
    let course = Course { direction: Direction::Back(level), pauses: Vec::new(), events };
    again(&arguments.state, &arguments.onward, &arguments.elsewhere, course, output, words)
}

/// Where no store moved, both sides use the same ones: there is no earlier state of them to go back to. Where one did, somebody
/// has to agree.
fn stores_moved(arguments: &RollbackArgs, words: &Words) -> Result<(), Problem> {
    let moved = State::open(&arguments.state.state, arguments.state.name.as_deref(), words)
        .and_then(|state| state.read::<Plan>("plan.json", words))
        .is_ok_and(|plan| !plan.stores.is_empty());
    match (moved, arguments.accept_loss) {
        (false, _) => Err(no_other_database(arguments, words)),
        (true, false) => Err(Problem::new(words, Exit::Refused, "stores-accept", &[])),
        (true, true) => Ok(()),
    }
}

/// Everything that users wrote since the move began would be lost for nothing.
fn no_other_database(arguments: &RollbackArgs, words: &Words) -> Problem {
    let began = State::open(&arguments.state.state, arguments.state.name.as_deref(), words).ok();
    let began = began.and_then(|state| journal(&state, words).ok().flatten()).and_then(|journal| {
        let first = journal.records().first()?.at_ms;
        jiff::Timestamp::from_millisecond(i64::try_from(first).ok()?).ok()
    });
    let since = began.map_or_else(|| words.word("amount-unmeasured"), |began| began.to_string());
    Problem::new(words, Exit::Refused, "database-shared", &[("since", &since)])
}

fn again(
    local: &StateArgs,
    onward: &OnwardArgs,
    elsewhere: &ElsewhereArgs,
    course: Course,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let state = match (asked(elsewhere), onward.take_over) {
        (Some(asked), true) => migrate::take_over(local, &asked, words)?,
        (Some(asked), false) => migrate::local_or_told(local, &asked, words)?,
        (None, _) => State::open(&local.state, local.name.as_deref(), words)?,
    };
    let (plan, options): (Plan, Options) =
        (state.read("plan.json", words)?, state.read("options.json", words)?);
    let page = onward.report.as_deref();
    if options.migration.is_some() {
        finished_migration(&state, course.direction, words)?;
        migrate::known_steps(&plan, &course.pauses, words)?;
        say(&words.tell("rehearse-state", &[("directory", state.directory.as_str())]));
        let summary = crate::migrate::carry_out(&state, &plan, &options, course, words)?;
        return migrate::outcome(&state, &summary, page, output, words);
    }
    finished_rehearsal(&state, words)?;
    if let Some(asked) = &options.staging {
        let arguments = [("namespace", asked.namespace.as_str())];
        return Err(Problem::new(words, Exit::Unreadable, "staging-again", &arguments));
    }
    let way = match course.direction {
        Direction::Forward => Way::Forward,
        Direction::Back(_) => Way::Back,
    };
    go(&state, plan, &options, rehearse::Course { way, serve: None }, page, output, words)
}

pub(super) fn asked(elsewhere: &ElsewhereArgs) -> Option<Asked> {
    let (context, namespace) = elsewhere.context.clone().zip(elsewhere.namespace.clone())?;
    let kubeconfig = elsewhere.kubeconfig.clone();
    Some(Asked { kubeconfig, context, namespace, via: None, speed: 1.0, reach: ReachArgs::default() })
}

/// A rehearsal that has come to its end is not taken up again.
fn finished_rehearsal(state: &State, words: &Words) -> Result<(), Problem> {
    if !state.has("summary.json") {
        return Ok(());
    }
    let summary: Summary = state.read("summary.json", words)?;
    if matches!(summary.outcome, Outcome::Completed | Outcome::RolledBack) {
        return Err(finished(state, summary.outcome, words));
    }
    Ok(())
}

/// A migration that is done can be taken back; one that is wholly taken back, or done and asked to go on, is at its end.
fn finished_migration(state: &State, direction: Direction, words: &Words) -> Result<(), Problem> {
    let Some(journal) = journal(state, words)? else { return Ok(()) };
    let course = journal.course();
    let is_done = matches!(&course.phase, Phase::Finished { outcome: voyage::Outcome::Completed, .. });
    if is_done && direction == Direction::Forward {
        return Err(finished(state, Outcome::Completed, words));
    }
    if course.is_back() {
        return Err(finished(state, Outcome::RolledBack, words));
    }
    Ok(())
}

fn finished(state: &State, outcome: Outcome, words: &Words) -> Problem {
    let outcome = words.word(&format!("outcome-{}", outcome.name()));
    let arguments = [("rehearsal", state.name()), ("outcome", outcome.as_str())];
    Problem::new(words, Exit::Unreadable, "rehearsal-finished", &arguments)
}

/// Shows what it came to.
pub(crate) fn report(
    arguments: &ReportArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let state = State::open(&arguments.state.state, arguments.state.name.as_deref(), words)?;
    let mut summary: Summary = state.read("summary.json", words)?;
    let buckets: Vec<Bucket> = state.read("buckets.json", words)?;
    summary.buckets = buckets;
    let (text, _) = told(&state, &summary, arguments.report.as_deref(), output, words)?;
    Ok((text, Exit::Done))
}

/// Says how far it has come.
pub(crate) fn status(
    arguments: &StatusArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    if let Some(asked) = asked(&arguments.elsewhere) {
        return migrate::status(&asked, output, words);
    }
    let state = State::open(&arguments.state.state, arguments.state.name.as_deref(), words)?;
    let options: Options = state.read("options.json", words)?;
    let kind = if options.migration.is_some() { "migration" } else { "rehearsal" };
    let (phase, told) = if state.has("summary.json") {
        let summary: Summary = state.read("summary.json", words)?;
        let outcome = words.word(&format!("outcome-{}", summary.outcome.name()));
        (summary.outcome.name().to_owned(), words.tell("status-finished", &[("outcome", &outcome)]))
    } else {
        let step = journal(&state, words)?.and_then(|journal| journal.course().next_step().cloned());
        match step {
            Some(step) => ("interrupted".to_owned(), words.tell("status-running", &[("step", &step.0)])),
            None => ("unstarted".to_owned(), words.word("status-unstarted")),
        }
    };
    let text = match output {
        Output::Json => {
            let name = state.name();
            format!("{}\n", serde_json::json!({"rehearsal": name, "kind": kind, "state": phase}))
        }
        Output::Text | Output::Markdown => {
            words.tell("status-line", &[("rehearsal", state.name()), ("state", &told)]) + "\n"
        }
    };
    Ok((text, Exit::Done))
}

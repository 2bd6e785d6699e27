//! `mastoferry migrate`: looked at first, asked about, and carried out.

use camino::Utf8Path;
use plan::{Plan, StepId};
use tree::Files;
use voyage::StateCopy;

use super::rehearse::{read_plan, told};
use crate::cli::{MigrateArgs, Output, PlaceArgs, StateArgs};
use crate::data::findings;
use crate::doctor;
use crate::explain;
use crate::load::Profile;
use crate::migrate::{self, Asked, Course, Direction};
use crate::problem::{Exit, Problem};
use crate::rehearse::{Options, State, say, trouble};
use crate::report::Item;
use crate::summary::{Advice, Outcome, Summary};
use crate::words::Words;

/// Carries out a plan on the cluster it was made for.
pub(crate) fn migrate(
    arguments: &MigrateArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let plan = read_plan(&arguments.place.plan, words)?;
    let pauses: Vec<StepId> = arguments.pause_before.iter().map(|step| StepId(step.clone())).collect();
    known_steps(&plan, &pauses, words)?;
    let (asked, load) = (asked(&arguments.place), load(&arguments.place, words)?);
    if !arguments.approve && !arguments.dry_run && !migrate::is_there() {
        return Err(Problem::new(words, Exit::Unreadable, "migrate-approve", &[]));
    }
    let found = doctor::examine(&plan, &asked, &load, words)?;
    if arguments.dry_run {
        let tried = doctor::try_out(&plan, &asked, words)?;
        return Ok(doctor::told_with(&found, &tried, output, words));
    }
    if findings::is_refused(&found) {
        return Ok((doctor::told(&found, output, words), Exit::Refused));
    }
    say(&doctor::in_short(&found, words));
    if !arguments.approve {
        let question = words.tell(
            "migrate-begin",
            &[("domain", &plan.domain), ("namespace", &plan.namespace), ("context", &asked.context)],
        );
        if !migrate::ask(&question) {
            say(&words.word("migrate-not-begun"));
            return Ok((String::new(), Exit::Stopped));
        }
    }
    let state = State::create(&arguments.state, words)?;
    let options = Options {
        speed: asked.speed,
        load,
        faults: Vec::new(),
        staging: None,
        front: plan.front.clone(),
        migration: Some(asked),
        backup_recipient: arguments.backup_recipient.clone(),
    };
    state.write("options.json", &options, words)?;
    state.write("items.json", &Vec::<Item>::new(), words)?;
    state.write("advice.json", &Vec::<Advice>::new(), words)?;
    state.write("plan.json", &plan, words)?;
    say(&words.tell("rehearse-state", &[("directory", state.directory.as_str())]));
    let course = Course { direction: Direction::Forward, pauses, events: arguments.events.clone() };
    let summary = migrate::carry_out(&state, &plan, &options, course, words)?;
    outcome(&state, &summary, arguments.report.as_deref(), output, words)
}

/// The cluster, as the command line has it.
pub(super) fn asked(place: &PlaceArgs) -> Asked {
    Asked {
        // A shell in another folder shall find it too.
        kubeconfig: place
            .kubeconfig
            .as_ref()
            .map(|file| file.canonicalize_utf8().unwrap_or_else(|_| file.clone())),
        context: place.context.clone(),
        namespace: place.namespace.clone(),
        via: place.via.clone(),
        speed: place.speed,
        reach: place.reach.clone(),
    }
}

/// Visitors who only read: nothing that the prober does leaves a trace.
pub(super) fn load(place: &PlaceArgs, words: &Words) -> Result<Profile, Problem> {
    let mut files = Files::new();
    let read = crate::load::read("visitors", &mut files);
    let mut load = read.map_err(|error| explain::load(words, &error, &files))?;
    load.rate = place.rate.unwrap_or(load.rate);
    Ok(load)
}

/// Every step to pause before is one of the plan's.
pub(super) fn known_steps(plan: &Plan, pauses: &[StepId], words: &Words) -> Result<(), Problem> {
    for wanted in pauses {
        if !plan.steps.iter().any(|step| step.id == *wanted) {
            let known: Vec<&str> = plan.steps.iter().map(|step| step.id.0.as_str()).collect();
            let arguments = [("step", wanted.0.as_str()), ("known", &*known.join(", "))];
            return Err(Problem::new(words, Exit::Unreadable, "no-such-step", &arguments));
        }
    }
    Ok(())
}

/// What it came to, and how to go on from there.
pub(super) fn outcome(
    state: &State,
    summary: &Summary,
    page: Option<&Utf8Path>,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    if let Some(left) = summary.leftovers.as_ref().filter(|left| !left.is_empty()) {
        let plan: Plan = state.read("plan.json", words)?;
        let arguments = [("objects", &*left.join(" ").to_lowercase()), ("namespace", &*plan.namespace)];
        say(&words.tell("migrate-leftovers", &arguments));
    }
    if matches!(summary.outcome, Outcome::Stopped | Outcome::Failed) {
        let reason = words.reason(&summary.reason);
        let arguments = [("reason", &*reason), ("state", state.directory.as_str()), ("name", state.name())];
        say(&words.tell("migrate-how-on", &arguments));
    }
    told(state, summary, page, output, words)
}

/// The state on this machine for a namespace; where there is none, who takes over is told how.
pub(super) fn local_or_told(local: &StateArgs, asked: &Asked, words: &Words) -> Result<State, Problem> {
    if let Some(state) = on_this_machine(local, asked, words) {
        return Ok(state);
    }
    let open = copies(asked, words)?.into_iter().find(StateCopy::is_open);
    let id = if open.is_some() { "migration-elsewhere" } else { "no-migration" };
    let exit = if open.is_some() { Exit::Refused } else { Exit::Unreadable };
    let arguments = [("namespace", asked.namespace.as_str()), ("context", asked.context.as_str())];
    Err(Problem::new(words, exit, id, &arguments))
}

fn on_this_machine(local: &StateArgs, asked: &Asked, words: &Words) -> Option<State> {
    let state = State::open(&local.state, local.name.as_deref(), words).ok()?;
    let options: Options = state.read("options.json", words).ok()?;
    let is_it = options.migration.is_some_and(|own| own.namespace == asked.namespace);
    is_it.then_some(state)
}

fn copies(asked: &Asked, words: &Words) -> Result<Vec<StateCopy>, Problem> {
    migrate::runtime(words)?.block_on(async {
        let cluster = migrate::connect(asked, words).await?;
        voyage::copies(&cluster).await.map_err(|error| trouble(words, "voyage", &error))
    })
}

/// Fetches a migration's state from the cluster. Whoever holds its Lease and lives is not taken over from.
pub(super) fn take_over(local: &StateArgs, asked: &Asked, words: &Words) -> Result<State, Problem> {
    let found = copies(asked, words)?.into_iter().find(|copy| copy.phase != "rolled-back");
    let Some(found) = found else {
        let arguments = [("namespace", asked.namespace.as_str()), ("context", asked.context.as_str())];
        return Err(Problem::new(words, Exit::Unreadable, "no-migration", &arguments));
    };
    migrate::runtime(words)?.block_on(async {
        let cluster = migrate::connect(asked, words).await?;
        let tenure = cluster.tenure_of(&found.lease).await;
        let tenure = tenure.map_err(|error| trouble(words, "voyage", &error))?;
        match tenure.filter(|tenure| tenure.left.is_some()) {
            Some(tenure) => {
                let arguments = [("holder", tenure.holder.as_str()), ("until", tenure.until.as_str())];
                Err(Problem::new(words, Exit::Refused, "lease-held", &arguments))
            }
            None => Ok(()),
        }
    })?;
    let state = State::create(&local.state, words)?;
    voyage::unpack(&found, state.directory.as_std_path())
        .map_err(|error| trouble(words, "voyage", &error))?;
    let mut options: Options = state.read("options.json", words)?;
    // The other machine's kubeconfig is not here.
    if let Some(own) = &mut options.migration {
        own.kubeconfig.clone_from(&asked.kubeconfig);
        own.context.clone_from(&asked.context);
    }
    state.write("options.json", &options, words)?;
    say(&words.tell("migrate-taken-over", &[("voyage", &found.voyage)]));
    Ok(state)
}

/// How far the migrations of a namespace have come, by what the cluster keeps of them.
pub(super) fn status(asked: &Asked, output: Output, words: &Words) -> Result<(String, Exit), Problem> {
    let found = copies(asked, words)?;
    let text = match output {
        Output::Json => {
            let list: Vec<serde_json::Value> = found
                .iter()
                .map(|copy| serde_json::json!({"voyage": copy.voyage, "lease": copy.lease, "state": copy.phase}))
                .collect();
            format!("{}\n", serde_json::json!({"namespace": asked.namespace, "migrations": list}))
        }
        Output::Text | Output::Markdown if found.is_empty() => {
            words.tell("status-none", &[("namespace", &asked.namespace)]) + "\n"
        }
        Output::Text | Output::Markdown => found.iter().fold(String::new(), |text, copy| {
            let phase = words.word(&format!("copy-{}", copy.phase));
            text + &words.tell("status-line", &[("rehearsal", &copy.voyage), ("state", &phase)]) + "\n"
        }),
    };
    Ok((text, Exit::Done))
}

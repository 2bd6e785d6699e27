//! `mastoferry rehearse`.

use std::fs;

use camino::Utf8Path;
use plan::Plan;
use source::SourceRef;
use tree::Files;

use crate::cli::{Output, RehearseArgs, SourceArgs, TargetArgs};
use crate::commands::convert::ledger_lines;
use crate::commands::faults;
use crate::commands::plan::in_short;
use crate::decide::decide;
use crate::explain;
use crate::load::Profile;
use crate::problem::{Exit, Problem};
use crate::rehearse::{Course, Options, State, Way, advice, carry_out, say};
use crate::report::{self, Colour, Item};
use crate::summary::{Advice, Outcome, Summary};
use crate::words::Words;

/// How many times as fast as life the cluster inside runs.
const SPEED: f64 = 20.0;

/// Reads or makes a plan and carries it out on the cluster inside, or in a namespace of a real one.
pub(crate) fn rehearse(
    arguments: &RehearseArgs,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let source = match &arguments.source {
        Some(source) if !arguments.mishaps.list_faults => source,
        _ => return Ok((faults::list(output, words), Exit::Done)),
    };
    let given = faults::read(&arguments.mishaps.inject, words)?;
    let load = load_of(arguments, words)?;
    if let Some(context) = &arguments.staging.cluster {
        return super::staging::rehearse(arguments, source, context, load, output, words);
    }
    if arguments.reach.redis.is_some() || arguments.reach.prometheus.is_some() {
        return Err(Problem::new(words, Exit::Unreadable, "reach-inside", &[]));
    }
    let Decided { plan, items, advice } = plan_of(source, arguments, &arguments.target, words)?;
    faults::fit(&given, &plan, words)?;
    let state = State::create(&arguments.state, words)?;
    let options = Options {
        speed: arguments.speed.unwrap_or(SPEED),
        load,
        faults: arguments.mishaps.inject.clone(),
        staging: None,
        backup_recipient: arguments.backup_recipient.clone(),
        migration: None,
        front: crate::front::of_plan(&plan, arguments.users.front).name().to_owned(),
    };
    state.write("options.json", &options, words)?;
    state.write("items.json", &items, words)?;
    state.write("advice.json", &advice, words)?;
    state.write("plan.json", &plan, words)?;
    let course = Course { way: Way::Forward, serve: arguments.serve };
    go(&state, plan, &options, course, arguments.report.as_deref(), output, words)
}

/// Who the users are, as the command line has it.
fn load_of(arguments: &RehearseArgs, words: &Words) -> Result<Profile, Problem> {
    let mut files = Files::new();
    let usual = if arguments.staging.cluster.is_some() { "visitors" } else { "steady" };
    let read = crate::load::read(arguments.users.load.as_deref().unwrap_or(usual), &mut files);
    let mut load = read.map_err(|error| explain::load(words, &error, &files))?;
    load.rate = arguments.users.rate.unwrap_or(load.rate);
    load.sockets = arguments.users.sockets.unwrap_or(load.sockets);
    Ok(load)
}

/// What is decided before anything is carried out.
pub(super) struct Decided {
    pub(super) plan: Plan,
    pub(super) items: Vec<Item>,
    /// What could be better in what was read, whatever the rehearsal shows.
    pub(super) advice: Vec<Advice>,
}

/// The plan: read from a file, or made from a source that is told about on the way.
pub(super) fn plan_of(
    source: &SourceRef,
    arguments: &RehearseArgs,
    target: &TargetArgs,
    words: &Words,
) -> Result<Decided, Problem> {
    let mut decided = decided(source, arguments, target, words)?;
    crate::rules::add(&mut decided.plan, &arguments.guard, words)?;
    Ok(decided)
}

fn decided(
    source: &SourceRef,
    arguments: &RehearseArgs,
    target: &TargetArgs,
    words: &Words,
) -> Result<Decided, Problem> {
    let path = &source.path;
    if path.is_file() && path.extension() == Some("json") {
        return Ok(Decided { plan: read_plan(path, words)?, items: Vec::new(), advice: Vec::new() });
    }
    let source = SourceArgs { source: source.clone(), instance: arguments.instance.clone() };
    say(&words.tell("rehearse-read", &[("source", path.as_str())]));
    let (front, manner) = (arguments.users.front, &arguments.manner);
    let (converted, plan) = decide(&source, target, front, manner, path.as_str(), words)?;
    say(&crate::inspect::in_short(&converted.read.sourced, &converted.read.installation, words));
    say(&ledger_lines(&converted, words));
    say(&in_short(&plan, words));
    let files = &converted.read.sourced.files;
    let items = converted.ledger.items.iter().map(|item| Item {
        source: item.origin.map(|origin| files.place(origin)).unwrap_or_default(),
        path: item.path.clone(),
        disposition: item.disposition.name().to_owned(),
        target: item.target.clone().unwrap_or_default(),
        reason: item.reason.to_owned(),
    });
    let items = items.collect();
    Ok(Decided { plan, items, advice: advice::of(&converted.read.installation, files) })
}

pub(super) fn read_plan(path: &Utf8Path, words: &Words) -> Result<Plan, Problem> {
    let unreadable = |detail: &str| {
        Problem::new(
            words,
            Exit::Unreadable,
            "plan-unreadable",
            &[("path", path.as_str()), ("detail", detail)],
        )
    };
    let text = fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| unreadable(&error.to_string()))?;
    plan::check(&plan).map_err(|error| explain::plan(words, &error))?;
    Ok(plan)
}

pub(super) fn go(
    state: &State,
    plan: Plan,
    options: &Options,
    course: Course,
    page: Option<&Utf8Path>,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    say(&words.tell("rehearse-state", &[("directory", state.directory.as_str())]));
    let (summary, standing) = carry_out(state, plan, options, course, words)?;
    let (text, exit) = told(state, &summary, page, output, words)?;
    if course.serve.is_none() {
        standing.end();
        return Ok((text, exit));
    }
    // What it came to is told before the cluster is held, for that may last.
    let _ = std::io::Write::write_all(&mut std::io::stdout().lock(), text.as_bytes());
    standing.hold(words);
    Ok((String::new(), exit))
}

pub(super) fn told(
    state: &State,
    summary: &Summary,
    page: Option<&Utf8Path>,
    output: Output,
    words: &Words,
) -> Result<(String, Exit), Problem> {
    let plan: Plan = state.read("plan.json", words)?;
    let mut items: Vec<Item> = state.read("items.json", words)?;
    items.iter_mut().for_each(|item| item.reason = words.word(&item.reason));
    if let Some(path) = page {
        let html = report::html(summary, &plan, &items, words);
        fs::write(path, html).map_err(|error| {
            Problem::new(
                words,
                Exit::Failed,
                "write-file",
                &[("path", path.as_str()), ("reason", &error.to_string())],
            )
        })?;
        say(&words.tell("rehearse-report", &[("file", path.as_str())]));
    }
    let text = match output {
        Output::Json => report::json(summary, &plan, words),
        Output::Markdown => report::markdown(summary, &plan, words),
        Output::Text => report::terminal(summary, &plan, words, colour()),
    };
    Ok((text, exit(summary)))
}

/// Colours only where somebody sees them, and not against `NO_COLOR`.
fn colour() -> Colour {
    use std::io::IsTerminal as _;
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted && std::io::stdout().is_terminal() { Colour::On } else { Colour::Off }
}

fn exit(summary: &Summary) -> Exit {
    match summary.outcome {
        Outcome::Completed => Exit::Done,
        Outcome::RolledBack => Exit::RolledBack,
        Outcome::Failed => Exit::Failed,
        Outcome::Stopped if summary.is_refused() => Exit::Refused,
        Outcome::Stopped => Exit::Stopped,
    }
}

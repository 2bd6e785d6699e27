//! From the command line to the mover.

use movers::media::{Asked, Boundaries, Event, KeyRange, MediaError, Mover, Ran, Seen, fetch};
use serde_json::json;

use super::command::{CopyArgs, JobArgs, MediaCommand, MoveArgs, StateArgs, VerifyArgs};
use super::{job, places, tell};
use crate::cli::Output;
use crate::data::findings;
use crate::data::progress::{Counted, shown};
use crate::problem::{Exit, Problem};
use crate::words::Words;

type Told = Result<(String, Exit), Problem>;

pub(crate) fn run(command: &MediaCommand, output: Output, words: &Words) -> Told {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| problem(words, Exit::Failed, "media-failed", &error))?;
    match command {
        MediaCommand::Plan(arguments) => {
            let mover = open(arguments, words)?;
            let found = runtime.block_on(mover.plan()).map_err(|error| failed(words, &error))?;
            Ok((tell::findings(&found, output, words), findings::exit(&found)))
        }
        MediaCommand::Copy(arguments) => {
            let asked = Asked { range: range(arguments, words)?, ..Asked::default() };
            runtime.block_on(pass(&arguments.moved, &asked, output, words))
        }
        MediaCommand::Delta(arguments) => {
            let (deletes, rereads) = (arguments.delete, arguments.reread);
            let asked = Asked { deletes, rereads, ..Asked::default() };
            runtime.block_on(pass(&arguments.moved, &asked, output, words))
        }
        MediaCommand::Verify(arguments) => runtime.block_on(verify(arguments, output, words)),
        MediaCommand::Status(arguments) => status(arguments, output, words),
        MediaCommand::Cleanup(arguments) => {
            let mover = open(arguments, words)?;
            runtime.block_on(mover.cleanup()).map_err(|error| failed(words, &error))?;
            Ok((tell::one_line("media-cleaned", output, words), Exit::Done))
        }
        MediaCommand::Job(arguments) => runtime.block_on(print_job(arguments, output, words)),
    }
}

fn problem(words: &Words, exit: Exit, name: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(words, exit, name, &[("reason", &error.to_string())])
}

/// What ended a pass is told with what to do then.
fn failed(words: &Words, error: &MediaError) -> Problem {
    let (exit, name) = match error {
        MediaError::Journal(movers::JournalError::Held { .. }) => (Exit::Refused, "media-held"),
        MediaError::Other { .. } => (Exit::Refused, "media-other"),
        MediaError::Ledger { .. } | MediaError::Journal(_) => (Exit::Stopped, "media-state"),
        MediaError::Full { .. } => (Exit::Failed, "media-full"),
        _ => (Exit::Failed, "media-failed"),
    };
    problem(words, exit, name, error)
}

fn open(arguments: &MoveArgs, words: &Words) -> Result<Mover, Problem> {
    let (from, to) = (places::place(&arguments.from, words)?, places::place(&arguments.to, words)?);
    let opened = Mover::open(from, to, arguments.state.as_std_path(), arguments.limits.limits());
    opened.map_err(|error| failed(words, &error))
}

fn range(arguments: &CopyArgs, words: &Words) -> Result<KeyRange, Problem> {
    let Some(file) = &arguments.ranges else { return Ok(KeyRange::ALL) };
    let index = || std::env::var("JOB_COMPLETION_INDEX").ok()?.parse().ok();
    let Some(part) = arguments.part.or_else(index) else {
        return Err(Problem::new(words, Exit::Unreadable, "media-part", &[("part", "?")]));
    };
    let unreadable = |reason: &str| {
        Problem::new(words, Exit::Unreadable, "unreadable", &[("path", file.as_str()), ("reason", reason)])
    };
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(&error.to_string()))?;
    let boundaries: Boundaries =
        serde_json::from_str(&text).map_err(|error| unreadable(&error.to_string()))?;
    let none = || Problem::new(words, Exit::Unreadable, "media-part", &[("part", &part.to_string())]);
    boundaries.range(part).ok_or_else(none)
}

async fn pass(arguments: &MoveArgs, asked: &Asked, output: Output, words: &Words) -> Told {
    let mut mover = open(arguments, words)?;
    let ran = shown(&mover.meter(), Counted::Objects, words, mover.pass(asked)).await;
    let ran = ran.map_err(|error| failed(words, &error))?;
    Ok(match ran {
        Ran::Refused(found) => (tell::findings(&found, output, words), Exit::Refused),
        Ran::Ended(outcome) => {
            let exit = if outcome.conflicts.count > 0 {
                Exit::Stopped
            } else if outcome.is_complete() {
                Exit::Done
            } else {
                Exit::Failed
            };
            (tell::outcome(&outcome, output, words), exit)
        }
    })
}

async fn verify(arguments: &VerifyArgs, output: Output, words: &Words) -> Told {
    let mut mover = open(&arguments.moved, words)?;
    let verdict = shown(&mover.meter(), Counted::Objects, words, mover.verify()).await;
    let verdict = verdict.map_err(|error| failed(words, &error))?;
    let mut seen = Vec::new();
    if arguments.old_url.is_some() || arguments.new_url.is_some() {
        let keys = mover.sample(arguments.sample.get()).await.map_err(|error| failed(words, &error))?;
        for key in &keys {
            let hash = mover.hash(key).await.map_err(|error| failed(words, &error))?;
            for base in [&arguments.old_url, &arguments.new_url].into_iter().flatten() {
                let fetched = fetch(base, key).await.map_err(|error| failed(words, &error))?;
                let is_equal = fetched.hash.as_ref() == Some(&hash);
                seen.push((fetched, is_equal));
            }
        }
    }
    let is_fine = verdict.is_equal() && seen.iter().all(|(_, is_equal): &(Seen, bool)| *is_equal);
    let urls = arguments.old_url.as_deref().zip(arguments.new_url.as_deref());
    let exit = if is_fine { Exit::Done } else { Exit::Failed };
    Ok((tell::verdict(&verdict, &seen, urls, output, words), exit))
}

fn status(arguments: &StateArgs, output: Output, words: &Words) -> Told {
    let events =
        movers::media::events(arguments.state.as_std_path()).map_err(|error| failed(words, &error))?;
    let exit = match events.iter().rev().find(|it| !matches!(it, Event::Opened { .. })) {
        Some(Event::Stopped { .. }) => Exit::Stopped,
        _ => Exit::Done,
    };
    Ok((tell::events(&events, output, words), exit))
}

async fn print_job(arguments: &JobArgs, output: Output, words: &Words) -> Told {
    let mover = open(&arguments.moved, words)?;
    let boundaries = mover.boundaries(arguments.parts).await.map_err(|error| failed(words, &error))?;
    let objects = job::objects(arguments, &boundaries, words)?;
    let text = match output {
        Output::Json => json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string() + "\n",
        Output::Text | Output::Markdown => {
            let mut text = String::new();
            for object in objects {
                let node = tree::Node::from(object);
                text += &format!("---\n{}", crate::commands::yaml(&node, words)?);
            }
            text
        }
    };
    Ok((text, Exit::Done))
}

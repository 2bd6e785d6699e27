//! From the command line to the mover.

use std::cell::RefCell;
use std::io::Write as _;
use std::sync::Arc;

use movers::postgres::{Invocation, Mode, Move, PostgresError, Step, plan, verify};

use super::arguments::{
    CopyArgs, FollowArgs, ManagedArgs, MoveArgs, PlanArgs, PostgresCommand, SwitchArgs, VerifyArgs,
};
use super::{explain, told};
use crate::cli::Output;
use crate::data::findings;
use crate::data::progress::{Counted, shown};
use crate::migrate::runtime;
use crate::problem::{Exit, Problem};
use crate::words::Words;

type Ended = Result<(String, Exit), Problem>;

pub(crate) fn run(command: &PostgresCommand, output: Output, words: &Words) -> Ended {
    runtime(words)?.block_on(Box::pin(async {
        match command {
            PostgresCommand::Plan(arguments) => look(arguments, output, words).await,
            PostgresCommand::Copy(arguments) => copy(arguments, output, words).await,
            PostgresCommand::Follow(arguments) => follow(arguments, output, words).await,
            PostgresCommand::Cutover(arguments) => cutover(arguments, output, words).await,
            PostgresCommand::Managed(arguments) => prepare(arguments, output, words).await,
            PostgresCommand::Verify(arguments) => compare(arguments, output, words).await,
            PostgresCommand::Rollback(arguments) => rollback(arguments, output, words).await,
            PostgresCommand::Cleanup(arguments) => cleanup(arguments, output, words).await,
        }
    }))
}

async fn look(arguments: &PlanArgs, output: Output, words: &Words) -> Ended {
    let (sides, settings) = (arguments.sides.read(words)?, arguments.settings.read(words)?);
    let found = plan(&sides, &settings, arguments.mode.map(Mode::from)).await;
    let found = found.map_err(|error| explain::problem_of(&error, None, words))?;
    Ok((told::plan(&found, output, words), findings::exit(&found.found)))
}

async fn copy(arguments: &CopyArgs, output: Output, words: &Words) -> Ended {
    let mut course = open(&arguments.place, words)?;
    let (meter, mode) = (Arc::default(), if arguments.dump { Mode::Dump } else { Mode::Copy });
    let copying = Box::pin(course.copy(mode, !arguments.leave_writable, &meter));
    let copied = match shown(&meter, Counted::Rows, words, copying).await {
        Ok(copied) => copied,
        Err(error) => return refused(error, &course, output, words),
    };
    let after = if arguments.leave_writable { "data-postgres-moment" } else { "data-postgres-still" };
    Ok((told::copied(&copied, course.phase().name(), after, output, words), Exit::Done))
}

async fn follow(arguments: &FollowArgs, output: Output, words: &Words) -> Ended {
    let mut course = open(&arguments.place, words)?;
    if arguments.physical {
        return match course.stand_by().await {
            Ok(arrived) => Ok((told::standing_by(arrived, output, words), Exit::Done)),
            Err(error) => refused(error, &course, output, words),
        };
    }
    let meter = Arc::default();
    match shown(&meter, Counted::Rows, words, Box::pin(course.follow(&meter))).await {
        Ok(copied) => Ok((told::following(copied.as_ref(), output, words), Exit::Done)),
        Err(error) => refused(error, &course, output, words),
    }
}

async fn cutover(arguments: &SwitchArgs, output: Output, words: &Words) -> Ended {
    let mut course = open(&arguments.place, words)?;
    let pooler = arguments.pooler(words)?;
    let meter = Arc::default();
    match shown(&meter, Counted::Rows, words, Box::pin(course.cutover(pooler.as_ref(), &meter))).await {
        Ok(switched) => {
            let was_still = matches!(course.mode(), Some(Mode::Copy | Mode::Dump));
            Ok((told::switched(&switched, was_still, output, words), Exit::Done))
        }
        Err(error) => refused(error, &course, output, words),
    }
}

async fn compare(arguments: &VerifyArgs, output: Output, words: &Words) -> Ended {
    let sides = arguments.sides.read(words)?;
    let meter = Arc::default();
    let connections = arguments.limits.limits().connections.get();
    let comparing = Box::pin(verify(&sides.source, &sides.target, connections, &meter));
    let proof = shown(&meter, Counted::Rows, words, comparing)
        .await
        .map_err(|error| explain::problem_of(&error, None, words))?;
    let exit = if proof.is_equal() { Exit::Done } else { Exit::Failed };
    Ok((told::proof(&proof, output, words), exit))
}

async fn prepare(arguments: &ManagedArgs, output: Output, words: &Words) -> Ended {
    let managed = arguments.read(words)?;
    let ran = RefCell::new(Vec::new());
    let told = |command: &Invocation| {
        // Nobody reads what cannot be written.
        let _ = writeln!(std::io::stderr().lock(), "$ {command}");
        ran.borrow_mut().push(command.to_string());
    };
    let steps = if arguments.run { managed.prepare(told).await } else { managed.look().await };
    let steps = steps.map_err(|error| explain::problem_of(&error, None, words))?;
    let exit = if steps.iter().all(Step::is_done) { Exit::Done } else { Exit::Refused };
    Ok((told::prepared(&steps, &ran.take(), output, words), exit))
}

async fn rollback(arguments: &SwitchArgs, output: Output, words: &Words) -> Ended {
    let mut course = open(&arguments.place, words)?;
    let pooler = arguments.pooler(words)?;
    match course.rollback(pooler.as_ref()).await {
        Ok(returned) => Ok((told::returned(&returned, output, words), Exit::RolledBack)),
        Err(error) => refused(error, &course, output, words),
    }
}

async fn cleanup(arguments: &MoveArgs, output: Output, words: &Words) -> Ended {
    let mut course = open(arguments, words)?;
    match course.cleanup().await {
        Ok(left) => {
            let exit = if left.objects.is_empty() { Exit::Done } else { Exit::Stopped };
            Ok((told::cleaned(&left, output, words), exit))
        }
        Err(error) => refused(error, &course, output, words),
    }
}

fn open(arguments: &MoveArgs, words: &Words) -> Result<Move, Problem> {
    let (sides, settings) = (arguments.sides.read(words)?, arguments.settings.read(words)?);
    Move::open(&arguments.state, sides, settings).map_err(|error| explain::problem_of(&error, None, words))
}

/// What the preflight found is a result; anything else is a problem.
fn refused(error: PostgresError, course: &Move, output: Output, words: &Words) -> Ended {
    match error {
        PostgresError::Preflight { found } => {
            let text = match output {
                Output::Json => {
                    format!("{:#}\n", serde_json::json!({ "findings": findings::json(&found, words) }))
                }
                Output::Text | Output::Markdown => findings::text(&found, words),
            };
            Ok((text, Exit::Refused))
        }
        error => Err(explain::problem_of(&error, Some(course.phase()), words)),
    }
}

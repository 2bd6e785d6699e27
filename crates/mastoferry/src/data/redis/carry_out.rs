//! Doing what was asked.

use movers::keyspace::{self, Crossing, Phase, Terms};

use super::arguments::{MoveArgs, RedisCommand, WayArgs};
use super::{told, trouble};
use crate::cli::Output;
use crate::data::findings;
use crate::data::progress::{Counted, shown};
use crate::problem::{Exit, Problem};
use crate::words::Words;

pub(crate) fn run(command: &RedisCommand, output: Output, words: &Words) -> Result<(String, Exit), Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| trouble::failed(&error.to_string(), words))?;
    runtime.block_on(Box::pin(carry_out(command, output, words)))
}

async fn carry_out(command: &RedisCommand, output: Output, words: &Words) -> Result<(String, Exit), Problem> {
    match command {
        RedisCommand::Plan(way) => plan(way, output, words).await,
        RedisCommand::Copy(arguments) => {
            let mut way = Way::open(arguments, words)?;
            let meter = way.crossing.meter();
            let copied = shown(&meter, Counted::Keys, words, Box::pin(way.crossing.copy())).await;
            way.ended(copied, |copied| (told::copied(copied, output, words), Exit::Done))
        }
        RedisCommand::Replicate(arguments) => {
            let mut way = Way::open(arguments, words)?;
            let meter = way.crossing.meter();
            let following = shown(&meter, Counted::Keys, words, Box::pin(way.crossing.replicate())).await;
            way.ended(following, |following| (told::following(following, output, words), Exit::Done))
        }
        RedisCommand::Cutover { way, workers_running, follow_back } => {
            let terms = Terms { workers_running: *workers_running, follow_back: *follow_back };
            let mut way = Way::open(way, words)?;
            let meter = way.crossing.meter();
            let done = shown(&meter, Counted::Keys, words, Box::pin(way.crossing.cut_over(terms))).await;
            way.ended(done, |done| {
                let holds = done.fenced && done.proof.as_ref().is_none_or(keyspace::Proof::holds);
                (told::handover(done, output, words), if holds { Exit::Done } else { Exit::Stopped })
            })
        }
        RedisCommand::Verify(arguments) => {
            let way = Way::open(arguments, words)?;
            let meter = way.crossing.meter();
            let proof = shown(&meter, Counted::Keys, words, Box::pin(way.crossing.verify())).await;
            way.ended(proof, |proof| {
                let exit = if proof.holds() { Exit::Done } else { Exit::Stopped };
                (told::proof(proof, output, words), exit)
            })
        }
        RedisCommand::Rollback { way, accept_loss } => {
            let mut way = Way::open(way, words)?;
            let back = way.crossing.roll_back(*accept_loss).await;
            way.ended(back, |back| (told::way_back(back, output, words), Exit::RolledBack))
        }
        RedisCommand::Cleanup(arguments) => {
            let mut way = Way::open(arguments, words)?;
            let left = way.crossing.clean_up().await;
            way.ended(left, |left| (told::leftovers(left, output, words), Exit::Done))
        }
    }
}

async fn plan(way: &WayArgs, output: Output, words: &Words) -> Result<(String, Exit), Problem> {
    let route = way.route(words)?;
    let plan = Box::pin(keyspace::plan(&route)).await;
    let plan = plan.map_err(|error| trouble::problem(&error, Phase::New, words))?;
    Ok((told::plan(&plan, output, words), findings::exit(&plan.findings)))
}

/// A move, and the language to tell of it in.
struct Way<'a> {
    crossing: Crossing,
    words: &'a Words,
}

impl<'a> Way<'a> {
    fn open(arguments: &MoveArgs, words: &'a Words) -> Result<Self, Problem> {
        let route = arguments.way.route(words)?;
        let state = arguments.state.as_std_path();
        let crossing = Crossing::open(route, arguments.limits.limits(), state);
        let crossing = crossing.map_err(|error| trouble::problem(&error, Phase::New, words))?;
        Ok(Self { crossing, words })
    }

    fn ended<T>(
        self,
        outcome: Result<T, keyspace::KeyspaceError>,
        told: impl FnOnce(&T) -> (String, Exit),
    ) -> Result<(String, Exit), Problem> {
        match outcome {
            Ok(outcome) => Ok(told(&outcome)),
            Err(error) => Err(trouble::problem(&error, self.crossing.phase(), self.words)),
        }
    }
}

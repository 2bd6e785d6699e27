//! Playing many scenarios: several at a time, each in its own place, those that need the node for themselves alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::Value;

use crate::deed::Step;
use crate::differences::Differences;
use crate::failure::Failure;
use crate::objects;
use crate::player::Player;
use crate::record::Record;
use crate::recorder::Recorder;
use crate::scenario::Scenario;
use crate::stage::{Ground, Node, Stage};
use crate::text::ScenarioError;
use crate::wire;

/// No scenario may take longer, in real time.
const LIMIT: Duration = Duration::from_secs(150);
/// How many are played at once.
const AT_ONCE: usize = 8;

/// How many of those with real traffic are played at once, where each has a cluster of its own.
const VOYAGES_AT_ONCE: usize = 3;

/// How late a machine may have been for what it showed to count: half a second of the cluster's time.
const LATE: Duration = Duration::from_millis(50);
/// How often a scenario is played that comes out otherwise.
const TRIES: usize = 3;

/// What came of one scenario.
#[derive(Debug)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// How late the machine was at most.
    pub late: Duration,
    /// What is wrong; nothing where all was as blessed.
    pub wrong: Option<String>,
    /// The whole text with what was seen now.
    pub seen: Option<String>,
}

/// All scenarios of a folder, by name.
///
/// # Errors
/// With file and line where one cannot be read; or the folder's own error as line 0.
pub fn read_all(folder: &Path) -> Result<Vec<(PathBuf, Scenario)>, ScenarioError> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "scenario"))
        .collect();
    paths.sort();
    let read = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let scenario = Scenario::parse(&path.to_string_lossy(), &text)?;
        Ok((path, scenario))
    });
    read.collect()
}

/// Plays scenarios on a ground; those that concern the node alone come last, one by one.
///
/// # Errors
/// When the cluster cannot be had at all.
pub async fn play_all(
    scenarios: Vec<Scenario>,
    ground: &Ground,
    known: &Differences,
) -> Result<Vec<Played>, Failure> {
    let (solo, many): (Vec<_>, Vec<_>) = scenarios.into_iter().partition(Scenario::is_solo);
    let mut played = in_one_place(&many, AT_ONCE, ground, known).await?;
    match ground {
        Ground::Inside => played.extend(in_one_place(&solo, VOYAGES_AT_ONCE, ground, known).await?),
        Ground::Real(_) => {
            for scenario in solo {
                played.extend(in_one_place(&[scenario], 1, ground, known).await?);
            }
        }
    }
    Ok(played)
}

/// Plays scenarios, so many at once; on a real control plane with a node of their own. What comes out otherwise is
/// played again, alone: where two controllers race, an order may come out either way once in a while.
#[expect(clippy::print_stdout, reason = "tests and the command for scenarios both tell it there")]
async fn in_one_place(
    scenarios: &[Scenario],
    at_once: usize,
    ground: &Ground,
    known: &Differences,
) -> Result<Vec<Played>, Failure> {
    let node = match ground {
        Ground::Real(client) => Some(Node::start(client)?),
        Ground::Inside => None,
    };
    let world = || node.as_ref().map(Node::world);
    let mut played: Vec<Played> = futures::stream::iter(scenarios)
        .map(|scenario| play(scenario, ground, world(), known))
        .buffered(at_once)
        .collect()
        .await;
    for (scenario, played) in scenarios.iter().zip(&mut played) {
        for _ in 1..TRIES {
            let by_chance = |wrong: &&String| played.late >= LATE || !breaks_a_promise(wrong);
            let Some(wrong) = played.wrong.as_ref().filter(by_chance) else { break };
            println!("{}: played again, the machine was {:?} late\n{wrong}", scenario.name, played.late);
            *played = play(scenario, ground, world(), known).await;
        }
    }
    if let Some(node) = node {
        node.stop().await;
    }
    Ok(played)
}

/// Whether what is different is what users and queues suffered, or where a voyage ended: on a machine that keeps up, chance
/// has no part in that.
fn breaks_a_promise(wrong: &str) -> bool {
    let promises = ["requests failed:", "schedulers at once:", "outcome:"];
    let mut changed = wrong.lines().filter(|line| line.trim_start().starts_with(['-', '+']));
    changed.any(|line| promises.iter().any(|promise| line.contains(promise)))
}

async fn play(
    scenario: &Scenario,
    ground: &Ground,
    world: Option<rehearsal::World>,
    known: &Differences,
) -> Played {
    let began = Instant::now();
    let pulse = clock::Pulse::start();
    let limited = tokio::time::timeout(LIMIT, Box::pin(play_one(scenario, ground, world))).await;
    let (wrong, seen) = match limited {
        Err(_) => (Some(Failure::Endless(LIMIT.as_secs()).to_string()), None),
        Ok(Err(failure)) => (Some(failure.to_string()), None),
        Ok(Ok((thens, finally))) => {
            let wrong = difference(scenario, &thens, &finally);
            let wrong = match ground {
                Ground::Inside => beyond(wrong, &scenario.name, known),
                Ground::Real(_) => wrong,
            };
            (wrong, Some(scenario.blessed(&thens, &finally)))
        }
    };
    let late = pulse.longest_delay();
    Played { name: scenario.name.clone(), took: began.elapsed(), late, wrong, seen }
}

type Seen = (Vec<String>, String);

async fn play_one(
    scenario: &Scenario,
    ground: &Ground,
    world: Option<rehearsal::World>,
) -> Result<Seen, Failure> {
    let stage = Stage::set(ground, &scenario.name, world).await?;
    let seen = Box::pin(on_stage(scenario, &stage)).await;
    stage.strike().await;
    seen
}

async fn on_stage(scenario: &Scenario, stage: &Stage) -> Result<Seen, Failure> {
    let recorder = Recorder::start(&stage.client, &stage.namespace, &scenario.kinds).await;
    let managers = managers(scenario);
    let mut record = Record::new(&stage.namespace, managers.clone());
    let given: Vec<Value> = scenario.given.iter().map(|given| given.0.clone()).collect();
    give(stage, scenario, &given).await?;
    record.act(&recorder.rest(stage.quiet).await?, false);
    let mut player = Player::new(stage, &scenario.kinds, &given);
    let mut thens = Vec::new();
    for act in &scenario.acts {
        let mut answers = String::new();
        for step in &act.steps {
            let told = Box::pin(player.play(step)).await?;
            if let Some(told) = told {
                answers.push_str(&answer(step, &record.names.say(&told)));
            }
        }
        let then = record.act(&recorder.rest(stage.quiet).await?, act.ends_a_namespace());
        thens.push(if answers.is_empty() && then.is_empty() {
            "nothing\n".to_owned()
        } else {
            answers + &then
        });
    }
    let finally = objects::told(&recorder.standing(), &record.names, &managers);
    Ok((thens, finally))
}

/// `"scale deployment/web to 2" answers` and the answer under it.
fn answer(step: &Step, told: &str) -> String {
    let told: String = told.lines().map(|line| format!("  {line}\n")).collect();
    format!("answer to {}\n{told}", step.text.trim_end_matches(':'))
}

/// Makes what is given, and waits until it stands as it was asked for.
async fn give(stage: &Stage, scenario: &Scenario, given: &[Value]) -> Result<(), Failure> {
    for object in given {
        let Some(kind) = scenario.kinds.of(object) else { continue };
        let path = format!("{}?fieldManager=given", kind.path(&stage.namespace));
        let mut tries = 0;
        loop {
            let content = Some(("application/json", object));
            let reply = wire::send(&stage.client, http::Method::POST, &path, content).await?;
            tries += 1;
            match reply.code {
                200..300 => break,
                // A custom kind is served a moment after its definition is made.
                404 if tries < 100 => tokio::time::sleep(Duration::from_millis(50)).await,
                409 if !kind.namespaced => break,
                _ => {
                    let what =
                        format!("{}/{}", kind.word, object["metadata"]["name"].as_str().unwrap_or_default());
                    let verdict =
                        format!("{} {}", reply.verdict(), reply.body["message"].as_str().unwrap_or_default());
                    return Err(Failure::NotGiven { what, verdict });
                }
            }
        }
    }
    let cluster = cluster::Cluster::new(stage.client.clone(), &stage.namespace, stage.clock);
    for object in given.iter().filter(|object| object["kind"] == "Deployment") {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let replicas = object["spec"]["replicas"].as_u64().and_then(|count| u32::try_from(count).ok());
        let ready =
            cluster::Condition::Ready { deployment: name.to_owned(), replicas: replicas.unwrap_or(1) };
        let waited = Box::pin(cluster.wait(&ready, Duration::from_secs(600))).await;
        waited.map_err(|error| Failure::NotGiven {
            what: format!("deployment/{name}"),
            verdict: error.to_string(),
        })?;
    }
    Ok(())
}

/// The field managers a scenario is about: those it names, and this program's own.
fn managers(scenario: &Scenario) -> Vec<String> {
    let named = scenario.acts.iter().flat_map(|act| &act.steps).map(|step| step.manner.manager.clone());
    let mut managers: Vec<String> = named.chain([cluster::MANAGER.to_owned()]).collect();
    managers.sort();
    managers.dedup();
    managers
}

/// What is wrong beyond the differences that are known; one that is known and is no more is wrong too.
fn beyond(wrong: Option<String>, name: &str, known: &Differences) -> Option<String> {
    match wrong {
        Some(told) if known.knows(name, &told) => None,
        None if known.lists(name) => Some(
            "it is as on a real control plane; docs/differences/scenarios.md says otherwise\n".to_owned(),
        ),
        wrong => wrong,
    }
}

/// The first line in which what was seen differs from what was blessed, with what is around it.
fn difference(scenario: &Scenario, thens: &[String], finally: &str) -> Option<String> {
    let blessed = scenario.acts.iter().map(|act| act.then.as_str()).chain([scenario.finally.as_str()]);
    let seen = thens.iter().map(String::as_str).chain([finally]);
    let mut told = String::new();
    for (number, (blessed, seen)) in blessed.zip(seen).enumerate() {
        let part = if number < thens.len() { format!("act {}", number + 1) } else { "finally".to_owned() };
        if let Some(lines) = lines_apart(blessed, seen) {
            told.push_str(&format!("{part}\n{lines}"));
        }
    }
    (!told.is_empty()).then_some(told)
}

/// The lines of either text that the other lacks, each part with a line of what stands before it.
fn lines_apart(blessed: &str, seen: &str) -> Option<String> {
    let lines = |text: &str| {
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let (blessed, seen) = (lines(blessed), lines(seen));
    if blessed == seen {
        return None;
    }
    let common = longest_common(&blessed, &seen);
    let (mut one, mut other, mut told, mut before) = (0, 0, String::new(), None);
    while one < blessed.len() || other < seen.len() {
        if one < blessed.len() && other < seen.len() && blessed[one] == seen[other] {
            before = Some(&blessed[one]);
            (one, other) = (one + 1, other + 1);
            continue;
        }
        if let Some(line) = before.take() {
            told.push_str(&format!("    {line}\n"));
        }
        if other == seen.len() || one < blessed.len() && common[one + 1][other] >= common[one][other + 1] {
            told.push_str(&format!("  - {}\n", blessed[one]));
            one += 1;
        } else {
            told.push_str(&format!("  + {}\n", seen[other]));
            other += 1;
        }
    }
    Some(told)
}

/// For every two places, how many lines both texts have in common from there on, in order.
fn longest_common(one: &[String], other: &[String]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; other.len() + 1]; one.len() + 1];
    for at in (0..one.len()).rev() {
        for beside in (0..other.len()).rev() {
            common[at][beside] = if one[at] == other[beside] {
                common[at + 1][beside + 1] + 1
            } else {
                common[at + 1][beside].max(common[at][beside + 1])
            };
        }
    }
    common
}

//! One run: the cluster stands up, users come, the plan is carried out, users stay a little, and it is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clock::{Clock, Pulse};
use cluster::Cluster;
use plan::Plan;
use probe::Prober;
use rehearsal::fault::Effect;
use rehearsal::{ClusterInside, Fault, World};
use serde_json::Value;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use voyage::{Event, Outcome, Phase, Voyage, VoyageEvent};

use super::descriptors;
use super::serving::{self, Serving, Standing};
use super::state::{Options, State};
use super::tell::{self, Told};
use super::traffic::Watched;
use crate::load::traffic;
use crate::migrate::state_copy::{self, opened};
use crate::problem::{Exit, Problem};
use crate::progress::Progress;
use crate::reach;
use crate::summary::Summary;
use crate::words::Words;

/// Which way a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the beginning, or on from where it was interrupted.
    Forward,
    /// Back to how it was.
    Back,
}

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    /// Which way.
    pub(crate) way: Way,
    /// Where its API server is open to others, if it is.
    pub(crate) serve: Option<SocketAddr>,
}

/// Cluster seconds within which the old side must stand.
pub(super) const BLUE_BOOTS: Duration = Duration::from_secs(1800);
/// Cluster seconds that traffic goes on after arrival: what breaks late shall be seen.
const TAIL: Duration = Duration::from_secs(30);
/// Real time for the last jobs to be done before they count as lost.
const LAST_JOBS: Duration = Duration::from_secs(20);

/// Carries out a plan, and keeps what it came to beside it.
pub(crate) fn carry_out(
    state: &State,
    plan: Plan,
    options: &Options,
    course: Course,
    words: &Words,
) -> Result<(Summary, Standing), Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| trouble(words, "cluster-inside", &error))?;
    let (summary, inside, serving) = runtime.block_on(Box::pin(run(state, plan, options, course, words)))?;
    state.write("summary.json", &summary, words)?;
    state.write("buckets.json", &summary.buckets, words)?;
    Ok((summary, Standing { runtime, inside, serving }))
}

pub(crate) fn trouble(words: &Words, id: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(words, Exit::Failed, id, &[("detail", &error.to_string())])
}

async fn run(
    state: &State,
    plan: Plan,
    options: &Options,
    course: Course,
    words: &Words,
) -> Result<(Summary, ClusterInside, Option<Serving>), Problem> {
    let in_flight = descriptors::in_flight(options.load.sockets, words)?;
    let clock = Clock::faster(options.speed);
    let progress = Progress::new(words.clone(), &plan.steps);
    let inside = stand_up(state, &plan, options, clock, words).await?;
    let serving = course
        .serve
        .map(|listen| Serving::open(&inside, listen, state, &plan.namespace, words))
        .transpose()?;
    if let Some(serving) = &serving {
        progress.say(&serving.told(words));
    }
    progress.say(&words.word("rehearse-blue"));
    let before = blue_stands(state, &inside, &plan, words).await?;
    if serving.is_some() {
        serving::look_around(&progress, words).await;
    }

    let cancel = CancellationToken::new();
    let mut config = traffic(&plan, inside.front().address(), &options.load);
    config.max_in_flight = in_flight;
    let prober = Prober::start(config, cancel.clone()).map_err(|error| trouble(words, "voyage", &error))?;
    let began_ms = millis_since_1970();
    let rate = format!("{:.0}", options.load.rate);
    let speed = format!("{}", options.speed);
    let sockets = options.load.sockets.to_string();
    progress
        .say(&words.tell("rehearse-traffic", &[("rate", &rate), ("sockets", &sockets), ("speed", &speed)]));

    let watched = Arc::new(Watched { prober: prober.clone(), world: inside.world().clone() });
    let cluster = Cluster::new(inside.operator_client(), &plan.namespace, operators(clock, &options.faults));
    let voyage = Voyage::open(plan.clone(), cluster.clone(), state.directory.as_std_path(), watched);
    let mut voyage = voyage.map_err(|error| opened(words, &error))?;
    let recipient = reach::recipient(options.backup_recipient.as_deref(), &state.directory, words)?;
    voyage.keep_secrets_for(recipient);
    without_stores(&mut voyage, &plan, &progress, words);
    state_copy::keep(&mut voyage, &plan, &cluster, state, words).await?;
    recall(&voyage, inside.world());
    let showing = tokio::spawn(show(progress.clone(), voyage.events(), prober.clone(), cancel.clone()));
    let pulse = Pulse::start();
    let outcome = match course.way {
        Way::Forward => voyage.resume().await,
        Way::Back if *voyage.phase() == Phase::Fresh => Ok(Outcome::RolledBack { reason: String::new() }),
        Way::Back => voyage.roll_back(&words.word("rollback-asked-for")).await,
    };
    let outcome = outcome.map_err(|error| trouble(words, "voyage", &error))?;
    let longest_delay = pulse.longest_delay();
    inside.world().move_ended();
    clock.sleep(TAIL).await;

    let report = prober.finish().await;
    cancel.cancel();
    let events = showing.await.unwrap_or_default();
    let drained = inside.world().drained(LAST_JOBS).await;
    let went_back = matches!(outcome, Outcome::RolledBack { .. });
    let blue_unchanged =
        went_back.then(|| before.as_deref().map(|before| is_as_before(before, &inside))).flatten();
    let told = Told {
        plan: &plan,
        options,
        outcome: &outcome,
        records: voyage.records(),
        events: &events,
        began_ms,
        report: &report,
        failures: prober.failures_between(0, u64::MAX),
        drained,
        blue_unchanged,
        longest_delay: Some(longest_delay),
        stores: None,
        left_paused: voyage.left_paused().map_err(|error| trouble(words, "voyage", &error))?,
    };
    let mut summary = tell::summary(&told, Some(inside.world()));
    summary.advice = state.read("advice.json", words)?;
    progress.finish();
    Ok((summary, inside, serving))
}

/// A rehearsal never touches a store: there is none but the real ones.
pub(super) fn without_stores(voyage: &mut Voyage, plan: &Plan, progress: &Progress, words: &Words) {
    voyage.rehearse_without_stores();
    if !plan.stores.is_empty() {
        progress.say(&words.word("rehearse-without-stores"));
    }
}

/// Faults that wait for steps learn which have begun in an earlier process.
fn recall(voyage: &Voyage, world: &World) {
    for record in voyage.records() {
        if let Event::StepStarted { id } = &record.event {
            world.step_begins(&id.0);
        }
    }
}

/// The clock of the machine on which the program runs, which may not agree with the cluster's.
fn operators(clock: Clock, faults: &[String]) -> Clock {
    faults.iter().filter_map(|text| Fault::parse(text).ok()).fold(clock, |clock, fault| match fault.effect {
        Effect::ClockAhead { by } => clock.ahead(by),
        Effect::ClockBehind { by } => clock.behind(by),
        _ => clock,
    })
}

/// The cluster, new or as it was left.
async fn stand_up(
    state: &State,
    plan: &Plan,
    options: &Options,
    clock: Clock,
    words: &Words,
) -> Result<ClusterInside, Problem> {
    let faults: Result<Vec<Fault>, _> = options.faults.iter().map(|text| Fault::parse(text)).collect();
    let inside = rehearsal::Options {
        state_dir: Some(state.directory.join("cluster").into_std_path_buf()),
        clock,
        namespace: plan.namespace.clone(),
        release: plan.release.clone(),
        faults: faults.map_err(|error| trouble(words, "fault", &error))?,
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        front: options.front.parse().unwrap_or_else(|_| crate::front::of_plan(plan, None)),
    };
    let inside = ClusterInside::start(inside).map_err(|error| trouble(words, "cluster-inside", &error))?;
    inside.world().declare(plan.blue.clone());
    if !state.has("blue-before.json") {
        // What stands today has booted long ago.
        inside.world().set_stands(true);
        inside.load(&plan.blue).await.map_err(|error| trouble(words, "cluster-inside", &error))?;
    }
    Ok(inside)
}

/// Waits until users could be served, and gives the old side's objects as they stood before the first step.
async fn blue_stands(
    state: &State,
    inside: &ClusterInside,
    plan: &Plan,
    words: &Words,
) -> Result<Option<Vec<Value>>, Problem> {
    let routes: Vec<(String, String)> =
        plan.routes.iter().map(|route| (route.host.clone(), route.path.clone())).collect();
    let known = state.has("blue-before.json");
    let ready = if known {
        inside.reachable(&routes, BLUE_BOOTS).await
    } else {
        inside.ready(&routes, BLUE_BOOTS).await
    };
    inside.world().set_stands(false);
    ready.map_err(|missing| {
        Problem::new(words, Exit::Failed, "blue-not-ready", &[("detail", &missing.join(", "))])
    })?;
    if known {
        return state.read("blue-before.json", words).map(Some);
    }
    let before: Vec<Value> = plan
        .blue
        .iter()
        .filter_map(|object| inside.standing(object))
        .map(|object| (*object).clone())
        .collect();
    state.write("blue-before.json", &before, words)?;
    Ok(Some(before))
}

/// Whether every object of blue stands as it stood, but for what the server itself counts and stamps.
fn is_as_before(before: &[Value], inside: &ClusterInside) -> bool {
    before.iter().all(|old| inside.standing(old).is_some_and(|now| essence(old) == essence(&now)))
}

/// An object without what servers count and stamp.
pub(crate) fn essence(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for stamped in ["resourceVersion", "generation", "managedFields", "uid", "creationTimestamp"] {
            metadata.remove(stamped);
        }
    }
    // What finds a Job's pods is named after the Job's uid.
    if object["kind"] == "Job" {
        if let Some(spec) = object["spec"].as_object_mut() {
            spec.remove("selector");
        }
        for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
            if let Some(labels) = object.pointer_mut(labels).and_then(Value::as_object_mut) {
                labels.retain(|label, _| !label.ends_with("controller-uid") && !label.ends_with("job-name"));
            }
        }
    }
    object
}

/// Shows what happens until it is over, and keeps every event.
pub(crate) async fn show(
    progress: Progress,
    mut events: broadcast::Receiver<VoyageEvent>,
    prober: Prober,
    cancel: CancellationToken,
) -> Vec<VoyageEvent> {
    let mut kept = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            _ = tick.tick() => {
                let live = prober.live();
                let p99_ms = (live.requests > live.failed).then_some(live.p99_ms);
                progress.traffic(live.requests, live.failed, live.rate, p99_ms, live.sockets_open);
            }
            event = events.recv() => match event {
                Ok(event) => {
                    // A step that a rule interrupted says no more than the rule.
                    let is_told = matches!(event, VoyageEvent::StepFailed { .. })
                        && matches!(kept.last(), Some(VoyageEvent::Breach(_)));
                    if !is_told {
                        tell::progress(&progress, &event);
                    }
                    kept.push(event);
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => break,
            },
        }
    }
    kept
}

pub(crate) fn millis_since_1970() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

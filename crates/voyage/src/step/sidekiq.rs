//! The queues over Sidekiq's own Redis, where that is within reach: told to be quiet, drained, proved gone, covered.
//!
//! Without it, workers end as Kubernetes ends them: `TERM`, on which Sidekiq puts back what still runs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cluster::{Kind, Selector};
use movers::{
    Coverage, Departure, Drained, HEARTBEAT_EXPIRES, Hosts, Jobs, Process, Roster, SCHEDULER, Sidekiq,
};
use plan::{Action, Replicas};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Deck;
use crate::event::{QueueWay, millis, now_ms};
use crate::{StepError, VoyageEvent};

/// Heartbeats come every 5 to 10 s however fast the cluster's clock runs: nobody hears of a signal sooner.
const DRAIN_AT_LEAST: Duration = Duration::from_secs(30);
/// A process that was killed is registered this long.
const EXPIRY: Duration = HEARTBEAT_EXPIRES.saturating_add(Duration::from_secs(10));
/// Between two looks, on the wall.
const LOOK: Duration = Duration::from_millis(500);

/// What was found before blue's workers were told anything. Their names are needed when they are gone.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Found {
    hosts: BTreeSet<String>,
    missing: Vec<String>,
}

/// Tells blue's processes to be quiet and waits until none runs a job, or the time for it is over. Refuses before
/// anything is told where the Redis is not theirs, or somebody of neither side keeps the schedule.
pub(super) async fn drain(deck: &Deck<'_>, workers: &[Replicas]) -> Result<(), StepError> {
    let Some(sidekiq) = deck.sidekiq else {
        tell(
            deck,
            VoyageEvent::QueuesDrained {
                way: QueueWay::Pods,
                processes: 0,
                outlasted: Vec::new(),
                jobs: None,
                took_ms: 0,
                at_ms: now_ms(),
            },
        );
        return Ok(());
    };
    let began = Instant::now();
    let standing = hosts_of(deck, workers).await?;
    let jobs = sidekiq.jobs().await?;
    let roster = no_stranger_schedules(deck, sidekiq).await?;
    let before = coverage(deck, &roster, &jobs);
    deck.locker.note(&note(workers), &Found { hosts: standing.clone(), missing: before.missing })?;
    deck.copied().await?;
    let hosts: Hosts = hosts_noted(deck, workers)?.union(&standing).collect();
    let bound = deck.cluster.clock().on_the_wall(Duration::from_secs(deck.plan.handover.drain_s));
    let drained = deck.unless_interrupted(sidekiq.drain(&hosts, bound.max(DRAIN_AT_LEAST))).await??;
    let (processes, outlasted) = match drained {
        Drained::All { processes } => (processes, Vec::new()),
        Drained::Outlasted { still } => (still.len(), still.iter().flat_map(running).collect()),
        Drained::NobodyThere if standing.is_empty() => (0, Vec::new()),
        Drained::NobodyThere => return Err(StepError::OtherRedis(standing.into_iter().collect())),
    };
    tell(
        deck,
        VoyageEvent::QueuesDrained {
            way: QueueWay::Redis,
            processes,
            outlasted,
            jobs: Some(jobs),
            took_ms: millis(began.elapsed()),
            at_ms: now_ms(),
        },
    );
    Ok(())
}

/// None of these workers' processes is registered any more. Their pods are gone already: whoever is still registered
/// was killed, and its heartbeat expires.
pub(super) async fn prove_gone(deck: &Deck<'_>, workers: &[Replicas]) -> Result<(), StepError> {
    let Some(sidekiq) = deck.sidekiq else { return Ok(()) };
    let hosts: Hosts = hosts_noted(deck, workers)?.iter().collect();
    match deck.unless_interrupted(sidekiq.await_gone(&hosts, EXPIRY)).await?? {
        Departure::Gone => Ok(()),
        Departure::Here { still } => {
            Err(StepError::StillRegistered(still.into_iter().map(|process| process.identity).collect()))
        }
    }
}

/// Every queue that was worked before is worked again, and the schedule kept by one; where more workers are to come, it is
/// kept by one at most so far.
pub(super) async fn prove_covered(
    deck: &Deck<'_>,
    workers: &[Replicas],
    limit: Duration,
) -> Result<(), StepError> {
    let Some(sidekiq) = deck.sidekiq else { return Ok(()) };
    if !are_last(deck, workers) {
        return prove_kept_by_one_at_most(deck, sidekiq).await;
    }
    let until = Instant::now() + deck.cluster.clock().on_the_wall(limit).max(DRAIN_AT_LEAST);
    loop {
        let jobs = sidekiq.jobs().await?;
        match uncovered(deck, &sidekiq.roster().await?, &jobs)? {
            None => {
                tell(deck, VoyageEvent::QueuesStarted { jobs, at_ms: now_ms() });
                return Ok(());
            }
            Some(lacking) if Instant::now() >= until => return Err(lacking),
            Some(_) => deck.pause(LOOK).await?,
        }
    }
}

/// A process that was killed may be registered until its heartbeat expires.
async fn prove_kept_by_one_at_most(deck: &Deck<'_>, sidekiq: &Sidekiq) -> Result<(), StepError> {
    let until = Instant::now() + EXPIRY;
    loop {
        let schedulers = coverage(deck, &sidekiq.roster().await?, &Jobs::default()).schedulers;
        if schedulers.len() <= 1 {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(StepError::Uncovered { missing: Vec::new(), schedulers });
        }
        deck.pause(LOOK).await?;
    }
}

/// What lacks of [`prove_covered`], as far as Redis says: one that does not answer says nothing.
pub(super) async fn coverage_lacking(
    deck: &Deck<'_>,
    workers: &[Replicas],
) -> Result<Vec<String>, StepError> {
    let Some(sidekiq) = deck.sidekiq.filter(|_| are_last(deck, workers)) else { return Ok(Vec::new()) };
    let Ok(roster) = sidekiq.roster().await else { return Ok(Vec::new()) };
    Ok(uncovered(deck, &roster, &Jobs::default())?.iter().map(ToString::to_string).collect())
}

/// Whether pods of these workers still run that were told to be quiet: a process cannot be told to take jobs again.
pub(super) async fn are_quieted(
    deck: &Deck<'_>,
    worker: &Replicas,
    all: &[Replicas],
) -> Result<bool, StepError> {
    let told = hosts_noted(deck, all)?;
    if told.is_empty() || !deck.exists(&worker.deployment).await? {
        return Ok(false);
    }
    Ok(!hosts_of(deck, std::slice::from_ref(worker)).await?.is_disjoint(&told))
}

/// A process of neither side that keeps the schedule would keep it beside green's. One that was just killed is waited
/// for until its heartbeat expires.
async fn no_stranger_schedules(deck: &Deck<'_>, sidekiq: &Sidekiq) -> Result<Roster, StepError> {
    let until = Instant::now() + EXPIRY;
    loop {
        let ours = hosts_of(deck, &deck.workers()).await?;
        let roster = sidekiq.roster().await?;
        let hosts: Hosts = ours.into_iter().collect();
        let schedules = |process: &&Process| process.queues.iter().any(|queue| queue == SCHEDULER);
        let strangers: Vec<String> =
            roster.elsewhere(&hosts).filter(schedules).map(|process| process.identity.clone()).collect();
        // Where none of ours is known, the Redis is another's, and the strangers are its own.
        if strangers.is_empty() || roster.on(&hosts).next().is_none() {
            return Ok(roster);
        }
        if Instant::now() >= until {
            return Err(StepError::StrangerSchedules(strangers));
        }
        deck.pause(LOOK).await?;
    }
}

fn coverage(deck: &Deck<'_>, roster: &Roster, jobs: &Jobs) -> Coverage {
    let waiting = jobs.queues.iter().filter(|(_, length)| **length > 0).map(|(name, _)| name.clone());
    Coverage::of(roster, &deck.plan.handover.queues, &waiting.collect::<Vec<_>>())
}

/// Queues that were worked before and are not now, or a schedule that is not kept by exactly one where it was kept.
fn uncovered(deck: &Deck<'_>, roster: &Roster, jobs: &Jobs) -> Result<Option<StepError>, StepError> {
    let now = coverage(deck, roster, jobs);
    // As it was before the first of blue's workers was told anything: what is missing later may be green's fault.
    let first = deck.plan.steps.iter().find_map(|step| match &step.action {
        Action::DrainQueues { workers, .. } => Some(note(workers)),
        _ => None,
    });
    let found = first.map(|first| deck.locker.found::<Found>(&first)).transpose()?.flatten();
    let before: BTreeSet<String> = found.unwrap_or_default().missing.into_iter().collect();
    let missing: Vec<String> = now.missing.into_iter().filter(|queue| !before.contains(queue)).collect();
    let schedulers = now.schedulers;
    let kept_once = schedulers.len() == 1 || schedulers.is_empty() && before.contains(SCHEDULER);
    Ok((!missing.is_empty() || !kept_once).then_some(StepError::Uncovered { missing, schedulers }))
}

/// Whether these are the last of green's workers to start: before that, not every queue can be worked.
fn are_last(deck: &Deck<'_>, workers: &[Replicas]) -> bool {
    let started = deck.plan.steps.iter().rev().find_map(|step| match &step.action {
        Action::StartQueues { workers, .. } => Some(workers.as_slice()),
        _ => None,
    });
    started == Some(workers)
}

/// The hosts that a step's workers were on before it, by its own note.
fn hosts_noted(deck: &Deck<'_>, workers: &[Replicas]) -> Result<BTreeSet<String>, StepError> {
    Ok(deck.locker.found::<Found>(&note(workers))?.unwrap_or_default().hosts)
}

fn note(workers: &[Replicas]) -> String {
    let names: Vec<&str> = workers.iter().map(|worker| worker.deployment.as_str()).collect();
    format!("sidekiq-{}", names.join("-"))
}

/// The names of the hosts that these workers' pods are.
async fn hosts_of(deck: &Deck<'_>, workers: &[Replicas]) -> Result<BTreeSet<String>, StepError> {
    let mut hosts = BTreeSet::new();
    for worker in workers {
        let selector = Selector::of_workload(deck.planned("Deployment", &worker.deployment)?)?;
        let pods = deck.cluster.list(&Kind::pod(), Some(&selector)).await?;
        hosts.extend(pods.iter().filter_map(hostname).map(str::to_owned));
    }
    Ok(hosts)
}

/// What `hostname` says in a pod: its name, unless it was given one, or has its node's.
pub(crate) fn hostname(pod: &Value) -> Option<&str> {
    let spec = &pod["spec"];
    if spec["hostNetwork"] == true {
        return spec["nodeName"].as_str();
    }
    spec["hostname"].as_str().or_else(|| pod["metadata"]["name"].as_str())
}

/// `class (queue)` of what a process runs; the process, where it did not say.
fn running(process: &Process) -> Vec<String> {
    if process.running.is_empty() {
        return vec![process.identity.clone()];
    }
    process.running.iter().map(|job| format!("{} ({})", job.class, job.queue)).collect()
}

fn tell(deck: &Deck<'_>, event: VoyageEvent) {
    let _nobody_listens = deck.events.send(event);
}

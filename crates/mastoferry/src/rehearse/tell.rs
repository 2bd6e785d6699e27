//! What a run came to, from the records of those who took part.

use std::collections::BTreeMap;
use std::time::Duration;

use movers::stores::CutOver;
use plan::{Action, Plan};
use probe::{FailureSpan, TrafficReport};
use rehearsal::World;
use voyage::{Event, LeftPaused, Outcome, Record, VoyageEvent};

use super::memory::peak_memory_mb;
use super::state::Options;
use crate::progress::Progress;
use crate::summary::{
    self, Breach, Bucket, Component, Delivery, Invariants, Kind, Queues, Rollback, StepSpan, StepState,
    Stores, Streaming, Summary, Traffic,
};

/// Everything that is known when a run is over.
pub(crate) struct Told<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) options: &'a Options,
    pub(crate) outcome: &'a Outcome,
    pub(crate) records: &'a [Record],
    pub(crate) events: &'a [VoyageEvent],
    /// When traffic began, in milliseconds since 1970.
    pub(crate) began_ms: u64,
    pub(crate) report: &'a TrafficReport,
    pub(crate) failures: Option<FailureSpan>,
    /// Whether every job was done in the end.
    pub(crate) drained: bool,
    pub(crate) blue_unchanged: Option<bool>,
    /// Who applied the old side from a repository, and is paused.
    pub(crate) left_paused: Vec<LeftPaused>,
    /// How late the cluster inside was woken at most, on the wall.
    pub(crate) longest_delay: Option<Duration>,
    /// What the cut-over of the stores came to, where any passed over.
    pub(crate) stores: Option<CutOver>,
}

/// Shows an event.
pub(crate) fn progress(progress: &Progress, event: &VoyageEvent) {
    match event {
        VoyageEvent::StepStarted { id, .. } => progress.step_started(id),
        VoyageEvent::StepDone { id, .. } => progress.step_done(id),
        VoyageEvent::StepUndone { id, .. } => progress.step_undone(id),
        VoyageEvent::StepFailed { id, reason, .. } => progress.step_failed(id, reason),
        VoyageEvent::Noted { rule, note, .. } => progress.say(&format!("{rule}: {note}")),
        VoyageEvent::QueuesDrained { way, processes, outlasted, .. } => {
            progress.queues_drained(*way, *processes, outlasted);
        }
        VoyageEvent::GitopsPaused { owners, .. } => progress.gitops_paused(owners),
        VoyageEvent::StoresFollow { followed, .. } => progress.stores_follow(followed),
        VoyageEvent::StoresPassed { cut_over, .. } => progress.stores_passed(cut_over),
        VoyageEvent::StoresReturned { gone, .. } => progress.stores_returned(gone),
        VoyageEvent::RollbackStarted { .. } => progress.rolling_back(),
        VoyageEvent::Breach(breach) => progress.breach(breach),
        VoyageEvent::Finished { outcome: Outcome::Completed, .. } => progress.arrived(),
        VoyageEvent::Paused { .. }
        | VoyageEvent::BaselineRecorded { .. }
        | VoyageEvent::QueuesStarted { .. }
        | VoyageEvent::TrafficRestored { .. }
        | VoyageEvent::Finished { .. } => {}
    }
}

/// The summary. Without a world of stand-ins nobody counts rows and jobs: these could not be measured.
pub(crate) fn summary(told: &Told<'_>, world: Option<&World>) -> Summary {
    Summary {
        kind: if told.options.migration.is_some() { Kind::Migration } else { Kind::Rehearsal },
        outcome: outcome(told.outcome),
        strategy: told.plan.strategy.name().to_owned(),
        front: told.options.front.clone(),
        release: told.plan.release.clone(),
        source: told.plan.source.clone(),
        faults: told.options.faults.clone(),
        load: told.options.load.name.clone(),
        finished: Some(jiff::Timestamp::now()),
        traffic: traffic(told.report),
        streaming: Streaming {
            connections: told.report.streaming.connections,
            reconnects: told.report.streaming.reconnects,
            max_reconnects_per_connection: told.report.streaming.max_reconnects_per_connection,
            longest_gap_ms: told.report.streaming.longest_gap_ms,
            delivery: delivery(&told.report.streaming.delivery),
        },
        invariants: world.map_or_else(Invariants::default, |world| invariants(told, world)),
        queues: queues(told),
        left_paused: told.left_paused.clone(),
        stores: told.stores.as_ref().map(|passed| stores(told, passed)),
        steps: steps(told),
        breaches: breaches(told),
        ledger: told.plan.ledger.clone(),
        rollback: rollback(told),
        blue_unchanged: told.blue_unchanged,
        speed: told.options.speed,
        longest_delay_ms: told
            .longest_delay
            .and_then(|wall| u64::try_from(wall.mul_f64(told.options.speed).as_millis()).ok()),
        peak_memory_mb: peak_memory_mb(),
        reason: match told.outcome {
            Outcome::Stopped { reason } | Outcome::Failed { reason } => reason.clone(),
            Outcome::Completed | Outcome::RolledBack { .. } => String::new(),
        },
        advice: Vec::new(),
        leftovers: None,
        buckets: told.report.buckets.iter().map(bucket).collect(),
    }
}

/// What passed over besides users and queues, and how long nobody could write.
fn stores(told: &Told<'_>, passed: &CutOver) -> Stores {
    let at = |of: fn(&Action) -> bool| {
        let step = told.plan.steps.iter().find(|step| of(&step.action))?;
        let done = |record: &&Record| matches!(&record.event, Event::StepDone { id } if *id == step.id);
        Some(told.records.iter().rev().find(done)?.at_ms)
    };
    // Behind a page nobody could write even before the fence.
    let page = at(|action| matches!(action, Action::ShowPage(_)));
    let closed = passed.closed_at_ms.into_iter().chain(page).min();
    let users = at(|action| matches!(action, Action::CloseOverlap { .. } | Action::HidePage(_)));
    let until_users = users.zip(closed).and_then(|(users, closed)| users.checked_sub(closed));
    Stores {
        pause_ms: passed.pause_ms,
        last_write_to_users_ms: until_users,
        tables: passed.rows.map(|(tables, _)| tables as u64),
        rows: passed.rows.map(|(_, rows)| rows),
        keys: passed.keys,
        jobs: passed.jobs,
        objects: passed.objects.map(|(objects, _)| objects),
        carried_in_the_pause: passed.objects.map(|(_, carried)| carried),
        loses_nothing_back: passed.loses_nothing_back,
    }
}

fn bucket(bucket: &probe::Bucket) -> Bucket {
    Bucket {
        at_ms: bucket.at_ms,
        answered: u64::from(bucket.answered),
        failed: u64::from(bucket.failed),
        p99_ms: bucket.p99_ms,
    }
}

fn outcome(outcome: &Outcome) -> summary::Outcome {
    match outcome {
        Outcome::Completed => summary::Outcome::Completed,
        Outcome::RolledBack { .. } => summary::Outcome::RolledBack,
        Outcome::Stopped { .. } => summary::Outcome::Stopped,
        Outcome::Failed { .. } => summary::Outcome::Failed,
    }
}

/// A latency, where any answer was good.
fn some(latency: f64, any_good: bool) -> Option<f64> {
    any_good.then_some(latency)
}

fn traffic(report: &TrafficReport) -> Traffic {
    let component = |component: &probe::ComponentReport| Component {
        requests: component.requests,
        failed: component.failed,
        downtime_ms: component.downtime_ms,
        longest_outage_ms: component.longest_outage_ms,
        p50_ms: some(component.p50_ms, component.requests > component.failed),
        p99_ms: some(component.p99_ms, component.requests > component.failed),
    };
    Traffic {
        requests: report.requests,
        failed: report.failed,
        downtime_ms: report.downtime_ms,
        longest_outage_ms: report.longest_outage_ms,
        p50_ms: some(report.p50_ms, report.requests > report.failed),
        p99_ms: some(report.p99_ms, report.requests > report.failed),
        components: report.components.iter().map(|(name, own)| (name.clone(), component(own))).collect(),
        classes: report.classes.iter().map(|(name, own)| (name.clone(), component(own))).collect(),
        maintenance: summary::Maintenance {
            requests: report.maintenance.requests,
            window_ms: report.maintenance.window_ms,
        },
        failures: report.failures.clone(),
    }
}

fn delivery(report: &probe::DeliveryReport) -> Delivery {
    let any = report.arrivals > 0;
    Delivery {
        posts: report.posts,
        delivered: report.delivered,
        late: report.late,
        p50_ms: some(report.delay.p50_ms, any),
        p99_ms: some(report.delay.p99_ms, any),
        longest_ms: some(report.delay.max_ms, any),
    }
}

/// What the stand-ins counted, and whether every post that was acknowledged is there.
fn invariants(told: &Told<'_>, world: &World) -> Invariants {
    let counted = world.invariants();
    let unknown = |id: &&String| !id.parse().is_ok_and(|id| world.has_row(id));
    let rows_lost = told.report.acknowledged_ids.iter().filter(unknown).count();
    let jobs_lost = if told.drained { counted.jobs_lost } else { counted.jobs_lost + counted.jobs_pending };
    Invariants {
        max_schedulers: Some(u64::from(counted.max_schedulers)),
        jobs_lost: Some(jobs_lost),
        jobs_duplicated: Some(counted.jobs_duplicated),
        rows_lost: u64::try_from(rows_lost).ok(),
    }
}

/// When each step ran, by the journal: steps of an earlier process have a state and no time.
fn steps(told: &Told<'_>) -> Vec<StepSpan> {
    let mut spans: Vec<StepSpan> = told
        .plan
        .steps
        .iter()
        .map(|step| StepSpan {
            id: step.id.0.clone(),
            state: StepState::Pending,
            started_ms: None,
            ended_ms: None,
            undo_started_ms: None,
            undo_ended_ms: None,
        })
        .collect();
    let places: BTreeMap<&str, usize> =
        told.plan.steps.iter().enumerate().map(|(place, step)| (step.id.0.as_str(), place)).collect();
    for record in told.records {
        let at = record.at_ms.checked_sub(told.began_ms);
        let (id, state) = match &record.event {
            Event::StepStarted { id } => (id, StepState::Running),
            Event::StepDone { id } => (id, StepState::Done),
            Event::StepFailed { id, .. } | Event::UndoFailed { id, .. } => (id, StepState::Failed),
            Event::UndoStarted { id } => (id, StepState::Running),
            Event::UndoDone { id } => (id, StepState::Undone),
            Event::Started { .. }
            | Event::Resumed
            | Event::RollbackStarted { .. }
            | Event::Finished { .. } => continue,
        };
        let Some(span) = places.get(id.0.as_str()).and_then(|place| spans.get_mut(*place)) else { continue };
        span.state = state;
        match &record.event {
            Event::StepStarted { .. } => span.started_ms = at,
            Event::StepDone { .. } | Event::StepFailed { .. } => span.ended_ms = at,
            Event::UndoStarted { .. } => span.undo_started_ms = at,
            Event::UndoDone { .. } | Event::UndoFailed { .. } => span.undo_ended_ms = at,
            _ => {}
        }
    }
    spans
}

fn breaches(told: &Told<'_>) -> Vec<Breach> {
    let breaches = told.events.iter().filter_map(|event| match event {
        VoyageEvent::Breach(breach) => Some(breach),
        _ => None,
    });
    breaches
        .map(|breach| Breach {
            rule: breach.rule.clone(),
            at_ms: breach.at_ms.saturating_sub(told.began_ms),
            observed: breach.value,
            bound: breach.bound,
            action: breach.action,
            silent: breach.missing.is_some(),
        })
        .collect()
}

/// The way back, from the first bad answer to the instant from which all were good again.
fn rollback(told: &Told<'_>) -> Option<Rollback> {
    let Outcome::RolledBack { reason } = told.outcome else { return None };
    let restored = told.events.iter().find_map(|event| match event {
        VoyageEvent::TrafficRestored { at_ms, .. } => Some(at_ms.saturating_sub(told.began_ms)),
        _ => None,
    });
    let first_bad_ms = told.failures.map(|span| span.first_ms);
    let last_bad_ms = told.failures.map(|span| span.last_ms);
    let restored_ms = restored.max(last_bad_ms);
    let seconds = match (first_bad_ms, restored_ms) {
        (Some(first), Some(restored)) => Some(restored.saturating_sub(first)),
        _ => None,
    };
    Some(Rollback {
        reason: reason.clone(),
        first_bad_ms,
        restored_ms,
        seconds: seconds.map(|ms| std::time::Duration::from_millis(ms).as_secs_f64()),
        verdict_to_traffic_ms: told.events.iter().find_map(|event| match event {
            VoyageEvent::TrafficRestored { ms, .. } => Some(*ms),
            _ => None,
        }),
        verdict_to_release_ms: verdict_to_release(told),
    })
}

/// From the verdict, or from when going back was asked for, until nothing of the new side was left.
fn verdict_to_release(told: &Told<'_>) -> Option<u64> {
    let began = told.events.iter().find_map(|event| match event {
        VoyageEvent::Breach(breach) if breach.action == plan::RuleAction::RollBack => Some(breach.at_ms),
        VoyageEvent::RollbackStarted { at_ms, .. } => Some(*at_ms),
        _ => None,
    })?;
    let installed = told.plan.steps.iter().find(|step| step.action == plan::Action::InstallGreen)?;
    told.events.iter().find_map(|event| match event {
        VoyageEvent::StepUndone { id, at_ms } if *id == installed.id => Some(at_ms.saturating_sub(began)),
        _ => None,
    })
}

/// How the queues passed, where they did.
fn queues(told: &Told<'_>) -> Option<Queues> {
    let mut queues = told.events.iter().find_map(|event| match event {
        VoyageEvent::QueuesDrained { way, processes, outlasted, jobs, took_ms, .. } => Some(Queues {
            way: *way,
            processes: *processes,
            drained_ms: *took_ms,
            outlasted: outlasted.clone(),
            jobs_before: jobs.clone(),
            jobs_after: None,
        }),
        _ => None,
    })?;
    queues.jobs_after = told.events.iter().rev().find_map(|event| match event {
        VoyageEvent::QueuesStarted { jobs, .. } => Some(jobs.clone()),
        _ => None,
    });
    Some(queues)
}

//! The handover of the queues: never two schedulers, in either direction.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::Condition;
use plan::Replicas;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deck::GOING_BACK;
use super::{Deck, Standing, green, sidekiq, steady};
use crate::StepError;

/// Under which name it is kept what was found: workers may pass one after the other.
fn note(workers: &[Replicas]) -> String {
    workers.first().map_or_else(|| "queues".to_owned(), |first| format!("queues-{}", first.deployment))
}

/// Blue's workers and schedules before they were touched.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Found {
    replicas: BTreeMap<String, u32>,
    suspended: BTreeMap<String, bool>,
}

pub(super) async fn drained(
    deck: &Deck<'_>,
    workers: &[Replicas],
    cron_jobs: &[String],
) -> Result<Standing, StepError> {
    let mut lacking = suspension_lacking(deck, cron_jobs, true).await?;
    for worker in workers {
        let idle = deck.idle(&worker.deployment)?;
        if !deck.cluster.holds(&idle).await? {
            lacking.push(format!("expected {idle}"));
        }
    }
    if deck.locker.found::<Found>(&note(workers))?.is_none() {
        lacking.push("what was found is not noted".to_owned());
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn drain(
    deck: &Deck<'_>,
    workers: &[Replicas],
    cron_jobs: &[String],
    timeout_s: u64,
) -> Result<(), StepError> {
    let mut found = Found::default();
    for worker in workers {
        found.replicas.insert(worker.deployment.clone(), deck.cluster.replicas(&worker.deployment).await?);
    }
    for name in cron_jobs {
        found.suspended.insert(name.clone(), is_suspended(deck, name).await?);
    }
    deck.locker.note(&note(workers), &found)?;
    deck.copied().await?;
    suspend(deck, cron_jobs, true).await?;
    sidekiq::drain(deck, workers).await?;
    for worker in workers {
        deck.cluster.scale(&worker.deployment, 0).await?;
    }
    wait_idle(deck, workers, Duration::from_secs(timeout_s)).await?;
    sidekiq::prove_gone(deck, workers).await
}

/// Blue's workers come back: after green's are proven gone, and as many as there were.
pub(super) async fn undrain(
    deck: &Deck<'_>,
    workers: &[Replicas],
    cron_jobs: &[String],
    timeout_s: u64,
) -> Result<(), StepError> {
    // Without a note nothing was touched.
    let Some(found) = deck.locker.found::<Found>(&note(workers))? else {
        return Ok(());
    };
    let limit = Duration::from_secs(timeout_s).max(GOING_BACK);
    wait_idle(deck, &deck.green_workers_after(workers), limit).await?;
    let wanted: Vec<Replicas> = workers
        .iter()
        .map(|worker| Replicas {
            deployment: worker.deployment.clone(),
            replicas: found.replicas.get(&worker.deployment).copied().unwrap_or(worker.replicas),
        })
        .collect();
    for worker in &wanted {
        if sidekiq::are_quieted(deck, worker, workers).await? {
            deck.cluster.scale(&worker.deployment, 0).await?;
            wait_idle(deck, std::slice::from_ref(worker), limit).await?;
        }
        deck.cluster.scale(&worker.deployment, worker.replicas).await?;
    }
    for name in cron_jobs.iter().filter(|name| found.suspended.get(*name) == Some(&false)) {
        suspend(deck, std::slice::from_ref(name), false).await?;
    }
    for worker in &wanted {
        deck.wait(&green::ready_condition(worker), limit).await?;
    }
    Ok(())
}

pub(super) async fn started(
    deck: &Deck<'_>,
    workers: &[Replicas],
    cron_jobs: &[String],
) -> Result<Standing, StepError> {
    let mut lacking = suspension_lacking(deck, cron_jobs, false).await?;
    match green::ready(deck, workers).await? {
        Standing::Lacks(what) => lacking.push(what),
        Standing::Holds | Standing::Unseen => lacking.extend(sidekiq::coverage_lacking(deck, workers).await?),
    }
    Ok(Standing::of(&lacking))
}

/// Green's workers begin: after blue's are proven gone.
pub(super) async fn start(
    deck: &Deck<'_>,
    workers: &[Replicas],
    cron_jobs: &[String],
    timeout_s: u64,
) -> Result<(), StepError> {
    let limit = Duration::from_secs(timeout_s);
    wait_idle(deck, &deck.blue_workers_before(workers), limit).await?;
    for worker in workers {
        deck.cluster.scale(&worker.deployment, worker.replicas).await?;
    }
    suspend(deck, cron_jobs, false).await?;
    steady::await_steady(deck, workers, timeout_s).await?;
    sidekiq::prove_covered(deck, workers, limit).await
}

pub(super) async fn unstart(
    deck: &Deck<'_>,
    workers: &[Replicas],
    cron_jobs: &[String],
    timeout_s: u64,
) -> Result<(), StepError> {
    for name in cron_jobs {
        let place = deck.place("CronJob", name)?;
        if deck.cluster.get(&place).await?.is_some() {
            suspend(deck, std::slice::from_ref(name), true).await?;
        }
    }
    for worker in workers {
        if deck.exists(&worker.deployment).await? {
            deck.cluster.scale(&worker.deployment, 0).await?;
        }
    }
    wait_idle(deck, workers, Duration::from_secs(timeout_s).max(GOING_BACK)).await
}

async fn wait_idle(deck: &Deck<'_>, workers: &[Replicas], limit: Duration) -> Result<(), StepError> {
    for worker in workers {
        let idle: Condition = deck.idle(&worker.deployment)?;
        deck.wait(&idle, limit).await?;
    }
    Ok(())
}

async fn is_suspended(deck: &Deck<'_>, cron_job: &str) -> Result<bool, StepError> {
    let found = deck.cluster.need(&deck.place("CronJob", cron_job)?).await?;
    Ok(found["spec"]["suspend"].as_bool().unwrap_or(false))
}

async fn suspension_lacking(
    deck: &Deck<'_>,
    cron_jobs: &[String],
    wanted: bool,
) -> Result<Vec<String>, StepError> {
    let mut lacking = Vec::new();
    for name in cron_jobs {
        if is_suspended(deck, name).await? != wanted {
            lacking.push(format!("CronJob/{name} must have suspend: {wanted}"));
        }
    }
    Ok(lacking)
}

async fn suspend(deck: &Deck<'_>, cron_jobs: &[String], suspend: bool) -> Result<(), StepError> {
    for name in cron_jobs {
        let patch = json!({"spec": {"suspend": suspend}});
        deck.cluster.patch_merge(&deck.place("CronJob", name)?, &patch).await?;
    }
    Ok(())
}

//! Whether pods keep running.

use std::time::Duration;

use cluster::{Kind, Selector, is_ready};
use plan::Replicas;
use serde_json::Value;

use super::{Deck, green};
use crate::StepError;

/// A pod without probes is ready as soon as its processes are started, and a Sidekiq that lacks something ends once
/// Rails has been loaded. Such pods are believed when they have run for so long, in cluster time.
const SETTLING: Duration = Duration::from_secs(60);

/// Waits until the pods of Deployments are ready; and, where no probe asks them, until they have run for a while.
pub(super) async fn await_steady(
    deck: &Deck<'_>,
    deployments: &[Replicas],
    timeout_s: u64,
) -> Result<(), StepError> {
    let clock = deck.cluster.clock();
    let deadline = clock.elapsed() + Duration::from_secs(timeout_s);
    let mut silent = Vec::new();
    for wanted in deployments {
        let planned = deck.planned("Deployment", &wanted.deployment)?;
        if says_nothing_of_itself(planned) {
            silent.push((wanted.deployment.as_str(), planned));
        }
    }
    loop {
        let left = deadline.saturating_sub(clock.elapsed());
        green::await_ready(deck, deployments, left.as_secs()).await?;
        let before = lives(deck, &silent).await?;
        if !silent.is_empty() {
            deck.pause(clock.on_the_wall(SETTLING)).await?;
        }
        let now = lives(deck, &silent).await?;
        let unsteady = before.iter().zip(&now).position(|(before, now)| before.is_none() || before != now);
        match unsteady {
            None => return Ok(()),
            Some(which) if clock.elapsed() >= deadline => {
                return Err(StepError::Unsteady(silent[which].0.to_owned()));
            }
            Some(_) => {}
        }
    }
}

/// Whether a container has no probe that would tell that it has begun to work.
fn says_nothing_of_itself(deployment: &Value) -> bool {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let mut containers = containers.into_iter().flatten();
    containers.any(|container| container["readinessProbe"].is_null() && container["startupProbe"].is_null())
}

/// Of each Deployment the pods and how often their containers were started again; none where a pod is not ready.
async fn lives(
    deck: &Deck<'_>,
    deployments: &[(&str, &Value)],
) -> Result<Vec<Option<Vec<(String, u64)>>>, StepError> {
    let mut lives = Vec::new();
    for (_, planned) in deployments {
        let pods = deck.cluster.list(&Kind::pod(), Some(&Selector::of_workload(planned)?)).await?;
        let mut lived: Vec<(String, u64)> = pods.iter().map(|pod| (name(pod), restarts(pod))).collect();
        lived.sort();
        lives.push(pods.iter().all(is_ready).then_some(lived));
    }
    Ok(lives)
}

fn name(pod: &Value) -> String {
    pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

fn restarts(pod: &Value) -> u64 {
    let containers = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    containers.filter_map(|container| container["restartCount"].as_u64()).sum()
}

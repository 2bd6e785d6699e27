//! Green: installed dark, ready, answering rightly through the side door; or removed.

use std::time::Duration;

use cluster::{Condition, Kind, ObjectRef, Propagation, Selector, is_ready};
use plan::{Replicas, SideDoor};
use serde_json::Value;

use super::deck::{CONTROLLERS, GOING_BACK};
use super::{Deck, Standing, ours};
use crate::StepError;

/// How often each question is asked before green is believed.
const QUESTIONS: usize = 20;
/// How long a pod that tells nothing of itself may take until it answers, in cluster time: Rails boots in half a minute, on
/// a small machine in several.
const BOOT: Duration = Duration::from_secs(300);
/// How often it is looked whether such a pod answers, in cluster time.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn installed(deck: &Deck<'_>) -> Result<Standing, StepError> {
    ours::stand(deck, &deck.plan.green).await
}

pub(super) async fn install(deck: &Deck<'_>) -> Result<(), StepError> {
    for planned in &deck.plan.green {
        ours::apply(deck, planned, false).await?;
    }
    Ok(())
}

/// Deletes what this voyage made of green, and waits for its pods to end.
pub(super) async fn uninstall(deck: &Deck<'_>) -> Result<(), StepError> {
    delete_ours(deck, &deck.plan.green).await
}

/// Deletes those of the objects that this voyage made, last first, and waits for their pods to end.
pub(super) async fn delete_ours(deck: &Deck<'_>, objects: &[Value]) -> Result<(), StepError> {
    let mut deleted = Vec::new();
    for planned in objects.iter().rev() {
        let place = ObjectRef::of(planned)?;
        if let Some(found) = deck.cluster.get(&place).await?.filter(|found| ours::is_ours(deck, found)) {
            deck.cluster.delete(&found, Propagation::Background).await?;
            deleted.push((planned, place));
        }
    }
    for (planned, place) in deleted {
        deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
        if planned["kind"] == "Deployment" {
            let pods = Selector::of_workload(planned)?;
            deck.wait(&Condition::PodsGone(pods), GOING_BACK).await?;
        }
    }
    Ok(())
}

/// Starts pods that nobody reaches yet.
pub(super) async fn raise(
    deck: &Deck<'_>,
    deployments: &[Replicas],
    timeout_s: u64,
) -> Result<(), StepError> {
    for wanted in deployments {
        deck.cluster.scale(&wanted.deployment, wanted.replicas).await?;
    }
    await_ready(deck, deployments, timeout_s).await
}

/// Ends them again: nobody reaches them.
pub(super) async fn lower(
    deck: &Deck<'_>,
    deployments: &[Replicas],
    timeout_s: u64,
) -> Result<(), StepError> {
    for own in deployments {
        if deck.exists(&own.deployment).await? {
            deck.cluster.scale(&own.deployment, 0).await?;
        }
    }
    for own in deployments {
        deck.wait(&deck.idle(&own.deployment)?, Duration::from_secs(timeout_s).max(GOING_BACK)).await?;
    }
    Ok(())
}

pub(super) async fn ready(deck: &Deck<'_>, deployments: &[Replicas]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for wanted in deployments {
        let condition = ready_condition(wanted);
        if !deck.cluster.holds(&condition).await? {
            lacking.push(format!("expected {condition}"));
        }
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn await_ready(
    deck: &Deck<'_>,
    deployments: &[Replicas],
    timeout_s: u64,
) -> Result<(), StepError> {
    let started = deck.cluster.clock().elapsed();
    for wanted in deployments {
        // The limit is for all of them together.
        let spent = deck.cluster.clock().elapsed().saturating_sub(started);
        let left = Duration::from_secs(timeout_s).saturating_sub(spent);
        deck.wait(&ready_condition(wanted), left).await?;
    }
    Ok(())
}

pub(super) fn ready_condition(wanted: &Replicas) -> Condition {
    Condition::Ready { deployment: wanted.deployment.clone(), replicas: wanted.replicas }
}

/// A pod without a probe is ready before its program listens: it is waited for until it answers once. What it answers
/// when the time is up is for others to judge.
async fn await_answer(deck: &Deck<'_>, pod: &Value, check: &SideDoor) -> Result<(), StepError> {
    let (Some(name), false) = (pod["metadata"]["name"].as_str(), has_probe(pod)) else { return Ok(()) };
    let clock = deck.cluster.clock();
    let until = clock.elapsed() + BOOT;
    loop {
        let answer = deck.cluster.ask_pod(name, check.port, &check.path, &deck.plan.domain).await;
        if answer.is_ok_and(|answer| answer.status == 200) || clock.elapsed() >= until {
            return Ok(());
        }
        deck.pause(clock.on_the_wall(LOOK)).await?;
    }
}

/// Pods of blue that come back are waited for in the same way, where they say that they listen on the port that green is
/// asked on.
pub(super) async fn await_answers(
    deck: &Deck<'_>,
    pods: &Selector,
    checks: &[SideDoor],
) -> Result<(), StepError> {
    let pods = deck.cluster.list(&Kind::pod(), Some(pods)).await?;
    for check in checks {
        for pod in pods.iter().filter(|pod| is_ready(pod) && listens(pod, check.port)) {
            await_answer(deck, pod, check).await?;
        }
    }
    Ok(())
}

fn listens(pod: &Value, port: u16) -> bool {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let mut ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    ports.any(|own| own["containerPort"] == port)
}

fn has_probe(pod: &Value) -> bool {
    let mut containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers
        .any(|container| ["readinessProbe", "startupProbe"].iter().any(|probe| !container[probe].is_null()))
}

/// Asks every question of green's pods in turn, as the front would ask; pods that may still boot are waited for.
pub(super) async fn verify(deck: &Deck<'_>, checks: &[SideDoor]) -> Result<(), StepError> {
    for check in checks {
        let pods = deck.cluster.list(&Kind::pod(), Some(&Selector::labels(&check.selector))).await?;
        for pod in pods.iter().filter(|pod| is_ready(pod)) {
            await_answer(deck, pod, check).await?;
        }
    }
    ask(deck, checks).await
}

/// The same, as pods are now.
pub(super) async fn ask(deck: &Deck<'_>, checks: &[SideDoor]) -> Result<(), StepError> {
    for check in checks {
        let wrong = |answer: String| StepError::WrongAnswer {
            component: check.component.clone(),
            path: check.path.clone(),
            answer,
        };
        let pods = deck.cluster.list(&Kind::pod(), Some(&Selector::labels(&check.selector))).await?;
        let ready: Vec<&Value> = pods.iter().filter(|pod| is_ready(pod)).collect();
        let names: Vec<&str> = ready.iter().filter_map(|pod| pod["metadata"]["name"].as_str()).collect();
        if names.is_empty() {
            return Err(wrong("there is no ready pod to ask".to_owned()));
        }
        for pod in names.iter().cycle().take(QUESTIONS.max(names.len())) {
            let answer = deck.cluster.ask_pod(pod, check.port, &check.path, &deck.plan.domain).await?;
            if answer.status != 200 {
                return Err(wrong(format!("Pod/{pod} answered {}", answer.status)));
            }
            if !answer.text.contains(&check.contains) {
                return Err(wrong(format!("the answer of Pod/{pod} lacks {:?}", check.contains)));
            }
        }
    }
    Ok(())
}

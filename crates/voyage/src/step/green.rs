//! Green: installed dark, ready, answering rightly through the side door; or removed.

use std::time::Duration;

use cluster::{Condition, Kind, ObjectRef, Propagation, Selector, is_ready};
use plan::{Replicas, SideDoor};

use super::deck::{CONTROLLERS, GOING_BACK};
use super::{Deck, Standing, ours};
use crate::StepError;

/// How often each question is asked before green is believed.
const QUESTIONS: usize = 20;

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
    let mut deleted = Vec::new();
    for planned in deck.plan.green.iter().rev() {
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

/// Asks every question of green's pods in turn, as the front would ask.
pub(super) async fn verify(deck: &Deck<'_>, checks: &[SideDoor]) -> Result<(), StepError> {
    for check in checks {
        let wrong = |answer: String| StepError::WrongAnswer {
            component: check.component.clone(),
            path: check.path.clone(),
            answer,
        };
        let pods = deck.cluster.list(&Kind::pod(), Some(&Selector::labels(&check.selector))).await?;
        let names: Vec<&str> = pods
            .iter()
            .filter(|pod| is_ready(pod))
            .filter_map(|pod| pod["metadata"]["name"].as_str())
            .collect();
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

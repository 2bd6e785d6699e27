//! What stands at the end is compared with the plan.

use std::collections::BTreeSet;

use cluster::ObjectRef;
use plan::{Action, Replicas, ServiceSwitch};
use serde_json::{Value, json};

use super::assumptions::{as_assumed, told};
use super::{Deck, blue, release};
use crate::{StepError, differences};

/// Green stands as planned, what was to go is gone, users reach green, and the neighbours are untouched.
pub(super) async fn audit(deck: &Deck<'_>) -> Result<(), StepError> {
    let mut problems = Vec::new();
    for planned in deck.plan.green.iter().chain(&deck.plan.adopted) {
        let expected = as_started(deck, as_assumed(deck.plan, planned));
        problems.extend(compare(deck, &expected).await?);
    }
    let removed = removed_places(deck, &mut problems).await?;
    for switch in last_switches(deck) {
        if !deck.cluster.service_selects(&switch.service, &switch.green).await? {
            problems.push(format!("Service/{} does not select green alone", switch.service));
        }
    }
    for planned in &deck.plan.page {
        let place = ObjectRef::of(planned)?;
        if deck.cluster.get(&place).await?.is_some() {
            problems.push(format!("{place} still exists"));
        }
    }
    for step in &deck.plan.steps {
        if let Action::RecordRelease { secret } = &step.action {
            problems.extend(release::lacking(deck, secret).await?);
        }
    }
    for planned in deck.plan.blue_here() {
        let place = ObjectRef::of(planned)?;
        let adopted = deck.plan.adopted.iter().any(|it| ObjectRef::of(it).is_ok_and(|it| it == place));
        if !adopted && !removed.contains(&place.to_string()) {
            problems.extend(compare(deck, &as_left(deck, as_assumed(deck.plan, planned))).await?);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(StepError::Assumptions(problems)) }
}

/// How users came to green.
fn last_switches<'p>(deck: &Deck<'p>) -> impl Iterator<Item = &'p ServiceSwitch> {
    let services = deck.plan.steps.iter().filter_map(|step| match &step.action {
        Action::CloseOverlap { services } => Some(services),
        Action::HidePage(page) => Some(&page.services),
        _ => None,
    });
    services.flatten()
}

async fn compare(deck: &Deck<'_>, expected: &Value) -> Result<Option<String>, StepError> {
    let place = ObjectRef::of(expected)?;
    Ok(match deck.cluster.get(&place).await? {
        None => Some(format!("{place} does not exist")),
        Some(found) => told(&place, &differences(expected, &found)),
    })
}

async fn removed_places(deck: &Deck<'_>, problems: &mut Vec<String>) -> Result<BTreeSet<String>, StepError> {
    let mut removed = BTreeSet::new();
    for step in &deck.plan.steps {
        let Action::RemoveBlue { objects } = &step.action else { continue };
        for object in objects {
            let place = blue::removable(deck.plan, object)?;
            // A name of blue's may be taken again by what is adopted.
            let again = deck.plan.adopted.iter().any(|it| ObjectRef::of(it).is_ok_and(|it| it == place));
            if !again && deck.cluster.get(&place).await?.is_some() {
                problems.push(format!("{place} still exists"));
            }
            removed.insert(place.to_string());
        }
    }
    Ok(removed)
}

/// Green was installed with its workers and schedules at rest; since then they were started.
fn as_started(deck: &Deck<'_>, mut planned: Value) -> Value {
    for step in &deck.plan.steps {
        match &step.action {
            Action::StartQueues { workers, cron_jobs, .. } => {
                rescale(&mut planned, workers);
                let resumed = cron_jobs.iter().any(|it| planned["metadata"]["name"] == **it);
                if planned["kind"] == "CronJob" && resumed {
                    planned["spec"]["suspend"] = json!(false);
                }
            }
            Action::RaiseGreen { deployments, .. } => rescale(&mut planned, deployments),
            Action::ShiftPods(shift) => rescale(&mut planned, &shift.green),
            _ => {}
        }
    }
    planned
}

/// An object of blue's that stays, with what the steps changed in it.
fn as_left(deck: &Deck<'_>, mut planned: Value) -> Value {
    let name = planned["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if let Some(switch) = last_switches(deck).find(|own| planned["kind"] == "Service" && own.service == name)
    {
        planned["spec"]["selector"] = json!(switch.green);
    }
    for step in &deck.plan.steps {
        match &step.action {
            Action::DrainQueues { workers, cron_jobs, .. } => {
                rescale(&mut planned, &at_none(workers));
                if planned["kind"] == "CronJob" && cron_jobs.contains(&name) {
                    planned["spec"]["suspend"] = json!(true);
                }
            }
            Action::StopBlue { deployments, .. } => rescale(&mut planned, &at_none(deployments)),
            Action::ShiftPods(shift) => rescale(&mut planned, &at_none(&shift.blue)),
            _ => {}
        }
    }
    planned
}

fn at_none(deployments: &[Replicas]) -> Vec<Replicas> {
    let none = |it: &Replicas| Replicas { deployment: it.deployment.clone(), replicas: 0 };
    deployments.iter().map(none).collect()
}

fn rescale(planned: &mut Value, deployments: &[Replicas]) {
    let of = |it: &&Replicas| planned["metadata"]["name"] == *it.deployment;
    if planned["kind"] == "Deployment"
        && let Some(replicas) = deployments.iter().find(of).map(|it| it.replicas)
        // An autoscaled Deployment's replicas were taken out of the comparison.
        && planned["spec"].get("replicas").is_some()
    {
        planned["spec"]["replicas"] = json!(replicas);
    }
}

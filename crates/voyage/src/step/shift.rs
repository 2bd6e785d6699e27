//! Green takes blue's place pod by pod, and gives it back pod by pod.
//!
//! A pod that is to end leaves its Services first: its label goes, the front gets its time, and only then the Deployment
//! shall have one less. The pod that left costs least to delete, so that it is the one that goes.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::{Condition, Kind, Selector, is_ready, is_retired};
use plan::{PodShift, Replicas};
use serde_json::Value;

use super::deck::{CONTROLLERS, GOING_BACK};
use super::{Deck, Standing, green};
use crate::StepError;

/// How many pods each Deployment is asked for.
type Asked = BTreeMap<String, u32>;

/// A Deployment, and how its pods are found.
struct Pods<'a> {
    deployment: &'a str,
    selector: Selector,
}

/// Under which name it is kept what was found.
fn note(shift: &PodShift) -> String {
    format!("shift-{}", shift.component)
}

/// The labels by which the Services select both sides.
fn labels(shift: &PodShift) -> BTreeMap<String, String> {
    shift.services.first().map(|switch| switch.both.clone()).unwrap_or_default()
}

fn limit(shift: &PodShift) -> Duration {
    Duration::from_secs(shift.timeout_s)
}

pub(super) async fn shifted(deck: &Deck<'_>, shift: &PodShift) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for stopping in &shift.blue {
        let idle = deck.idle(&stopping.deployment)?;
        if !deck.cluster.holds(&idle).await? {
            lacking.push(format!("expected {idle}"));
        }
    }
    if let Standing::Lacks(what) = green::ready(deck, &shift.green).await? {
        lacking.push(what);
    }
    if deck.locker.found::<Asked>(&note(shift))?.is_none() {
        lacking.push("what was found is not noted".to_owned());
    }
    Ok(Standing::of(&lacking))
}

/// Goes on from whatever stands: a crash may have left a pod out of its Services, or one too many.
pub(super) async fn shift(deck: &Deck<'_>, shift: &PodShift) -> Result<(), StepError> {
    deck.locker.note(&note(shift), &asked(deck, &shift.blue).await?)?;
    deck.copied().await?;
    let found: Asked = deck.locker.found(&note(shift))?.unwrap_or_default();
    let room: u32 = found.values().sum();
    settled(deck, shift).await?;
    for (deployment, replicas) in asked(deck, &shift.green).await? {
        raise_green(deck, shift, &Replicas { deployment, replicas }).await?;
    }
    loop {
        let (old, new) = (asked(deck, &shift.blue).await?, asked(deck, &shift.green).await?);
        let all: u32 = old.values().chain(new.values()).sum();
        let leaving = old.iter().find(|(_, count)| **count > 0);
        let rising = shift.green.iter().find(|own| new.get(&own.deployment) < Some(&own.replicas));
        if let Some(own) = rising.filter(|_| all <= room || leaving.is_none()) {
            let replicas = new.get(&own.deployment).copied().unwrap_or(0) + 1;
            raise_green(deck, shift, &Replicas { deployment: own.deployment.clone(), replicas }).await?;
        } else if let Some((deployment, count)) = leaving {
            let pods = Pods { deployment, selector: of_template(deck, deployment)? };
            drop_pod(deck, shift, &pods, *count).await?;
        } else {
            break;
        }
    }
    for stopping in &shift.blue {
        deck.wait(&deck.idle(&stopping.deployment)?, limit(shift)).await?;
    }
    Ok(())
}

/// Blue takes its place back in the same way. Where users suffer and at least half of blue still stands, all of them go
/// back to it at once.
pub(super) async fn unshift(deck: &Deck<'_>, shift: &PodShift) -> Result<(), StepError> {
    // Without a note nothing was touched.
    let Some(found) = deck.locker.found::<Asked>(&note(shift))? else { return Ok(()) };
    for deployment in found.keys() {
        deck.cluster.recall_pods(&of_template(deck, deployment)?, &labels(shift)).await?;
    }
    lead_back(deck, shift, &found).await?;
    let room: u32 = found.values().sum();
    settled(deck, shift).await?;
    for (deployment, replicas) in asked(deck, &shift.blue).await? {
        raise_blue(deck, shift, &deployment, replicas).await?;
    }
    loop {
        let (old, new) = (asked(deck, &shift.blue).await?, asked(deck, &shift.green).await?);
        let all: u32 = old.values().chain(new.values()).sum();
        let Some((deployment, _)) = found.iter().find(|(name, count)| old.get(*name) < Some(*count)) else {
            return Ok(());
        };
        let leaving = new.iter().find(|(_, count)| **count > 0);
        if let Some((deployment, count)) = leaving.filter(|_| all > room) {
            let selector = Selector::of_workload(deck.planned("Deployment", deployment)?)?;
            drop_pod(deck, shift, &Pods { deployment, selector }, *count).await?;
        } else {
            let replicas = old.get(deployment).copied().unwrap_or(0) + 1;
            raise_blue(deck, shift, deployment, replicas).await?;
        }
    }
}

/// Nobody is on the way out any more: a crash may have come while a pod was ending.
async fn settled(deck: &Deck<'_>, shift: &PodShift) -> Result<(), StepError> {
    for (deployment, count) in asked(deck, &shift.blue).await? {
        await_at_most(deck, shift, of_template(deck, &deployment)?, count).await?;
    }
    for (deployment, count) in asked(deck, &shift.green).await? {
        let pods = Selector::of_workload(deck.planned("Deployment", &deployment)?)?;
        await_at_most(deck, shift, pods, count).await?;
    }
    Ok(())
}

async fn await_at_most(
    deck: &Deck<'_>,
    shift: &PodShift,
    pods: Selector,
    count: u32,
) -> Result<(), StepError> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    deck.wait(&Condition::AtMost { pods, count }, limit(shift).max(GOING_BACK)).await
}

async fn asked(deck: &Deck<'_>, deployments: &[Replicas]) -> Result<Asked, StepError> {
    let mut asked = Asked::new();
    for own in deployments {
        asked.insert(own.deployment.clone(), deck.cluster.replicas(&own.deployment).await?);
    }
    Ok(asked)
}

/// The pods of a Deployment of blue's, by all labels of its template: its selector may find others' pods as well.
fn of_template(deck: &Deck<'_>, deployment: &str) -> Result<Selector, StepError> {
    let planned = deck.planned("Deployment", deployment)?;
    let labels = planned["spec"]["template"]["metadata"]["labels"].as_object();
    let labels: BTreeMap<String, String> = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    if labels.is_empty() { Ok(Selector::of_workload(planned)?) } else { Ok(Selector::labels(&labels)) }
}

/// So many pods of green: ready, asked through the side door, behind every Service, known to the front.
async fn raise_green(deck: &Deck<'_>, shift: &PodShift, wanted: &Replicas) -> Result<(), StepError> {
    if wanted.replicas == 0 {
        return Ok(());
    }
    deck.cluster.scale(&wanted.deployment, wanted.replicas).await?;
    deck.wait(&green::ready_condition(wanted), limit(shift)).await?;
    green::verify(deck, &shift.checks).await?;
    for switch in &shift.services {
        let pods = Selector::labels(&switch.green);
        deck.wait(&Condition::ReachesAll { service: switch.service.clone(), pods }, CONTROLLERS).await?;
    }
    settle(deck, shift).await
}

/// So many pods of blue, labelled as their Services ask for them.
async fn raise_blue(
    deck: &Deck<'_>,
    shift: &PodShift,
    deployment: &str,
    replicas: u32,
) -> Result<(), StepError> {
    if replicas == 0 {
        return Ok(());
    }
    deck.cluster.scale(deployment, replicas).await?;
    let wanted = Replicas { deployment: deployment.to_owned(), replicas };
    deck.wait(&green::ready_condition(&wanted), limit(shift).max(GOING_BACK)).await?;
    // Without the label no Service sends users to them yet.
    green::await_answers(deck, &of_template(deck, deployment)?, &shift.checks).await?;
    deck.cluster.label_pods(&of_template(deck, deployment)?, &labels(shift)).await?;
    for switch in &shift.services {
        let pods = Selector::labels(&switch.blue);
        deck.wait(&Condition::ReachesAll { service: switch.service.clone(), pods }, CONTROLLERS).await?;
    }
    settle(deck, shift).await
}

/// One pod less, of `count`.
async fn drop_pod(deck: &Deck<'_>, shift: &PodShift, pods: &Pods<'_>, count: u32) -> Result<(), StepError> {
    let found = deck.cluster.list(&Kind::pod(), Some(&pods.selector)).await?;
    if let Some(leaver) = leaver(&found).filter(|_| !shift.services.is_empty()) {
        deck.cluster.retire_pod(leaver, &labels(shift)).await?;
        for switch in &shift.services {
            let rest = Selector::labels(&switch.both);
            let reached = Condition::ReachesOnly { service: switch.service.clone(), pods: rest };
            deck.wait(&reached, CONTROLLERS).await?;
        }
        settle(deck, shift).await?;
    }
    deck.cluster.scale(pods.deployment, count.saturating_sub(1)).await?;
    await_at_most(deck, shift, pods.selector.clone(), count.saturating_sub(1)).await
}

/// Who goes: whoever was retired before a crash, or else one that serves nobody anyway, or else any.
fn leaver(pods: &[Value]) -> Option<&str> {
    let living = || pods.iter().filter(|pod| pod["metadata"].get("deletionTimestamp").is_none());
    let leaver = living()
        .find(|pod| is_retired(pod))
        .or_else(|| living().find(|pod| !is_ready(pod)))
        .or_else(|| living().next());
    leaver.and_then(|pod| pod["metadata"]["name"].as_str())
}

async fn lead_back(deck: &Deck<'_>, shift: &PodShift, found: &Asked) -> Result<(), StepError> {
    let room: u32 = found.values().sum();
    let mut ready = 0;
    for deployment in found.keys() {
        let pods = deck.cluster.list(&Kind::pod(), Some(&of_template(deck, deployment)?)).await?;
        ready += pods.iter().filter(|pod| is_ready(pod)).count();
    }
    let enough = ready > 0 && 2 * ready >= usize::try_from(room).unwrap_or(usize::MAX);
    // A step that found green ill fails before the guard has seen enough: nobody raised the alarm, and users are there.
    let ill = async || matches!(green::ask(deck, &shift.checks).await, Err(StepError::WrongAnswer { .. }));
    let suffering = enough && (deck.alarm.raised().is_some() || ill().await);
    for switch in &shift.services {
        let side = if suffering { &switch.blue } else { &switch.both };
        deck.cluster.set_selector(&switch.service, side).await?;
    }
    Ok(())
}

/// The front takes in what it may send to, and what not any more.
async fn settle(deck: &Deck<'_>, shift: &PodShift) -> Result<(), StepError> {
    deck.pause(deck.cluster.clock().on_the_wall(Duration::from_secs(shift.settle_s))).await
}

//! The switch: each Service selects blue, then both, then green; and straight back to blue.

use std::time::Duration;

use cluster::{Condition, Kind, Selector, is_ready};
use plan::{Action, PodLabels, ServiceSwitch};

use super::deck::CONTROLLERS;
use super::{Deck, Standing};
use crate::StepError;

pub(super) async fn open(
    deck: &Deck<'_>,
    pods: &[PodLabels],
    services: &[ServiceSwitch],
) -> Result<Standing, StepError> {
    let mut lacking = unlabelled(deck, pods).await?;
    for switch in services {
        if !deck.cluster.service_selects(&switch.service, &switch.both).await? {
            lacking.push(format!("Service/{} does not select both sides", switch.service));
        }
        for reaches in reaches_both(switch) {
            if !deck.cluster.holds(&reaches).await? {
                lacking.push(format!("expected {reaches}"));
            }
        }
    }
    Ok(Standing::of(&lacking))
}

/// How long controllers may go on with what they read before, in cluster time.
const SETTLED: Duration = Duration::from_secs(1);
/// How long a front may go on with the endpoints it read before, in cluster time, where the plan does not say that it
/// takes longer: ingress-nginx takes changes in every 3.3 s (`--sync-rate-limit`), others every five at most.
const FRONTS_FOLLOW: Duration = Duration::from_secs(10);

/// Blue's pods are labelled before any Service asks for the label, and everyone has had time to read it:
/// otherwise the Service would lose them. Users are behind both sides only when all pods of both are: what
/// an endpoint controller wrote from an old reading may show green alone, and would be taken for the
/// end of the next step.
pub(super) async fn make_open(
    deck: &Deck<'_>,
    pods: &[PodLabels],
    services: &[ServiceSwitch],
) -> Result<(), StepError> {
    for wanted in pods {
        deck.cluster.label_pods(&Selector::labels(&wanted.selector), &wanted.labels).await?;
    }
    let unlabelled = unlabelled(deck, pods).await?;
    if !unlabelled.is_empty() {
        return Err(StepError::Unverified(unlabelled.join("; ")));
    }
    settle(deck).await?;
    for switch in services {
        deck.cluster.set_selector(&switch.service, &switch.both).await?;
    }
    for condition in services.iter().flat_map(reaches_both) {
        deck.wait(&condition, CONTROLLERS).await?;
    }
    Ok(())
}

/// The labels go last: while a Service still asks for them, a pod without would be lost.
pub(super) async fn undo_open(
    deck: &Deck<'_>,
    pods: &[PodLabels],
    services: &[ServiceSwitch],
) -> Result<(), StepError> {
    back_to_blue(deck, services).await?;
    settle(deck).await?;
    back_to_blue(deck, services).await?;
    fronts_follow(deck).await?;
    for wanted in pods {
        deck.cluster.unlabel_pods(&Selector::labels(&wanted.selector), &wanted.labels).await?;
    }
    Ok(())
}

pub(super) async fn closed(deck: &Deck<'_>, services: &[ServiceSwitch]) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for switch in services {
        if !deck.cluster.service_selects(&switch.service, &switch.green).await? {
            lacking.push(format!("Service/{} does not select green alone", switch.service));
        }
        let only = reaches_only(switch, &switch.green);
        if !deck.cluster.holds(&only).await? {
            lacking.push(format!("expected {only}"));
        }
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn close(deck: &Deck<'_>, services: &[ServiceSwitch]) -> Result<(), StepError> {
    for switch in services {
        deck.cluster.set_selector(&switch.service, &switch.green).await?;
    }
    for switch in services {
        deck.wait(&reaches_only(switch, &switch.green), CONTROLLERS).await?;
    }
    Ok(())
}

/// Straight back to blue; to both sides where blue's pods had ended before, which come back one by one.
pub(super) async fn undo_close(
    deck: &Deck<'_>,
    action: &Action,
    services: &[ServiceSwitch],
) -> Result<(), StepError> {
    let before = deck.plan.steps.iter().take_while(|step| step.action != *action);
    let mut shifted = before.filter_map(|step| match &step.action {
        Action::ShiftPods(shift) => Some(shift),
        _ => None,
    });
    if !shifted.any(|shift| shift.services == services) {
        return back_to_blue(deck, services).await;
    }
    for switch in services {
        deck.cluster.set_selector(&switch.service, &switch.both).await?;
    }
    for switch in services {
        let pods = Selector::labels(&switch.green);
        deck.wait(&Condition::ReachesAll { service: switch.service.clone(), pods }, CONTROLLERS).await?;
    }
    Ok(())
}

/// Every Service is switched before any is waited for: users come first.
pub(super) async fn back_to_blue(deck: &Deck<'_>, services: &[ServiceSwitch]) -> Result<(), StepError> {
    for switch in services {
        deck.cluster.set_selector(&switch.service, &switch.blue).await?;
    }
    for switch in services {
        deck.wait(&reaches_only(switch, &switch.blue), CONTROLLERS).await?;
    }
    Ok(())
}

/// What comes next ends green's pods: no front may know them any more.
pub(super) async fn fronts_follow(deck: &Deck<'_>) -> Result<(), StepError> {
    let held = deck.plan.steps.iter().filter_map(|step| match &step.action {
        Action::HoldOverlap { seconds } => Some(*seconds),
        Action::ShiftPods(shift) => Some(shift.settle_s),
        Action::ShowPage(page) => Some(page.hold_s),
        _ => None,
    });
    let span = held.max().map(Duration::from_secs).unwrap_or_default().max(FRONTS_FOLLOW);
    deck.pause(deck.cluster.clock().on_the_wall(span)).await
}

async fn settle(deck: &Deck<'_>) -> Result<(), StepError> {
    deck.pause(deck.cluster.clock().on_the_wall(SETTLED)).await
}

fn reaches_both(switch: &ServiceSwitch) -> [Condition; 2] {
    [&switch.blue, &switch.green]
        .map(|side| Condition::ReachesAll { service: switch.service.clone(), pods: Selector::labels(side) })
}

fn reaches_only(switch: &ServiceSwitch, pods: &std::collections::BTreeMap<String, String>) -> Condition {
    Condition::ReachesOnly { service: switch.service.clone(), pods: Selector::labels(pods) }
}

/// Ready pods of blue that lack a label the overlap needs.
async fn unlabelled(deck: &Deck<'_>, pods: &[PodLabels]) -> Result<Vec<String>, StepError> {
    let mut lacking = Vec::new();
    for wanted in pods {
        let selector = Selector::labels(&wanted.selector);
        for pod in deck.cluster.list(&Kind::pod(), Some(&selector)).await? {
            let labels = &pod["metadata"]["labels"];
            let labelled = wanted.labels.iter().all(|(key, value)| labels[key] == **value);
            if is_ready(&pod) && !labelled {
                lacking.push(format!("Pod/{} is not labelled", pod["metadata"]["name"]));
            }
        }
    }
    Ok(lacking)
}

//! The switch: each Service selects blue, then both, then green; and straight back to blue.

use cluster::{Condition, Kind, Selector};
use plan::{PodLabels, ServiceSwitch};

use super::deck::CONTROLLERS;
use super::{Deck, Standing, green};
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
        let reaches = reaches_green(switch);
        if !deck.cluster.holds(&reaches).await? {
            lacking.push(format!("expected {reaches}"));
        }
    }
    Ok(Standing::of(&lacking))
}

/// Blue's pods are labelled before any Service asks for the label: otherwise it would lose them.
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
    for switch in services {
        deck.cluster.set_selector(&switch.service, &switch.both).await?;
    }
    for switch in services {
        deck.wait(&reaches_green(switch), CONTROLLERS).await?;
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

fn reaches_green(switch: &ServiceSwitch) -> Condition {
    Condition::Reaches { service: switch.service.clone(), pods: Selector::labels(&switch.green) }
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
            if green::is_ready(&pod) && !labelled {
                lacking.push(format!("Pod/{} is not labelled", pod["metadata"]["name"]));
            }
        }
    }
    Ok(lacking)
}

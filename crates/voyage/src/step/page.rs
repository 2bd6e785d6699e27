//! The maintenance page: raised in the dark, shown, hidden, removed.

use std::time::Duration;

use cluster::{Condition, Kind, Selector, is_ready};
use plan::{Action, PageSwitch, Replicas, SideDoor};

use super::deck::{CONTROLLERS, GOING_BACK};
use super::{Deck, Standing, green, ours, overlap};
use crate::StepError;

pub(super) async fn raised(deck: &Deck<'_>, deployments: &[Replicas]) -> Result<Standing, StepError> {
    match ours::stand(deck, &deck.plan.page).await? {
        Standing::Holds => green::ready(deck, deployments).await,
        lacking => Ok(lacking),
    }
}

pub(super) async fn raise(
    deck: &Deck<'_>,
    deployments: &[Replicas],
    checks: &[SideDoor],
    timeout_s: u64,
) -> Result<(), StepError> {
    for planned in &deck.plan.page {
        ours::apply(deck, planned, false).await?;
    }
    green::await_ready(deck, deployments, timeout_s).await?;
    for check in checks {
        look(deck, check).await?;
    }
    Ok(())
}

/// Every pod of the page must say that it is no answer, and when to come again: whoever took it for one would lose
/// what was to be delivered.
async fn look(deck: &Deck<'_>, check: &SideDoor) -> Result<(), StepError> {
    let wrong = |answer: String| StepError::WrongAnswer {
        component: check.component.clone(),
        path: check.path.clone(),
        answer,
    };
    let pods = deck.cluster.list(&Kind::pod(), Some(&Selector::labels(&check.selector))).await?;
    let ready: Vec<&str> =
        pods.iter().filter(|pod| is_ready(pod)).filter_map(|pod| pod["metadata"]["name"].as_str()).collect();
    if ready.is_empty() {
        return Err(wrong("there is no ready pod to ask".to_owned()));
    }
    for pod in ready {
        let answer = deck.cluster.ask_pod(pod, check.port, &check.path, &deck.plan.domain).await?;
        if answer.status != 503 {
            return Err(wrong(format!("Pod/{pod} answered {}", answer.status)));
        }
        if answer.retry_after.is_none() {
            return Err(wrong(format!("Pod/{pod} does not say when to come again")));
        }
        if !answer.text.contains(&check.contains) {
            return Err(wrong(format!("the answer of Pod/{pod} lacks {:?}", check.contains)));
        }
    }
    Ok(())
}

/// Deletes what this voyage made of the page.
pub(super) async fn remove(deck: &Deck<'_>) -> Result<(), StepError> {
    green::delete_ours(deck, &deck.plan.page).await
}

pub(super) async fn removed(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for planned in &deck.plan.page {
        let place = cluster::ObjectRef::of(planned)?;
        if deck.cluster.get(&place).await?.is_some() {
            lacking.push(format!("{place} still exists"));
        }
    }
    Ok(Standing::of(&lacking))
}

/// Puts the page back as it stood.
pub(super) async fn put_back(deck: &Deck<'_>) -> Result<(), StepError> {
    for planned in &deck.plan.page {
        ours::apply(deck, planned, false).await?;
    }
    for step in &deck.plan.steps {
        if let Action::RaisePage { deployments, .. } = &step.action {
            green::await_ready(deck, deployments, GOING_BACK.as_secs()).await?;
        }
    }
    Ok(())
}

/// Blue beside the page, then the page alone.
pub(super) async fn show(deck: &Deck<'_>, page: &PageSwitch) -> Result<(), StepError> {
    overlap::make_open(deck, &page.pods, &page.services).await?;
    hold(deck, page).await?;
    overlap::close(deck, &page.services).await?;
    // What comes next ends blue's pods: no front may send anyone there any more.
    overlap::fronts_follow(deck).await
}

/// Blue, which was started again before, beside the page, then blue alone: the page stands until no front sends anyone
/// there.
pub(super) async fn unshow(deck: &Deck<'_>, page: &PageSwitch) -> Result<(), StepError> {
    overlap::make_open(deck, &page.pods, &page.services).await?;
    hold(deck, page).await?;
    overlap::undo_open(deck, &page.pods, &page.services).await?;
    deck.traffic.announced(false);
    Ok(())
}

/// The page beside green, then green alone; it is over when no front sends anyone to the page.
pub(super) async fn hide(deck: &Deck<'_>, page: &PageSwitch) -> Result<(), StepError> {
    for switch in &page.services {
        deck.cluster.set_selector(&switch.service, &switch.both).await?;
    }
    for switch in &page.services {
        let pods = Selector::labels(&switch.green);
        deck.wait(&Condition::ReachesAll { service: switch.service.clone(), pods }, CONTROLLERS).await?;
    }
    hold(deck, page).await?;
    overlap::close(deck, &page.services).await?;
    overlap::fronts_follow(deck).await
}

/// Users get the page again; green goes on until no front sends anyone there.
pub(super) async fn unhide(deck: &Deck<'_>, page: &PageSwitch) -> Result<(), StepError> {
    deck.traffic.announced(true);
    overlap::back_to_blue(deck, &page.services).await?;
    overlap::fronts_follow(deck).await
}

async fn hold(deck: &Deck<'_>, page: &PageSwitch) -> Result<(), StepError> {
    deck.pause(deck.cluster.clock().on_the_wall(Duration::from_secs(page.hold_s))).await
}

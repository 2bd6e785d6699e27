//! Helm is told of the release that green is, and forgets it again.

use std::collections::BTreeMap;

use chart::release::{from_secret, to_secret};
use cluster::{Cluster, Condition, Kind, ObjectRef, Propagation, Selector};
use plan::{HelmRelease, Plan};
use serde_json::Value;

use super::deck::CONTROLLERS;
use super::{Deck, Standing, ours};
use crate::StepError;
use crate::event::now_ms;

/// The release must be unknown to Helm, in any revision: else its history would be two releases' in one.
pub(super) async fn taken(
    plan: &Plan,
    cluster: &Cluster,
    is_ours: impl Fn(&Value) -> bool,
) -> Result<Vec<String>, StepError> {
    let labels = [("owner", "helm"), ("name", &plan.release)];
    let labels: BTreeMap<String, String> =
        labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let mut problems = Vec::new();
    for found in cluster.list(&Kind::secret(), Some(&Selector::labels(&labels))).await? {
        if !is_ours(&found) {
            let place = ObjectRef::of(&found)?;
            problems.push(format!("{place} exists: Helm knows a release {}", plan.release));
        }
    }
    Ok(problems)
}

pub(super) async fn recorded(deck: &Deck<'_>, secret: &str) -> Result<Standing, StepError> {
    Ok(Standing::of(&lacking(deck, secret).await?))
}

/// What is wrong with the record as it stands.
pub(super) async fn lacking(deck: &Deck<'_>, secret: &str) -> Result<Vec<String>, StepError> {
    let place = ObjectRef::new(Kind::secret(), secret);
    let Some(found) = deck.cluster.get(&place).await? else {
        return Ok(vec![format!("{place} does not exist")]);
    };
    if !ours::is_ours(deck, &found) {
        return Ok(vec![format!("{place} is not of this voyage")]);
    }
    Ok(match from_secret(&found) {
        Ok(record) if record == release(deck, secret)?.record => Vec::new(),
        Ok(_) => vec![format!("{place} holds another record than the plan")],
        Err(error) => vec![format!("{place}: {error}")],
    })
}

/// Writes the record. The time in it is that of the voyage, which no plan can know.
pub(super) async fn record(deck: &Deck<'_>, secret: &str) -> Result<(), StepError> {
    let at_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX);
    let made: Value = to_secret(&release(deck, secret)?.record, at_ms)?;
    ours::apply(deck, &made, false).await
}

/// Only this voyage's own record goes. One that somebody upgraded since is theirs.
pub(super) async fn forget(deck: &Deck<'_>, secret: &str) -> Result<(), StepError> {
    let place = ObjectRef::new(Kind::secret(), secret);
    if let Some(found) = deck.cluster.get(&place).await?.filter(|found| ours::is_ours(deck, found)) {
        deck.cluster.delete(&found, Propagation::Background).await?;
        deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
    }
    Ok(())
}

fn release<'a>(deck: &Deck<'a>, secret: &str) -> Result<&'a HelmRelease, StepError> {
    deck.plan.helm.as_ref().ok_or_else(|| StepError::NotInPlan(format!("the release of Secret/{secret}")))
}

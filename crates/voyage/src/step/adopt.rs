//! Autoscalers, monitors and the like are pointed at green.

use cluster::{Condition, ObjectRef, Propagation};

use super::deck::CONTROLLERS;
use super::{Deck, Standing, assumptions, ours};
use crate::{StepError, differences};

pub(super) async fn adopted(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let mut lacking = Vec::new();
    for planned in &deck.plan.adopted {
        let place = ObjectRef::of(planned)?;
        match deck.cluster.get(&place).await? {
            Some(found) if ours::is_ours(deck, &found) => {
                lacking.extend(assumptions::told(&place, &differences(planned, &found)));
            }
            Some(_) => lacking.push(format!("{place} is not of this voyage")),
            None => lacking.push(format!("{place} does not exist")),
        }
    }
    Ok(Standing::of(&lacking))
}

pub(super) async fn adopt(deck: &Deck<'_>) -> Result<(), StepError> {
    for planned in &deck.plan.adopted {
        ours::apply(deck, planned, true).await?;
    }
    Ok(())
}

/// What stood under the name before is put back; what did not is deleted.
pub(super) async fn unadopt(deck: &Deck<'_>) -> Result<(), StepError> {
    for planned in deck.plan.adopted.iter().rev() {
        let place = ObjectRef::of(planned)?;
        let Some(found) = deck.cluster.get(&place).await?.filter(|found| ours::is_ours(deck, found)) else {
            continue;
        };
        if let Some(kept) = deck.locker.backup(&place)? {
            ours::put_back(deck, &kept).await?;
        } else {
            deck.cluster.delete(&found, Propagation::Background).await?;
            deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
        }
    }
    Ok(())
}

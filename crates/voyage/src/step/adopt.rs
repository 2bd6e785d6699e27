//! Autoscalers, monitors and the like are pointed at green.

use cluster::{Condition, ObjectRef, Propagation};

use super::deck::CONTROLLERS;
use super::{Deck, Standing, ours};
use crate::StepError;

pub(super) async fn adopted(deck: &Deck<'_>) -> Result<Standing, StepError> {
    ours::stand(deck, &deck.plan.adopted).await
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
            ours::put_back(deck.cluster, &kept).await?;
        } else {
            deck.cluster.delete(&found, Propagation::Background).await?;
            deck.wait(&Condition::Gone(place), CONTROLLERS).await?;
        }
    }
    Ok(())
}

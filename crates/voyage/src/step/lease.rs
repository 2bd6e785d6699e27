//! The Lease: taken, kept, given back.

use cluster::{Holder, Tenure};

use super::{Deck, Standing};
use crate::StepError;
use crate::keeper::Keeper;

pub(super) async fn held(deck: &Deck<'_>, lease: &str) -> Result<Standing, StepError> {
    let kept = deck.keeper.lock().is_ok_and(|keeper| keeper.is_some());
    if kept && deck.cluster.holds_lease(lease, deck.holder).await? {
        return Ok(Standing::Holds);
    }
    Ok(Standing::Lacks(format!("Lease/{lease} is not held")))
}

pub(super) async fn released(deck: &Deck<'_>, lease: &str) -> Result<Standing, StepError> {
    let lacking = deck.cluster.holds_lease(lease, deck.holder).await?;
    Ok(if lacking { Standing::Lacks(format!("Lease/{lease} is still held")) } else { Standing::Holds })
}

/// Takes the Lease and has it renewed from now on.
pub(super) async fn acquire(deck: &Deck<'_>, lease: &str) -> Result<(), StepError> {
    deck.cluster.acquire_lease(lease, deck.holder).await?;
    let cluster = deck.cluster.clone();
    let keeper = Keeper::start(cluster, lease.to_owned(), deck.holder.clone(), deck.alarm.clone());
    deck.set_keeper(Some(keeper));
    Ok(())
}

/// Gives the Lease back. It is no longer renewed first, or else it could be taken again at once.
pub(super) async fn release(deck: &Deck<'_>, lease: &str) -> Result<(), StepError> {
    deck.set_keeper(None);
    deck.cluster.release_lease(lease, deck.holder).await?;
    if deck.holder.identity != deck.voyage {
        release_of_the_dead(deck, lease).await?;
    }
    Ok(())
}

/// What a machine left behind from which this one took over.
async fn release_of_the_dead(deck: &Deck<'_>, lease: &str) -> Result<(), StepError> {
    let tenure = deck.cluster.tenure_of(lease).await?;
    let is_dead = |tenure: &Tenure| tenure.left.is_none() && tenure.holder.starts_with(deck.voyage);
    if let Some(tenure) = tenure.filter(is_dead) {
        let dead = Holder { identity: tenure.holder, duration: deck.holder.duration };
        deck.cluster.release_lease(lease, &dead).await?;
    }
    Ok(())
}

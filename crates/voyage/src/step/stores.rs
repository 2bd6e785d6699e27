//! The stores pass over: filled and followed while blue serves, and one point at which all of them change.

use movers::stores::{CutOver, StoresError};
use tokio::sync::Mutex;

use super::Deck;
use super::perform::Standing;
use crate::event::now_ms;
use crate::{StepError, VoyageEvent};

/// What a voyage has of the stores that its plan moves.
pub(crate) enum StoresAboard {
    /// Nothing: a plan that moves some stops there.
    None,
    /// A rehearsal without servers: their steps are passed by.
    Rehearsed,
    /// They are within reach.
    Here(Box<Mutex<movers::stores::Stores>>),
}

/// The name of the note that says what the cut-over came to.
pub(crate) const CUT_OVER: &str = "stores-cut-over";

fn aboard<'a>(deck: &Deck<'a>) -> Result<Option<&'a Mutex<movers::stores::Stores>>, StepError> {
    match deck.stores {
        StoresAboard::Here(stores) => Ok(Some(stores)),
        StoresAboard::Rehearsed => Ok(None),
        StoresAboard::None => Err(StepError::NoStores),
    }
}

pub(super) async fn following(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let Some(stores) = aboard(deck)? else { return Ok(Standing::Unseen) };
    Ok(match stores.lock().await.is_following() {
        true => Standing::Holds,
        false => Standing::Lacks("the new stores do not follow the old ones".to_owned()),
    })
}

pub(super) async fn follow(deck: &Deck<'_>) -> Result<(), StepError> {
    let Some(stores) = aboard(deck)? else { return Ok(()) };
    let mut stores = stores.lock().await;
    // A copy that is cut short is as one whose process died: it is begun anew, or goes on.
    let followed = deck.unless_interrupted(Box::pin(stores.follow())).await??;
    tell(deck, VoyageEvent::StoresFollow { followed, at_ms: now_ms() });
    Ok(())
}

pub(super) async fn cut_over_stands(deck: &Deck<'_>) -> Result<Standing, StepError> {
    let Some(stores) = aboard(deck)? else { return Ok(Standing::Unseen) };
    Ok(match stores.lock().await.is_cut_over() {
        true => Standing::Holds,
        false => Standing::Lacks("the new stores do not take writes yet".to_owned()),
    })
}

/// Not interrupted: the pause ends by itself, this way or that, sooner than anybody could decide.
pub(super) async fn cut_over(deck: &Deck<'_>) -> Result<(), StepError> {
    let Some(stores) = aboard(deck)? else { return Ok(()) };
    let passed: CutOver = Box::pin(stores.lock().await.cut_over()).await?;
    deck.locker.note(CUT_OVER, &passed)?;
    tell(deck, VoyageEvent::StoresPassed { cut_over: passed, at_ms: now_ms() });
    Ok(())
}

/// Both steps are taken back by this: before the cut-over nothing is lost, after it the old stores get what was carried
/// back. Asked twice it does nothing the second time.
pub(super) async fn go_back(deck: &Deck<'_>) -> Result<(), StepError> {
    let Some(stores) = aboard(deck)? else { return Ok(()) };
    let mut stores = stores.lock().await;
    if stores.is_back() {
        return Ok(());
    }
    let gone = Box::pin(stores.go_back(deck.accepts_loss)).await?;
    tell(deck, VoyageEvent::StoresReturned { gone, at_ms: now_ms() });
    Ok(())
}

fn tell(deck: &Deck<'_>, event: VoyageEvent) {
    let _nobody_listens = deck.events.send(event);
}

impl From<StoresError> for StepError {
    fn from(error: StoresError) -> Self {
        Self::Stores(Box::new(error))
    }
}

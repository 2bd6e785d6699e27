//! What each action of a plan means: whether it stands, how it is made, how it is taken back.
//!
//! Making a step twice is making it once, and taking it back twice is taking it back once: after a crash
//! nobody knows which part of a step's effect is there.

mod adopt;
mod assumptions;
mod audit;
mod autoscalers;
mod backup;
mod blue;
mod deck;
mod green;
mod lease;
mod observing;
mod ours;
mod overlap;
mod perform;
mod queues;
mod release;
mod steady;

pub(crate) use deck::Deck;
pub(crate) use perform::*;

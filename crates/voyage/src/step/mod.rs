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
mod gitops;
mod green;
mod lease;
mod observing;
mod ours;
mod overlap;
mod page;
mod perform;
mod queues;
mod release;
mod shift;
mod sidekiq;
mod steady;
mod stores;
mod weights;

pub(crate) use assumptions::assumed;
pub(crate) use deck::Deck;
pub use gitops::LeftPaused;
pub(crate) use gitops::left_paused;
pub(crate) use ours::{VOYAGE, bare, put_back};
pub(crate) use perform::*;
pub(crate) use sidekiq::hostname;
pub(crate) use stores::{CUT_OVER, StoresAboard};
pub(crate) use weights::weigh;

//! What Redis holds, on the move: Sidekiq's jobs, feeds, caches and what else Mastodon keeps there.
//!
//! [`plan`] looks at both sides and says how the keys can move: *replicate* (the new Redis becomes a replica of the old one,
//! offsets are compared, it is promoted), *copy* (`SCAN`, `DUMP` and `RESTORE` with absolute times of expiry) or *leave*.
//! A [`Crossing`] does it, journalled: [`Crossing::copy`] or [`Crossing::replicate`] while everything serves,
//! [`Crossing::cut_over`] behind a fence, [`Crossing::verify`], [`Crossing::roll_back`], [`Crossing::clean_up`].
//!
//! # No write is lost
//! `DUMP` and `RESTORE` alone lose every change that is made after a key was read, and keys whose time of expiry is renewed
//! on their way. The cut-over therefore listens, in Redis' own client-side caching (`CLIENT TRACKING … BCAST`, from
//! 6.0): every key that is written, expires or is evicted is named on a connection of ours, in order, and a flush of the
//! database as well. What was named is read again. An answer on that same connection proves that all that was
//! written before has been named. Where it breaks, or cannot be had, everything is compared again. No setting of the
//! source is changed for it, and nothing of it is left behind.
//!
//! # The fence
//! The last changes are carried while the source lets no writer in (`CLIENT PAUSE … WRITE`, from 6.2: they wait and do not
//! fail). Before the new side may be written to, the old one is made a read-only replica of nobody (`REPLICAOF` an
//! address where nothing listens): a forgotten writer gets `READONLY`, and not a second truth.

mod begin;
mod census;
mod checks;
mod choice;
mod cleanup;
mod content;
mod copy;
mod crossing;
mod cutover;
mod entry;
mod error;
mod facts;
mod fence;
mod passes;
mod plan;
mod promote;
mod record;
mod replicate;
mod rights;
mod rollback;
mod verify;
mod watch;

pub use census::Census;
pub use choice::{Choice, Kind};
pub use cleanup::Leftover;
pub use copy::Copied;
pub use crossing::{Crossing, Route};
pub use cutover::{Handed, Handover, Ready, Terms};
pub use error::KeyspaceError;
pub use fence::Fence;
pub use plan::{Plan, plan};
pub use record::{Mode, Phase};
pub use replicate::Following;
pub use rollback::WayBack;
pub use verify::Proof;

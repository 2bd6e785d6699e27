//! The executor of plans: journal, guard, undo, events.
//!
//! A [`Voyage`] carries out a [`plan::Plan`] and decides nothing itself. Before and after each effect a record
//! is synced to the [`Journal`], so that a crash at any instant leaves a state from which
//! [`Voyage::resume`] or [`Voyage::roll_back`] reaches a clean end. While users are on green, the guard
//! watches what they get; a breach interrupts whatever is waited for, and everything goes back.

mod backup;
mod copy;
mod course;
mod error;
mod event;
mod guard;
mod interrupt;
mod journal;
mod keeper;
mod likeness;
mod locker;
#[cfg(test)]
#[path = "../../movers/tests/machine/mod.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod machine;
mod outcome;
mod pause;
pub mod preflight;
mod quantity;
mod step;
mod traffic;
#[cfg(test)]
mod trials;
mod voyage;

pub use backup::{Backup, BackupError, Identity, Kept, Manifest, Recipient, Standing, Unkept};
pub use copy::{Copyist, Files, StateCopy, copies, unpack};
pub use course::{Course, IllegalEvent, Phase, StepState};
pub use error::{StepError, VoyageError};
pub use event::{QueueWay, VoyageEvent};
pub use guard::{Breach, Reading, Streak, Verdict, judge};
pub use interrupt::Brake;
pub use journal::{Crash, Event, Journal, JournalError, Level, Record};
pub use likeness::differences;
pub use locker::Locker;
pub use outcome::Outcome;
pub use pause::{Decision, Question};
pub use step::LeftPaused;
pub use traffic::{Traffic, TrafficSource};
pub use voyage::{Voyage, is_announced, plan_hash};

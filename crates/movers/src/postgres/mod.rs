//! PostgreSQL on the move.
//!
//! [`plan`] looks at both sides and says how the database could move. A [`Move`] does it: [`Move::copy`] while nobody writes,
//! or [`Move::follow`] while everybody does, or [`Move::stand_by`] where the target is its replica; [`Move::cutover`] passes writes from the source to the target;
//! [`Move::rollback`] goes back; [`Move::cleanup`] leaves nothing behind. [`verify`] compares both sides whenever asked.
//! [`Managed`] makes a provider's instance ready to be the target.
//!
//! At no instant do both sides take writes: each is behind a fence ([`Move::cutover`]) while the other serves. Nothing counts
//! as proof but what is read from both sides.

mod abandon;
mod address;
mod bringing;
mod catalog;
mod copy;
mod cutover;
mod ending;
mod error;
mod facts;
mod fence;
mod made;
mod managed;
mod moving;
mod physical;
mod pooler;
mod preflight;
mod proof;
mod replication;
mod sequences;
mod session;
mod snapshot;
mod tls;
mod tools;

pub use address::{Address, AddressError, SslMode};
pub use copy::Copied;
pub use cutover::{Behind, Switched};
pub use ending::{Left, Returned};
pub use error::PostgresError;
pub use managed::{Invocation, Managed, Service, Step};
pub use moving::{Mode, Move, Phase, Settings, Sides};
pub use pooler::Pooler;
pub use preflight::{Plan, plan};
pub use proof::{Compared, Proof, verify};
pub use tools::Tools;

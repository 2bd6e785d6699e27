//! What holds Mastodon's data, on the move: PostgreSQL ([`postgres`]), Redis ([`keyspace`]) and media ([`media`]);
//! all of them with one cut-over ([`stores`]).
//!
//! Each mover looks before it touches ([`Finding`]), keeps a [`Journal`] from which another process goes on or goes back,
//! and holds itself to [`Limits`]. Beside them Sidekiq, in Redis: who works which queue ([`Sidekiq::roster`]), how much is
//! waiting ([`Sidekiq::jobs`]), and the way in which Sidekiq itself ends a process without losing a job
//! ([`Sidekiq::drain`], [`Sidekiq::await_gone`]). Nothing here knows of Kubernetes: a side is told by addresses, or by the
//! names of its hosts.

mod address;
mod connection;
mod error;
mod finding;
mod journal;
pub mod keyspace;
pub mod media;
mod pace;
pub mod postgres;
mod sidekiq;
pub mod stores;

pub use address::{AddressError, RedisAddress};
pub use error::RedisError;
pub use finding::{Finding, Grade};
pub use journal::{Journal, JournalError, hold};
pub use pace::{Limits, Meter, Pace, Standing};
pub use sidekiq::{
    BusyJob, Coverage, Departure, Drained, HEARTBEAT_EXPIRES, Hosts, Jobs, Process, Roster, SCHEDULER,
    Sidekiq,
};

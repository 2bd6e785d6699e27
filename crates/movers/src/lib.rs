//! What holds Mastodon's data, spoken to in its own words.
//!
//! So far Redis, and in it Sidekiq: who works which queue ([`Sidekiq::roster`]), how much is waiting
//! ([`Sidekiq::jobs`]), and the way in which Sidekiq itself ends a process without losing a job ([`Sidekiq::drain`],
//! [`Sidekiq::await_gone`]). Nothing here knows of Kubernetes: a side is told by the names of its hosts.

mod address;
mod connection;
mod error;
mod sidekiq;

pub use address::{AddressError, RedisAddress};
pub use error::RedisError;
pub use sidekiq::{
    BusyJob, Coverage, Departure, Drained, HEARTBEAT_EXPIRES, Hosts, Jobs, Process, Roster, SCHEDULER,
    Sidekiq,
};

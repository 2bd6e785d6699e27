//! Properties that every voyage must have, tried on a small installation in the cluster inside.

mod backup;
mod beset;
mod endpoints;
mod gitops;
mod guard;
pub(crate) mod plan;
mod prometheus;
mod queues;
mod rights;
mod saga;
mod takeover;
mod watched;
mod world;

/// A real Redis and real Sidekiq, as the room that speaks to them has them.
#[path = "../../../movers/tests/sidekiq/ground.rs"]
mod sidekiq;

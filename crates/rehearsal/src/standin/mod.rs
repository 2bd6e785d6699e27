//! Stand-ins for the processes of a Mastodon installation: they boot, serve, drain and die as the real ones
//! do, over real sockets, and keep an account of every row and job so that loss and doubling show.

mod answer;
mod component;
mod journal;
mod ledger;
mod pages;
mod process;
mod server;
mod sidekiq;
mod world;

pub use world::{Invariants, SidekiqProcess, World, WorldError};

#[cfg(test)]
pub(crate) use component::Workers;
pub(crate) use component::{Component, Duty};
pub(crate) use process::{Identity, Process, ProcessSpec, patient};

//! Stand-ins for the processes of a Mastodon installation: they boot, serve, drain and die as the real ones
//! do, over real sockets, and keep an account of every row and job so that loss and doubling show.

mod answer;
mod component;
mod journal;
mod ledger;
mod logbook;
mod notice;
mod pages;
mod process;
mod server;
mod sidekiq;
mod speech;
mod world;

pub use world::{Invariants, SidekiqProcess, World, WorldError};

#[cfg(test)]
pub(crate) use component::Workers;
pub(crate) use component::{Component, Duty};
pub(crate) use logbook::{Line, Log, Logbook};
pub(crate) use notice::{FOLDER as NOTICE_FOLDER, Notice};
pub(crate) use process::{Identity, Process, ProcessSpec, patient};
pub(crate) use speech::VERSION;

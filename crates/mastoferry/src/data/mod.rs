//! `mastoferry data`: what a server stores, on the move.

pub(crate) mod aboard;
mod addresses;
pub(crate) mod findings;
mod limits;
mod media;
mod new_stores;
mod postgres;
mod progress;
mod redis;
mod run;
mod size;

pub(crate) use new_stores::NewStoresArgs;
pub(crate) use run::{DataCommand, run};
pub(crate) use size::size;

//! `mastoferry data`: what a server stores, on the move.

mod addresses;
mod findings;
mod limits;
mod media;
mod postgres;
mod progress;
mod redis;
mod run;
mod size;

pub(crate) use run::{DataCommand, run};

//! `mastoferry data`: what a server stores, on the move.

mod findings;
mod limits;
mod media;
mod postgres;
mod redis;
mod run;
mod size;

pub(crate) use run::{DataCommand, run};

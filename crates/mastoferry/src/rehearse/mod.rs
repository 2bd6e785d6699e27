//! A plan carried out on the cluster inside, under traffic.

pub(crate) mod advice;
mod carry_out;
mod memory;
mod state;
mod tell;
mod traffic;

pub(crate) use carry_out::{Way, carry_out};
pub(crate) use state::{Options, State};

//! A plan carried out on the cluster it was made for, under the eyes of a prober.

mod asked;
mod carry_out;
mod events;
mod journal;
mod leftovers;
mod person;
pub(crate) mod state_copy;
mod way;

pub(crate) use asked::Asked;
pub(crate) use carry_out::{Course, Direction, carry_out, connect, runtime};
pub(crate) use journal::journal;
pub(crate) use leftovers::leftovers;
pub(crate) use person::{ask, is_there};
pub(crate) use way::{FrontAddress, Way};

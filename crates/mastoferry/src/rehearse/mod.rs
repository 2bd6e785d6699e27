//! A plan carried out on the cluster inside, under traffic.

pub(crate) mod advice;
mod carry_out;
mod descriptors;
mod memory;
mod say;
mod serving;
mod staged;
mod state;
mod tell;
mod traffic;

pub(crate) use carry_out::{Course, Way, carry_out, essence, millis_since_1970, show, trouble};
pub(crate) use say::say;
pub(crate) use staged::{carry_out as carry_out_staged, look};
pub(crate) use state::{Options, State};
pub(crate) use tell::{Told, summary};
pub(crate) use traffic::Seen;

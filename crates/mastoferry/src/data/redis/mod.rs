//! `mastoferry data redis`.

mod arguments;
mod carry_out;
mod told;
mod trouble;

pub(crate) use arguments::{RedisCommand, WayArgs};
pub(crate) use carry_out::run;
pub(in crate::data) use trouble::problem;

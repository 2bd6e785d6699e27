//! `mastoferry data redis`.

mod arguments;
mod carry_out;
mod told;
mod trouble;

pub(crate) use arguments::RedisCommand;
pub(crate) use carry_out::run;

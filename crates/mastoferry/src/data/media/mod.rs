//! `mastoferry data media`.

mod command;
mod job;
mod places;
mod redirect;
mod run;
mod tell;

pub(crate) use command::MediaCommand;
pub(crate) use places::place;
pub(crate) use run::run;

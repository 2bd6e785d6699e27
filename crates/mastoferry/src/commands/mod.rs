//! The commands, one file each.

mod audit;
mod convert;
mod helm;
mod inspect;
mod plan;
mod rehearse;
mod render;
mod run;

pub(crate) use run::run;

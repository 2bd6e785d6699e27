//! `mastoferry audit`: whether what shall stand is what stands, whoever wrote it.

mod against;
mod command;
mod folder;
mod told;
mod values;

pub(crate) use command::audit;
pub(crate) use told::shortened;

//! The commands, one file each.

mod again;
mod audit;
mod convert;
mod delivery;
mod doctor;
mod faults;
mod helm;
mod inspect;
mod kustomize;
mod ledger_page;
mod migrate;
mod old_release;
mod plan;
mod rehearse;
mod render;
mod restore;
mod run;
mod staging;

pub(crate) use convert::{headed, vacant, yaml};
pub(crate) use run::run;

//! The commands, one file each.

mod convert;
mod inspect;
mod plan;
mod rehearse;

pub(crate) use convert::convert;
pub(crate) use inspect::inspect;
pub(crate) use plan::plan;
pub(crate) use rehearse::{rehearse, report, resume, rollback, status};

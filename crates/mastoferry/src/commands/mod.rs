//! The commands, one file each.

mod convert;
mod inspect;
mod plan;

pub(crate) use convert::convert;
pub(crate) use inspect::inspect;
pub(crate) use plan::plan;

//! What Kubernetes' Go types say of each field: its form, whether it is left out when empty, and how lists and
//! mappings are owned. Built-in kinds come from a table, custom kinds from their definitions.

mod decode;
mod quantity;
mod shape;
mod structural;
mod table;

pub(crate) use decode::{Reading, zero};
pub(crate) use quantity::Quantity;
pub(crate) use shape::{List, Shape};
pub(crate) use structural::{Custom, prune_and_fill, refusals};
pub(crate) use table::{named, of_kind};

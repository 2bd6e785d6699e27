//! A database copied as it was at one moment: schema, rows, indexes, constraints, views, sequences.

mod dump;
mod memory;
mod run;
mod schema;
mod split;
mod stream;
mod work;

pub use run::Copied;
pub(super) use run::{Copying, refresh};
pub(super) use split::divided;

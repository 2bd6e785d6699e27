//! `mastoferry data postgres`.

mod arguments;
mod explain;
mod run;
mod told;

pub(super) use arguments::{PostgresCommand, SideArgs, pooler};
pub(in crate::data) use explain::problem_of;
pub(super) use run::run;

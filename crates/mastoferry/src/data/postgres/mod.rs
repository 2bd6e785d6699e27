//! `mastoferry data postgres`.

mod arguments;
mod explain;
mod run;
mod told;

pub(super) use arguments::PostgresCommand;
pub(super) use run::run;

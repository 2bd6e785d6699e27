//! `mastoferry data postgres`.

use clap::Subcommand;

use crate::cli::Output;
use crate::problem::{Exit, Problem};
use crate::words::Words;

#[derive(Debug, Subcommand)]
pub(crate) enum PostgresCommand {
    /// Say what is there and how it could move; nothing is touched
    Plan,
}

pub(crate) fn run(
    _command: &PostgresCommand,
    _output: Output,
    _words: &Words,
) -> Result<(String, Exit), Problem> {
    Ok((String::new(), Exit::Done))
}

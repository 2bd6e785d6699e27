//! From the command line to the stores.

use clap::Subcommand;

use super::{media, postgres, redis};
use crate::cli::Output;
use crate::problem::{Exit, Problem};
use crate::words::Words;

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// The database
    #[command(subcommand)]
    Postgres(Box<postgres::PostgresCommand>),
    /// Queues, feeds, caches
    #[command(subcommand)]
    Redis(redis::RedisCommand),
    /// Files that users have sent
    #[command(subcommand)]
    Media(media::MediaCommand),
}

pub(crate) fn run(command: &DataCommand, output: Output, words: &Words) -> Result<(String, Exit), Problem> {
    match command {
        DataCommand::Postgres(command) => postgres::run(command, output, words),
        DataCommand::Redis(command) => redis::run(command, output, words),
        DataCommand::Media(command) => media::run(command, output, words),
    }
}

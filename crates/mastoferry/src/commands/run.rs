//! From the command line to the commands.

use crate::cli::{Cli, Command};
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// Runs a command: what goes to standard output, and the exit code.
pub(crate) fn run(cli: &Cli, words: &Words) -> Result<(String, Exit), Problem> {
    let done = |text: String| (text, Exit::Done);
    let output = cli.output;
    match &cli.command {
        Command::Inspect(arguments) => super::inspect::inspect(arguments, output, words),
        Command::Render(arguments) => super::render::render(arguments, output, words).map(done),
        Command::Convert(arguments) => super::convert::convert(arguments, output, words).map(done),
        Command::Audit(arguments) => super::audit::audit(arguments, output, words),
        Command::Plan(arguments) => super::plan::plan(arguments, output, words).map(done),
        Command::Rehearse(arguments) => super::rehearse::rehearse(arguments, output, words),
        Command::Migrate(arguments) => super::migrate::migrate(arguments, output, words),
        Command::Doctor(arguments) => super::doctor::doctor(arguments, output, words),
        Command::Resume(arguments) => super::again::resume(arguments, output, words),
        Command::Rollback(arguments) => super::again::rollback(arguments, output, words),
        Command::Status(arguments) => super::again::status(arguments, output, words),
        Command::Report(arguments) => super::again::report(arguments, output, words),
        Command::Data(command) => crate::data::run(command, output, words),
        Command::Restore(arguments) => super::restore::restore(arguments, output, words),
    }
}

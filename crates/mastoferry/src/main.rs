//! Mastoferry: the command line, progress and reports.

mod cli;
mod commands;
mod explain;
mod prepare;
mod private_file;
mod problem;
mod summary;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::problem::{Exit, Problem};
use crate::words::{Language, Words};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let words = Words::new(cli.lang.unwrap_or_else(Language::of_locale));
    match run(&cli, &words) {
        Ok((text, exit)) => {
            // A closed pipe (`| head`) is its reader's choice, not a failure.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::from(exit as u8)
        }
        Err(problem) => {
            let exit = ExitCode::from(problem.exit as u8);
            let report = miette::Report::new(problem);
            let _ = writeln!(std::io::stderr().lock(), "{report:?}");
            exit
        }
    }
}

fn run(cli: &Cli, words: &Words) -> Result<(String, Exit), Problem> {
    let done = |text: String| (text, Exit::Done);
    match &cli.command {
        Command::Inspect(arguments) => commands::inspect(arguments, cli.output, words).map(done),
        Command::Convert(arguments) => commands::convert(arguments, cli.output, words).map(done),
        Command::Plan(arguments) => commands::plan(arguments, cli.output, words).map(done),
        _ => Ok(done(String::new())),
    }
}

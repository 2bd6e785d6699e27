//! Mastoferry: the command line, progress and reports.

mod chart;
mod cli;
mod commands;
mod data;
mod decide;
mod doctor;
mod excerpt;
mod explain;
mod from_compose;
mod front;
mod helm_release;
mod inspect;
mod load;
mod migrate;
mod moves;
mod page;
mod prepare;
mod private_file;
mod problem;
mod progress;
mod project_secrets;
mod reach;
mod rehearse;
mod report;
mod rules;
mod secrets;
mod staging;
mod summary;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::words::{Language, Words};

/// Conversions make many small things and let them go; this does it in far fewer steps (`cargo xtask bench rendering`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let words = Words::new(cli.lang.unwrap_or_else(Language::of_locale));
    match commands::run(&cli, &words) {
        Ok((text, exit)) => {
            // A closed pipe (`| head`) is its reader's choice, not a failure.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::from(exit as u8)
        }
        Err(problem) => {
            let exit = ExitCode::from(problem.exit as u8);
            problem::tell(problem);
            exit
        }
    }
}

//! Repository chores and checks: `cargo xtask check|test|ci|bench`.

mod bench;
mod check;
mod run;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The house rules: arrows between rooms, sizes, names, catalogues
    Check,
    /// All tests, with their sum as the last line
    Test,
    /// Format, lints, house rules and tests
    Ci,
    /// Benchmarks, built for release
    Bench {
        /// `reading`, `rendering`, `rehearsal`, `traffic`, `prober` or `convert`; all by default
        name: Option<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check => check::all(),
        Command::Test => test::all(),
        Command::Ci => run::cargo(&["fmt", "--all", "--check"])
            .and_then(|()| {
                run::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
            })
            .and_then(|()| check::all())
            .and_then(|()| test::all()),
        Command::Bench { name } => bench::run(name.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

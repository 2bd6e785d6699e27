//! Repository chores and checks: `cargo xtask check|test|ci|bench|testbed|scenarios`.

mod bench;
mod check;
mod cli;
mod run;
mod scenarios;
mod test;
mod testbed;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

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
        Command::Testbed { build: true, .. } => testbed::build().map(|_| ()),
        Command::Testbed { command, .. } => testbed::run(&command),
        Command::Scenarios { cluster, names, without } => scenarios::run(&cluster, &names, &without),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

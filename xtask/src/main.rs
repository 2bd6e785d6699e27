//! Repository chores and checks: `cargo xtask check|test|ci|bench|testbed|scenarios|sweep`.

mod bench;
mod check;
mod cli;
mod run;
mod scenarios;
mod sweep;
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
        Command::Bench { name, only } => bench::run(name.as_deref(), &only),
        Command::Testbed { build: true, .. } => testbed::build().map(|_| ()),
        Command::Testbed { command, .. } => testbed::run(&command),
        Command::Sweep { arguments } => sweep::run(&arguments),
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

//! `scenarios --cluster inside|testbed [NAME…]`: plays the scenarios of the repository.

mod playing;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use playing::{Cli, run};

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program for people")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let began = Instant::now();
    match run(&cli).await {
        Ok((passed, failed)) => {
            println!("took {:.1} s", began.elapsed().as_secs_f64());
            println!("{passed} passed, {failed} failed");
            if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("scenarios: {error}");
            ExitCode::FAILURE
        }
    }
}

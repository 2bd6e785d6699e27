//! The sweep.

use crate::run;

/// Runs the sweep with its own arguments.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let cargo = ["run", "--quiet", "--locked", "--package", "testkit", "--bin", "sweep", "--"];
    let all: Vec<&str> = cargo.into_iter().chain(arguments.iter().map(String::as_str)).collect();
    run::cargo(&all)
}

//! The sweep.

use crate::run;

/// Runs the sweep with its own arguments.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some((data, rest)) = arguments.split_first()
        && data == "data"
    {
        let cargo = ["test", "--quiet", "--locked", "--package", "movers", "--test", "sweep", "--"];
        let all: Vec<&str> = cargo.into_iter().chain(rest.iter().map(String::as_str)).collect();
        return run::cargo(&all);
    }
    let cargo = ["run", "--quiet", "--locked", "--package", "testkit", "--bin", "sweep", "--"];
    let all: Vec<&str> = cargo.into_iter().chain(arguments.iter().map(String::as_str)).collect();
    run::cargo(&all)
}

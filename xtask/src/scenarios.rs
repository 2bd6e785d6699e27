//! The scenarios, on either cluster.

use std::ffi::OsString;

use crate::{run, testbed};

/// Plays the scenarios whose names contain one of these, or all, and none of those left out.
pub(crate) fn run(cluster: &str, names: &[String], without: &[String]) -> Result<(), String> {
    let mut arguments =
        vec!["run", "--quiet", "--locked", "--package", "testkit", "--bin", "scenarios", "--"];
    arguments.extend(["--cluster", cluster]);
    arguments.extend(names.iter().map(String::as_str));
    arguments.extend(without.iter().flat_map(|name| ["--without", name]));
    if cluster == "inside" {
        return run::cargo(&arguments);
    }
    // Built before the testbed starts, so that it does not wait for the compiler.
    run::cargo(&["build", "--quiet", "--locked", "--package", "testkit"])?;
    let command = std::iter::once("cargo").chain(arguments).map(OsString::from);
    testbed::run(&command.collect::<Vec<_>>())
}

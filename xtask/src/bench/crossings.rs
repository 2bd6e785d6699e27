//! Moves of the corpus on a real control plane: the testbed around a bench of the program's own.

use std::ffi::OsString;
use std::process::Command;

use super::process::target_folder;
use crate::run::{cargo, root};
use crate::testbed;

const BENCH: [&str; 5] = ["bench", "--locked", "--workspace", "--bench", "crossings"];

/// Makes those whose names contain one of these, or all. Rows are kept beside what was built, so that one crossing can be
/// measured again; the page is written anew from all of them.
pub(crate) fn run(only: &[String]) -> Result<(), String> {
    // Built before the testbed starts, so that it does not wait for the compiler.
    cargo(&[&BENCH[..], &["--no-run"]].concat())?;
    let mut command = Command::new(testbed::build()?);
    command.arg("--").arg("cargo").args(BENCH).arg("--").current_dir(root());
    command.arg("--json").arg(target_folder().join("crossings.json"));
    command.arg("--page").arg(root().join("docs/crossings.md"));
    command.args(only.iter().flat_map(|name| [OsString::from("--only"), OsString::from(name)]));
    let status = command.status().map_err(|error| format!("the testbed does not start: {error}"))?;
    if status.success() { Ok(()) } else { Err("a crossing fell short of what was asked".to_owned()) }
}

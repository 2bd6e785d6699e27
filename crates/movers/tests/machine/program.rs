//! Programs of others.

use std::process::{Command, Stdio};

/// Whether a program is there; tells what is missing where it is not.
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn has(program: &str, package: &str) -> bool {
    let found = Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return true;
    }
    eprintln!("SKIPPED: needs {program} ({package})");
    false
}

//! The provider's tool: its commands as one would type them, and its answers.

use std::fmt;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Managed, PostgresError};

/// A command of a provider's tool. Shown, it is quoted for a shell; no secret is ever in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    pub(super) program: &'static str,
    pub(super) arguments: Vec<String>,
}

impl fmt::Display for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.program)?;
        self.arguments.iter().try_for_each(|word| write!(formatter, " {}", quoted(word)))
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,@+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The tool is not there.
    Missing,
    /// It says no, in its own last words.
    Failed(String),
}

impl Trouble {
    pub(super) fn told(self, program: &'static str) -> PostgresError {
        let reason = match self {
            Self::Missing => ErrorKind::NotFound.to_string(),
            Self::Failed(reason) => reason,
        };
        PostgresError::Tool { program, reason }
    }
}

/// Asks for JSON.
pub(super) async fn ask(managed: &Managed, invocation: &Invocation) -> Result<Value, Trouble> {
    let answer = run(managed, invocation).await?;
    serde_json::from_slice(&answer).map_err(|error| Trouble::Failed(error.to_string()))
}

/// Runs a command to its end. What it prints is not kept, its last words where it fails are.
pub(super) async fn run(managed: &Managed, invocation: &Invocation) -> Result<Vec<u8>, Trouble> {
    let program = managed.tool.clone().unwrap_or_else(|| invocation.program.into());
    let mut command = Command::new(program);
    command.args(&invocation.arguments).stdin(Stdio::null());
    // Nobody is there to answer or to turn pages.
    command.env("CLOUDSDK_CORE_DISABLE_PROMPTS", "1").env("AWS_PAGER", "");
    for (name, _) in std::env::vars_os() {
        // The databases' passwords are none of the provider's.
        if name.to_str().is_some_and(|name| name.starts_with("MASTOFERRY_") || name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    let running = tokio::task::spawn_blocking(move || command.output());
    let output = running.await.map_err(|error| Trouble::Failed(error.to_string()))?;
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Trouble::Missing,
        _ => Trouble::Failed(error.to_string()),
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let mut last: Vec<&str> = words.lines().rev().filter(|line| !line.trim().is_empty()).take(2).collect();
    last.reverse();
    Err(Trouble::Failed(if last.is_empty() { output.status.to_string() } else { last.join("; ") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_apart() {
        assert_eq!(quoted("--database-flags=a=on,b=1"), "--database-flags=a=on,b=1");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's; $(rm)"), r"'it'\''s; $(rm)'");
        assert_eq!(quoted(""), "''");
    }
}

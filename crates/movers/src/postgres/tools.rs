//! The official tools: found, and run without a secret among their arguments.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{Address, PostgresError};

/// Where Debian keeps each major version's own tools.
const OF_DEBIAN: &str = "/usr/lib/postgresql";

/// `pg_dump`, `pg_restore` and `psql` of one version.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
    major: u32,
}

impl Tools {
    /// The tools in a folder.
    ///
    /// # Errors
    /// When there is no `pg_dump` in it that says its version.
    pub fn within(folder: &Path) -> Result<Self, PostgresError> {
        let major = version(folder).ok_or(PostgresError::NoTool { program: "pg_dump", major: 0 })?;
        Ok(Self { folder: folder.to_owned(), major })
    }

    /// Tools that can read a server of this major version, the oldest there are of them: what they write must be
    /// understood by the other server, which may be as old.
    ///
    /// # Errors
    /// When this machine has none.
    pub fn find(major: u32) -> Result<Self, PostgresError> {
        let mut folders: Vec<PathBuf> = std::fs::read_dir(OF_DEBIAN)
            .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
            .unwrap_or_default();
        let path = std::env::var_os("PATH").unwrap_or_default();
        folders.extend(std::env::split_paths(&path).filter(|folder| folder.join("pg_dump").is_file()));
        let all = folders.into_iter().filter_map(|folder| Self::within(&folder).ok());
        all.filter(|tools| tools.major >= major)
            .min_by_key(|tools| tools.major)
            .ok_or(PostgresError::NoTool { program: "pg_dump", major })
    }

    /// Their major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// A tool that is to speak with a server; its sessions bear the move's name.
    pub(crate) fn command(&self, program: &str, address: &Address, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.stdin(Stdio::null()).env_remove("PGSERVICE").env_remove("PGPASSFILE").env("LC_ALL", "C");
        command.envs(address.environment()).env("PGAPPNAME", name);
        command.env(
            "PGOPTIONS",
            "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0",
        );
        command
    }

    /// A tool that speaks with no server.
    pub(crate) fn offline(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.stdin(Stdio::null()).env("LC_ALL", "C");
        command
    }
}

/// Runs a tool to its end.
pub(crate) async fn run(program: &'static str, mut command: Command) -> Result<Output, PostgresError> {
    let running =
        tokio::task::spawn_blocking(move || command.stdout(Stdio::piped()).stderr(Stdio::piped()).output());
    let failed = |reason: String| PostgresError::Tool { program, reason };
    let output = running
        .await
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(output);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    // The last lines say why; statements, which may hold data, come under headings of their own.
    let told = words.lines().rev().filter(|line| line.contains("error:") || line.contains("fatal:"));
    let reason: Vec<&str> = told.take(2).collect();
    Err(failed(if reason.is_empty() { output.status.to_string() } else { reason.join("; ") }))
}

fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("pg_dump")).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // `pg_dump (PostgreSQL) 15.18 (Debian …)`
    let number = text.split_once(") ")?.1;
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

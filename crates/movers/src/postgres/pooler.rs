//! PgBouncer before the database: its clients wait through the pause instead of failing.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::session::{enter, identifier};
use super::{Address, PostgresError};

/// A PgBouncer that stands before the database, and how it is pointed elsewhere.
#[derive(Debug, Clone)]
pub struct Pooler {
    /// Its console: the database `pgbouncer`, as one of its `admin_users`.
    pub admin: Address,
    /// What it calls the database.
    pub database: String,
    /// Its file with the section `[databases]`, which is rewritten; where it is kept elsewhere, `command` does it.
    pub file: Option<PathBuf>,
    /// What points it to the new server, by the shell. It gets `MASTOFERRY_HOST`, `MASTOFERRY_PORT` and
    /// `MASTOFERRY_DATABASE`.
    pub command: Option<String>,
}

impl Pooler {
    /// Lets nobody's next transaction begin, and waits until the last has ended.
    pub(crate) async fn pause(&self, patience: Duration) -> Result<(), PostgresError> {
        let pausing = self.say(format!("PAUSE {}", identifier(&self.database)));
        match tokio::time::timeout(patience, pausing).await {
            // Paused already, by an earlier process of this move.
            Ok(Err(PostgresError::Refused { reason, .. })) if reason.contains("already suspended/paused") => {
                Ok(())
            }
            Ok(answer) => answer,
            Err(_) => {
                self.resume().await?;
                Err(PostgresError::TooLong {
                    what: "transactions behind PgBouncer do not end",
                    waited: patience,
                })
            }
        }
    }

    /// Lets them go on.
    pub(crate) async fn resume(&self) -> Result<(), PostgresError> {
        match self.say(format!("RESUME {}", identifier(&self.database))).await {
            Err(PostgresError::Refused { reason, .. }) if reason.contains("not paused") => Ok(()),
            answer => answer,
        }
    }

    /// Points it to another server; what is paused stays so.
    pub(crate) async fn point_to(&self, server: &Address) -> Result<(), PostgresError> {
        if let Some(file) = &self.file {
            let failed = |source| PostgresError::File { path: file.clone(), source };
            let text = std::fs::read_to_string(file).map_err(failed)?;
            let changed = pointed(&text, &self.database, server).ok_or_else(|| self.unnamed(file))?;
            replace(file, &changed).map_err(failed)?;
        }
        if let Some(command) = &self.command {
            let mut shell = std::process::Command::new("sh");
            shell.arg("-c").arg(command).env("MASTOFERRY_HOST", &server.host);
            shell
                .env("MASTOFERRY_PORT", server.port.to_string())
                .env("MASTOFERRY_DATABASE", &server.database);
            super::tools::run("sh", shell).await?;
        }
        self.say("RELOAD".to_owned()).await
    }

    /// Whether all that will be needed is there.
    pub(crate) async fn look(&self) -> Result<(), PostgresError> {
        if let Some(file) = &self.file {
            let text = std::fs::read_to_string(file)
                .map_err(|source| PostgresError::File { path: file.clone(), source })?;
            pointed(&text, &self.database, &self.admin).ok_or_else(|| self.unnamed(file))?;
        }
        self.say("SHOW VERSION".to_owned()).await
    }

    fn unnamed(&self, file: &Path) -> PostgresError {
        let detail = format!("{}: {}", file.display(), self.database);
        PostgresError::Unequal {
            what: "PgBouncer's file does not name the database under [databases]",
            detail,
        }
    }

    async fn say(&self, command: String) -> Result<(), PostgresError> {
        let client = enter(&self.admin, "mastoferry").await?;
        let answer = client.simple_query(&command).await;
        answer
            .map(|_| ())
            .map_err(|error| PostgresError::doing(&self.admin, "hold or let go clients", &error))
    }
}

/// The file with the database's line pointing to another server; nothing where it has no line.
fn pointed(text: &str, database: &str, server: &Address) -> Option<String> {
    let (mut within, mut found) = (false, false);
    let mut lines = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with('[') {
            within = bare == "[databases]";
        }
        match bare.split_once('=') {
            Some((name, rest)) if within && name.trim().trim_matches('"') == database => {
                let is_other = |it: &&str| {
                    !["host=", "port=", "dbname=", "hostaddr="].iter().any(|key| it.starts_with(key))
                };
                let kept: Vec<&str> = rest.split_whitespace().filter(is_other).collect();
                let place = format!("host={} port={} dbname={}", server.host, server.port, server.database);
                lines.push(format!("{} = {place} {}", name.trim(), kept.join(" ")).trim_end().to_owned());
                found = true;
            }
            _ => lines.push(line.to_owned()),
        }
    }
    found.then(|| lines.join("\n") + "\n")
}

/// Writes a file whole or not at all, for whom it was before.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let before = std::fs::metadata(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    std::fs::write(&beside, text)?;
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(before.mode()))?;
    // Its owner may be another; where that cannot be kept it is ours already.
    let _kept = chown(&beside, Some(before.uid()), Some(before.gid()));
    std::fs::File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_is_pointed_elsewhere() {
        let text = "[databases]\nmastodon = host=old port=1 dbname=m pool_size=5\nother=host=old\n[pgbouncer]\nmastodon = x\n";
        let server = Address::read("postgresql://u@new:2/n").unwrap();
        let pointed = pointed(text, "mastodon", &server).unwrap();
        let expected = "[databases]\nmastodon = host=new port=2 dbname=n pool_size=5\nother=host=old\n[pgbouncer]\nmastodon = x\n";
        assert_eq!(pointed, expected);
        assert_eq!(super::pointed(text, "another", &server), None);
    }
}

//! The schema, as the official tools write it.

use std::path::{Path, PathBuf};

use crate::postgres::tools::{Tools, run};
use crate::postgres::{Address, PostgresError};

/// Entries of the table of contents that may need more rights than the owner of the tables has.
const PRIVILEGED: [&str; 4] = ["SCHEMA - ", "EXTENSION - ", "COMMENT - EXTENSION ", "COMMENT - SCHEMA "];

/// Entries that the mover makes by itself, many at once.
const OWN: [&str; 4] = ["INDEX ", "CONSTRAINT ", "FK CONSTRAINT ", "MATERIALIZED VIEW DATA "];

/// Entries after the data that others may depend on.
const EARLY: [&str; 3] = ["VIEW ", "MATERIALIZED VIEW ", "RULE "];

/// Statements in the order in which they are run.
pub(super) struct Schema {
    /// Schemas and extensions.
    pub(super) privileged: String,
    /// All that comes before data.
    pub(super) before: String,
    /// Views that need a primary key.
    pub(super) views: String,
    /// Triggers, policies, statistics, comments, and what else comes after data.
    pub(super) after: String,
}

/// How the schema is read.
pub(super) struct Reading<'a> {
    pub(super) tools: &'a Tools,
    pub(super) source: &'a Address,
    /// The name that sessions bear.
    pub(super) name: &'a str,
    pub(super) snapshot: &'a str,
    /// A private folder.
    pub(super) folder: &'a Path,
    /// Whether owners and rights come along.
    pub(super) with_owners: bool,
}

impl Reading<'_> {
    fn archive(&self) -> PathBuf {
        self.folder.join("schema.dump")
    }

    /// Writes the archive, and makes statements of it.
    pub(super) async fn read(&self) -> Result<Schema, PostgresError> {
        let mut command = self.tools.command("pg_dump", self.source, self.name);
        command.args(["--format=custom", "--schema-only", "--no-publications", "--no-subscriptions"]);
        command.args(["--no-tablespaces", "--exclude-schema=mastoferry"]);
        command.arg(format!("--snapshot={}", self.snapshot)).arg("--file").arg(self.archive());
        run("pg_dump", command).await?;
        let before = self.contents("pre-data").await?;
        let after = self.contents("post-data").await?;
        let is = |line: &&String, kinds: &[&str]| {
            entry(line).is_some_and(|it| kinds.iter().any(|kind| it.starts_with(kind)))
        };
        let (privileged, before): (Vec<_>, Vec<_>) = before.iter().partition(|line| is(line, &PRIVILEGED));
        let after = after.iter().filter(|line| !is(line, &OWN));
        let (views, after): (Vec<_>, Vec<_>) = after.partition(|line| is(line, &EARLY));
        Ok(Schema {
            privileged: self.statements(&privileged).await?,
            before: self.statements(&before).await?,
            views: self.statements(&views).await?,
            after: self.statements(&after).await?,
        })
    }

    /// The lines of the table of contents that are entries.
    async fn contents(&self, section: &str) -> Result<Vec<String>, PostgresError> {
        let mut command = self.tools.offline("pg_restore");
        command.arg("--list").arg(format!("--section={section}")).arg(self.archive());
        let output = run("pg_restore", command).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter(|line| entry(line).is_some()).map(str::to_owned).collect())
    }

    async fn statements(&self, entries: &[&String]) -> Result<String, PostgresError> {
        if entries.is_empty() {
            return Ok(String::new());
        }
        let list = self.folder.join("schema.list");
        let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        std::fs::write(&list, lines).map_err(|source| PostgresError::File { path: list.clone(), source })?;
        let mut command = self.tools.offline("pg_restore");
        command.arg("--use-list").arg(&list).arg("--file=-");
        if !self.with_owners {
            command.args(["--no-owner", "--no-privileges"]);
        }
        command.arg(self.archive());
        let output = run("pg_restore", command).await?;
        let text = String::from_utf8(output.stdout).map_err(|_| PostgresError::Tool {
            program: "pg_restore",
            reason: "its text is not UTF-8".to_owned(),
        })?;
        Ok(without_commands(&text))
    }
}

/// What an entry is: `3456; 1259 16401 TABLE public accounts mastodon` without its numbers.
fn entry(line: &str) -> Option<&str> {
    let (id, rest) = line.split_once("; ")?;
    id.parse::<u64>().ok()?;
    let mut words = rest.splitn(3, ' ');
    words.next()?.parse::<u64>().ok()?;
    words.next()?.parse::<u64>().ok()?;
    words.next()
}

/// Without psql's own commands: releases since 2025 put the text between `\restrict KEY` and `\unrestrict KEY`.
fn without_commands(text: &str) -> String {
    let key = text.lines().find_map(|line| line.strip_prefix(r"\restrict ")).map(str::trim);
    let is_command = |line: &str| {
        let named = line.strip_prefix(r"\restrict ").or_else(|| line.strip_prefix(r"\unrestrict "));
        named.is_some() && named.map(str::trim) == key
    };
    text.split_inclusive('\n').filter(|line| !is_command(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_psql_are_left_out_and_bodies_of_functions_are_not() {
        let text = "--\n\n\\restrict abc\n\nCREATE FUNCTION f() AS $$\n\\restrict x\n$$;\n\\unrestrict abc\n";
        assert_eq!(without_commands(text), "--\n\n\nCREATE FUNCTION f() AS $$\n\\restrict x\n$$;\n");
    }

    #[test]
    fn entries_are_told_from_remarks() {
        assert_eq!(entry("3456; 1259 16401 TABLE public a b"), Some("TABLE public a b"));
        assert_eq!(
            entry("7; 2615 2200 SCHEMA - public pg_database_owner"),
            Some("SCHEMA - public pg_database_owner")
        );
        for remark in ["; Archive created at 2026", ";", "", ";     Format: CUSTOM"] {
            assert_eq!(entry(remark), None, "{remark}");
        }
    }
}

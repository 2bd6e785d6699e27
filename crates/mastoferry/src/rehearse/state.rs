//! The folder in which a rehearsal lives, so that it survives the death of its process.
//!
//! `plan.json`, `options.json`, the executor's journal and backups, the cluster's and the stand-ins' own logs, and
//! at the end `summary.json`. All of it readable by its owner only.

use std::fs;
use std::os::unix::fs::DirBuilderExt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::load::Profile;
use crate::private_file;
use crate::problem::{Exit, Problem};
use crate::staging::Asked;
use crate::words::Words;

/// How a rehearsal was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Options {
    /// How many times as fast as life the cluster runs.
    pub(crate) speed: f64,
    /// Who the users are.
    pub(crate) load: Profile,
    /// Faults, as written on the command line.
    pub(crate) faults: Vec<String>,
    /// How it was asked for in a namespace of a real cluster, where it was.
    #[serde(default)]
    pub(crate) staging: Option<Asked>,
    /// For whom the backup's Secrets are encrypted, where it was said.
    #[serde(default)]
    pub(crate) backup_recipient: Option<String>,
    /// The front that users come through, by its name.
    #[serde(default)]
    pub(crate) front: String,
    /// How it was asked for on a real cluster, where it was: then it is a migration.
    #[serde(default)]
    pub(crate) migration: Option<crate::migrate::Asked>,
}

/// A rehearsal's folder.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// Where it is.
    pub(crate) directory: Utf8PathBuf,
}

impl State {
    /// Makes a new folder, named after the time.
    pub(crate) fn create(parent: &Utf8Path, words: &Words) -> Result<Self, Problem> {
        let now = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        let mut directory = parent.join(&now);
        let mut number = 1;
        while directory.exists() {
            number += 1;
            directory = parent.join(format!("{now}-{number}"));
        }
        builder.create(&directory).map_err(|error| failed(words, &directory, &error))?;
        Ok(Self { directory })
    }

    /// Opens a rehearsal by name, or the newest.
    pub(crate) fn open(parent: &Utf8Path, name: Option<&str>, words: &Words) -> Result<Self, Problem> {
        let none = || Problem::new(words, Exit::Unreadable, "no-rehearsal", &[("path", parent.as_str())]);
        let directory = match name {
            Some(name) => parent.join(name),
            None => {
                let entries = parent.read_dir_utf8().map_err(|_| none())?;
                let folders = entries.filter_map(Result::ok).map(camino::Utf8DirEntry::into_path);
                folders.filter(|path| path.join("plan.json").is_file()).max().ok_or_else(none)?
            }
        };
        if directory.join("plan.json").is_file() { Ok(Self { directory }) } else { Err(none()) }
    }

    /// The rehearsal's name.
    pub(crate) fn name(&self) -> &str {
        self.directory.file_name().unwrap_or_default()
    }

    /// Whether a file is there.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.directory.join(file).is_file()
    }

    /// Writes a value as JSON, whole or not at all.
    pub(crate) fn write<T: Serialize>(&self, file: &str, value: &T, words: &Words) -> Result<(), Problem> {
        let path = self.directory.join(file);
        let text = serde_json::to_vec(value).map_err(|error| self.damaged(words, &error.to_string()))?;
        private_file::write(&path, &text).map_err(|error| failed(words, &path, &error))
    }

    /// Reads a value that was written before.
    pub(crate) fn read<T: DeserializeOwned>(&self, file: &str, words: &Words) -> Result<T, Problem> {
        let path = self.directory.join(file);
        let text = fs::read(&path).map_err(|error| self.damaged(words, &format!("{path}: {error}")))?;
        serde_json::from_slice(&text).map_err(|error| self.damaged(words, &format!("{path}: {error}")))
    }

    fn damaged(&self, words: &Words, detail: &str) -> Problem {
        Problem::new(words, Exit::Unreadable, "rehearsal-damaged", &[("detail", detail)])
    }
}

fn failed(words: &Words, path: &Utf8Path, error: &std::io::Error) -> Problem {
    Problem::new(
        words,
        Exit::Failed,
        "write-file",
        &[("path", path.as_str()), ("reason", &error.to_string())],
    )
}

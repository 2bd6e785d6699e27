//! The store's memory on disk: one checksummed line per change, written before the change is seen.
//!
//! A write goes to the operating system at once, so that it outlives the process, however that ends. The
//! last line may be torn by such an end and is then left out. Opening rewrites the file without history.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::registry::Kind;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("the cluster's state in {path} cannot be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process works with this file.
    #[error("the cluster's state in {path} is in use by another process")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A line before the last one is damaged.
    #[error("the cluster's state in {path} is damaged at line {line}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Record {
    /// The version that the store had when the file was rewritten.
    Version(u64),
    /// A kind was registered.
    Kind(Kind),
    /// An object is as given from this version on.
    Put {
        /// The version.
        version: u64,
        /// The kind's group.
        group: String,
        /// The kind's plural.
        resource: String,
        /// The object.
        object: Value,
    },
    /// An object is gone from this version on.
    Removed {
        /// The version.
        version: u64,
        /// The kind's group.
        group: String,
        /// The kind's plural.
        resource: String,
        /// The object's namespace.
        namespace: String,
        /// The object's name.
        name: String,
    },
}

/// The open file.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Reads what is there, then holds a fresh file with what `compact` makes of it.
    pub(crate) fn open<T>(
        path: &Path,
        compact: impl FnOnce(Vec<Record>) -> (Vec<Record>, T),
    ) -> Result<(Self, T), StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let mut old = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io)?;
        lock(&old, path)?;
        let mut text = Vec::new();
        old.read_to_end(&mut text).map_err(io)?;
        let (records, made) = compact(read(&text, path)?);

        let beside = path.with_extension("compacting");
        let fresh = File::create(&beside).map_err(io)?;
        lock(&fresh, path)?;
        let mut writer = BufWriter::new(&fresh);
        for record in &records {
            writer.write_all(&line(record)).map_err(io)?;
        }
        writer.flush().map_err(io)?;
        drop(writer);
        fresh.sync_all().map_err(io)?;
        std::fs::rename(&beside, path).map_err(io)?;
        Ok((Self { file: fresh }, made))
    }

    /// Adds a record.
    pub(crate) fn write(&mut self, record: &Record) -> std::io::Result<()> {
        self.file.write_all(&line(record))
    }
}

fn lock(file: &File, path: &Path) -> Result<(), StoreError> {
    file.try_lock().map_err(|refusal| match refusal {
        TryLockError::WouldBlock => StoreError::Busy { path: path.to_owned() },
        TryLockError::Error(source) => StoreError::Io { path: path.to_owned(), source },
    })
}

fn line(record: &Record) -> Vec<u8> {
    // A record is made of maps with text keys only, which always serialise.
    let json = serde_json::to_vec(record).unwrap_or_default();
    let mut line = format!("{:08x} ", crc32c::crc32c(&json)).into_bytes();
    line.extend_from_slice(&json);
    line.push(b'\n');
    line
}

fn read(text: &[u8], path: &Path) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    let mut torn = None;
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        if let Some(line) = torn {
            return Err(StoreError::Damaged { path: path.to_owned(), line });
        }
        match decode(line) {
            Some(record) => records.push(record),
            None => torn = Some(index + 1),
        }
    }
    Ok(records)
}

fn decode(line: &[u8]) -> Option<Record> {
    let (sum, json) = line.split_at_checked(9)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?.trim_end(), 16).ok()?;
    (crc32c::crc32c(json) == sum).then(|| serde_json::from_slice(json).ok()).flatten()
}

//! The journal of a mover: append-only, one checksummed record per line, on the disk before the next thing happens.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The form written and read; another is refused.
const FORMAT: u32 = 1;

/// How long a lock may outlive its holder.
const LETTING_GO: Duration = Duration::from_secs(1);

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the journal {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Another process holds it.
    #[error("the journal {} is in use by another process", path.display())]
    Held {
        /// Which.
        path: PathBuf,
    },
    /// It is the journal of something else, or of another version.
    #[error("{} is not a journal of this kind and version", path.display())]
    Other {
        /// Which.
        path: PathBuf,
    },
    /// A record before the last does not carry its checksum.
    #[error("the journal {} is damaged in line {line}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

/// Takes a file for this process alone, until it is closed. One who let go of it is waited for, up to a second: a program that
/// it was starting on another thread has all its files for an instant, until that program has begun.
///
/// # Errors
/// When another process has it, or it cannot be locked.
pub fn hold(file: &File) -> Result<(), TryLockError> {
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if since.elapsed() < LETTING_GO => {
                std::thread::sleep(Duration::from_millis(10));
            }
            taken => return taken,
        }
    }
}

#[derive(Serialize, Deserialize, PartialEq)]
struct Header {
    journal: String,
    format: u32,
}

/// Records of one kind in a file that only its owner reads, and that one process at a time holds.
#[derive(Debug)]
pub struct Journal<R> {
    path: PathBuf,
    file: File,
    records: PhantomData<R>,
}

impl<R: Serialize + DeserializeOwned> Journal<R> {
    /// Opens the journal of this kind, making it where there is none; with it the records that it holds. A torn last
    /// record was never acted upon and is cut off.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(path: &Path, kind: &str) -> Result<(Self, Vec<R>), JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        hold(&file).map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::Held { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let (records, length) = read(&text, kind, path)?;
        file.set_len(length as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut journal = Self { path: path.to_owned(), file, records: PhantomData };
        if length == 0 {
            journal.append(&Header { journal: kind.to_owned(), format: FORMAT })?;
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder).and_then(|it| it.sync_all()).map_err(failed)?;
        }
        Ok((journal, records))
    }

    /// Writes a record; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written. What it announces must not be done then.
    pub fn write(&mut self, record: &R) -> Result<(), JournalError> {
        self.append(record)
    }

    fn append(&mut self, record: &impl Serialize) -> Result<(), JournalError> {
        let failed = |source| JournalError::File { path: self.path.clone(), source };
        let json = serde_json::to_string(record).map_err(|error| failed(error.into()))?;
        let line = format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data()).map_err(failed)
    }
}

/// The records, and how much of the text they are.
fn read<R: DeserializeOwned>(text: &[u8], kind: &str, path: &Path) -> Result<(Vec<R>, usize), JournalError> {
    let mut records = Vec::new();
    let mut length = 0;
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        let Some(json) = checked(line) else {
            if index + 1 == lines.len() {
                break;
            }
            return Err(JournalError::Damaged { path: path.to_owned(), line: index + 1 });
        };
        let other = |_| JournalError::Other { path: path.to_owned() };
        if index == 0 {
            let header: Header = serde_json::from_slice(json).map_err(other)?;
            if header != (Header { journal: kind.to_owned(), format: FORMAT }) {
                return Err(JournalError::Other { path: path.to_owned() });
            }
        } else {
            records.push(serde_json::from_slice(json).map_err(other)?);
        }
        length += line.len();
    }
    Ok((records, length))
}

/// A line's JSON, where it is whole.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = line.split_at_checked(9)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum.strip_suffix(b" ")?).ok()?, 16).ok()?;
    (sum == crc32c::crc32c(json)).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_torn_tail_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let (mut journal, records) = Journal::<u32>::open(&path, "numbers").expect("new");
        assert!(records.is_empty());
        journal.write(&1).expect("written");
        journal.write(&2).expect("written");
        assert!(matches!(Journal::<u32>::open(&path, "numbers"), Err(JournalError::Held { .. })));
        drop(journal);
        let whole = std::fs::read(&path).expect("text");
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).expect("torn");
            let (mut journal, records) = Journal::<u32>::open(&path, "numbers").expect("a torn tail is none");
            assert!(matches!(records[..], [] | [1] | [1, 2]), "{records:?}");
            journal.write(&3).expect("goes on");
            drop(journal);
            let (_, after) = Journal::<u32>::open(&path, "numbers").expect("whole again");
            assert_eq!(after.last(), Some(&3));
            assert_eq!(after.len(), records.len() + 1);
        }
        std::fs::write(&path, String::from_utf8(whole).expect("text").replacen(" 1", " 7", 1))
            .expect("changed");
        assert!(matches!(Journal::<u32>::open(&path, "numbers"), Err(JournalError::Damaged { line: 2, .. })));
        assert!(matches!(Journal::<u32>::open(&path, "letters"), Err(JournalError::Other { .. })));
    }
}

//! What was written, object by object: appended to while objects move, read in the order of their keys.
//!
//! An intent is on the disk before its object is touched; that it was written is noted after the target has synced it. A
//! crash between leaves an intent, which says that whatever lies there is ours.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::MediaError;
use super::object::{Hash, Mark};
use super::sorted::{Keyed, Sorted, Sorter};

/// What became of an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fate {
    /// It shall be written, or read to be compared.
    Intent,
    /// It is sent in parts, under this name of the server's.
    Upload { id: String },
    /// It is there, and what was read back is what was sent.
    Written {
        size: u64,
        source: Mark,
        target: Mark,
        hash: Hash,
        /// Of what was told with it; nothing where that is not known.
        traits: Option<u32>,
        /// False where it was there before, and equal.
        ours: bool,
    },
    /// It was deleted, here as there.
    Deleted,
}

/// A line of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) key: String,
    pub(super) fate: Fate,
}

impl Keyed for Record {
    fn key(&self) -> &str {
        &self.key
    }
}

/// The file that the records are in.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    pending: Vec<u8>,
}

impl Ledger {
    /// Opens it, cutting off a torn end, which nothing was done upon. The journal beside it keeps other processes out.
    pub(super) fn open(path: &Path) -> Result<Self, MediaError> {
        let failed = |source| MediaError::State { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(path);
        let mut file = file.map_err(failed)?;
        let whole = scan(path, &file, |_| Ok(()))?;
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, pending: Vec::new() })
    }

    /// Adds a record; it is on the disk after the next [`Self::sync`].
    pub(super) fn add(&mut self, record: &Record) -> Result<(), MediaError> {
        let failed = |source| MediaError::State { path: self.path.clone(), source };
        let json = serde_json::to_string(record).map_err(|error| failed(error.into()))?;
        let line = format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        self.pending.extend_from_slice(line.as_bytes());
        Ok(())
    }

    /// What was added is on the disk when this returns.
    pub(super) fn sync(&mut self) -> Result<(), MediaError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let failed = |source| MediaError::State { path: self.path.clone(), source };
        self.file.write_all(&self.pending).and_then(|()| self.file.sync_data()).map_err(failed)?;
        self.pending.clear();
        Ok(())
    }

    /// All records in the order of their keys.
    pub(super) fn sorted(&self, folder: &Path) -> Result<Sorted<Record>, MediaError> {
        let failed = |source| MediaError::State { path: self.path.clone(), source };
        let mut sorter = Sorter::new(folder);
        scan(&self.path, &self.file, |record| sorter.push(record).map_err(failed))?;
        sorter.finish().map_err(failed)
    }
}

/// Reads the records from the beginning; with it how much of the file is whole.
fn scan(
    path: &Path,
    file: &File,
    mut take: impl FnMut(Record) -> Result<(), MediaError>,
) -> Result<u64, MediaError> {
    let failed = |source| MediaError::State { path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 18, file);
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    let (mut whole, mut number, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        number += 1;
        let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
        if length == 0 {
            break;
        }
        let Some(record) = record(&line) else {
            if reader.fill_buf().map_err(failed)?.is_empty() {
                break;
            }
            return Err(MediaError::Ledger { path: path.to_owned(), line: number });
        };
        take(record)?;
        whole += length as u64;
    }
    let mut file = file;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    Ok(whole)
}

fn record(line: &[u8]) -> Option<Record> {
    let (sum, json) = line.strip_suffix(b"\n")?.split_at_checked(9)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum.strip_suffix(b" ")?).ok()?, 16).ok()?;
    if sum != crc32c::crc32c(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_end_is_cut_off_and_damage_before_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger");
        let mut ledger = Ledger::open(&path).expect("new");
        for key in ["b", "a", "c"] {
            ledger.add(&Record { key: key.to_owned(), fate: Fate::Intent }).expect("fine");
        }
        ledger.sync().expect("fine");
        let whole = std::fs::read(&path).expect("text");
        for length in [0, 10, whole.len() / 3 + 3, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).expect("torn");
            let mut ledger = Ledger::open(&path).expect("a torn end is none");
            ledger.add(&Record { key: "z".to_owned(), fate: Fate::Deleted }).expect("fine");
            ledger.sync().expect("fine");
            let mut merge = ledger.sorted(folder.path()).expect("sorted").read().expect("readable");
            let mut keys = Vec::new();
            while let Some(record) = merge.next().expect("readable") {
                keys.push(record.key);
            }
            assert!(keys.is_sorted() && keys.last().is_some_and(|it| it == "z"), "{keys:?}");
            assert_eq!(keys.len(), 1 + length * 3 / whole.len());
        }
        let mut damaged = whole;
        damaged[12] ^= 1;
        std::fs::write(&path, damaged).expect("damaged");
        assert!(matches!(Ledger::open(&path), Err(MediaError::Ledger { line: 1, .. })));
    }
}

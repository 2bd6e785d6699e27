//! More than memory holds, sorted by key.
//!
//! Servers list in orders of their own (by bytes, or folder by folder), and the ledger is in the order of time; what is to
//! be compared is brought into the order of keys first. Sorted runs go to unnamed files, and are merged as they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read, Result, Write as _};
use std::marker::PhantomData;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// So many are held in memory at most.
const RUN: usize = 32_768;

/// What is sorted by a key.
pub(super) trait Keyed: Serialize + DeserializeOwned {
    fn key(&self) -> &str;
}

/// Takes things in any order.
#[derive(Debug)]
pub(super) struct Sorter<T> {
    folder: PathBuf,
    run: Vec<T>,
    files: Vec<Arc<File>>,
    longest: usize,
}

impl<T: Keyed> Sorter<T> {
    /// With files in a folder, where memory is not enough.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), run: Vec::new(), files: Vec::new(), longest: RUN }
    }

    pub(super) fn push(&mut self, thing: T) -> Result<()> {
        self.run.push(thing);
        if self.run.len() >= self.longest { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<()> {
        self.run.sort_by(|one, two| one.key().cmp(two.key()));
        let path = self.folder.join(format!("sort-{}-{}", std::process::id(), fresh()));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        std::fs::remove_file(&path)?;
        let mut writer = BufWriter::with_capacity(1 << 18, &file);
        for thing in self.run.drain(..) {
            serde_json::to_writer(&mut writer, &thing)?;
            writer.write_all(b"\n")?;
        }
        writer.flush()?;
        drop(writer);
        self.files.push(Arc::new(file));
        Ok(())
    }

    /// All of them, to be read as often as wanted.
    pub(super) fn finish(mut self) -> Result<Sorted<T>> {
        if !self.run.is_empty() {
            self.spill()?;
        }
        Ok(Sorted { files: self.files, things: PhantomData })
    }
}

fn fresh() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Things in the order of their keys; those of one key in the order in which they came.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    files: Vec<Arc<File>>,
    things: PhantomData<fn() -> T>,
}

impl<T: Keyed> Sorted<T> {
    pub(super) fn read(&self) -> Result<Merge<T>> {
        let mut merge = Merge { runs: Vec::new(), heads: BinaryHeap::new() };
        for file in &self.files {
            let cursor = Cursor { file: file.clone(), at: 0 };
            merge.runs.push(Run { reader: BufReader::new(cursor), head: None });
        }
        for index in 0..merge.runs.len() {
            merge.advance(index)?;
        }
        Ok(merge)
    }
}

struct Cursor {
    file: Arc<File>,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

struct Run<T> {
    reader: BufReader<Cursor>,
    head: Option<T>,
}

/// Reads what was sorted.
pub(super) struct Merge<T> {
    runs: Vec<Run<T>>,
    heads: BinaryHeap<Reverse<(String, usize)>>,
}

impl<T: Keyed> Merge<T> {
    fn advance(&mut self, index: usize) -> Result<()> {
        let run = &mut self.runs[index];
        let mut line = String::new();
        if run.reader.read_line(&mut line)? > 0 {
            let thing: T = serde_json::from_str(&line)?;
            self.heads.push(Reverse((thing.key().to_owned(), index)));
            run.head = Some(thing);
        }
        Ok(())
    }

    /// The next thing, in the order of keys.
    pub(super) fn next(&mut self) -> Result<Option<T>> {
        let Some(Reverse((_, index))) = self.heads.pop() else { return Ok(None) };
        let thing = self.runs[index].head.take();
        self.advance(index)?;
        Ok(thing)
    }
}

/// The last of each key.
pub(super) struct Last<T> {
    merge: Merge<T>,
    ahead: Option<T>,
}

impl<T: Keyed> Last<T> {
    pub(super) fn new(mut merge: Merge<T>) -> Result<Self> {
        let ahead = merge.next()?;
        Ok(Self { merge, ahead })
    }

    /// The key that comes next.
    pub(super) fn key(&self) -> Option<&str> {
        self.ahead.as_ref().map(T::key)
    }

    pub(super) fn next(&mut self) -> Result<Option<T>> {
        let Some(mut last) = self.ahead.take() else { return Ok(None) };
        loop {
            match self.merge.next()? {
                Some(next) if next.key() == last.key() => last = next,
                other => {
                    self.ahead = other;
                    return Ok(Some(last));
                }
            }
        }
    }

    /// The thing of this key, where it is the one that comes next.
    pub(super) fn take(&mut self, key: &str) -> Result<Option<T>> {
        if self.key() == Some(key) { self.next() } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keyed for (String, u32) {
        fn key(&self) -> &str {
            &self.0
        }
    }

    #[test]
    fn more_than_memory_holds_comes_in_order_and_the_last_of_a_key_wins() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sorter = Sorter { longest: 7, ..Sorter::new(folder.path()) };
        for number in 0..200_u32 {
            sorter.push((format!("{:02}", (number * 37) % 50), number)).expect("room");
        }
        let sorted = sorter.finish().expect("room");
        assert!(sorted.files.len() > 20);
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0, "no file keeps its name");
        for _ in 0..2 {
            let mut last = Last::new(sorted.read().expect("readable")).expect("readable");
            let mut seen = Vec::new();
            while let Some((key, number)) = last.next().expect("readable") {
                assert!(number >= 150, "the last of {key} is {number}");
                seen.push(key);
            }
            assert!(seen.is_sorted());
            assert_eq!(seen.len(), 50);
        }
    }
}

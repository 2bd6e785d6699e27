//! The journal: append-only, one checksummed record per line, synced before the next thing happens.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use movers::hold;
use plan::StepId;
use serde::{Deserialize, Serialize};

use crate::event::now_ms;
use crate::{Course, IllegalEvent, Outcome};

/// The form written and read; another is refused.
const FORMAT: u32 = 1;

/// How much is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Users and queues: blue serves again, green stays in the dark.
    Traffic,
    /// Traffic, queues, green's objects, and the stores where that loses nothing: blue is as it was.
    Release,
    /// The same, and what was written to the new stores since they took over may be lost: somebody has agreed to it.
    Database,
}

/// Something that happened, or is about to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The voyage begins.
    Started {
        /// The plan's hash.
        plan: String,
        /// The voyage's own name: in the Lease and on every object it makes.
        voyage: String,
        /// The plan's steps, in order.
        steps: Vec<StepId>,
    },
    /// Another process, or the same one later, goes on.
    Resumed,
    /// A step is about to have effects.
    StepStarted {
        /// Which.
        id: StepId,
    },
    /// A step's effect is there and verified.
    StepDone {
        /// Which.
        id: StepId,
    },
    /// A step failed or was interrupted.
    StepFailed {
        /// Which.
        id: StepId,
        /// Why.
        reason: String,
    },
    /// Everything goes back.
    RollbackStarted {
        /// How far.
        level: Level,
        /// Why.
        reason: String,
        /// The first step that is taken back; all of them where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        down_to: Option<StepId>,
    },
    /// A step is about to be taken back.
    UndoStarted {
        /// Which.
        id: StepId,
    },
    /// A step was taken back.
    UndoDone {
        /// Which.
        id: StepId,
    },
    /// A step could not be taken back.
    UndoFailed {
        /// Which.
        id: StepId,
        /// Why.
        reason: String,
    },
    /// The voyage ended.
    Finished {
        /// How.
        outcome: Outcome,
    },
}

impl Event {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Resumed => "resumed",
            Self::StepStarted { .. } => "step-started",
            Self::StepDone { .. } => "step-done",
            Self::StepFailed { .. } => "step-failed",
            Self::RollbackStarted { .. } => "rollback-started",
            Self::UndoStarted { .. } => "undo-started",
            Self::UndoDone { .. } => "undo-done",
            Self::UndoFailed { .. } => "undo-failed",
            Self::Finished { .. } => "finished",
        }
    }
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Milliseconds of real time since 1970.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Serialize, Deserialize)]
struct Header {
    journal: String,
    format: u32,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the journal {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another process has the journal open.
    #[error("the journal {0} is in use by another process")]
    InUse(PathBuf),
    /// A record that was synced is damaged.
    #[error("the journal {path} is damaged in line {line}: {why}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Written by another version of this program.
    #[error("the journal {path} has format {found}, this program knows {FORMAT}")]
    Format {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: u32,
    },
    /// The event cannot follow what was recorded before.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
    /// A crash was asked for here, by a test of crashes.
    #[error("halted where a crash was asked for")]
    Halted,
}

/// Where a test of crashes wants the executor to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// Before the record with this number is written: its cause has happened and is not recorded.
    Before(usize),
    /// After it is written: what it announces does not happen.
    After(usize),
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    course: Course,
    records: Vec<Record>,
    crash: Option<Crash>,
}

impl Journal {
    /// Opens a journal, or begins one. A torn last record, as a crash leaves it, is cut off.
    ///
    /// # Errors
    /// When the file cannot be used, is in use, is damaged, has another format, or
    /// holds an event that cannot stand where it stands.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        hold(&file).map_err(|refusal| match refusal {
            TryLockError::WouldBlock => JournalError::InUse(path.to_owned()),
            TryLockError::Error(source) => failed(source),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let (lines, sound) = sound_lines(path, &bytes)?;
        let mut journal =
            Self { file, path: path.to_owned(), course: Course::default(), records: Vec::new(), crash: None };
        journal.read(&lines)?;
        if sound < bytes.len() {
            journal.file.set_len(sound as u64).map_err(failed)?;
        }
        journal.file.seek(SeekFrom::End(0)).map_err(failed)?;
        if lines.is_empty() {
            journal.write(&Header { journal: "mastoferry".to_owned(), format: FORMAT })?;
        }
        journal.file.sync_all().map_err(failed)?;
        // The file's name must survive a crash as well as its content.
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new("."))).and_then(|it| it.sync_all()).map_err(failed)?;
        Ok(journal)
    }

    /// The state derived from the records.
    #[must_use]
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Everything recorded.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Makes the executor die at a record, counted from 0 over the journal's whole life.
    pub fn crash_at(&mut self, crash: Crash) {
        self.crash = Some(crash);
    }

    /// Appends an event and syncs it; says when it was.
    ///
    /// # Errors
    /// When the event is illegal here or the file cannot be written.
    pub fn append(&mut self, event: Event) -> Result<u64, JournalError> {
        let number = self.records.len();
        if self.crash == Some(Crash::Before(number)) {
            return Err(JournalError::Halted);
        }
        let mut course = self.course.clone();
        course.follow(&event)?;
        let record = Record { at_ms: now_ms(), event };
        self.write(&record)?;
        self.course = course;
        let at_ms = record.at_ms;
        self.records.push(record);
        if self.crash == Some(Crash::After(number)) {
            return Err(JournalError::Halted);
        }
        Ok(at_ms)
    }

    fn read(&mut self, lines: &[&str]) -> Result<(), JournalError> {
        for (index, json) in lines.iter().enumerate() {
            let corrupt =
                |why: String| JournalError::Corrupt { path: self.path.clone(), line: index + 1, why };
            if index == 0 {
                let header: Header =
                    serde_json::from_str(json).map_err(|error| corrupt(error.to_string()))?;
                if header.format != FORMAT {
                    return Err(JournalError::Format { path: self.path.clone(), found: header.format });
                }
                continue;
            }
            let record: Record = serde_json::from_str(json).map_err(|error| corrupt(error.to_string()))?;
            self.course.follow(&record.event).map_err(|illegal| corrupt(illegal.to_string()))?;
            self.records.push(record);
        }
        Ok(())
    }

    fn write(&mut self, record: &impl Serialize) -> Result<(), JournalError> {
        let failed = |source| JournalError::File { path: self.path.clone(), source };
        let json = serde_json::to_string(record).map_err(|error| failed(error.into()))?;
        let line = format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        self.file.write_all(line.as_bytes()).map_err(failed)?;
        self.file.sync_data().map_err(failed)
    }
}

/// The JSON of every sound line, and where the last of them ends. A last line that is torn was being
/// written when the writer died: it announces nothing that anyone relied on, since nothing happens before
/// its sync returns. A whole line with a wrong checksum was synced and then damaged: that is an error
/// wherever it stands.
fn sound_lines<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Vec<&'a str>, usize), JournalError> {
    let (mut lines, mut sound) = (Vec::new(), 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let ends = sound + line.len();
        match check(line) {
            Ok(json) => lines.push(json),
            Err(_) if ends == bytes.len() && is_torn(line) => break,
            Err(why) => {
                let line = lines.len() + 1;
                return Err(JournalError::Corrupt { path: path.to_owned(), line, why: why.to_owned() });
            }
        }
        sound = ends;
    }
    Ok((lines, sound))
}

/// Whether the writing of a line was cut short: it has no end, or holes that the file system left for
/// blocks it had made room for and not written.
fn is_torn(line: &[u8]) -> bool {
    !line.ends_with(b"\n") || line.contains(&0)
}

fn check(line: &[u8]) -> Result<&str, &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("it has no end")?;
    let line = std::str::from_utf8(line).map_err(|_| "it is not text")?;
    let (sum, json) = line.split_once(' ').ok_or("it has no checksum")?;
    let matches = sum.len() == 8 && u32::from_str_radix(sum, 16) == Ok(crc32c::crc32c(json.as_bytes()));
    if matches { Ok(json) } else { Err("its checksum does not match") }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;

//! The file in which rows and jobs outlive this process.
//!
//! One line per event, each written with one unbuffered write: what has been acknowledged is in the kernel's
//! hands, where killing this process does not reach it. A torn last line is what nobody was told about.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// One thing that happened in the stand-in stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// A row was stored, and jobs numbered from `first` were enqueued, one on each of these queues.
    Posted { row: u64, first: u64, queues: Vec<String> },
    /// Something arrived for which jobs numbered from `first` were enqueued, and no row was stored.
    Delivered { first: u64, queues: Vec<String> },
    /// A job was done.
    Done { job: u64 },
    /// A job died with its worker.
    Lost { job: u64 },
    /// So many schedulers ran at once.
    Schedulers { at_once: u32 },
    /// Users arrived on green, or left it.
    Active { yes: bool },
}

impl Record {
    fn line(&self) -> String {
        match self {
            Self::Posted { row, first, queues } => format!("posted {row} {first} {}\n", queues.join(",")),
            Self::Delivered { first, queues } => format!("delivered {first} {}\n", queues.join(",")),
            Self::Done { job } => format!("done {job}\n"),
            Self::Lost { job } => format!("lost {job}\n"),
            Self::Schedulers { at_once } => format!("schedulers {at_once}\n"),
            Self::Active { yes } => format!("active {}\n", u8::from(*yes)),
        }
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let word = words.next()?;
        let number = words.next()?.parse::<u64>().ok()?;
        Some(match word {
            "posted" => Self::Posted {
                row: number,
                first: words.next()?.parse().ok()?,
                queues: words.next()?.split(',').map(str::to_owned).collect(),
            },
            "delivered" => Self::Delivered {
                first: number,
                queues: words.next()?.split(',').map(str::to_owned).collect(),
            },
            "done" => Self::Done { job: number },
            "lost" => Self::Lost { job: number },
            "schedulers" => Self::Schedulers { at_once: u32::try_from(number).ok()? },
            "active" => Self::Active { yes: number == 1 },
            _ => return None,
        })
    }
}

/// The open file.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Opens or creates the file and reads what it holds; a torn last line is cut off.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let records = text[..whole]
            .lines()
            .map(|line| Record::read(line).ok_or_else(|| unreadable(line)))
            .collect::<io::Result<Vec<_>>>()?;
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self { file }, records))
    }

    pub(crate) fn write(&mut self, record: &Record) -> io::Result<()> {
        self.file.write_all(record.line().as_bytes())
    }
}

fn unreadable(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("cannot read the record {line:?}"))
}

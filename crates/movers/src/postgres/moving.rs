//! A move, its journal, and how far it has come.

use std::num::NonZeroUsize;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::fence::Fence;
use super::replication::Stream;
use super::session::Session;
use super::tools::Tools;
use super::{Address, PostgresError, made};
use crate::{Journal, Limits};

/// Both sides of a move.
#[derive(Debug, Clone)]
pub struct Sides {
    /// What is moved.
    pub source: Address,
    /// Where it shall be.
    pub target: Address,
    /// The source as the target's server sees it, where that differs.
    pub source_from_target: Option<Address>,
    /// The target as the source's server sees it, where that differs.
    pub target_from_source: Option<Address>,
}

/// How a move is made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What it may take.
    pub limits: Limits,
    /// Who shall own all on the target; the same owners as on the source where nobody is named.
    pub owner: Option<String>,
    /// Where the tools are; found by themselves otherwise.
    pub tools: Option<Tools>,
    /// Bytes that building indexes may take on the target; as much as its `shared_buffers` otherwise.
    pub index_memory: Option<u64>,
    /// How many steps every sequence is set further than the source's.
    pub sequence_margin: u32,
    /// Whether tables whose rows cannot be found by a key may be told how to on the source.
    pub set_identities: bool,
    /// Bytes that are free on the target's disk; no server tells it.
    pub target_free: Option<u64>,
    /// Whether the preflight reads every row of unique indexes to find duplicates that a broken index lets stand.
    pub look_for_duplicates: bool,
    /// How long anything within the pause may take before it is undone.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits { bytes_per_second: None, connections: const { NonZeroUsize::new(4).unwrap() } },
            owner: None,
            tools: None,
            index_memory: None,
            sequence_margin: 1000,
            set_identities: false,
            target_free: None,
            look_for_duplicates: false,
            patience: Duration::from_secs(10),
        }
    }
}

/// How a database is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Dumped and restored by the official tools; nobody writes meanwhile.
    Dump,
    /// Copied by many connections within one snapshot; nobody writes meanwhile.
    Copy,
    /// Copied while it is written to, changes carried after it until the cut-over.
    Follow,
    /// The target is the source's streaming replica, and is promoted.
    Physical,
}

impl Mode {
    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Copy => "copy",
            Self::Follow => "follow",
            Self::Physical => "physical",
        }
    }
}

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was touched.
    New,
    /// It is being copied, or was when the process ended.
    Copying,
    /// All is there, as of one moment.
    Copied,
    /// Changes are carried after it.
    Following,
    /// The fence stands on the source; nothing may be written to the target yet.
    Fenced,
    /// The target may be taking writes.
    Opening,
    /// The target takes writes.
    Opened,
    /// The target takes writes, and they are carried back to the source.
    WayBack,
    /// The source takes writes as before.
    RolledBack,
    /// Nothing of the mover's is left.
    Cleaned,
}

impl Phase {
    /// Its name in JSON and in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Copying => "copying",
            Self::Copied => "copied",
            Self::Following => "following",
            Self::Fenced => "fenced",
            Self::Opening => "opening",
            Self::Opened => "opened",
            Self::WayBack => "way-back",
            Self::RolledBack => "rolled-back",
            Self::Cleaned => "cleaned",
        }
    }
}

/// What the journal holds. No address's password is among it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    Began {
        name: String,
        mode: Mode,
        source: String,
        target: String,
        is_fenced: bool,
    },
    /// `ALTER TABLE` statements that put back what was changed on the source.
    Identities {
        restore: Vec<String>,
    },
    Copied {
        fingerprint: String,
    },
    Following,
    Fenced,
    /// Which way back was prepared before the target opened.
    Opening {
        way_back: bool,
        /// Up to where the target's log is not for the way back: all of that came from the source.
        #[serde(default)]
        skipped: Option<String>,
    },
    Opened {
        pause_ms: f64,
    },
    WayBack,
    /// The way back is being gone; the target's fence stands.
    Returning,
    RolledBack,
    Cleaned,
}

/// A move between two databases, with its state in a folder that another process can go on from.
pub struct Move {
    pub(super) sides: Sides,
    pub(super) settings: Settings,
    pub(super) folder: PathBuf,
    journal: Journal<Record>,
    pub(super) records: Vec<Record>,
}

impl Move {
    /// Opens the state in a folder, or begins one.
    ///
    /// # Errors
    /// When the folder cannot be used, another process has it, or its state is that of other databases.
    pub fn open(folder: &Path, sides: Sides, settings: Settings) -> Result<Self, PostgresError> {
        let failed = |source| PostgresError::File { path: folder.to_owned(), source };
        if !folder.is_dir() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let (journal, records) = Journal::open(&folder.join("postgres.journal"), "postgres")?;
        let this = Self { sides, settings, folder: folder.to_owned(), journal, records };
        if let Some(Record::Began { source, target, .. }) = this.records.first()
            && (*source != this.sides.source.to_string() || *target != this.sides.target.to_string())
        {
            return Err(PostgresError::OtherMove { from: source.clone(), to: target.clone() });
        }
        Ok(this)
    }

    /// How far it has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let phase = |record: &Record| match record {
            Record::Began { .. } => Some(Phase::Copying),
            Record::Copied { .. } => Some(Phase::Copied),
            Record::Following => Some(Phase::Following),
            Record::Fenced => Some(Phase::Fenced),
            Record::Opening { .. } => Some(Phase::Opening),
            Record::Opened { .. } => Some(Phase::Opened),
            Record::WayBack | Record::Returning => Some(Phase::WayBack),
            Record::RolledBack => Some(Phase::RolledBack),
            Record::Cleaned => Some(Phase::Cleaned),
            Record::Identities { .. } => None,
        };
        self.records.iter().rev().find_map(phase).unwrap_or(Phase::New)
    }

    /// How it is moved, once that is decided.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.began().map(|(_, mode, _)| mode)
    }

    /// The name that all of this move bears: sessions, publication, slot, subscription.
    pub(super) fn name(&self) -> String {
        self.began().map_or_else(fresh_name, |(name, _, _)| name)
    }

    /// The name of what carries changes back.
    pub(super) fn name_back(&self) -> String {
        format!("{}_back", self.name())
    }

    /// Name, mode, and whether writes were stopped before anything was read.
    pub(super) fn began(&self) -> Option<(String, Mode, bool)> {
        self.records.iter().find_map(|record| match record {
            Record::Began { name, mode, is_fenced, .. } => Some((name.clone(), *mode, *is_fenced)),
            _ => None,
        })
    }

    /// Whether the phase is one of these.
    pub(super) fn must_be(&self, phases: &[Phase], reason: &'static str) -> Result<(), PostgresError> {
        let phase = self.phase();
        if phases.contains(&phase) {
            Ok(())
        } else {
            Err(PostgresError::OutOfTurn { phase: phase.name(), reason })
        }
    }

    pub(super) fn write(&mut self, record: Record) -> Result<(), PostgresError> {
        self.journal.write(&record)?;
        self.records.push(record);
        Ok(())
    }

    /// A session with each side, after those of an earlier process of this move have ended.
    pub(super) async fn sessions(&self) -> Result<(Session, Session), PostgresError> {
        let name = self.name();
        let source = Session::open(&self.sides.source, &name).await?;
        let target = Session::open(&self.sides.target, &name).await?;
        source.end_namesakes(&name).await?;
        target.end_namesakes(&name).await?;
        Ok((source, target))
    }

    /// Tools that can read the source.
    pub(super) fn tools(&self, major: u32) -> Result<Tools, PostgresError> {
        match &self.settings.tools {
            Some(tools) if tools.major() >= major => Ok(tools.clone()),
            Some(_) => Err(PostgresError::NoTool { program: "pg_dump", major }),
            None => Tools::find(major),
        }
    }

    pub(super) fn source_seen(&self) -> &Address {
        self.sides.source_from_target.as_ref().unwrap_or(&self.sides.source)
    }

    pub(super) fn target_seen(&self) -> &Address {
        self.sides.target_from_source.as_ref().unwrap_or(&self.sides.target)
    }

    /// Takes away all that this move has made on both sides; the source is as it was, writes included.
    pub(super) async fn undo(&self, source: &Session, target: &Session) -> Result<(), PostgresError> {
        let (name, back) = (self.name(), self.name_back());
        Fence { session: source, name: &name }.take_down().await?;
        self.end_streams(source, target, &name, &back).await?;
        self.restore_identities(source).await?;
        drop_ours(source, &name).await?;
        made::take_away(target, &name).await?;
        Fence { session: target, name: &name }.take_down().await
    }

    /// Ends publications, slots and subscriptions of both directions.
    pub(super) async fn end_streams(
        &self,
        source: &Session,
        target: &Session,
        name: &str,
        back: &str,
    ) -> Result<(), PostgresError> {
        for stream in
            [Stream { from: source, to: target, name }, Stream { from: target, to: source, name: back }]
        {
            stream.unsubscribe().await?;
            stream.unpublish().await?;
        }
        Ok(())
    }

    /// Puts back how the source's tables were told to find their rows.
    pub(super) async fn restore_identities(&self, source: &Session) -> Result<(), PostgresError> {
        let mut statements = Vec::new();
        for record in &self.records {
            if let Record::Identities { restore } = record {
                statements.extend(restore);
            }
        }
        for statement in statements {
            source.run("put back a replica identity", statement).await?;
        }
        Ok(())
    }
}

/// Removes the mover's own tables, if they are this move's.
pub(super) async fn drop_ours(session: &Session, name: &str) -> Result<(), PostgresError> {
    if made::whose(session).await?.as_deref() == Some(name) {
        let drop = format!("DROP SCHEMA {} CASCADE", super::catalog::OURS);
        session.run("remove the mover's own tables", &drop).await?;
    }
    Ok(())
}

fn fresh_name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("mastoferry_{:x}", since.as_nanos() >> 10)
}

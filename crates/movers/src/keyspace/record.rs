//! What the journal of a move of keys holds, and where the move stands by it.

use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::fence::Means;

/// The kind of journal.
pub(super) const KIND: &str = "keyspace";

/// How keys move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The target becomes a replica and is promoted: every database, every key.
    Replicate,
    /// Key by key.
    Copy,
    /// Not at all: the new Redis begins empty.
    Leave,
}

impl Mode {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Replicate => "replicate",
            Self::Copy => "copy",
            Self::Leave => "leave",
        }
    }
}

/// Where a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was done.
    New,
    /// Keys are being copied for the first time.
    Copying,
    /// All were copied once; the source serves.
    Copied,
    /// The target is a replica; the source serves.
    Following,
    /// A cut-over began and did not end: nobody was told to use the target.
    Handing,
    /// The target is the one; the source is fenced.
    HandedOver,
    /// The source is the one again; the move is over.
    RolledBack,
    /// What was needed on the way is taken away; the move is over.
    Cleaned,
}

impl Phase {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Copying => "copying",
            Self::Copied => "copied",
            Self::Following => "following",
            Self::Handing => "handing-over",
            Self::HandedOver => "handed-over",
            Self::RolledBack => "rolled-back",
            Self::Cleaned => "cleaned-up",
        }
    }
}

/// One event. What has an effect is written before it is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    /// A move begins.
    Begun(Begun),
    /// All keys up to this cursor of this run of the source have arrived.
    Reached { cursor: u64, run: String },
    /// All keys have arrived once.
    Copied,
    /// The target is told to follow.
    Following,
    /// A cut-over begins.
    Handing(Handing),
    /// It was taken back; the source serves.
    Released,
    /// The target is the one.
    HandedOver(HandedOver),
    /// Every key was compared after the cut-over; whether all were the same.
    Proven { holds: bool },
    /// The source is told to follow the target, for the way back.
    FollowsBack,
    /// The target is about to let nobody in, on the way back from beyond the cut-over.
    Returning(Returning),
    /// It lets nobody in, and the source has all that it will ever have of it.
    Returned,
    /// The move was taken back.
    RolledBack,
    /// What was needed on the way is taken away.
    Cleaned,
}

/// What moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) mode: Mode,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) choice: Choice,
}

/// What a cut-over needs to be taken back, or forward, by another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Handing {
    pub(super) means: Means,
    /// The target's run: one that was promoted has the same, one that was restarted another.
    pub(super) target_run: String,
}

/// What a cut-over came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct HandedOver {
    pub(super) means: Means,
    /// Milliseconds since 1970, by the target's clock.
    pub(super) at_ms: u64,
    /// For how long nobody could write; unknown where another process ended what one began.
    pub(super) pause_us: Option<u64>,
    /// Jobs that waited, were scheduled, to be tried again, or given up; equal on both sides.
    pub(super) jobs: u64,
}

/// What a way back from beyond the cut-over needs to be ended by another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Returning {
    /// What keeps writers out of the target.
    pub(super) means: Means,
    /// Whether the source followed it.
    pub(super) follows: bool,
}

/// The journal, read.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) begun: Option<Begun>,
    pub(super) reached: Option<(u64, String)>,
    copied: bool,
    following: bool,
    pub(super) handing: Option<Handing>,
    pub(super) handed: Option<HandedOver>,
    /// Whether a comparison after the cut-over found all to be the same.
    pub(super) proven: bool,
    pub(super) follows_back: bool,
    pub(super) returning: Option<Returning>,
    pub(super) returned: bool,
    rolled_back: bool,
    cleaned: bool,
}

impl Story {
    pub(super) fn read(records: impl IntoIterator<Item = Record>) -> Self {
        let mut story = Self::default();
        records.into_iter().for_each(|record| story.tell(record));
        story
    }

    pub(super) fn tell(&mut self, record: Record) {
        match record {
            Record::Begun(begun) => self.begun = Some(begun),
            Record::Reached { cursor, run } => self.reached = Some((cursor, run)),
            Record::Copied => self.copied = true,
            Record::Following => self.following = true,
            Record::Handing(handing) => self.handing = Some(handing),
            Record::Released => self.handing = None,
            Record::HandedOver(handed) => self.handed = Some(handed),
            Record::Proven { holds } => self.proven = holds,
            Record::FollowsBack => self.follows_back = true,
            Record::Returning(returning) => (self.returning, self.returned) = (Some(returning), false),
            Record::Returned => self.returned = true,
            Record::RolledBack => self.rolled_back = true,
            Record::Cleaned => self.cleaned = true,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        if self.cleaned {
            Phase::Cleaned
        } else if self.rolled_back {
            Phase::RolledBack
        } else if self.handed.is_some() {
            Phase::HandedOver
        } else if self.handing.is_some() {
            Phase::Handing
        } else if self.following {
            Phase::Following
        } else if self.copied {
            Phase::Copied
        } else if self.begun.is_some() {
            Phase::Copying
        } else {
            Phase::New
        }
    }

    pub(super) fn mode(&self) -> Mode {
        self.begun.as_ref().map_or(Mode::Leave, |begun| begun.mode)
    }
}

//! What can go wrong while media move.

use std::path::PathBuf;

use crate::JournalError;

/// Why a move of media cannot go on, or one object could not be moved. No key or credential of a store is among it.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Nobody answers, or not in time.
    #[error("{place} cannot be reached: {reason}")]
    Unreachable {
        /// Which side.
        place: String,
        /// The system's or the server's words.
        reason: String,
    },
    /// The credentials are wrong, or do not permit it.
    #[error("{place} does not permit to {doing}")]
    Denied {
        /// Which side.
        place: String,
        /// What was tried.
        doing: &'static str,
    },
    /// The bucket or the folder itself is not there (any more), or has nothing in it where it had something.
    #[error("{place} is not there, or has nothing in it any more")]
    Absent {
        /// Which side.
        place: String,
    },
    /// There is no such object (any more).
    #[error("{place} has no {key}")]
    Missing {
        /// Which side.
        place: String,
        /// Which object.
        key: String,
    },
    /// No room, on a disk or by a quota.
    #[error("{place} is full")]
    Full {
        /// Which side.
        place: String,
    },
    /// It refused for another reason.
    #[error("{place} refused to {doing}: {reason}")]
    Refused {
        /// Which side.
        place: String,
        /// What was tried.
        doing: &'static str,
        /// Its words.
        reason: String,
    },
    /// A listing holds a name that cannot be kept.
    #[error("{place} holds a name that cannot be kept everywhere: {name}")]
    Name {
        /// Which side.
        place: String,
        /// Which.
        name: String,
    },
    /// It was written to each time it was read.
    #[error("{key} changed each time it was read")]
    Changing {
        /// Which object.
        key: String,
    },
    /// What the target gives back is not what was sent.
    #[error("{key} does not come back from {place} as it was sent")]
    Corrupt {
        /// Which side.
        place: String,
        /// Which object.
        key: String,
    },
    /// A file of the mover's own state.
    #[error("{}: {source}", path.display())]
    State {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The ledger of what was written is damaged before its end.
    #[error("{} is damaged in line {line}", path.display())]
    Ledger {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
    },
    /// The state is that of a move between other places.
    #[error("the state in {} is that of a move from {from} to {to}", path.display())]
    Other {
        /// Which.
        path: PathBuf,
        /// Where that move comes from.
        from: String,
        /// And goes to.
        to: String,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A task of ours ended without an answer.
    #[error("a task of the move ended without an answer")]
    Lost,
}

impl MediaError {
    /// Whether what is wrong is wrong for every object, so that nothing more should be tried.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        !matches!(
            self,
            Self::Missing { .. }
                | Self::Changing { .. }
                | Self::Corrupt { .. }
                | Self::Refused { .. }
                | Self::Name { .. }
        )
    }
}

//! What can go wrong with a move of keys, told apart by what its owner has to do.

use super::record::Phase;
use crate::{Finding, JournalError, RedisError};

/// Why a move of keys did not go on. Addresses are host and port; no key and no value is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyspaceError {
    /// A Redis did not do what was asked.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was found beforehand keeps it from beginning; nothing was written.
    #[error("the checks refuse the move, and nothing was written")]
    Refused(Vec<Finding>),
    /// The state belongs to a move between other servers, or of other keys.
    #[error("this state belongs to a move from {source_at} to {target_at}")]
    OtherMove {
        /// From where.
        source_at: String,
        /// To where.
        target_at: String,
    },
    /// Not in this phase.
    #[error("the move is {}: it cannot {asked} now", phase.name())]
    Phase {
        /// Where it stands.
        phase: Phase,
        /// What was asked.
        asked: &'static str,
    },
    /// The target has no memory left.
    #[error("{address} has no memory left (maxmemory)")]
    Full {
        /// Host and port.
        address: String,
    },
    /// The target cannot write to its disk.
    #[error("{address} cannot write what it is told to its disk")]
    Unkept {
        /// Host and port.
        address: String,
    },
    /// The target does not understand the source's payloads.
    #[error("{address} is too old for what the source's DUMP gives")]
    Payload {
        /// Host and port.
        address: String,
    },
    /// The target does not become a replica.
    #[error("{address} did not become a replica within {seconds} s")]
    NoLink {
        /// The target's host and port.
        address: String,
        /// How long was waited.
        seconds: u64,
    },
    /// Sidekiq processes still take or run jobs from the source.
    #[error("{processes} Sidekiq processes still work on the old Redis")]
    Workers {
        /// How many.
        processes: usize,
    },
    /// Nothing keeps writers out of the source.
    #[error("{address} cannot be fenced: {reason}")]
    NoFence {
        /// Host and port.
        address: String,
        /// Why.
        reason: String,
    },
    /// The sides were not equal behind the fence; it was taken down, the source serves as before.
    #[error("{what} differ behind the fence ({source_has} and {target_has}); the source serves again")]
    Unequal {
        /// What was compared.
        what: &'static str,
        /// On the source.
        source_has: String,
        /// On the target.
        target_has: String,
    },
    /// A server was restarted in the middle; the source serves as before.
    #[error("{address} was restarted during the cut-over; the source serves again")]
    Restarted {
        /// Host and port.
        address: String,
    },
    /// Changes come faster than they can be carried.
    #[error("changes come faster than they can be carried to the target")]
    Restless,
    /// Going back would lose what was written since.
    #[error("what was written to the new Redis since the cut-over would be lost by going back")]
    AtRisk {
        /// When it was handed over, in milliseconds since 1970.
        since_ms: u64,
        /// Jobs that wait on the new side.
        jobs: u64,
    },
}

impl KeyspaceError {
    /// What a refusal of a write means.
    pub(super) fn of_write(error: RedisError) -> Self {
        match error {
            RedisError::Refused { address, reason, .. } if reason.contains("OOM") => Self::Full { address },
            RedisError::Refused { address, reason, .. } if reason.contains("MISCONF") => {
                Self::Unkept { address }
            }
            RedisError::Refused { address, reason, .. } if reason.contains("payload version") => {
                Self::Payload { address }
            }
            other => Self::Redis(other),
        }
    }
}

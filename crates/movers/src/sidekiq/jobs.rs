//! How much is waiting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Numbers of jobs at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
    /// Waiting in each queue.
    pub queues: BTreeMap<String, u64>,
    /// To be run at a time to come.
    pub scheduled: u64,
    /// To be tried again.
    pub retries: u64,
    /// Given up.
    pub dead: u64,
    /// Ever run.
    pub processed: u64,
    /// Ever failed.
    pub failed: u64,
}

impl Jobs {
    /// Waiting in all queues.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.queues.values().sum()
    }
}

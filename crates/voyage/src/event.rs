use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plan::StepId;
use serde::{Deserialize, Serialize};

use crate::{Breach, Outcome, Traffic};

/// What displays and reports are told. Times are milliseconds of real time since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum VoyageEvent {
    /// A step began.
    StepStarted {
        /// Which.
        id: StepId,
        /// When.
        at_ms: u64,
    },
    /// A step is done and verified.
    StepDone {
        /// Which.
        id: StepId,
        /// When.
        at_ms: u64,
    },
    /// A step failed or was interrupted.
    StepFailed {
        /// Which.
        id: StepId,
        /// Why.
        reason: String,
        /// When.
        at_ms: u64,
    },
    /// A step was taken back.
    StepUndone {
        /// Which.
        id: StepId,
        /// When.
        at_ms: u64,
    },
    /// What users got before anything changed.
    BaselineRecorded {
        /// What they got.
        traffic: Traffic,
        /// When.
        at_ms: u64,
    },
    /// A rule has something to say that breaks nothing.
    Noted {
        /// The rule's id.
        rule: String,
        /// What.
        note: String,
        /// When.
        at_ms: u64,
    },
    /// A rule is broken.
    Breach(Breach),
    /// Everything goes back.
    RollbackStarted {
        /// Why.
        reason: String,
        /// When.
        at_ms: u64,
    },
    /// Users are on blue again, and it was verified.
    TrafficRestored {
        /// Milliseconds since the verdict that caused it.
        ms: u64,
        /// When.
        at_ms: u64,
    },
    /// The voyage ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// When.
        at_ms: u64,
    },
}

/// Real time now, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

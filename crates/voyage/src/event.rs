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
    /// Somebody is asked, or it stops, before a step.
    Paused {
        /// Which.
        before: StepId,
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
    /// The old side's workers take no more jobs, or are about to be ended.
    QueuesDrained {
        /// How they were told.
        way: QueueWay,
        /// How many processes, where Redis told.
        processes: usize,
        /// What still ran when the time for it was over: it is put back and run again. `class (queue)`.
        outlasted: Vec<String>,
        /// Jobs before anybody was told anything, where Redis told.
        jobs: Option<movers::Jobs>,
        /// Milliseconds it took.
        took_ms: u64,
        /// When.
        at_ms: u64,
    },
    /// The new side's workers work every queue, and one of them keeps the schedule.
    QueuesStarted {
        /// Jobs then.
        jobs: movers::Jobs,
        /// When.
        at_ms: u64,
    },
    /// The new stores have what the old ones have, and follow them as far as that can be.
    StoresFollow {
        /// What was copied.
        followed: movers::stores::Followed,
        /// When.
        at_ms: u64,
    },
    /// The stores passed over.
    StoresPassed {
        /// What it came to.
        cut_over: movers::stores::CutOver,
        /// When.
        at_ms: u64,
    },
    /// The old stores are the ones again.
    StoresReturned {
        /// What it came to.
        gone: movers::stores::GoneBack,
        /// When.
        at_ms: u64,
    },
    /// Who applies the old side's objects from a repository is paused; at the end it stays so.
    GitopsPaused {
        /// Kind, namespace and name of each.
        owners: Vec<String>,
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

/// How workers were told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueWay {
    /// Over Sidekiq's own Redis: quiet first, ended when nothing ran.
    Redis,
    /// By ending their pods; Sidekiq puts back what does not end in time.
    Pods,
}

/// Real time now, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

//! What must hold at every instant, and whether it did.

use super::{Outcome, Summary};

/// The longest that a live connection may be gone while it passes to the new side.
const LONGEST_GAP_MS: u64 = 1_000;

/// Whether a promise was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Measured, and it held.
    Held,
    /// Measured, and it did not hold.
    Broken,
    /// Could not be measured.
    Unmeasured,
}

impl Kept {
    /// The id of its word.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Held => "promise-kept",
            Self::Broken => "promise-broken",
            Self::Unmeasured => "promise-unmeasured",
        }
    }

    fn at_most(value: Option<u64>, bound: u64) -> Self {
        match value {
            None => Self::Unmeasured,
            Some(value) if value <= bound => Self::Held,
            Some(_) => Self::Broken,
        }
    }
}

/// A promise, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The id of its message; that of its detail follows from it.
    pub id: &'static str,
    /// Whether it was kept.
    pub kept: Kept,
    /// The number it is judged by, if it was measured and is a number.
    pub count: Option<u64>,
}

/// The promises in the order in which they count.
#[must_use]
pub(crate) fn promises(summary: &Summary) -> Vec<Promise> {
    let invariants = &summary.invariants;
    let counted = |id, count, bound| Promise { id, kept: Kept::at_most(count, bound), count };
    let streaming = &summary.streaming;
    let reconnects = (streaming.connections > 0).then_some(streaming.max_reconnects_per_connection);
    let mut promises = vec![
        counted("promise-schedulers", invariants.max_schedulers, 1),
        counted("promise-jobs-lost", invariants.jobs_lost, 0),
        counted("promise-jobs-duplicated", invariants.jobs_duplicated, 0),
        counted("promise-rows-lost", invariants.rows_lost, 0),
        counted("promise-streaming", reconnects, 1),
    ];
    if streaming.longest_gap_ms >= LONGEST_GAP_MS
        && let Some(promise) = promises.last_mut()
    {
        promise.kept = Kept::Broken;
    }
    if summary.outcome == Outcome::RolledBack {
        let kept = match summary.blue_unchanged {
            None => Kept::Unmeasured,
            Some(true) => Kept::Held,
            Some(false) => Kept::Broken,
        };
        promises.push(Promise { id: "promise-blue-unchanged", kept, count: None });
    }
    promises
}

//! The judgement that the numbers support.

use super::{Kept, Outcome, Summary, promises};

/// What may be said in one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Completed; everything measured, everything good.
    Clean,
    /// Completed, but requests failed.
    Failures,
    /// Completed, but an invariant did not hold.
    Broken,
    /// Completed, but something could not be measured.
    Unproven,
    /// Rolled back after requests had failed.
    RolledBack,
    /// Rolled back before any request failed.
    RolledBackUnseen,
    /// Rolled back, but blue differs from what it was.
    RolledBackChanged,
    /// The first look forbade to begin.
    Refused,
    /// A human must decide.
    Stopped,
    /// It could neither go on nor back.
    Failed,
}

impl Verdict {
    /// Judges a summary. A value that could not be measured is never good news.
    #[must_use]
    pub(crate) fn of(summary: &Summary) -> Self {
        let failed = summary.traffic.failed > 0;
        match summary.outcome {
            Outcome::RolledBack if summary.blue_unchanged == Some(false) => Self::RolledBackChanged,
            Outcome::RolledBack if failed || summary.traffic.requests == 0 => Self::RolledBack,
            Outcome::RolledBack => Self::RolledBackUnseen,
            Outcome::Stopped if summary.is_refused() => Self::Refused,
            Outcome::Stopped => Self::Stopped,
            Outcome::Failed => Self::Failed,
            Outcome::Completed => {
                let promises = promises(summary);
                let any = |kept| promises.iter().any(|promise| promise.kept == kept);
                if any(Kept::Broken) || summary.ledger_count("unaccounted") > 0 {
                    Self::Broken
                } else if failed {
                    Self::Failures
                } else if any(Kept::Unmeasured) || summary.traffic.requests == 0 {
                    Self::Unproven
                } else {
                    Self::Clean
                }
            }
        }
    }

    /// The stem of its messages' ids.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Failures => "completed-failures",
            Self::Broken => "completed-broken",
            Self::Unproven => "completed-unproven",
            Self::RolledBack => "rolled-back",
            Self::RolledBackUnseen => "rolled-back-unseen",
            Self::RolledBackChanged => "rolled-back-changed",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Whether it is what one hoped for.
    #[must_use]
    pub(crate) fn is_good(self) -> bool {
        self == Self::Clean
    }

    /// Whether harm was averted, or something is merely open.
    #[must_use]
    pub(crate) fn is_mixed(self) -> bool {
        matches!(
            self,
            Self::Unproven | Self::RolledBack | Self::RolledBackUnseen | Self::Refused | Self::Stopped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_was_not_measured_is_never_clean() {
        assert_eq!(Verdict::of(&sample::completed()), Verdict::Clean);
        let mut summary = sample::completed();
        summary.invariants.rows_lost = None;
        assert_eq!(Verdict::of(&summary), Verdict::Unproven);
        let mut summary = sample::completed();
        summary.traffic.requests = 0;
        assert_eq!(Verdict::of(&summary), Verdict::Unproven);
    }

    #[test]
    fn two_schedulers_weigh_more_than_failed_requests() {
        let mut summary = sample::completed();
        summary.traffic.failed = 3;
        assert_eq!(Verdict::of(&summary), Verdict::Failures);
        summary.invariants.max_schedulers = Some(2);
        assert_eq!(Verdict::of(&summary), Verdict::Broken);
    }

    #[test]
    fn a_live_connection_that_reconnects_twice_breaks_a_promise() {
        let mut summary = sample::completed();
        summary.streaming.max_reconnects_per_connection = 2;
        assert_eq!(Verdict::of(&summary), Verdict::Broken);
        let mut summary = sample::completed();
        summary.streaming.longest_gap_ms = 1_000;
        assert_eq!(Verdict::of(&summary), Verdict::Broken);
    }

    #[test]
    fn what_the_first_look_forbade_was_never_begun() {
        let mut summary = sample::completed();
        summary.outcome = Outcome::Stopped;
        assert_eq!(Verdict::of(&summary), Verdict::Stopped);
        summary.steps.iter_mut().skip(1).for_each(|step| step.state = super::super::StepState::Pending);
        assert_eq!(Verdict::of(&summary), Verdict::Stopped, "it was only paused");
        summary.steps[0].state = super::super::StepState::Failed;
        assert_eq!(Verdict::of(&summary), Verdict::Refused);
    }

    #[test]
    fn going_back_before_anyone_saw_it_is_told_apart() {
        let mut summary = sample::rolled_back();
        assert_eq!(Verdict::of(&summary), Verdict::RolledBack);
        summary.traffic.failed = 0;
        assert_eq!(Verdict::of(&summary), Verdict::RolledBackUnseen);
        summary.blue_unchanged = Some(false);
        assert_eq!(Verdict::of(&summary), Verdict::RolledBackChanged);
    }
}

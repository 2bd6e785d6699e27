//! When requests are due. Nothing here waits or reads a clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A request that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// Which target.
    pub(crate) target: usize,
    /// When, from the start.
    pub(crate) at: Duration,
}

#[derive(Debug)]
struct Lane {
    phase: f64,
    period: f64,
    given: f64,
}

impl Lane {
    /// Computed from the count each time, so that no error adds up.
    fn next(&self) -> Duration {
        Duration::try_from_secs_f64(self.phase + self.given * self.period).unwrap_or(Duration::MAX)
    }
}

/// The merged schedule of all targets.
#[derive(Debug)]
pub(crate) struct Schedule {
    lanes: Vec<Lane>,
    next: BinaryHeap<Reverse<(Duration, usize)>>,
}

impl Schedule {
    /// For targets of these rates, in requests per second. Targets of the same rate are spread over
    /// their period, so that they do not all fire at once.
    pub(crate) fn new(rates: impl IntoIterator<Item = f64>) -> Self {
        // The fractional parts of the golden ratio's multiples lie as evenly as such a sequence can.
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        let mut share = 0.0_f64;
        let mut lanes = Vec::new();
        for rate in rates {
            let period = 1.0 / rate;
            lanes.push(Lane { phase: share * period, period, given: 0.0 });
            share = (share + GOLDEN).fract();
        }
        let next = lanes.iter().enumerate().map(|(target, lane)| Reverse((lane.next(), target))).collect();
        Self { lanes, next }
    }

    /// When the next request is due.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.next.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next request that is due by `now`; call until there is none, so that a late caller sends
    /// all that it missed.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Due> {
        if self.next_at()? > now {
            return None;
        }
        let Reverse((at, target)) = self.next.pop()?;
        let lane = &mut self.lanes[target];
        lane.given += 1.0;
        self.next.push(Reverse((lane.next(), target)));
        Some(Due { target, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(schedule: &mut Schedule, now: Duration) -> Vec<Due> {
        std::iter::from_fn(|| schedule.take(now)).collect()
    }

    #[test]
    fn each_target_keeps_its_own_rate() {
        let mut schedule = Schedule::new([3.0, 50.0, 7.0]);
        let due = all(&mut schedule, Duration::from_millis(9_999));
        let count = |target| due.iter().filter(|due| due.target == target).count();
        assert_eq!((count(0), count(1), count(2)), (30, 500, 70));
        assert!(due.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }

    #[test]
    fn a_late_caller_is_given_all_it_missed_at_the_instants_they_were_due() {
        let mut punctual = Schedule::new([100.0, 30.0]);
        let mut late = Schedule::new([100.0, 30.0]);
        let step_by_step: Vec<Due> =
            (0..=2_000).flat_map(|ms| all(&mut punctual, Duration::from_millis(ms))).collect();
        assert_eq!(all(&mut late, Duration::from_secs(2)), step_by_step);
    }

    #[test]
    fn nothing_drifts_in_a_day() {
        let mut schedule = Schedule::new([3.0]);
        let last = all(&mut schedule, Duration::from_secs(86_400)).pop().map(|due| due.at);
        assert_eq!(last, Some(Duration::from_secs(86_400)));
    }

    #[test]
    fn equal_targets_do_not_fire_together() {
        let mut schedule = Schedule::new([10.0; 8]);
        let mut due = all(&mut schedule, Duration::from_millis(99));
        assert_eq!(due.len(), 8);
        due.dedup_by_key(|due| due.at.as_millis() / 4);
        assert_eq!(due.len(), 8);
    }

    #[test]
    fn no_targets_are_never_due() {
        let mut schedule = Schedule::new([]);
        assert_eq!(schedule.next_at(), None);
        assert_eq!(schedule.take(Duration::MAX), None);
    }
}

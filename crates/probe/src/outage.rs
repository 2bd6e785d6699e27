//! When a component was out: downtime, outages and silence, computed from what became of its requests.

use crate::bucket::{BUCKET_MS, Slice};

/// Follows a component's slices in order of time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outages {
    /// When the first failure since the last good answer was due.
    since_ms: Option<u64>,
    last_failure_ms: u64,
    longest_ms: u64,
    down_buckets: u64,
}

impl Outages {
    /// Takes the next slice, and says whether the component was down in it.
    pub(crate) fn follow(&mut self, index: u64, slice: &Slice) -> bool {
        let start_ms = index * BUCKET_MS;
        if slice.failed == 0 {
            if slice.answered > 0 {
                self.end(start_ms + u64::from(slice.answered_at.trailing_zeros()));
            }
            return false;
        }
        for offset in 0..BUCKET_MS {
            let bit = 1_u128 << offset;
            // A millisecond in which both happened is no outage: which came first is not known.
            if slice.answered_at & bit != 0 {
                self.end(start_ms + offset);
            } else if slice.failed_at & bit != 0 {
                self.since_ms.get_or_insert(start_ms + offset);
                self.last_failure_ms = start_ms + offset;
            }
        }
        let down = slice.answered == 0;
        self.down_buckets += u64::from(down);
        down
    }

    fn end(&mut self, at_ms: u64) {
        if let Some(since) = self.since_ms.take() {
            self.longest_ms = self.longest_ms.max(at_ms - since);
        }
    }

    pub(crate) fn downtime_ms(&self) -> u64 {
        self.down_buckets * BUCKET_MS
    }

    /// Including the one that has not ended.
    pub(crate) fn longest_ms(&self) -> u64 {
        let open = self.since_ms.map_or(0, |since| self.last_failure_ms + 1 - since);
        self.longest_ms.max(open)
    }
}

/// Follows the arrival of good answers.
#[derive(Debug, Clone)]
pub(crate) struct Silence {
    interval_us: u64,
    last_us: Option<u64>,
    longest_us: u64,
}

impl Silence {
    /// `rate` is the component's requests per second.
    pub(crate) fn new(rate: f64) -> Self {
        let interval = std::time::Duration::try_from_secs_f64(1.0 / rate).unwrap_or_default();
        let interval_us = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
        Self { interval_us, last_us: None, longest_us: 0 }
    }

    pub(crate) fn answered(&mut self, at_us: u64) {
        self.longest_us = self.until(at_us);
        self.last_us = Some(self.last_us.map_or(at_us, |last| last.max(at_us)));
    }

    /// The longest silence if nothing arrives before `at_us`.
    pub(crate) fn until(&self, at_us: u64) -> u64 {
        let gap = at_us.saturating_sub(self.last_us.unwrap_or(0)).saturating_sub(self.interval_us);
        self.longest_us.max(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One request every 10 ms; `failed` says which failed.
    fn follow(duration_ms: u64, failed: impl Fn(u64) -> bool) -> Outages {
        let mut outages = Outages::default();
        for index in 0..duration_ms / BUCKET_MS {
            let mut slice = Slice::default();
            for offset in (0..BUCKET_MS).step_by(10) {
                slice.record(offset, !failed(index * BUCKET_MS + offset));
            }
            outages.follow(index, &slice);
        }
        outages
    }

    #[test]
    fn answers_without_failures_are_no_outage_however_slow() {
        let outages = follow(5_000, |_| false);
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (0, 0));
    }

    #[test]
    fn an_outage_lasts_from_its_first_failure_to_the_next_answer() {
        // Down for 730 ms, which covers six whole buckets; the two at its ends were half alive.
        let outages = follow(5_000, |ms| (1_050..1_780).contains(&ms));
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (600, 730));
    }

    #[test]
    fn a_lone_failure_is_an_outage_of_one_interval_and_no_downtime() {
        let outages = follow(1_000, |ms| ms == 500);
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (0, 10));
    }

    #[test]
    fn an_outage_that_never_ends_counts_to_the_last_request() {
        let outages = follow(1_000, |ms| ms >= 500);
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (500, 491));
    }

    #[test]
    fn one_that_was_there_from_the_start_counts() {
        let outages = follow(1_000, |ms| ms < 300);
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (300, 300));
    }

    #[test]
    fn the_longest_of_several_is_kept_and_downtime_adds_up() {
        let outages = follow(5_000, |ms| (1_000..1_200).contains(&ms) || (3_000..3_500).contains(&ms));
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (700, 500));
    }

    #[test]
    fn every_second_request_failing_is_no_downtime() {
        let outages = follow(2_000, |ms| ms % 20 == 0);
        assert_eq!((outages.downtime_ms(), outages.longest_ms()), (0, 10));
    }

    #[test]
    fn a_stall_is_silence_beyond_the_interval() {
        let mut silence = Silence::new(100.0);
        for answer in [5_000, 15_000, 25_000, 1_500_000, 1_500_100, 1_510_000] {
            silence.answered(answer);
        }
        assert_eq!(silence.until(1_515_000), 1_475_000 - 10_000);
        assert_eq!(silence.until(9_510_000), 8_000_000 - 10_000);
    }
}

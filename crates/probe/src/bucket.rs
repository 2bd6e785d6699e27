//! The run in buckets of 100 ms, by the instant requests were due.

use std::collections::{BTreeMap, VecDeque};

use crate::latency::{Latencies, milliseconds};
use crate::report::{Bucket, FailureSpan};

/// How long a bucket is.
pub(crate) const BUCKET_MS: u64 = 100;

/// What became of one component's requests due in one bucket; the sets hold a bit for each millisecond.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slice {
    pub(crate) answered: u32,
    pub(crate) failed: u32,
    pub(crate) answered_at: u128,
    pub(crate) failed_at: u128,
}

impl Slice {
    pub(crate) fn record(&mut self, offset_ms: u64, good: bool) {
        let bit = 1_u128 << offset_ms;
        if good {
            self.answered = self.answered.saturating_add(1);
            self.answered_at |= bit;
        } else {
            self.failed = self.failed.saturating_add(1);
            self.failed_at |= bit;
        }
    }
}

/// Values by bucket, of which those that may still change are at hand and older ones are handed over.
#[derive(Debug, Clone)]
pub(crate) struct Open<T> {
    first: u64,
    values: VecDeque<T>,
}

impl<T: Default> Open<T> {
    pub(crate) fn new() -> Self {
        Self { first: 0, values: VecDeque::new() }
    }

    /// The bucket's value; that of the oldest open one if it was closed already.
    pub(crate) fn at(&mut self, index: u64) -> &mut T {
        let position = usize::try_from(index.saturating_sub(self.first)).unwrap_or(usize::MAX);
        while self.values.len() <= position {
            self.values.push_back(T::default());
        }
        &mut self.values[position]
    }

    /// The oldest bucket that is open.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Takes the oldest open bucket out.
    pub(crate) fn close(&mut self) -> (u64, T) {
        let closed = (self.first, self.values.pop_front().unwrap_or_default());
        self.first += 1;
        closed
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        (self.first..).zip(&self.values)
    }
}

/// Failures of one bucket by millisecond.
type FailedAt = [u16; BUCKET_MS as usize];

#[derive(Debug, Clone, Copy, Default)]
struct Course {
    answered: u32,
    failed: u32,
    p99_us: u32,
}

/// All components together. A closed bucket takes twelve bytes, and one with failures 200 more.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    buckets: Vec<Course>,
    failed_at: BTreeMap<u64, Box<FailedAt>>,
}

/// Latencies of a bucket that may still change.
pub(crate) type OpenLatencies = Option<Box<Latencies<u32>>>;

impl Timeline {
    pub(crate) fn record(&mut self, due_ms: u64, good: bool) {
        let index = due_ms / BUCKET_MS;
        let bucket = self.at(index);
        if good {
            bucket.answered = bucket.answered.saturating_add(1);
            return;
        }
        bucket.failed = bucket.failed.saturating_add(1);
        let milliseconds = self.failed_at.entry(index).or_insert_with(|| Box::new([0; BUCKET_MS as usize]));
        for (offset, count) in (0..).zip(milliseconds.iter_mut()) {
            if offset == due_ms % BUCKET_MS {
                *count = count.saturating_add(1);
            }
        }
    }

    fn at(&mut self, index: u64) -> &mut Course {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        if self.buckets.len() <= position {
            self.buckets.resize(position + 1, Course::default());
        }
        &mut self.buckets[position]
    }

    pub(crate) fn close(&mut self, index: u64, latencies: &OpenLatencies) {
        if let Some(latencies) = latencies {
            self.at(index).p99_us = p99_us(latencies);
        }
    }

    /// The buckets that saw requests; `open` are the latencies not closed yet.
    pub(crate) fn buckets(&self, open: &Open<OpenLatencies>) -> Vec<Bucket> {
        let mut open: BTreeMap<u64, u32> =
            open.iter().filter_map(|(index, latencies)| Some((index, p99_us(latencies.as_ref()?)))).collect();
        let mut told = Vec::new();
        for (index, course) in (0..).zip(&self.buckets) {
            if course.answered + course.failed == 0 {
                continue;
            }
            let p99_us = open.remove(&index).unwrap_or(course.p99_us);
            told.push(Bucket {
                at_ms: index * BUCKET_MS,
                answered: course.answered,
                failed: course.failed,
                p99_ms: (course.answered > 0).then(|| milliseconds(u64::from(p99_us))),
            });
        }
        told
    }

    /// The failures among requests due from `from_ms` to `to_ms`, both included.
    pub(crate) fn failures_between(&self, from_ms: u64, to_ms: u64) -> Option<FailureSpan> {
        if from_ms > to_ms {
            return None;
        }
        let mut span: Option<FailureSpan> = None;
        for (index, milliseconds) in self.failed_at.range(from_ms / BUCKET_MS..=to_ms / BUCKET_MS) {
            for (offset, count) in (0..).zip(milliseconds.iter()) {
                let at_ms = index * BUCKET_MS + offset;
                if *count == 0 || at_ms < from_ms || at_ms > to_ms {
                    continue;
                }
                let span = span.get_or_insert(FailureSpan { first_ms: at_ms, last_ms: at_ms, count: 0 });
                span.last_ms = at_ms;
                span.count += u64::from(*count);
            }
        }
        span
    }
}

fn p99_us(latencies: &Latencies<u32>) -> u32 {
    u32::try_from(latencies.quantile_us(0.99)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_found_to_the_millisecond() {
        let mut timeline = Timeline::default();
        for due_ms in [1_234, 1_250, 1_250, 1_999, 5_000] {
            timeline.record(due_ms, false);
            timeline.record(due_ms, true);
        }
        let all = FailureSpan { first_ms: 1_234, last_ms: 5_000, count: 5 };
        assert_eq!(timeline.failures_between(0, u64::MAX), Some(all));
        let some = FailureSpan { first_ms: 1_250, last_ms: 1_999, count: 3 };
        assert_eq!(timeline.failures_between(1_235, 4_999), Some(some));
        assert_eq!(timeline.failures_between(2_000, 4_999), None);
        assert_eq!(timeline.failures_between(5_001, 1_000), None);
    }

    #[test]
    fn a_bucket_closed_too_early_loses_no_count() {
        let mut open = Open::<Slice>::new();
        open.at(4).record(0, true);
        while open.first() < 3 {
            open.close();
        }
        open.at(1).record(7, false);
        let counts: Vec<_> =
            open.iter().map(|(index, slice)| (index, slice.answered, slice.failed)).collect();
        assert_eq!(counts, [(3, 0, 1), (4, 1, 0)]);
    }
}

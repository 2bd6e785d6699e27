//! What happened lately, by the instant requests ended: the guard's view.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::failure::FailureKind;
use crate::latency::Latencies;

const SLOT: Duration = Duration::from_millis(100);

/// The requests that ended within a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WindowStats {
    /// How many ended.
    pub requests: u64,
    /// Those of them without a good answer, for whatever reason.
    pub failed: u64,
    /// Those of them with a 5xx, or with no answer at all.
    pub server_errors: u64,
    /// Median latency of the good answers, within 7 %; 0 when there were none.
    pub p50_us: u64,
    /// 95th percentile of the same.
    pub p95_us: u64,
    /// 99th percentile of the same.
    pub p99_us: u64,
}

#[derive(Debug, Clone)]
struct Cell {
    requests: u32,
    failed: u32,
    server_errors: u32,
    latencies: Latencies<u16>,
}

#[derive(Debug, Clone)]
pub(crate) struct Slot {
    index: u128,
    /// By component.
    cells: Vec<Option<Box<Cell>>>,
}

/// The slots of the last while. A slot is shared with whoever looks at it, so that looking holds the lock
/// only for as long as it takes to count the slots.
#[derive(Debug)]
pub(crate) struct Windows {
    components: usize,
    kept: u128,
    slots: VecDeque<Arc<Slot>>,
}

impl Windows {
    pub(crate) fn new(components: usize, history: Duration) -> Self {
        Self { components, kept: slots_in(history), slots: VecDeque::new() }
    }

    pub(crate) fn record(&mut self, component: usize, now: Duration, outcome: Result<Duration, FailureKind>) {
        let cell = self.cell(component, now);
        cell.requests += 1;
        match outcome {
            Ok(latency) => {
                cell.latencies.record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            }
            Err(kind) => {
                cell.failed += 1;
                cell.server_errors += u32::from(kind.is_server_error());
            }
        }
    }

    fn cell(&mut self, component: usize, now: Duration) -> &mut Cell {
        // Whoever read the clock first may come to the lock second: it counts in the newest slot.
        let index = now.as_millis() / SLOT.as_millis();
        if self.slots.back().is_none_or(|slot| slot.index < index) {
            while self.slots.front().is_some_and(|slot| slot.index + self.kept < index) {
                self.slots.pop_front();
            }
            self.slots.push_back(Arc::new(Slot { index, cells: vec![None; self.components] }));
        }
        let newest = self.slots.len() - 1;
        let slot = Arc::make_mut(&mut self.slots[newest]);
        slot.cells[component].get_or_insert_with(|| {
            Box::new(Cell { requests: 0, failed: 0, server_errors: 0, latencies: Latencies::coarse() })
        })
    }

    /// The slots that cover the last `span`, and up to 100 ms more.
    pub(crate) fn recent(&self, now: Duration, span: Duration) -> Vec<Arc<Slot>> {
        let newest = now.as_millis() / SLOT.as_millis();
        let wanted = self.slots.iter().rev().take_while(|slot| slot.index + slots_in(span) >= newest);
        wanted.cloned().collect()
    }
}

fn slots_in(span: Duration) -> u128 {
    span.as_millis().div_ceil(SLOT.as_millis())
}

/// Sums up slots, of one component or of all.
pub(crate) fn sum_up(slots: &[Arc<Slot>], component: Option<usize>) -> WindowStats {
    let mut stats = WindowStats::default();
    let mut latencies = Latencies::<u64>::coarse();
    for slot in slots {
        let cells = match component {
            Some(component) => slot.cells.get(component..=component).unwrap_or_default(),
            None => &slot.cells,
        };
        for cell in cells.iter().flatten() {
            stats.requests += u64::from(cell.requests);
            stats.failed += u64::from(cell.failed);
            stats.server_errors += u64::from(cell.server_errors);
            latencies.absorb(&cell.latencies);
        }
    }
    stats.p50_us = latencies.quantile_us(0.50);
    stats.p95_us = latencies.quantile_us(0.95);
    stats.p99_us = latencies.quantile_us(0.99);
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: usize = 0;
    const STREAMING: usize = 1;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_window_forgets_what_ended_before_it() {
        let mut windows = Windows::new(2, Duration::from_secs(60));
        for ms in (0..1_000).step_by(10) {
            windows.record(WEB, at(ms), Err(FailureKind::Status(500)));
        }
        for ms in (1_000..3_000).step_by(10) {
            windows.record(WEB, at(ms), Ok(Duration::from_millis(20)));
        }
        let stats = sum_up(&windows.recent(at(2_999), at(1_900)), None);
        assert_eq!((stats.requests, stats.failed), (200, 0));
        assert!((20_000..21_400).contains(&stats.p50_us), "{stats:?}");
        let all = sum_up(&windows.recent(at(2_999), at(60_000)), None);
        assert_eq!((all.requests, all.failed, all.server_errors), (300, 100, 100));
    }

    #[test]
    fn a_component_is_seen_alone() {
        let mut windows = Windows::new(2, Duration::from_secs(60));
        windows.record(WEB, at(10), Err(FailureKind::WrongComponent));
        windows.record(STREAMING, at(20), Err(FailureKind::Connect));
        windows.record(STREAMING, at(30), Err(FailureKind::Status(404)));
        let slots = windows.recent(at(40), at(1_000));
        let counts = |stats: WindowStats| (stats.requests, stats.failed, stats.server_errors);
        assert_eq!(counts(sum_up(&slots, Some(WEB))), (1, 1, 1));
        assert_eq!(counts(sum_up(&slots, Some(STREAMING))), (2, 2, 1));
        assert_eq!(counts(sum_up(&slots, None)), (3, 3, 2));
    }

    #[test]
    fn what_somebody_looks_at_does_not_change_under_them() {
        let mut windows = Windows::new(1, Duration::from_secs(1));
        windows.record(0, at(10), Ok(at(1)));
        let before = windows.recent(at(10), at(100));
        windows.record(0, at(11), Ok(at(1)));
        assert_eq!(sum_up(&before, None).requests, 1);
        assert_eq!(sum_up(&windows.recent(at(11), at(100)), None).requests, 2);
    }

    #[test]
    fn no_more_is_kept_than_was_asked_for() {
        let mut windows = Windows::new(1, Duration::from_secs(1));
        for ms in (0..100_000).step_by(50) {
            windows.record(0, at(ms), Ok(at(1)));
        }
        assert_eq!(windows.slots.len(), 11);
    }
}

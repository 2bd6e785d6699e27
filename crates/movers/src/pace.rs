//! How fast a mover may go, how far it is, and how long the rest will take.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a mover may take of the machines and the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes a second, all connections together; as many as there are where none is set.
    pub bytes_per_second: Option<NonZeroU64>,
    /// Connections to each side that carry data at once. Media are read back over as many again.
    pub connections: NonZeroUsize,
}

/// Lets bytes through no faster than [`Limits::bytes_per_second`]. Shared by all connections.
#[derive(Debug)]
pub struct Pace {
    rate: Option<NonZeroU64>,
    /// When what was let through so far is paid for.
    paid: Mutex<Instant>,
}

impl Pace {
    /// At most so many bytes a second.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { rate: limits.bytes_per_second, paid: Mutex::new(Instant::now()) }
    }

    /// Waits until so many bytes more may pass.
    pub async fn let_through(&self, bytes: u64) {
        let Some(rate) = self.rate else { return };
        let cost = Duration::from_secs_f64(bytes as f64 / rate.get() as f64);
        let until = {
            let mut paid = self.paid.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let from = (*paid).max(Instant::now());
            *paid = from + cost;
            from
        };
        tokio::time::sleep_until(until.into()).await;
    }
}

/// How far a mover is; counted by all its connections, read by who shows it.
#[derive(Debug)]
pub struct Meter {
    began: Instant,
    bytes: AtomicU64,
    items: AtomicU64,
    bytes_in_all: AtomicU64,
    items_in_all: AtomicU64,
}

/// A look at a [`Meter`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Bytes that have arrived.
    pub bytes: u64,
    /// All bytes, as far as they are known; 0 where they are not.
    pub bytes_in_all: u64,
    /// Rows, keys or objects that have arrived.
    pub items: u64,
    /// All of them, as far as they are known; 0 where they are not.
    pub items_in_all: u64,
    /// Bytes a second since the beginning.
    pub bytes_per_second: f64,
    /// How long the rest will take at that rate; nothing while nobody can know.
    pub left: Option<Duration>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            bytes: AtomicU64::new(0),
            items: AtomicU64::new(0),
            bytes_in_all: AtomicU64::new(0),
            items_in_all: AtomicU64::new(0),
        }
    }
}

impl Meter {
    /// So much there is in all.
    pub fn expect(&self, items: u64, bytes: u64) {
        self.items_in_all.store(items, Ordering::Relaxed);
        self.bytes_in_all.store(bytes, Ordering::Relaxed);
    }

    /// So much more has arrived.
    pub fn add(&self, items: u64, bytes: u64) {
        self.items.fetch_add(items, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How far it is now.
    #[must_use]
    pub fn look(&self) -> Standing {
        self.standing(self.began.elapsed())
    }

    fn standing(&self, elapsed: Duration) -> Standing {
        let (bytes, bytes_in_all) =
            (self.bytes.load(Ordering::Relaxed), self.bytes_in_all.load(Ordering::Relaxed));
        let (items, items_in_all) =
            (self.items.load(Ordering::Relaxed), self.items_in_all.load(Ordering::Relaxed));
        let left = |done: u64, all: u64| {
            (done > 0 && all >= done).then(|| elapsed.mul_f64((all - done) as f64 / done as f64))
        };
        let bytes_per_second = if elapsed.is_zero() { 0.0 } else { bytes as f64 / elapsed.as_secs_f64() };
        let left = if bytes_in_all > 0 { left(bytes, bytes_in_all) } else { left(items, items_in_all) };
        Standing { bytes, bytes_in_all, items, items_in_all, bytes_per_second, left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_what_is_done() {
        let meter = Meter::default();
        assert_eq!(meter.standing(Duration::from_secs(1)).left, None);
        meter.expect(100, 4_000);
        meter.add(10, 1_000);
        let standing = meter.standing(Duration::from_secs(2));
        assert_eq!((standing.items, standing.bytes), (10, 1_000));
        assert_eq!(standing.left, Some(Duration::from_secs(6)));
        assert!((standing.bytes_per_second - 500.0).abs() < 1e-9);
    }

    #[tokio::test]
    async fn no_more_passes_than_may() {
        let limits = Limits { bytes_per_second: NonZeroU64::new(1_000_000), connections: NonZeroUsize::MIN };
        let pace = Pace::new(&limits);
        let began = Instant::now();
        for _ in 0..4 {
            pace.let_through(10_000).await;
        }
        let paid = *pace.paid.lock().expect("whole");
        assert!(paid >= began + Duration::from_millis(40), "40 ms' worth was let through");
        assert!(began.elapsed() >= Duration::from_millis(30), "and no sooner");
    }
}

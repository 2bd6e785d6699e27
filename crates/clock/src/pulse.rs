//! Whether this process gets its turn in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often it is tried.
const BEAT: Duration = Duration::from_millis(5);

/// Listens to how late the tasks of a runtime are woken.
///
/// A delay of 50 ms is nothing to a person and two seconds to a cluster that lives forty times as fast: what goes wrong
/// in such a moment may be the machine's doing. It ends when it is dropped.
#[derive(Debug)]
pub struct Pulse {
    longest_us: Arc<AtomicU64>,
    listening: JoinHandle<()>,
}

impl Pulse {
    /// Begins to listen. Must be called within a tokio runtime.
    #[must_use]
    pub fn start() -> Self {
        let longest_us = Arc::new(AtomicU64::new(0));
        let longest = Arc::clone(&longest_us);
        let listening = tokio::spawn(async move {
            loop {
                let due = Instant::now() + BEAT;
                tokio::time::sleep_until(due).await;
                let late = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                longest.fetch_max(late, Ordering::Relaxed);
            }
        });
        Self { longest_us, listening }
    }

    /// The longest delay so far, on the wall.
    #[must_use]
    pub fn longest_delay(&self) -> Duration {
        Duration::from_micros(self.longest_us.load(Ordering::Relaxed))
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_runtime_that_is_held_up_is_late() {
        let pulse = Pulse::start();
        tokio::time::sleep(BEAT * 2).await;
        // Nothing else of this runtime runs meanwhile.
        std::thread::sleep(Duration::from_millis(80));
        tokio::time::sleep(BEAT * 2).await;
        assert!(pulse.longest_delay() >= Duration::from_millis(70), "{:?}", pulse.longest_delay());
    }
}

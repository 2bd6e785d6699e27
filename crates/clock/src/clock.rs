//! The clock.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A clock that runs `speed` times as fast as the wall's. Copies agree with one another.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    speed: f64,
    started: Instant,
    started_at: SystemTime,
    dated_by_the_wall: bool,
}

impl Clock {
    /// The wall's own time, for real clusters.
    #[must_use]
    pub fn real() -> Self {
        Self::faster(1.0)
    }

    /// A clock `speed` times as fast, started now. Speeds that are not positive and finite count as 1.
    #[must_use]
    pub fn faster(speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { speed, started: Instant::now(), started_at: SystemTime::now(), dated_by_the_wall: false }
    }

    /// The same clock with the wall's date and time: spans pass faster, but [`Clock::now`] is what others read. For a
    /// node that hurries beside controllers which do not.
    #[must_use]
    pub fn dated_by_the_wall(self) -> Self {
        Self { dated_by_the_wall: true, ..self }
    }

    /// How many times as fast as the wall's time.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// How long a span of cluster time lasts on the wall.
    #[must_use]
    pub fn on_the_wall(&self, cluster: Duration) -> Duration {
        cluster.div_f64(self.speed)
    }

    /// Waits for a span of cluster time.
    pub async fn sleep(&self, cluster: Duration) {
        tokio::time::sleep(self.on_the_wall(cluster)).await;
    }

    /// The instant after a span of cluster time, for `tokio::time::timeout_at` and the like.
    #[must_use]
    pub fn after(&self, cluster: Duration) -> Instant {
        Instant::now() + self.on_the_wall(cluster)
    }

    /// Cluster time since the clock was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().mul_f64(self.speed)
    }

    /// The same clock for somebody whose date and time are ahead of the cluster's by this much; spans stay the same.
    #[must_use]
    pub fn ahead(self, by: Duration) -> Self {
        Self { started_at: self.started_at.checked_add(by).unwrap_or(self.started_at), ..self }
    }

    /// The same clock for somebody whose date and time are behind the cluster's by this much; spans stay the same.
    #[must_use]
    pub fn behind(self, by: Duration) -> Self {
        Self { started_at: self.started_at.checked_sub(by).unwrap_or(self.started_at), ..self }
    }

    /// The date and time in the cluster.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        if self.dated_by_the_wall { SystemTime::now() } else { self.started_at + self.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_faster_clock_waits_less_and_counts_more() {
        let clock = Clock::faster(20.0);
        let before = Instant::now();
        clock.sleep(Duration::from_secs(180)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(9));
        assert_eq!(clock.elapsed(), Duration::from_secs(180));
    }
}

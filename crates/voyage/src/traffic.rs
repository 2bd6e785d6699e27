use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What users got in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Requests that were due in the span.
    pub requests: u64,
    /// Those answered with 5xx, or not at all.
    pub server_errors: u64,
    /// The 95th percentile of latency, in microseconds.
    pub p95_us: u64,
}

impl Traffic {
    /// The share of failures, in percent.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below 2^52")]
    pub fn error_percent(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.server_errors as f64 * 100.0 / self.requests as f64 }
    }
}

/// Whatever watches what users get: the prober, or a monitoring system.
pub trait TrafficSource: Send + Sync {
    /// What users got in the last span of real time.
    fn window(&self, wall: Duration) -> Traffic;

    /// Users are about to be moved to green alone.
    fn users_moved(&self);

    /// Maintenance is announced, or over: meanwhile 503 with `Retry-After` is what users were told to expect. Nobody has to
    /// care.
    fn announced(&self, _maintenance: bool) {}

    /// A step is about to begin. Nobody has to care.
    fn step_begins(&self, _step: &plan::StepId) {}
}

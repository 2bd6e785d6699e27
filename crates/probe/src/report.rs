//! What a run tells: plain values, written as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrafficReport {
    /// Requests sent, or due and not sent because the prober was overloaded.
    pub requests: u64,
    /// Those of them without a good answer.
    pub failed: u64,
    /// 100 ms for each bucket in which some component was asked and gave no good answer.
    pub downtime_ms: u64,
    /// The longest outage of any component.
    pub longest_outage_ms: u64,
    /// The longest time without a good answer arriving from some component, beyond its schedule.
    pub longest_silence_ms: u64,
    /// Median latency of good answers, from the instant a request was due.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// Answers of an announced maintenance: neither good nor failed.
    #[serde(default)]
    pub maintenance: Maintenance,
    /// Requests sent once more because an idle connection had been closed.
    pub retries: u64,
    /// Where time went.
    pub phases: Phases,
    /// By component.
    pub components: BTreeMap<String, ComponentReport>,
    /// By class of requests, where targets have one.
    #[serde(default)]
    pub classes: BTreeMap<String, ComponentReport>,
    /// The WebSockets.
    pub streaming: StreamingReport,
    /// Moments somebody noted, in order.
    pub marks: Vec<Mark>,
    /// The course of it, 100 ms each; buckets without requests are left out.
    pub buckets: Vec<Bucket>,
    /// Ids of what the server acknowledged as stored.
    #[serde(skip)]
    pub acknowledged_ids: Vec<String>,
}

/// What users got of an announced maintenance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Requests answered with 503 and `Retry-After` while it was announced.
    pub requests: u64,
    /// From the instant the first of them was due to the instant the last one was; the longest of any component.
    pub window_ms: u64,
}

/// One component.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ComponentReport {
    /// Requests sent, or due and not sent because the prober was overloaded.
    pub requests: u64,
    /// Those of them without a good answer.
    pub failed: u64,
    /// 100 ms for each bucket with requests and no good answer.
    pub downtime_ms: u64,
    /// The longest run of failures.
    pub longest_outage_ms: u64,
    /// The longest time without a good answer arriving, beyond the schedule.
    pub longest_silence_ms: u64,
    /// Median latency of good answers.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// Requests sent once more because an idle connection had been closed.
    pub retries: u64,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
}

/// Where time went, over all components.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// How late requests were sent: the prober's own share of the latency.
    pub lateness: Quantiles,
    /// Looking names up; once for each connection to a name.
    pub dns: Quantiles,
    /// Making connections; its count is the number of connections made.
    pub connect: Quantiles,
    /// From sending a request to the head of the answer.
    pub first_byte: Quantiles,
    /// From the instant a request was due to the end of a good answer.
    pub total: Quantiles,
}

/// A histogram in four numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many.
    pub count: u64,
    /// Median.
    pub p50_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Longest.
    pub max_ms: f64,
}

/// 100 ms of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// When it began, from the start of the prober.
    pub at_ms: u64,
    /// Requests due in it that were answered well.
    pub answered: u32,
    /// Requests due in it that were not.
    pub failed: u32,
    /// 99th percentile of the latency of those answered, within 7 %; none when none was.
    pub p99_ms: Option<f64>,
}

/// A moment somebody noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// From the start of the prober.
    pub at_ms: u64,
    /// What it was.
    pub label: String,
}

/// The WebSockets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamingReport {
    /// Clients that were connected at least once.
    pub connections: u64,
    /// How often a connection that was lost came back, over all clients.
    pub reconnects: u64,
    /// The same for the client that suffered most.
    pub max_reconnects_per_connection: u64,
    /// The longest time from a loss to the new connection (or to now, where there is none), but for announced maintenance.
    pub longest_gap_ms: u64,
    /// Attempts to connect that failed.
    pub failed_attempts: u64,
    /// Messages received.
    pub messages: u64,
    /// Connections lost.
    pub losses: u64,
    /// When they were lost; the first ten thousand.
    pub drops: Vec<SocketDrop>,
    /// What became of posts on their way to the WebSockets that listen for them.
    #[serde(default)]
    pub delivery: DeliveryReport,
}

/// Posts that were acknowledged, and heard of on WebSockets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// Posts acknowledged that should be heard of.
    pub posts: u64,
    /// Those of them that some WebSocket heard of.
    pub delivered: u64,
    /// How often they were heard of, over all WebSockets.
    pub arrivals: u64,
    /// Arrivals later than the bound that was set.
    pub late: u64,
    /// From the acknowledgement to the arrival.
    pub delay: Quantiles,
}

/// A WebSocket that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketDrop {
    /// From the start of the prober.
    pub at_ms: u64,
}

/// What a progress display shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Live {
    /// Requests ended so far.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Requests ended per second, over the last two seconds.
    pub rate: f64,
    /// Median latency of good answers over the last two seconds, within 7 %.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// WebSockets open now.
    pub sockets_open: u64,
}

/// Failures within a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FailureSpan {
    /// When the first failed request was due.
    pub first_ms: u64,
    /// When the last one was.
    pub last_ms: u64,
    /// How many there were.
    pub count: u64,
}

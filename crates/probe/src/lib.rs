//! Open-loop HTTP and WebSocket probing: what users of a Mastodon server would have seen, measured from
//! outside.
//!
//! Each [`Target`] has a schedule of its own, and a request that is due is sent whatever became of the ones
//! before. Latency counts from the instant a request was *due*, so that a server which stalls cannot hide the
//! stall by holding back the requests that would have shown it.
//!
//! An answer is good when the status is the expected one, the component that gave it is the right one, and
//! the body holds what it should. Everything else is a failure, told apart by [`FailureKind`].
//!
//! # What the numbers mean
//!
//! - Buckets (100 ms), outages and [`Prober::failures_between`] go by the instant a request was **due**.
//! - [`Prober::window`] and [`Prober::live`] go by the instant a request **ended**: they say what is known now.
//! - Latencies are those of good answers; a request that failed is counted, never averaged.
//! - `downtime_ms` of a component is 100 ms for each bucket in which requests were due and none was
//!   answered well; the overall one counts the buckets in which that was so for any component.
//! - `longest_outage_ms` is the longest run of failures: from the instant its first request was due to the
//!   instant the next good one was due (to the end of the run if none followed). Overall: the longest of
//!   any component.
//! - `longest_silence_ms` is the longest time without a good answer *arriving*, beyond the schedule's own
//!   interval: it shows a stall in which every request was answered in the end.
//!
//! # Connections
//!
//! Keep-alive connections are pooled per address, and each is retired after a number of requests, so that
//! new ones keep being made: a client that keeps its connections for ever would not notice that nothing
//! accepts new ones, and one that never keeps any runs out of ports.
//!
//! A kept connection that the peer closed while it was idle says nothing about the service. Such a request
//! is sent once more, on a fresh connection: any request if none of it was written; a GET also if the
//! connection ended before the first byte of an answer. Each retry is counted in the report. A POST that may
//! have reached the server is never repeated.

mod account;
mod bucket;
mod client;
mod connection;
mod delivery;
mod engine;
mod exchange;
mod failure;
mod latency;
mod outage;
mod pacer;
mod prober;
mod prometheus;
mod report;
mod schedule;
mod streaming;
mod target;
mod tls;
mod window;

pub use failure::FailureKind;
pub use prober::{Prober, StartError};
pub use prometheus::{Prometheus, PrometheusError};
pub use report::{
    Bucket, ComponentReport, DeliveryReport, FailureSpan, Live, Maintenance, Mark, Phases, Quantiles,
    SocketDrop, StreamingReport, TrafficReport,
};
pub use target::{Address, AddressError, Arrival, Config, Expectation, Method, Sockets, Target};
pub use window::WindowStats;

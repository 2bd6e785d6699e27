//! Sidekiq as its Redis knows it.
//!
//! Keys are those of Sidekiq 6.4 to 8.1, read in its source (`lib/sidekiq/launcher.rb`, `api.rb`, `fetch.rb`): the set
//! `processes`, a hash for each process (`info`, `busy`, `beat`, `quiet`; it expires after 60 s and is written every
//! 5 s, from 7.0 every 10 s), `<process>:work` (`:workers` before 6.5), the list `<process>-signals` that a process
//! takes one signal from with each heartbeat, the set `queues` and the lists `queue:<name>`, the sorted sets
//! `schedule`, `retry` and `dead`. With `REDIS_NAMESPACE` (Mastodon before 4.4) each has the namespace and a colon
//! before it. Arguments of jobs hold what users wrote, and are never read out.

mod coverage;
mod handover;
mod hosts;
mod jobs;
mod process;
mod registry;

pub use coverage::{Coverage, SCHEDULER};
pub use handover::{Departure, Drained};
pub use hosts::Hosts;
pub use jobs::Jobs;
pub use process::{BusyJob, Process, Roster};
pub use registry::{HEARTBEAT_EXPIRES, Sidekiq};

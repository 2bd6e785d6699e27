//! What a rehearsal or a migration came to: the values behind the terminal's summary, the report and
//! `--output json`.
//!
//! All times are milliseconds on the wall since the run began, for steps and for traffic alike. `null`
//! means "could not measure", never "fine".

mod advice;
mod model;
mod promise;
#[cfg(test)]
pub(crate) mod sample;
mod verdict;

pub(crate) use advice::{Advice, advice};
pub(crate) use model::{
    Breach, Bucket, Component, Delivery, Invariants, Kind, Maintenance, Outcome, Queues, Rollback, StepSpan,
    StepState, Stores, Streaming, Summary, Traffic,
};
pub(crate) use promise::{Kept, Promise, promises};
pub(crate) use verdict::Verdict;

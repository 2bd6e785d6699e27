//! Benchmarks.

mod choice;
mod generated;
mod process;
mod reading;

pub(crate) use choice::run;

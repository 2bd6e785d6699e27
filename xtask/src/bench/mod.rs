//! Benchmarks.

mod choice;
mod converting;
mod crossings;
mod generated;
mod process;
mod reading;
mod rehearsing;
mod rendering;

pub(crate) use choice::run;

//! The controllers that matter, working straight on the store.

mod deployment;
mod endpointslice;
mod garbage;
mod job;
mod pods;
mod progress;
mod replicaset;
mod rollout;
mod scheduler;
mod start;
mod worker;

pub use start::start_controllers;

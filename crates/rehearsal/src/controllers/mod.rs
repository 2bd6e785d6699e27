//! The controllers that matter, working straight on the store.

mod conditions;
mod deployment;
mod desk;
mod endpointslice;
mod garbage;
mod job;
mod pods;
mod replicaset;
mod scheduler;
mod start;
mod worker;

pub use start::{start_controllers, start_controllers_with};

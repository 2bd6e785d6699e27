//! The controllers that matter, working straight on the store.

mod autoscaler;
mod balancer;
mod claims;
mod conditions;
mod cronjob;
mod daemonset;
mod deployment;
mod desk;
mod disruption;
mod endpointslice;
mod garbage;
mod job;
mod lifecycle;
mod nodes;
mod pods;
mod quantity;
mod replicaset;
mod scheduler;
mod start;
mod statefulset;
mod worker;

pub use start::{start_controllers, start_controllers_with};

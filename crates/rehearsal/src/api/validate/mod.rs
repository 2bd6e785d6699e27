//! What Kubernetes refuses to store, in its own words and with its own causes.

mod metadata;
mod names;
mod network;
mod pods;
mod rules;
mod scaling;
mod storage;
mod workloads;

pub(crate) use names::{label_key, label_value};
pub(crate) use rules::{metadata_changes, rules};

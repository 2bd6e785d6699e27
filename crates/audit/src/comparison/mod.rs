//! What every container, route and queue effectively gets, before and after.
//!
//! Components are paired by the part that they play, containers by what they run; a name that only differs by the
//! release is no difference. What Kubernetes or Mastodon takes where nothing is written counts as written.

mod container;
mod engine;
mod environment;
mod flat;
mod mounts;
mod objects;
mod pairs;
mod queues;
mod routes;
mod security;
mod services;
mod side;
mod strays;
mod workload;

pub(crate) use engine::{compare, standing};

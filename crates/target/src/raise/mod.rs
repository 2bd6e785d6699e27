//! From containers on a host to workloads of a cluster.
//!
//! [`raise`] turns an installation that was read from Docker Compose into one as Kubernetes has it, so that the same
//! writers, ledger and audit run on it: settings in a ConfigMap, secrets as references, folders as claims, stores
//! reachable by the names that the settings say. [`Raised::settle`] and [`Raised::settle_helm`] complete what the
//! writers made with what they never make, since it stands already where they usually come from: routes, claims,
//! the way to the stores. [`account_compose`] says of every leaf of a Compose file what became of it, and [`effects`] looks
//! anew at what containers got on the host and get in the cluster.

mod apart;
mod assemble;
mod database;
mod dialect;
mod effect;
mod fates;
mod gateway;
mod jobs;
mod keywords;
mod model;
mod route;
mod settings;
mod settle;
mod stores;
mod volumes;
mod workload;

pub use apart::take_apart;
pub use assemble::raise;
pub use dialect::read_otherwise;
pub use effect::{Effect, effects};
pub use fates::{ComposeSource, account_compose};
pub use model::{
    DatabaseSecret, Decision, DecisionKind, GatewayName, ProjectSecret, RaiseOptions, Raised, RaisedRoute,
    SecretFrom, Stores, WayIn,
};

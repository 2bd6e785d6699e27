//! Kubernetes as this program needs it: apply, wait, scale, select, lease.
//!
//! Everything goes through a [`kube::Client`], so that a rehearsal and a real cluster run the same code, and
//! every wait is a [`Condition`] with a limit in cluster time. Objects are plain JSON: the plan holds them
//! so, and kinds this program has never heard of pass through unharmed.

mod cluster;
mod connect;
mod door;
mod error;
mod kind;
mod lease;
mod patience;
mod selector;
mod snapshot;
mod wait;
mod workload;

pub use cluster::{Cluster, MANAGER, Propagation};
pub use connect::{ConnectError, Connection, connect};
pub use door::Answer;
pub use error::ClusterError;
pub use kind::{Kind, ObjectRef};
pub use lease::Holder;
pub use selector::Selector;
pub use snapshot::{Snapshot, Unlisted};
pub use wait::{Condition, is_ready};

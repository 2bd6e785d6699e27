//! Kubernetes as this program needs it: apply, wait, scale, select, lease.
//!
//! Everything goes through a [`kube::Client`], so that a rehearsal and a real cluster run the same code, and
//! every wait is a [`Condition`] with a limit in cluster time. Objects are plain JSON: the plan holds them
//! so, and kinds this program has never heard of pass through unharmed.

mod cluster;
mod connect;
mod door;
mod error;
mod exec;
mod kind;
mod lease;
mod patience;
mod rights;
mod selector;
mod server;
mod snapshot;
mod trial;
mod wait;
mod workload;

pub use cluster::{Cluster, MANAGER, Propagation};
pub use connect::{ConnectError, Connection, connect, connect_by};
pub use door::Answer;
pub use error::ClusterError;
pub use exec::Ran;
pub use kind::{Kind, ObjectRef};
pub use lease::{Holder, Tenure};
pub use rights::Right;
pub use selector::Selector;
pub use server::Server;
pub use snapshot::{Snapshot, Unlisted};
pub use trial::Change;
pub use wait::{Condition, is_ready};
pub use workload::is_retired;

//! Docker Compose: every service as the Kubernetes objects that say the same of it.

mod probe;
mod read;
mod volumes;
mod workload;

pub(crate) use read::{holds_services, read_compose};

//! Deployment: one ReplicaSet after another, as `pkg/controller/deployment` does it.

mod fleet;
mod progress;
mod rolling;
mod scaling;
mod sync;

pub(super) use sync::DUTY;

//! Job: pods that run to their end, as `pkg/controller/job` has them run.

mod policy;
mod reckoning;
mod sync;

pub(super) use sync::DUTY;

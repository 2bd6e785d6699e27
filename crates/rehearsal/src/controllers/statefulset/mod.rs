//! StatefulSet: pods with names of their own, one after another, as `pkg/controller/statefulset` has them.

mod ordinal;
mod revision;
mod sync;

pub(super) use sync::DUTY;

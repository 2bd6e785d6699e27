//! The schemas of the kinds, as `kubectl explain`, client-side validation and `kubectl apply` ask for them.
//!
//! They are those of the k8s-openapi crate, which takes them from Kubernetes' own specification, with the marks
//! put back that say how lists merge. The newest clients speak version 3, group by group; version 2 is there
//! as JSON. Its Protobuf form is not, and clients do without.

mod answer;
mod document;
mod kinds;
mod marks;

pub(crate) use answer::describe;

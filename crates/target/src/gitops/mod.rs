//! Documents by which Argo CD, Flux and Skaffold deliver what was written.
//!
//! Nothing is synchronised by itself, nothing is pruned and no hook runs: both sides stand on one database, and the old
//! side serves until its users have passed over. What only the owner knows (the Git repository, the folder in it, the
//! chart's repository, the namespace) is a text that begins with [`FILL_IN`], which no tool takes for one.

mod argo_cd;
mod delivery;
mod flux;
mod scaled;
mod skaffold;

pub use delivery::{
    Delivery, DeliveryFile, FILL_IN, Tool, for_helm, for_kustomize, for_manifests, helm_charts,
};

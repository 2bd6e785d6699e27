//! Writers: from an Installation to what shall stand tomorrow.
//!
//! [`write_manifests`] makes native manifests in the official chart's shape: its object names, labels and
//! container names, under a release name that collides with nothing that stands. Leaves that are carried
//! keep their origins; everything that changes on the way gets a [`Note`] that says why. [`helm`] writes values for the
//! chart itself, [`kustomize`] binds manifests into a base with an overlay, [`gitops`] hands all of it to tools that
//! deliver, [`diagram`] writes diagrams. [`raise`] makes of a Compose project what these writers take.

mod api;
pub mod diagram;
mod error;
mod files;
mod follow;
pub mod gitops;
pub mod helm;
pub mod kustomize;
mod manifests;
pub mod moves;
mod naming;
mod note;
pub mod raise;
mod selecting;
mod workload;

pub use api::as_served;
pub use error::TargetError;
pub use files::FileNames;
pub use manifests::{GreenObject, Stage, Switched, Target, write_manifests};
pub use naming::{Naming, SERVES};
pub use note::{Change, Note, Reason};

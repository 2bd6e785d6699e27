//! Writers: from an Installation to what shall stand tomorrow.
//!
//! [`write_manifests`] makes native manifests in the official chart's shape: its object names, labels and
//! container names, under a release name that collides with nothing that stands. Leaves that are carried
//! keep their origins; everything that changes on the way gets a [`Note`] that says why. [`helm`] writes values for the
//! chart itself, [`diagram`] writes diagrams. [`raise`] makes of a Compose project what these writers take.

pub mod diagram;
mod error;
mod follow;
pub mod helm;
mod manifests;
mod naming;
mod note;
pub mod raise;
mod workload;

pub use error::TargetError;
pub use manifests::{GreenObject, Stage, Switched, Target, write_manifests};
pub use naming::{Naming, SERVES};
pub use note::{Change, Note, Reason};

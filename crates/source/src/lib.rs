//! Readers: from files to an Installation and its effective objects.
//!
//! [`read`] detects what a path is (a Kustomize tree, plain manifests, a dump of a namespace, values of a Helm chart, a Compose project) and
//! returns every document as it was written beside the objects they make up, so that a ledger can account for each leaf;
//! [`live`] does the same for what was listed in a cluster. What cannot be read stands in [`Sourced::unread`].

mod compose;
mod detect;
mod documents;
mod error;
mod folder;
mod forms;
mod helm;
mod live;
mod manifests;
mod objects;
mod partial;
mod releases;
mod remarks;
mod seal;

pub use detect::{SourceKind, SourceRef, read};
pub use documents::{Document, Form, Note, NoteKind, Passed, Role, Sourced, Unread};
pub use error::{SourceError, SourceErrorKind};
pub use live::{Unlisted, live};
pub use releases::{ChartRelease, Does, Driver, Driving, Embedded, Envelope, Spot, ValueFate, runs_once};
pub use seal::seal;

//! The Kustomize build with the provenance of every leaf kept.
//!
//! [`build`] makes of a directory what `kustomize build` (v5.8) makes of it, object for object and in the
//! same order, except that each leaf still knows the line its author wrote. What is not supported is
//! refused by name; nothing is left out silently. This room knows nothing of Mastodon.

mod build;
mod error;
mod field;
mod identity;
mod image;
mod kustomization;
mod label;
mod namespace;
mod order;
mod patching;
mod place;
mod reading;
mod selector;

pub use build::{Build, build};
pub use error::{KustomizeError, KustomizeErrorKind};
pub use reading::{Document, Role};

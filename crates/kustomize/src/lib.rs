//! The Kustomize build with the provenance of every leaf kept.
//!
//! [`build`] makes of a directory what `kustomize build` (v5.8) makes of it, object for object and in the
//! same order, except that each leaf still knows the line its author wrote. What would have to be fetched
//! or run is refused by name; nothing is left out silently. [`build_with_gaps`] builds what can be built
//! and tells what could not. This room knows nothing of Mastodon.

mod accumulate;
mod build;
mod config;
mod crds;
mod defaults;
mod error;
mod field;
mod fieldpath;
mod generator;
mod grammar;
mod hash;
mod identity;
mod image;
mod kustomization;
mod label;
mod namespace;
mod naming;
mod older;
mod order;
mod patching;
mod place;
mod plugin;
mod reading;
mod reference;
mod replacement;
mod selector;
mod source;
mod trail;
mod transform;
mod variables;

pub use build::{Build, build, build_with_gaps};
pub use error::{KustomizeError, KustomizeErrorKind};
pub use reading::{Document, Role};

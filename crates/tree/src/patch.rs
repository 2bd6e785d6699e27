//! The three ways to patch a document: strategic merge, JSON merge (RFC 7386), JSON patch (RFC 6902).
//!
//! Patched leaves have the patch's origin, all others keep their own. The functions whose names end in
//! `_noting` also tell which leaf of the base was lost to which place in the patch.

mod error;
mod keyed;
mod kustomize;
mod loss;
mod operations;
mod order;
mod plain;
mod strategic;

pub use error::{PatchError, PatchErrorKind};
pub use kustomize::strategic_merge_as_kustomize;
pub use loss::{Losses, note as note_lost, note_filled};
pub use operations::{json_patch, json_patch_noting};
pub use plain::{merge, merge_noting};
pub use strategic::{strategic_merge, strategic_merge_as_server};

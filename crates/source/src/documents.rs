//! What was read.

use installation::Object;
use tree::{FileId, Files, Node, Origin};

/// What a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions for the build: every leaf is obeyed, none is an object's.
    Directives,
    /// An object.
    Object,
    /// A change to an object.
    Patch,
}

/// A document as it was written.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// What it was read as.
    pub role: Role,
    /// The text as a tree.
    pub node: Node,
}

/// A source, read.
#[derive(Debug, Clone)]
pub struct Sourced {
    /// Every file with its text.
    pub files: Files,
    /// Every document as written, once each.
    pub documents: Vec<Document>,
    /// The objects they make up.
    pub objects: Vec<Object>,
    /// Leaves that a later document overrode, with the place that did.
    pub overridden: Vec<(Origin, Origin)>,
}

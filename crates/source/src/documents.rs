//! What was read.

use installation::Object;
use tree::{FileId, Files, Node, Origin};

use crate::SourceErrorKind;

/// What a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions for the build: every leaf is obeyed, none is an object's.
    Directives,
    /// An object.
    Object,
    /// A change to an object.
    Patch,
    /// Values of a Helm chart.
    Values,
    /// Settings by name: an env file.
    Settings,
}

/// The form in which an installation is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Kustomize tree.
    Kustomize,
    /// Plain manifests.
    Manifests,
    /// Docker Compose. The objects are the services in the shape of Kubernetes workloads.
    Compose,
    /// Values of a Helm chart. The objects are what the model needs of what the chart makes of them.
    HelmValues,
    /// What stands in a namespace, dumped to files or listed now.
    Live,
}

/// Something about a source that a person should know; none of it keeps it from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// Where it is written.
    pub origin: Option<Origin>,
}

/// What a note is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// A key of a chart's values that the chart never reads.
    InertKey {
        /// The key's path.
        key: String,
        /// The chart, with its version.
        chart: String,
    },
    /// A release of a chart that is none of the official ones.
    OtherChart {
        /// The chart's name.
        chart: String,
    },
    /// A kind of object that could not be listed.
    NotListed {
        /// `resource.group`.
        kind: String,
        /// The server's words.
        reason: String,
    },
}

/// Something that could not be read, while all beside it was.
#[derive(Debug)]
pub struct Unread {
    /// What is wrong.
    pub kind: SourceErrorKind,
    /// Where.
    pub origin: Option<Origin>,
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
#[derive(Debug)]
pub struct Sourced {
    /// The form it was described in.
    pub form: Form,
    /// Every file with its text.
    pub files: Files,
    /// Every document as written, once each.
    pub documents: Vec<Document>,
    /// The objects they make up.
    pub objects: Vec<Object>,
    /// Leaves that a later document overrode, with the place that did.
    pub overridden: Vec<(Origin, Origin)>,
    /// Leaves that a server filled in and no owner wrote (status, bookkeeping, defaults).
    pub server_filled: Vec<Origin>,
    /// What could not be read. A source with such gaps can be looked at, not converted.
    pub unread: Vec<Unread>,
    /// What a person should know.
    pub notes: Vec<Note>,
}

impl Sourced {
    /// Nothing yet.
    #[must_use]
    pub fn new(form: Form, files: Files) -> Self {
        Self {
            form,
            files,
            documents: Vec::new(),
            objects: Vec::new(),
            overridden: Vec::new(),
            server_filled: Vec::new(),
            unread: Vec::new(),
            notes: Vec::new(),
        }
    }
}

//! Why a source could not be read.

use camino::Utf8PathBuf;
use kustomize::KustomizeError;
use tree::{Files, Origin, ParseError};

/// A source could not be read. The files read so far come along, so that the place can be shown.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct SourceError {
    /// What is wrong.
    pub kind: SourceErrorKind,
    /// Where, if a place can be named.
    pub origin: Option<Origin>,
    /// The files read so far.
    pub files: Files,
}

/// What can be wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceErrorKind {
    /// Nothing at the path.
    #[error("there is no file or folder {0}")]
    NoSuchPath(Utf8PathBuf),
    /// A file could not be read.
    #[error("reading {path}: {reason}")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// A folder without a manifest in it.
    #[error("the folder {0} holds no kustomization.yaml and no .yaml, .yml or .json file")]
    NothingToRead(Utf8PathBuf),
    /// Not YAML.
    #[error(transparent)]
    Parse(Box<ParseError>),
    /// The Kustomize build failed.
    #[error(transparent)]
    Kustomize(Box<KustomizeError>),
    /// A document that is no Kubernetes object.
    #[error("not a Kubernetes object: {missing} is missing")]
    NotAnObject {
        /// `apiVersion`, `kind` or `metadata.name`.
        missing: &'static str,
    },
    /// Two documents describe the same object.
    #[error("{id} is described twice")]
    Twice {
        /// Kind and name.
        id: String,
        /// Where it stands first.
        first: Option<Origin>,
    },
}

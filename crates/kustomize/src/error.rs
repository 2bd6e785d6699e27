//! Why a directory cannot be built.

use camino::Utf8PathBuf;
use tree::patch::PatchError;
use tree::{Origin, ParseError};

/// A directory could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct KustomizeError {
    /// What is wrong.
    #[source]
    pub kind: KustomizeErrorKind,
    /// Where, if it is at one place.
    pub origin: Option<Origin>,
    /// The file (or directory) it is about, as its user would write it.
    pub file: Utf8PathBuf,
}

/// What can be wrong with a directory.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KustomizeErrorKind {
    /// A field that Kustomize may know and this build does not.
    #[error("the field {field} is not supported")]
    Unsupported {
        /// The field.
        field: String,
    },
    /// A resource that would have to be fetched.
    #[error("{url} is remote; only local files and directories are read")]
    Remote {
        /// As it was written.
        url: String,
    },
    /// A file or directory that does not exist.
    #[error("{path} does not exist")]
    MissingFile {
        /// The path, as the user would write it.
        path: Utf8PathBuf,
    },
    /// A file that Kustomize refuses to read because it is not below its kustomization.
    #[error("{path} is not in or below the directory of the kustomization that names it")]
    OutsideRoot {
        /// The path, as the user would write it.
        path: Utf8PathBuf,
    },
    /// A directory without a kustomization.
    #[error("{path} holds no kustomization.yaml, kustomization.yml or Kustomization")]
    NoKustomization {
        /// The directory.
        path: Utf8PathBuf,
    },
    /// A directory with more than one.
    #[error("{path} holds more than one kustomization")]
    SeveralKustomizations {
        /// The directory.
        path: Utf8PathBuf,
    },
    /// The file named kustomization is none.
    #[error("this is not a Kustomization: {0}")]
    NotKustomization(String),
    /// A field holds what it must not.
    #[error("the field {field} must be {wanted}")]
    BadField {
        /// The field.
        field: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A directory that leads back to itself.
    #[error("{path} is being built already, or holds what is")]
    Cycle {
        /// The directory.
        path: Utf8PathBuf,
    },
    /// A patch, or a replica count, for an object that is not there.
    #[error("there is no {id} to change")]
    NoMatch {
        /// The object.
        id: String,
    },
    /// A patch that fits several objects.
    #[error("there is more than one {id}")]
    SeveralMatches {
        /// The objects.
        id: String,
    },
    /// Two objects with one identity.
    #[error("{id} is already there")]
    Duplicate {
        /// The object.
        id: String,
    },
    /// Not an object of Kubernetes.
    #[error("this is not a Kubernetes object: it has no {missing}")]
    NotAnObject {
        /// What it lacks.
        missing: &'static str,
    },
    /// A file that is not UTF-8.
    #[error("the file is not UTF-8 text")]
    NotText,
    /// A file or directory that could not be read, in the system's words.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Not YAML.
    #[error(transparent)]
    Parse(ParseError),
    /// A patch that cannot be applied.
    #[error(transparent)]
    Patch(PatchError),
    /// A field that Kustomize does not know.
    #[error("there is no field {field}")]
    UnknownField {
        /// The field.
        field: String,
        /// The one that was probably meant.
        like: Option<&'static str>,
    },
    /// A chart that would have to be rendered.
    #[error("{field} asks for a Helm chart to be rendered")]
    Chart {
        /// The field.
        field: String,
    },
    /// A generator, transformer or validator that is a program.
    #[error("{kind} is a plugin; programs are not run")]
    Plugin {
        /// Its kind.
        kind: String,
    },
    /// A generator sets one key twice.
    #[error("{name} has the key {key} twice")]
    TwiceKey {
        /// The generated object.
        name: String,
        /// The key.
        key: String,
    },
    /// A variable that is declared twice.
    #[error("the variable {name} is declared twice")]
    TwiceVariable {
        /// The variable.
        name: String,
    },
    /// An object has no such field.
    #[error("{id} has no field {field}")]
    NoField {
        /// The field's path.
        field: String,
        /// The object.
        id: String,
    },
    /// A field is of another shape than a transformer needs.
    #[error("the field {field} of {id} is of another shape than this needs")]
    BadShape {
        /// The field's path.
        field: String,
        /// The object.
        id: String,
    },
    /// More than is read or built.
    #[error("too large: {0}")]
    TooLarge(&'static str),
}

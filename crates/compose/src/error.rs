//! Why a project could not be read.

use camino::Utf8PathBuf;
use tree::env_file::EnvFileError;
use tree::{Origin, ParseError};

/// A project, or a part of it, could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct ComposeError {
    /// What is wrong.
    pub kind: ComposeErrorKind,
    /// Where, if a place can be named.
    pub origin: Option<Origin>,
}

/// What a missing file was to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingRole {
    /// A service's `env_file` or `label_file`, or the `env_file` of an `include`.
    EnvFile,
    /// A file that is included.
    Include,
    /// A file that a service extends from.
    Extends,
}

/// What can be wrong with a project. Values of settings are never quoted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComposeErrorKind {
    /// A folder without a Compose file.
    #[error("{0} holds no compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml")]
    NoFile(Utf8PathBuf),
    /// A file could not be read.
    #[error("reading {path}: {reason}")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// A file that is not UTF-8.
    #[error("{0} is not UTF-8 text")]
    NotText(Utf8PathBuf),
    /// Not YAML.
    #[error(transparent)]
    Parse(Box<ParseError>),
    /// A key that is no text.
    #[error("a key must be a text; put it in quotes")]
    OddKey,
    /// A file without content.
    #[error("the file is empty")]
    Empty,
    /// `${` that begins no valid expression.
    #[error("{attribute}: a ${{ without a valid variable after it; a $ that is meant as such is written $$")]
    Expression {
        /// The attribute.
        attribute: String,
    },
    /// `${NAME?reason}` of a variable without a value.
    #[error("{attribute}: the variable {name} is required, and is not set")]
    Required {
        /// The attribute.
        attribute: String,
        /// The variable.
        name: String,
    },
    /// An attribute that Compose does not know.
    #[error("{attribute} is no attribute that Compose knows")]
    Unknown {
        /// The attribute.
        attribute: String,
    },
    /// An attribute that holds something else than it must.
    #[error("{attribute} must be {wanted}")]
    Wrong {
        /// The attribute.
        attribute: String,
        /// What it must be.
        wanted: String,
    },
    /// An attribute that must be given.
    #[error("{attribute} is missing")]
    Missing {
        /// The attribute.
        attribute: String,
    },
    /// Two files that cannot be merged at an attribute: one has a list, the other a mapping, say.
    #[error("{attribute} cannot be merged with what an earlier file says")]
    CannotMerge {
        /// The attribute.
        attribute: String,
    },
    /// `extends` that comes back to where it began.
    #[error("the service {service} extends itself")]
    ExtendsCycle {
        /// The service.
        service: String,
    },
    /// `include` that comes back to where it began.
    #[error("{0} includes itself")]
    IncludeCycle(Utf8PathBuf),
    /// `depends_on` that comes back to where it began.
    #[error("the service {service} depends on itself")]
    DependencyCycle {
        /// The service.
        service: String,
    },
    /// A service that is extended and is not there.
    #[error("there is no service {service} to extend")]
    NoSuchBase {
        /// The service.
        service: String,
    },
    /// A file that is named and is not there.
    #[error("there is no file {path}")]
    MissingFile {
        /// The file.
        path: Utf8PathBuf,
        /// What it was to be.
        role: MissingRole,
    },
    /// An env file that cannot be read.
    #[error(transparent)]
    EnvFile(Box<EnvFileError>),
    /// A `format` that no tool knows.
    #[error("env files have no format {0:?}")]
    EnvFileFormat(String),
    /// An included file and the one that includes it both describe a resource, and not alike.
    #[error("{resource} is described differently by an included file")]
    Conflict {
        /// The resource.
        resource: String,
    },
    /// A service that refers to something that is not there.
    #[error("the service {service} refers to {attribute} {name}, which is not defined")]
    Undefined {
        /// The service.
        service: String,
        /// The attribute.
        attribute: &'static str,
        /// The name.
        name: String,
    },
    /// A service that has neither `image` nor `build`.
    #[error("the service {service} has neither image nor build")]
    NoImage {
        /// The service.
        service: String,
    },
    /// Two attributes that exclude one another.
    #[error("{attribute} and {other} exclude one another")]
    Exclusive {
        /// The one.
        attribute: String,
        /// The other.
        other: String,
    },
    /// Two mounts with one target, or two containers of one name.
    #[error("{attribute} is used twice")]
    Twice {
        /// The attribute.
        attribute: String,
    },
    /// No valid project name.
    #[error(
        "the project has no valid name: lower-case letters, digits, - and _ only, a letter or digit first"
    )]
    ProjectName,
    /// Something that would have to be fetched.
    #[error("{0} would have to be fetched")]
    Remote(String),
    /// Far more than any real project.
    #[error("the project grows too large (an alias bomb?)")]
    TooLarge,
}

impl ComposeError {
    pub(crate) fn at(kind: ComposeErrorKind, origin: Option<Origin>) -> Self {
        Self { kind, origin }
    }

    pub(crate) fn wrong(attribute: String, wanted: &str, origin: Option<Origin>) -> Self {
        Self::at(ComposeErrorKind::Wrong { attribute, wanted: wanted.to_owned() }, origin)
    }
}

pub(crate) type Result<T> = std::result::Result<T, ComposeError>;

//! What can be wrong with a profile.

use tree::{Origin, ParseErrorKind};

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub(crate) struct LoadError {
    /// What is wrong.
    pub(crate) kind: LoadErrorKind,
    /// Where.
    pub(crate) origin: Option<Origin>,
}

/// What can be wrong with a profile.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadErrorKind {
    /// Neither the name of a profile nor a file that can be read.
    #[error("{name} is neither a profile nor a file that can be read: {detail}")]
    Unread {
        /// What was given.
        name: String,
        /// Why not.
        detail: String,
    },
    /// Not YAML.
    #[error("{0}")]
    Syntax(ParseErrorKind),
    /// Not one document.
    #[error("a profile is one document")]
    Documents,
    /// Something else than a mapping.
    #[error("{what} is not a mapping of keys")]
    Mapping {
        /// What should be one.
        what: String,
    },
    /// Something else than a list with something in it.
    #[error("{what} is not a list, or empty")]
    List {
        /// What should be one.
        what: String,
    },
    /// A key that means nothing.
    #[error("{key} means nothing here")]
    Unknown {
        /// The key.
        key: String,
        /// Those that do.
        known: String,
    },
    /// A key is missing.
    #[error("{key} is missing")]
    Missing {
        /// The key.
        key: String,
    },
    /// Two keys that say the same.
    #[error("{first} and {second} cannot both be given")]
    Both {
        /// One key.
        first: String,
        /// The other.
        second: String,
    },
    /// Not a number, or none that makes sense.
    #[error("{key} is not a number from {low} to {high}")]
    Number {
        /// The key.
        key: String,
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// Not a text, or none of those that are known.
    #[error("{key} is none of {choices}")]
    Choice {
        /// The key.
        key: String,
        /// What it may be.
        choices: String,
    },
    /// Not an amount of bytes, or too large a one.
    #[error("{key} is not a size up to 99 MiB")]
    Size {
        /// The key.
        key: String,
    },
    /// Not a path of a URL.
    #[error("{key} is not a path")]
    Path {
        /// The key.
        key: String,
    },
    /// Neither the name of a profile nor of a file that is there.
    #[error("there is neither a profile nor a file {name}")]
    NoSuch {
        /// What was given.
        name: String,
    },
}

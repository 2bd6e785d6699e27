//! Why an installation could not be understood.

use tree::Origin;

/// The objects do not make up one Mastodon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct InstallationError {
    /// What is wrong.
    pub kind: InstallationErrorKind,
    /// Where, if a place can be named.
    pub origin: Option<Origin>,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InstallationErrorKind {
    /// Nothing here runs Mastodon.
    #[error(
        "no Mastodon found: no container runs puma, node ./streaming or sidekiq ({objects} objects read)"
    )]
    NoMastodon {
        /// How many objects were looked at.
        objects: usize,
    },
    /// A part that every Mastodon has is missing.
    #[error("a Mastodon without {component}: no container runs it")]
    MissingComponent {
        /// `web`.
        component: String,
    },
    /// More than one installation; one must be chosen.
    #[error("{} Mastodons found: {}", .choices.len(), .choices.join(", "))]
    SeveralMastodons {
        /// `namespace/domain` of each.
        choices: Vec<String>,
    },
    /// The one asked for is not here.
    #[error("no Mastodon called {wanted:?} here; found: {}", .choices.join(", "))]
    NoSuchMastodon {
        /// What was asked for.
        wanted: String,
        /// `namespace/domain` of each.
        choices: Vec<String>,
    },
}

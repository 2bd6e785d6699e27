//! What is asked for, and what is given back.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use tree::{FileId, Node, Origin};

use crate::ComposeError;

/// A project to read.
pub struct Request<'a> {
    /// The Compose files, later ones over earlier; none to find them in the directory as Compose does
    /// (`COMPOSE_FILE`, else the default names and their override file).
    pub files: &'a [Utf8PathBuf],
    /// The project's directory, if it is not that of the first file.
    pub directory: Option<&'a Utf8Path>,
    /// The profiles switched on; none to ask `COMPOSE_PROFILES`.
    pub profiles: &'a [String],
    /// The process' environment: it wins over the project's `.env`.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// What a document was read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A Compose file.
    Compose,
    /// A service's `env_file` or `label_file`.
    EnvFile,
    /// An `.env` whose variables are interpolated.
    ProjectEnv,
}

/// A document as it was written. Its values may be secret; `Debug` does not show them.
#[derive(Clone)]
pub struct Document {
    /// The file.
    pub file: FileId,
    /// What it was read as.
    pub role: Role,
    /// The text as a tree. Env files are mappings of names to values as the reader saw them.
    pub node: Node,
}

/// A project, read. Its values may be secret; `Debug` does not show them.
pub struct Project {
    /// The project's name.
    pub name: String,
    /// What `docker compose config` prints, with origins. Paths are absolute; `$` stands for itself.
    pub node: Node,
    /// Every document as written, once each.
    pub documents: Vec<Document>,
    /// Leaves that a later document overrode, with the place that did.
    pub overridden: Vec<(Origin, Origin)>,
    /// Scalars with variables in them, with the places where those are set in an env file.
    pub interpolated: Vec<(Origin, Origin)>,
    /// Variables that were not set and became nothing, with the scalars that name them.
    pub unset: Vec<(String, Origin)>,
    /// Services that no active profile switches on.
    pub disabled: Vec<(String, Option<Origin>)>,
    /// Env files that could not be read. What they set is not known.
    pub unread_env_files: Vec<UnreadEnvFile>,
    /// What could not be read, while all beside it was. Compose would refuse the project for each of these.
    pub problems: Vec<ComposeError>,
}

/// An env file of a service that could not be read.
#[derive(Clone)]
pub struct UnreadEnvFile {
    /// The service.
    pub service: String,
    /// Its path, with the place that names it.
    pub path: Node,
    /// The variables that files before it set and nothing after it: it may set them otherwise.
    pub overrides: Vec<String>,
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Document").field("file", &self.file).field("role", &self.role).finish()
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.node.get("services").and_then(Node::as_mapping).into_iter().flatten();
        formatter
            .debug_struct("Project")
            .field("name", &self.name)
            .field("services", &services.map(|(name, _)| name).collect::<Vec<_>>())
            .field("documents", &self.documents)
            .field("problems", &self.problems)
            .finish()
    }
}

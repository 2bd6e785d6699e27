//! What a container is to Mastodon.

use tree::Node;

use crate::{SidekiqCommand, command_line};

/// The part a container plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Puma: pages, API, federation.
    Web,
    /// The Node server behind `/api/v1/streaming`.
    Streaming,
    /// A worker of queues.
    Sidekiq(SidekiqCommand),
    /// A rake task on the database.
    Migration,
    /// A `tootctl` task.
    Tootctl,
}

impl Role {
    /// Recognises a container by what it runs (the commands of Mastodon's documentation, Compose file and
    /// charts).
    #[must_use]
    pub fn of(container: &Node) -> Option<Self> {
        let words = command_line(container);
        let has = |program: &str| words.iter().any(|word| word.rsplit('/').next() == Some(program));
        let starts = |prefix: &str| words.iter().any(|word| word.starts_with(prefix));
        if has("sidekiq") {
            Some(Self::Sidekiq(SidekiqCommand::read(&words)))
        } else if has("puma") || (has("rails") && (has("server") || has("s"))) {
            Some(Self::Web)
        } else if has("node") && words.iter().any(|word| word.contains("streaming")) {
            Some(Self::Streaming)
        } else if (has("rails") || has("rake")) && starts("db:") {
            Some(Self::Migration)
        } else if has("tootctl") {
            Some(Self::Tootctl)
        } else {
            None
        }
    }

    /// The role's name as the charts' label `app.kubernetes.io/component` has it.
    #[must_use]
    pub fn component(&self) -> String {
        match self {
            Self::Web => "web".to_owned(),
            Self::Streaming => "streaming".to_owned(),
            Self::Sidekiq(command) => format!("sidekiq-{}", command.worker_name()),
            Self::Migration => "migration".to_owned(),
            Self::Tootctl => "tootctl".to_owned(),
        }
    }

    /// Whether this role serves or works all the time, rather than runs and ends.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Web | Self::Streaming | Self::Sidekiq(_))
    }
}

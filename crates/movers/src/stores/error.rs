//! What can go wrong with several stores at once.

use serde::{Deserialize, Serialize};

use crate::keyspace::KeyspaceError;
use crate::media::MediaError;
use crate::postgres::PostgresError;
use crate::{Finding, Grade};

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// Rows.
    Postgres,
    /// Feeds and locks, and jobs and caches where they have no Redis of their own.
    Redis,
    /// Jobs, in a Redis of Sidekiq's own.
    RedisSidekiq,
    /// The cache, in a Redis of its own.
    RedisCache,
    /// Files.
    Media,
}

impl StoreKind {
    /// Its name in plans, JSON and messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::RedisSidekiq => "redis-sidekiq",
            Self::RedisCache => "redis-cache",
            Self::Media => "media",
        }
    }
}

/// What a look at one store found.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// Which store.
    pub store: StoreKind,
    /// What was found, refusals and remarks.
    pub findings: Vec<Finding>,
}

impl Looked {
    /// What keeps it from moving.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|own| own.grade == Grade::Refused)
    }
}

/// Why stores do not pass over, or back.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
    /// A look before the first change refuses; nothing was written.
    #[error("refused before anything was written: {}", told(.0))]
    Refused(Vec<Looked>),
    /// PostgreSQL.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] PostgresError),
    /// Redis.
    #[error("Redis: {0}")]
    Redis(#[from] KeyspaceError),
    /// Media.
    #[error("media: {0}")]
    Media(#[from] MediaError),
    /// Not every object is on the target.
    #[error("media: {failed} could not be moved, {conflicts} are of somebody else on the target")]
    MediaIncomplete {
        /// Objects that failed or cannot be moved at all.
        failed: u64,
        /// Objects on the target that this move did not write.
        conflicts: u64,
    },
    /// Keys differ after the pause.
    #[error("Redis: {different} keys differ, {extra} are on the target alone")]
    KeysDiffer {
        /// Keys that the target has otherwise, or not at all.
        different: u64,
        /// Keys that only the target has.
        extra: u64,
    },
    /// The source takes writes again although the target is the one.
    #[error(
        "Redis: the old side's fence fell during the cut-over; what was written there since is not on the target"
    )]
    FenceFell,
    /// Going back would lose what was written since the cut-over.
    #[error("going back loses what was written since the cut-over: {}", .0.join(", "))]
    AtRisk(Vec<String>),
}

fn told(looked: &[Looked]) -> String {
    let refused =
        looked.iter().flat_map(|one| one.refusals().map(|own| format!("{} {}", one.store.name(), own.id)));
    refused.collect::<Vec<_>>().join(", ")
}

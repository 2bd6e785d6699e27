//! Keeping writers out of a Redis: for a moment, and for good.

use redis::{Value, pipe};
use serde::{Deserialize, Serialize};

use super::error::KeyspaceError;
use super::facts::Facts;
use super::rights::Rights;
use crate::connection::Redis;

/// For how long writers wait at most if the process that made them wait dies.
const HOLD_MS: u64 = 30_000;
/// For how long they wait where nothing else keeps them out: a hundred days.
const LONG_MS: u64 = 100 * 24 * 60 * 60 * 1_000;
/// Where no Redis is: the first port of the old Redis' own machine. A name would be looked up once a second.
const NOWHERE: [&str; 2] = ["127.0.0.1", "1"];
/// More replicas than anybody has.
const TOO_MANY: &str = "1000000";

/// What keeps writers out of the old Redis once the new one is the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fence {
    /// It is a read-only replica of nobody (`REPLICAOF`): writers get `READONLY`.
    ReadOnly,
    /// It wants more replicas than it has (`min-replicas-to-write`): writers get `NOREPLICAS`.
    Starved,
    /// It lets them wait (`CLIENT PAUSE`): they get no answer.
    Paused,
}

impl Fence {
    /// The name in JSON and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Starved => "starved",
            Self::Paused => "paused",
        }
    }
}

/// By which means a server can be fenced, and what is needed to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Means {
    pub(super) fence: Fence,
    /// Writers can be made to wait meanwhile (`CLIENT PAUSE … WRITE`, from 6.2).
    pub(super) waits: bool,
    /// What `min-replicas-to-write` was, where it can be set.
    pub(super) replicas: Option<String>,
}

impl Means {
    /// Those that a server's rights and settings leave; the gentlest first.
    pub(super) fn of(rights: &Rights) -> Option<Self> {
        let waits = rights.allows("CLIENT PAUSE");
        let lag_counts = rights.setting("min-replicas-max-lag").is_some_and(|lag| lag != "0");
        let replicas =
            rights.setting("min-replicas-to-write").filter(|_| rights.allows("CONFIG") && lag_counts);
        let reads_on = |name| rights.setting(name).is_none_or(|value| value == "yes");
        let can_follow = rights.allows("REPLICAOF")
            && reads_on("replica-read-only")
            && reads_on("replica-serve-stale-data");
        let fence = if can_follow {
            Fence::ReadOnly
        } else if replicas.is_some() {
            Fence::Starved
        } else if waits {
            Fence::Paused
        } else {
            return None;
        };
        Some(Self { fence, waits, replicas: replicas.map(str::to_owned) })
    }

    /// Whether writers can be kept out while all else goes on, replicas included.
    pub(super) fn can_hold(&self) -> bool {
        self.waits || self.replicas.is_some()
    }

    /// Keeps writers out for a moment. It ends by itself where they wait.
    pub(super) async fn hold(&self, redis: &Redis) -> Result<(), KeyspaceError> {
        if self.waits {
            do_it(redis, &["CLIENT", "PAUSE", &HOLD_MS.to_string(), "WRITE"]).await
        } else if self.replicas.is_some() {
            do_it(redis, &["CONFIG", "SET", "min-replicas-to-write", TOO_MANY]).await
        } else {
            Ok(())
        }
    }

    /// Keeps writers out for good.
    pub(super) async fn seal(&self, redis: &Redis) -> Result<(), KeyspaceError> {
        match self.fence {
            Fence::ReadOnly => {
                do_it(redis, &["REPLICAOF", NOWHERE[0], NOWHERE[1]]).await?;
                let facts = Facts::ask(redis).await?;
                if !is_nobodys(&facts) || !facts.is("slave_read_only", "1") {
                    let reason = "it is told to be a read-only replica, and is none".to_owned();
                    return Err(KeyspaceError::NoFence { address: redis.address().to_string(), reason });
                }
                Ok(())
            }
            Fence::Starved => do_it(redis, &["CONFIG", "SET", "min-replicas-to-write", TOO_MANY]).await,
            Fence::Paused => do_it(redis, &["CLIENT", "PAUSE", &LONG_MS.to_string(), "WRITE"]).await,
        }
    }

    /// Keeps writers out for good, and through a restart as far as that can be had. Before anything is decided: a source
    /// that comes back in between must not let anybody in.
    pub(super) async fn seal_and_keep(&self, redis: &Redis) -> Result<(), KeyspaceError> {
        self.seal(redis).await?;
        self.keep(redis).await;
        Ok(())
    }

    /// Lets those go who wait for a moment's end; they meet what is there for good.
    pub(super) async fn let_go(&self, redis: &Redis) -> Result<(), KeyspaceError> {
        if self.waits && self.fence != Fence::Paused {
            do_it(redis, &["CLIENT", "UNPAUSE"]).await?;
        }
        match &self.replicas {
            Some(before) if !self.waits && self.fence == Fence::ReadOnly => {
                do_it(redis, &["CONFIG", "SET", "min-replicas-to-write", before]).await
            }
            _ => Ok(()),
        }
    }

    /// Has the server remember the fence when it is restarted, or that there is none: as far as it has a file of settings and
    /// may write it. Without one, a restart takes the fence down.
    pub(super) async fn keep(&self, redis: &Redis) {
        if self.fence != Fence::Paused {
            let _as_far_as_it_can = do_it(redis, &["CONFIG", "REWRITE"]).await;
        }
    }

    /// Takes down all of it: the server lets writers in as before.
    pub(super) async fn lift(&self, redis: &Redis) -> Result<(), KeyspaceError> {
        if let Some(before) = &self.replicas {
            do_it(redis, &["CONFIG", "SET", "min-replicas-to-write", before]).await?;
        }
        if is_nobodys(&Facts::ask(redis).await?) {
            do_it(redis, &["REPLICAOF", "NO", "ONE"]).await?;
        }
        if self.waits { do_it(redis, &["CLIENT", "UNPAUSE"]).await } else { Ok(()) }
    }

    /// Whether the server is the read-only replica that this fence makes of it; the other fences cannot be seen.
    pub(super) fn stands(&self, facts: &Facts) -> bool {
        self.fence == Fence::ReadOnly && facts.is_replica()
    }
}

/// Whether a server is a replica of nobody, by our doing.
pub(super) fn is_nobodys(facts: &Facts) -> bool {
    facts.is_replica() && facts.is("master_host", NOWHERE[0]) && facts.is("master_port", NOWHERE[1])
}

/// Tells a server something that may be told twice.
pub(super) async fn do_it(redis: &Redis, words: &[&str]) -> Result<(), KeyspaceError> {
    let mut command = pipe();
    let (first, rest) = words.split_first().unwrap_or((&"PING", &[]));
    command.cmd(first).arg(rest);
    let _answer: (Value,) = redis.ask("let writers in or keep them out", &command).await?;
    Ok(())
}

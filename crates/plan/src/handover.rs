//! What is known of Sidekiq for passing its queues on over its own Redis.

use installation::{Installation, Role, queues_of};
use serde::{Deserialize, Serialize};

/// What is known of Sidekiq for passing its queues on over its own Redis, where that is within reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The queues of the version: each that was worked before is worked in the end.
    #[serde(default)]
    pub queues: Vec<String>,
    /// `REDIS_NAMESPACE`: what stands before each key, up to Mastodon 4.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Seconds for jobs that run to end before their pods are told to.
    pub drain_s: u64,
}

impl Default for Handover {
    fn default() -> Self {
        Self { queues: Vec::new(), namespace: None, drain_s: 60 }
    }
}

impl Handover {
    /// What an installation says.
    pub(crate) fn of(installation: &Installation) -> Self {
        let workers = installation.components_where(|role| matches!(role, Role::Sidekiq(_)));
        let mut handover = Self::default();
        let mut release = None;
        for (_, worker) in workers {
            release = release.or_else(|| installation.version(worker).and_then(|version| version.minor()));
            let said = ["SIDEKIQ_REDIS_NAMESPACE", "REDIS_NAMESPACE"]
                .into_iter()
                .find_map(|name| worker.environment.text(name))
                .filter(|name| !name.is_empty());
            handover.namespace = handover.namespace.or_else(|| said.map(str::to_owned));
        }
        handover.queues = queues_of(release).into_iter().map(|queue| queue.name).collect();
        // Later releases refuse to start with one.
        if release.is_some_and(|release| release >= (4, 4)) {
            handover.namespace = None;
        }
        handover
    }
}

//! Which keys move, and under which names.
//!
//! Names are those of Mastodon 4.2 to 4.6 and of Sidekiq 6.5 to 8.1. With `REDIS_NAMESPACE` (up to 4.3) every key of the
//! base and of Sidekiq has the namespace and a colon before it, and the cache `<namespace>_cache` where it otherwise
//! has `cache` (`lib/mastodon/redis_configuration.rb`). From 4.4 on there is none: the prefix is taken off, as
//! Mastodon's own `redis_namespace_migration` does. Values hold no names with the namespace that outlive a move.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Jobs, their schedule, counters and locks: lost for good where they are left behind.
    Sidekiq,
    /// Home and list feeds: can be built again.
    Feeds,
    /// Rails' cache: fills again by itself.
    Cache,
    /// All else: trends, counters of activity, delivery failures, subscriptions of the streaming service.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sidekiq, Self::Feeds, Self::Cache, Self::Other];

    /// The name on the command line and in messages' ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sidekiq => "sidekiq",
            Self::Feeds => "feeds",
            Self::Cache => "cache",
            Self::Other => "other",
        }
    }

    /// What a key without a namespace is for.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        const WHOLE: [&[u8]; 6] = [b"queues", b"schedule", b"retry", b"dead", b"processes", b"dear-leader"];
        const BEGINNINGS: [&[u8]; 11] = [
            b"queue:",
            b"stat:",
            b"sidekiq:",
            b"sidekiq-",
            b"sidekiq_",
            b"uniquejobs:",
            b"unique:",
            b"j|",
            b"h|",
            b"queue_latency:",
            b"paused",
        ];
        if WHOLE.contains(&key) || BEGINNINGS.iter().any(|it| key.starts_with(it)) || is_heartbeat(key) {
            Self::Sidekiq
        } else if key.starts_with(b"feed:") {
            Self::Feeds
        } else if key.starts_with(b"cache:") {
            Self::Cache
        } else {
            Self::Other
        }
    }
}

/// Whether a key tells of a process that is alive: `processes`, `<host>:<pid>:<nonce>` and what hangs on it. A process
/// of the old side must not be taken for one of the new side's.
fn is_heartbeat(key: &[u8]) -> bool {
    let hung = [&b":work"[..], b":workers", b"-signals"];
    let identity = hung.iter().find_map(|end| key.strip_suffix(*end)).unwrap_or(key);
    let mut parts = identity.rsplitn(3, |byte| *byte == b':');
    let (nonce, pid, host) = (parts.next(), parts.next(), parts.next());
    let is_nonce = nonce.is_some_and(|it| it.len() == 12 && it.iter().all(u8::is_ascii_hexdigit));
    let is_pid = pid.is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit));
    key == b"processes" || (is_nonce && is_pid && host.is_some_and(|it| !it.is_empty()))
}

/// Which keys move, and under which names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Only these; all where there are none.
    pub kinds: BTreeSet<Kind>,
    /// `REDIS_NAMESPACE` of the source: only its keys move, and lose it.
    pub namespace: Option<String>,
}

impl Choice {
    /// Whether every key moves under its own name.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.has_all_kinds() && self.namespace.is_none()
    }

    pub(super) fn has_all_kinds(&self) -> bool {
        self.kinds.is_empty() || self.kinds.len() == Kind::ALL.len()
    }

    /// Whether keys of this kind move.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// A source's key without the namespace; none where it is not of the namespace.
    pub(super) fn bare<'k>(&self, key: &'k [u8]) -> Option<Cow<'k, [u8]>> {
        let Some(namespace) = &self.namespace else { return Some(Cow::Borrowed(key)) };
        let rest = key.strip_prefix(namespace.as_bytes())?;
        match rest {
            [b':', bare @ ..] => Some(Cow::Borrowed(bare)),
            [b'_', cache @ ..] if cache.starts_with(b"cache:") => Some(Cow::Borrowed(cache)),
            _ => None,
        }
    }

    /// What a source's key is called on the target; none where it stays.
    pub(super) fn place<'k>(&self, key: &'k [u8]) -> Option<Cow<'k, [u8]>> {
        self.bare(key).filter(|bare| self.owns(bare))
    }

    /// Whether a target's key is one that this move puts there.
    pub(super) fn owns(&self, key: &[u8]) -> bool {
        self.has(Kind::of(key)) && !is_heartbeat(key)
    }

    /// Whether a target's key is of a kind that moves, heartbeats included.
    pub(super) fn has_kind_of(&self, key: &[u8]) -> bool {
        self.has(Kind::of(key))
    }

    /// The source's keys that would be called so on the target.
    pub(super) fn origins(&self, key: &[u8]) -> Vec<Vec<u8>> {
        let Some(namespace) = &self.namespace else { return vec![key.to_vec()] };
        let with = |joint: &[u8]| [namespace.as_bytes(), joint, key].concat();
        if key.starts_with(b"cache:") { vec![with(b"_"), with(b":")] } else { vec![with(b":")] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_name() {
        for key in ["queue:default", "queues", "stat:processed:2026-01-01", "retry", "web-1:17:0a1b2c3d4e5f"]
        {
            assert_eq!(Kind::of(key.as_bytes()), Kind::Sidekiq, "{key}");
        }
        assert_eq!(Kind::of(b"feed:home:1:reblogs"), Kind::Feeds);
        assert_eq!(Kind::of(b"cache:7.1:statuses/1"), Kind::Cache);
        assert_eq!(Kind::of(b"subscribed:timeline:1"), Kind::Other);
        assert_eq!(Kind::of(b"retry:not-sidekiq"), Kind::Other);
    }

    #[test]
    fn heartbeats_stay_and_what_resembles_them_moves() {
        let choice = Choice::default();
        for key in
            ["processes", "web-1:1:0a1b2c3d4e5f:work", "fe80::1:7:0a1b2c3d4e5f", "a:1:0a1b2c3d4e5f-signals"]
        {
            assert_eq!(choice.place(key.as_bytes()), None, "{key}");
        }
        for key in ["trends:1:0a1b2c3d4e5", "a:b:0a1b2c3d4e5f", "feed:home:1"] {
            assert_eq!(choice.place(key.as_bytes()).as_deref(), Some(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn a_namespace_is_taken_off_and_strangers_stay() {
        let choice = Choice { namespace: Some("town".to_owned()), ..Choice::default() };
        let place = |key: &str| choice.place(key.as_bytes()).map(Cow::into_owned);
        assert_eq!(place("town:queue:default"), Some(b"queue:default".to_vec()));
        assert_eq!(place("town_cache:7.1:x"), Some(b"cache:7.1:x".to_vec()));
        assert_eq!(place("queue:default"), None);
        assert_eq!(place("township:queue:default"), None);
        assert_eq!(place("town:web-1:1:0a1b2c3d4e5f"), None);
        assert!(choice.origins(b"cache:7.1:x").contains(&b"town_cache:7.1:x".to_vec()));
        assert_eq!(choice.origins(b"queues"), [b"town:queues".to_vec()]);
    }
}

//! What there is, counted.

use std::collections::BTreeMap;

use super::choice::{Choice, Kind};
use super::entry;
use crate::RedisError;
use crate::connection::Redis;

const STEP: usize = 2_000;

/// Numbers of keys in one database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// Those that would move, by what they are for.
    pub moving: BTreeMap<&'static str, u64>,
    /// Those that stay: of other kinds, or heartbeats of processes.
    pub staying: u64,
    /// Those without the namespace that was given: not this server's.
    pub strange: u64,
}

impl Census {
    /// Counts a source's keys by a choice.
    pub(super) async fn take(redis: &Redis, choice: &Choice) -> Result<Self, RedisError> {
        let mut census = Self::default();
        let mut cursor = 0;
        loop {
            let (next, keys) = entry::scan(redis, cursor, STEP).await?;
            for key in keys {
                census.add(choice, &key);
            }
            cursor = next;
            if cursor == 0 {
                return Ok(census);
            }
        }
    }

    fn add(&mut self, choice: &Choice, key: &[u8]) {
        let Some(bare) = choice.bare(key) else {
            self.strange += 1;
            return;
        };
        if choice.owns(&bare) {
            *self.moving.entry(Kind::of(&bare).name()).or_default() += 1;
        } else {
            self.staying += 1;
        }
    }

    /// Those that would move, of every kind.
    #[must_use]
    pub fn in_all(&self) -> u64 {
        self.moving.values().sum()
    }
}

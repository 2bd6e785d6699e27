//! What a Redis says of itself (`INFO`).

use std::collections::{BTreeMap, HashMap};

use redis::pipe;

use crate::RedisError;
use crate::connection::Redis;

/// One answer to `INFO`.
#[derive(Debug, Clone)]
pub(super) struct Facts(HashMap<String, String>);

impl Facts {
    pub(super) async fn ask(redis: &Redis) -> Result<Self, RedisError> {
        let (text,): (String,) = redis.ask("tell its state (INFO)", pipe().cmd("INFO")).await?;
        Ok(Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == value
    }

    /// Major and minor version.
    pub(super) fn version(&self) -> (u32, u32) {
        let mut parts = self.text("redis_version").split('.').map(|part| part.parse().unwrap_or_default());
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// Another after every restart.
    pub(super) fn run(&self) -> String {
        self.text("run_id").to_owned()
    }

    /// Whether what is written to it reaches its disk, as far as it is to.
    pub(super) fn keeps(&self) -> bool {
        let failed = |name: &str| self.is(name, "err");
        !self.is("aof_enabled", "1")
            || !(failed("aof_last_write_status") || failed("aof_last_bgrewrite_status"))
    }

    /// Whether its append-only file is being written anew: until then a restart brings back what was in the one before.
    pub(super) fn rewrites(&self) -> bool {
        let begun = |name: &str| self.number(name) > 0;
        self.is("aof_enabled", "1") && (begun("aof_rewrite_in_progress") || begun("aof_rewrite_scheduled"))
    }

    pub(super) fn is_replica(&self) -> bool {
        self.is("role", "slave")
    }

    /// How much of the stream of changes it has written, or taken in.
    pub(super) fn offset(&self) -> u64 {
        if self.is_replica() { self.number("slave_repl_offset") } else { self.number("master_repl_offset") }
    }

    /// Numbers of keys by database; those that have expired and were not yet taken away included.
    pub(super) fn databases(&self) -> BTreeMap<i64, u64> {
        let databases = self.0.iter().filter_map(|(name, value)| {
            let number = name.strip_prefix("db")?.parse().ok()?;
            let keys = value.strip_prefix("keys=")?.split(',').next()?.parse().ok()?;
            Some((number, keys))
        });
        databases.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read() {
        let facts = Facts::read(
            "# Server\r\nredis_version:7.0.15\r\nrole:slave\r\nslave_repl_offset:42\r\ndb0:keys=7,expires=1,avg_ttl=0\r\n",
        );
        assert_eq!((facts.version(), facts.offset()), ((7, 0), 42));
        assert_eq!(facts.databases(), BTreeMap::from([(0, 7)]));
        assert!(facts.is_replica() && facts.text("nothing").is_empty());
    }
}

//! What a server lets us do, found out by commands that change nothing.

use std::collections::BTreeMap;

use redis::{Value, pipe};

use super::entry;
use crate::RedisError;
use crate::connection::Redis;

/// A key that is only ever asked for.
const NOBODY: &str = "mastoferry:nobody";

/// What one server refuses, with its words.
#[derive(Debug, Default)]
pub(super) struct Rights {
    refused: BTreeMap<&'static str, String>,
    /// What `CONFIG GET` told, as far as it may be asked; never a password.
    settings: BTreeMap<String, String>,
}

/// What comes of writing a payload of a certain version, without writing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Restores {
    /// It is understood.
    Yes,
    /// It is of a version that the server does not know.
    TooNew,
    /// It is not let in for want of memory.
    Full,
    /// The command is refused.
    Refused,
}

impl Rights {
    /// What a source must let us do, and what a cut-over can use.
    pub(super) async fn of_source(redis: &Redis, is_primary: bool) -> Result<Self, RedisError> {
        let mut rights = Self::default();
        rights.probe(redis, "SCAN", &["SCAN", "0", "COUNT", "1"]).await?;
        rights.probe(redis, "DUMP", &["DUMP", NOBODY]).await?;
        rights.probe(redis, "PTTL", &["PTTL", NOBODY]).await?;
        // Over before it begins.
        rights.probe(redis, "CLIENT PAUSE", &["CLIENT", "PAUSE", "0", "WRITE"]).await?;
        rights.probe_both(redis, is_primary).await?;
        Ok(rights)
    }

    /// What a target must let us do.
    pub(super) async fn of_target(redis: &Redis, is_primary: bool) -> Result<Self, RedisError> {
        let mut rights = Self::default();
        rights.probe(redis, "SCAN", &["SCAN", "0", "COUNT", "1"]).await?;
        rights.probe(redis, "DUMP", &["DUMP", NOBODY]).await?;
        if is_primary {
            rights.probe(redis, "UNLINK", &["UNLINK", NOBODY]).await?;
        }
        rights.probe_both(redis, is_primary).await?;
        Ok(rights)
    }

    async fn probe_both(&mut self, redis: &Redis, is_primary: bool) -> Result<(), RedisError> {
        if is_primary {
            // A primary that is told to be one stays one.
            self.probe(redis, "REPLICAOF", &["REPLICAOF", "NO", "ONE"]).await?;
        }
        for name in [
            "replica-read-only",
            "replica-serve-stale-data",
            "min-replicas-to-write",
            "min-replicas-max-lag",
            "tls-replication",
            "save",
        ] {
            let mut question = pipe();
            question.cmd("CONFIG").arg("GET").arg(name);
            match redis.ask::<(Vec<String>,)>("read its settings (CONFIG GET)", &question).await {
                Ok((pair,)) => {
                    drop(pair.get(1).map(|value| self.settings.insert(name.to_owned(), value.clone())))
                }
                Err(error) => drop(self.refused.insert("CONFIG", refusal(error)?)),
            }
        }
        if !self.refused.contains_key("CONFIG") {
            // Setting needs more rights than reading: what it is set to is what it was.
            if let Some(value) = self.settings.get("min-replicas-max-lag").cloned() {
                self.probe(redis, "CONFIG", &["CONFIG", "SET", "min-replicas-max-lag", &value]).await?;
            }
        }
        Ok(())
    }

    async fn probe(&mut self, redis: &Redis, name: &'static str, words: &[&str]) -> Result<(), RedisError> {
        let mut question = pipe();
        let (first, rest) = words.split_first().unwrap_or((&"PING", &[]));
        question.cmd(first).arg(rest);
        if let Err(error) = redis.ask::<(Value,)>("tell what is allowed", &question).await {
            self.refused.insert(name, refusal(error)?);
        }
        Ok(())
    }

    pub(super) fn allows(&self, name: &str) -> bool {
        !self.refused.contains_key(name)
    }

    /// Why a command is refused.
    pub(super) fn reason(&self, name: &str) -> String {
        self.refused.get(name).cloned().unwrap_or_default()
    }

    /// Those of these commands that are refused.
    pub(super) fn missing(&self, names: &[&str]) -> Vec<String> {
        names.iter().filter(|name| !self.allows(name)).map(|name| (*name).to_owned()).collect()
    }

    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
}

/// The words of a refusal; other errors are errors.
fn refusal(error: RedisError) -> Result<String, RedisError> {
    match error {
        RedisError::Forbidden { .. } => Ok("NOPERM".to_owned()),
        RedisError::Refused { reason, .. } if reason.contains("unknown command") => {
            Ok("unknown command".to_owned())
        }
        RedisError::Refused { reason, .. } => Ok(reason),
        other => Err(other),
    }
}

/// The version of the payloads that a source writes, by one of its keys; none where it has none.
pub(super) async fn format_of(redis: &Redis, exact: bool) -> Result<Option<u16>, RedisError> {
    let (key,): (Option<Vec<u8>>,) = redis.ask("name a key (RANDOMKEY)", pipe().cmd("RANDOMKEY")).await?;
    let Some(key) = key else { return Ok(None) };
    let entries = entry::read(redis, &[key], exact).await?;
    Ok(entries.into_iter().next().flatten().and_then(|entry| entry.format()))
}

/// Asks a target to restore what no version knows the kind of, in a payload of a certain version: the version is looked
/// at first, and nothing is ever written.
pub(super) async fn restores(redis: &Redis, format: u16) -> Result<(Restores, String), RedisError> {
    let mut payload = vec![0xf0];
    payload.extend_from_slice(&format.to_le_bytes());
    payload.extend_from_slice(&crc64(&payload).to_le_bytes());
    let mut words = pipe();
    words.cmd("RESTORE").arg(NOBODY).arg(0).arg(payload);
    match redis.ask::<(Value,)>("take keys in (RESTORE)", &words).await {
        Ok(_) => Ok((Restores::Yes, String::new())),
        Err(error) => {
            let words = refusal(error)?;
            let outcome = match &words {
                words if words.contains("Bad data format") => Restores::Yes,
                words if words.contains("payload version") => Restores::TooNew,
                words if words.contains("OOM") => Restores::Full,
                _ => Restores::Refused,
            };
            Ok((outcome, words))
        }
    }
}

/// Redis' own checksum of payloads (`crc64.c`: Jones, reflected). No crate of ours has it, and it is of no use but to ask.
fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0x95ac_9329_ac4b_c9b5 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_that_of_redis() {
        assert_eq!(super::crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }
}

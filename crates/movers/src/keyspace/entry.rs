//! Keys with their contents and times of expiry, many at once.

use redis::{FromRedisValue as _, Value, pipe};

use super::error::KeyspaceError;
use crate::RedisError;
use crate::connection::Redis;

/// How many keys are read or written in one exchange. Together with the number of connections it bounds the memory that a
/// move takes: so many times the size of the keys at hand, however many there are in all.
pub(super) const BATCH: usize = 100;

/// What follows the content in a payload of `DUMP`: the version of the format (2 bytes) and a checksum (8 bytes).
const FOOTER: usize = 10;

/// How far apart times of expiry may be that were told by the time left (before Redis 7.0).
const ROUNDING_MS: u64 = 2_000;

/// What a key holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As `DUMP` gives it.
    pub(super) payload: Vec<u8>,
    /// When it expires, in milliseconds since 1970 by its server's clock; 0 where it does not.
    pub(super) expires_ms: u64,
}

impl Entry {
    /// The payload without version and checksum: the same content in the same encoding.
    pub(super) fn body(&self) -> &[u8] {
        &self.payload[..self.payload.len().saturating_sub(FOOTER)]
    }

    /// The version of the format of its payload.
    pub(super) fn format(&self) -> Option<u16> {
        let footer = self.payload.len().checked_sub(FOOTER)?;
        Some(u16::from_le_bytes(self.payload.get(footer..footer + 2)?.try_into().ok()?))
    }

    pub(super) fn expires_with(&self, other: &Self) -> bool {
        (self.expires_ms == 0) == (other.expires_ms == 0)
            && self.expires_ms.abs_diff(other.expires_ms) <= ROUNDING_MS
    }
}

/// Reads keys; none where there is no such key (any more). `exact` is whether the server knows `PEXPIRETIME` (7.0).
pub(super) async fn read(
    redis: &Redis,
    keys: &[impl AsRef<[u8]>],
    exact: bool,
) -> Result<Vec<Option<Entry>>, RedisError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut questions = pipe();
    questions.cmd("TIME");
    for key in keys {
        questions.cmd("DUMP").arg(key.as_ref());
        questions.cmd(if exact { "PEXPIRETIME" } else { "PTTL" }).arg(key.as_ref());
    }
    let answers: Vec<Value> = redis.ask("read keys (DUMP)", &questions).await?;
    let mut answers = answers.into_iter();
    let now = if exact { 0 } else { milliseconds(answers.as_slice().first()) };
    answers.next();
    let mut entries = Vec::with_capacity(keys.len());
    while let (Some(payload), Some(time)) = (answers.next(), answers.next()) {
        entries.push(match (payload, time) {
            // Expired between the two answers: gone.
            (_, Value::Int(-2)) => None,
            (Value::BulkString(payload), Value::Int(time)) => {
                let expires_ms = u64::try_from(time).map_or(0, |time| time + now);
                Some(Entry { payload, expires_ms })
            }
            _ => None,
        });
    }
    Ok(entries)
}

/// Milliseconds since 1970 in the answer to `TIME`.
pub(super) fn milliseconds(time: Option<&Value>) -> u64 {
    let parts = time.cloned().and_then(|value| <(u64, u64)>::from_redis_value(value).ok());
    parts.map_or(0, |(seconds, microseconds)| seconds * 1_000 + microseconds / 1_000)
}

/// Puts keys in place of what is there.
pub(super) async fn write(redis: &Redis, entries: &[(&[u8], &Entry)]) -> Result<(), KeyspaceError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut words = pipe();
    for (key, entry) in entries {
        words.cmd("RESTORE").arg(*key).arg(entry.expires_ms).arg(&entry.payload).arg("REPLACE").arg("ABSTTL");
        words.ignore();
    }
    redis.ask("write keys (RESTORE)", &words).await.map_err(KeyspaceError::of_write)
}

/// Takes keys away.
pub(super) async fn remove(redis: &Redis, keys: &[impl AsRef<[u8]>]) -> Result<(), KeyspaceError> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut words = pipe();
    let command = words.cmd("UNLINK");
    for key in keys {
        command.arg(key.as_ref());
    }
    let _counted: (u64,) = redis.ask("take keys away (UNLINK)", &words).await?;
    Ok(())
}

/// Which of these keys are there.
pub(super) async fn exist(redis: &Redis, keys: &[impl AsRef<[u8]>]) -> Result<Vec<bool>, RedisError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut questions = pipe();
    for key in keys {
        questions.cmd("EXISTS").arg(key.as_ref());
    }
    let there: Vec<u64> = redis.ask("look for keys (EXISTS)", &questions).await?;
    Ok(there.into_iter().map(|count| count > 0).collect())
}

/// One step of a `SCAN`: where to go on (0 at the end), and keys.
pub(super) async fn scan(
    redis: &Redis,
    cursor: u64,
    count: usize,
) -> Result<(u64, Vec<Vec<u8>>), RedisError> {
    let ((cursor, keys),): ((u64, Vec<Vec<u8>>),) =
        redis.ask("list keys (SCAN)", pipe().cmd("SCAN").arg(cursor).arg("COUNT").arg(count)).await?;
    Ok((cursor, keys))
}

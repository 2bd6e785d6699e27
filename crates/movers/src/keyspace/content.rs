//! Contents compared by what they mean. The same set is dumped in another order by another server, and the same list in
//! another encoding by another version.

use redis::{Value, pipe};

use crate::RedisError;
use crate::connection::Redis;

/// Whether two keys of different payloads hold the same after all. `pairs` are names on the source and on the target.
/// Streams and what modules keep are only equal with equal payloads.
pub(super) async fn same(
    source: &Redis,
    target: &Redis,
    pairs: &[(&[u8], &[u8])],
) -> Result<Vec<bool>, RedisError> {
    let mut same = Vec::with_capacity(pairs.len());
    // One key at a time: both copies of it are held at once.
    for (here, there) in pairs {
        same.push(match (read(source, here).await?, read(target, there).await?) {
            (Some(here), Some(there)) => here == there,
            _ => false,
        });
    }
    Ok(same)
}

/// What a key holds, in an order that does not depend on the server.
#[derive(PartialEq)]
struct Content {
    kind: String,
    parts: Vec<Vec<u8>>,
}

async fn read(redis: &Redis, key: &[u8]) -> Result<Option<Content>, RedisError> {
    const DOING: &str = "read keys by their kinds";
    let (kind,): (String,) = redis.ask(DOING, pipe().cmd("TYPE").arg(key)).await?;
    let mut question = pipe();
    // How many answers belong together; none where the order counts.
    let group = match kind.as_str() {
        "string" => {
            question.cmd("GET").arg(key);
            None
        }
        "list" => {
            question.cmd("LRANGE").arg(key).arg(0).arg(-1);
            None
        }
        "set" => {
            question.cmd("SMEMBERS").arg(key);
            Some(1)
        }
        "hash" => {
            question.cmd("HGETALL").arg(key);
            Some(2)
        }
        "zset" => {
            question.cmd("ZRANGE").arg(key).arg(0).arg(-1).arg("WITHSCORES");
            Some(2)
        }
        _ => return Ok(None),
    };
    let (value,): (Value,) = match redis.ask(DOING, &question).await {
        // It became something else in between.
        Err(RedisError::Refused { reason, .. }) if reason.contains("WRONGTYPE") => return Ok(None),
        answer => answer?,
    };
    let parts = match value {
        Value::BulkString(bytes) => vec![bytes],
        Value::Array(items) => items.into_iter().map(bytes).collect(),
        _ => return Ok(None),
    };
    Ok(Some(Content { kind, parts: ordered(parts, group) }))
}

fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::BulkString(bytes) => bytes,
        other => format!("{other:?}").into_bytes(),
    }
}

fn ordered(parts: Vec<Vec<u8>>, group: Option<usize>) -> Vec<Vec<u8>> {
    let Some(group) = group else { return parts };
    let mut groups: Vec<Vec<Vec<u8>>> = parts.chunks(group).map(<[Vec<u8>]>::to_vec).collect();
    groups.sort_unstable();
    groups.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stay_together_in_another_order() {
        let parts = |text: &str| text.split(' ').map(|it| it.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(ordered(parts("b 1 a 2"), Some(2)), ordered(parts("a 2 b 1"), Some(2)));
        assert_ne!(ordered(parts("b 1 a 2"), Some(2)), ordered(parts("a 1 b 2"), Some(2)));
        assert_ne!(ordered(parts("b a"), None), ordered(parts("a b"), None));
    }
}

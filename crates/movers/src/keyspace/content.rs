//! Contents compared by what they mean. The same set is dumped in another order by another server, and the same list in
//! another encoding by another version.

use redis::{Value, pipe};

use crate::RedisError;
use crate::connection::Redis;

/// Keys that are read in one question: their payloads have been in memory before.
const AT_ONCE: usize = 64;

const DOING: &str = "read keys by their kinds";

/// Whether two keys of different payloads hold the same after all. `pairs` are names on the source and on the target.
/// What modules keep is only equal with equal payloads; of a stream its entries are compared, not who has read how far.
pub(super) async fn same(
    source: &Redis,
    target: &Redis,
    pairs: &[(&[u8], &[u8])],
) -> Result<Vec<bool>, RedisError> {
    let mut same = Vec::with_capacity(pairs.len());
    for some in pairs.chunks(AT_ONCE) {
        let (here, there): (Vec<&[u8]>, Vec<&[u8]>) = some.iter().copied().unzip();
        let (here, there) = futures::future::try_join(read(source, &here), read(target, &there)).await?;
        same.extend(here.into_iter().zip(there).map(|two| match two {
            (Some(here), Some(there)) => here == there,
            _ => false,
        }));
    }
    Ok(same)
}

/// What a key holds, in an order that does not depend on the server.
#[derive(PartialEq)]
struct Content {
    kind: String,
    parts: Vec<Vec<u8>>,
}

/// Some keys with one question; one by one where one of them became something else in between.
async fn read(redis: &Redis, keys: &[&[u8]]) -> Result<Vec<Option<Content>>, RedisError> {
    match read_together(redis, keys).await {
        Err(error) if is_of_another_kind(&error) => {}
        answer => return answer,
    }
    let mut all = Vec::with_capacity(keys.len());
    for key in keys {
        all.extend(match read_together(redis, &[key]).await {
            Err(error) if is_of_another_kind(&error) => vec![None],
            answer => answer?,
        });
    }
    Ok(all)
}

fn is_of_another_kind(error: &RedisError) -> bool {
    matches!(error, RedisError::Refused { reason, .. } if reason.contains("WRONGTYPE"))
}

async fn read_together(redis: &Redis, keys: &[&[u8]]) -> Result<Vec<Option<Content>>, RedisError> {
    let mut question = pipe();
    for key in keys {
        question.cmd("TYPE").arg(*key);
    }
    let kinds: Vec<String> = redis.ask(DOING, &question).await?;
    let mut question = pipe();
    for (key, kind) in keys.iter().zip(&kinds) {
        match kind.as_str() {
            "string" => question.cmd("GET").arg(*key),
            "list" => question.cmd("LRANGE").arg(*key).arg(0).arg(-1),
            "set" => question.cmd("SMEMBERS").arg(*key),
            "hash" => question.cmd("HGETALL").arg(*key),
            "zset" => question.cmd("ZRANGE").arg(*key).arg(0).arg(-1).arg("WITHSCORES"),
            "stream" => question.cmd("XRANGE").arg(*key).arg("-").arg("+"),
            _ => question.cmd("TYPE").arg(*key),
        };
    }
    let values: Vec<Value> = redis.ask(DOING, &question).await?;
    Ok(kinds.into_iter().zip(values).map(|(kind, value)| content(kind, value)).collect())
}

fn content(kind: String, value: Value) -> Option<Content> {
    // How many answers belong together; none where the order counts.
    let group = match kind.as_str() {
        "string" | "list" | "stream" => None,
        "set" => Some(1),
        "hash" | "zset" => Some(2),
        _ => return None,
    };
    let parts = match value {
        Value::BulkString(bytes) => vec![bytes],
        Value::Array(items) => items.into_iter().map(bytes).collect(),
        _ => return None,
    };
    Some(Content { kind, parts: ordered(parts, group) })
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

//! Keys copied one by one.

use std::collections::BTreeSet;
use std::time::Duration;

use movers::keyspace::{Choice, Crossing, Fence, KeyspaceError, Kind, Mode, Phase, Terms, plan};
use redis::Value;

use super::ground::{Client, Server, crossing, has_redis, limits, route, slow};
use super::writers::Writer;

/// A key of each kind and encoding, with and without a time of expiry.
async fn every_type(client: &Client) {
    client.run(&["SET", "text", "wörds \u{1F40B}"]).await;
    client.run(&["SET", "number", "42", "EX", "500"]).await;
    client.run(&["APPEND", "raw", &"x".repeat(5_000)]).await;
    client.run(&["RPUSH", "list", "a", "b", "a"]).await;
    client.run(&["SADD", "numbers", "1", "2", "3"]).await;
    client.run(&["HSET", "hash", "f", "v", "g", "w"]).await;
    client.run(&["ZADD", "zset", "1.5", "a", "-inf", "b", "17", "c"]).await;
    client.run(&["PFADD", "visitors", "a", "b", "c"]).await;
    client.run(&["SETBIT", "bits", "1000", "1"]).await;
    client.run(&["XADD", "stream", "1-1", "k", "v"]).await;
    client.run(&["XGROUP", "CREATE", "stream", "readers", "0"]).await;
    for number in 0..600 {
        let member = format!("member-{number}-{}", "y".repeat(80));
        client.run(&["SADD", "set", &member]).await;
        client.run(&["HSET", "large-hash", &member, "1"]).await;
        client.run(&["ZADD", "large-zset", &number.to_string(), &member]).await;
        client.run(&["RPUSH", "large-list", &member]).await;
    }
    client.run(&["PEXPIREAT", "hash", "4102444800123"]).await;
}

/// What a key holds, as far as an order is kept.
async fn holds(client: &Client, key: &str) -> (String, i64, Option<Value>) {
    let kind: String = client.say(&["TYPE", key]).await;
    let expires: i64 = client.say(&["PEXPIRETIME", key]).await;
    let value = match kind.as_str() {
        "string" => Some(client.say(&["GET", key]).await),
        "list" => Some(client.say(&["LRANGE", key, "0", "-1"]).await),
        "zset" => Some(client.say(&["ZRANGE", key, "0", "-1", "WITHSCORES"]).await),
        "set" => Some(client.say(&["SORT", key, "ALPHA"]).await),
        "stream" => Some(client.say(&["XRANGE", key, "-", "+"]).await),
        _ => None,
    };
    (kind, expires, value)
}

#[tokio::test]
async fn every_type_arrives_with_its_time_of_expiry_and_heartbeats_stay() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let (old, new) = (source.client().await, target.client().await);
    every_type(&old).await;
    let mut keys: Vec<String> = old.say(&["KEYS", "*"]).await;
    old.run(&["SADD", "processes", "web-1:1:0a1b2c3d4e5f"]).await;
    old.run(&["HSET", "web-1:1:0a1b2c3d4e5f", "info", "{}", "busy", "0", "beat", "1", "quiet", "true"]).await;
    let (mut crossing, _state) = crossing(&source, &target);
    let copied = crossing.copy().await.unwrap();
    assert_eq!(copied.keys, keys.len() as u64);
    assert!(crossing.verify().await.unwrap().holds());
    keys.sort_unstable();
    let mut arrived: Vec<String> = new.say(&["KEYS", "*"]).await;
    arrived.sort_unstable();
    assert_eq!(arrived, keys);
    for key in &keys {
        assert_eq!(holds(&new, key).await, holds(&old, key).await, "{key}");
    }
    let groups: Vec<Value> = new.say(&["XINFO", "GROUPS", "stream"]).await;
    assert_eq!(groups.len(), 1);
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert_eq!((done.mode, done.fence), (Mode::Copy, Fence::ReadOnly));
    assert!(done.proof.unwrap().holds());
    let late = old.try_say::<Value>(&["SET", "late", "1"]).await.unwrap_err();
    assert!(late.to_string().contains("read only") || late.code() == Some("READONLY"), "{late}");
}

#[tokio::test]
async fn nothing_that_is_written_meanwhile_is_lost() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    source.client().await.fill(4_000).await;
    let writer = Writer::begin(&source, &target).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.copy().await.unwrap();
    // What was copied and is then deleted must not come back.
    source.client().await.run(&["DEL", "feed:home:7"]).await;
    crossing.copy().await.unwrap();
    // Nothing keeps an application from the target of a copy but that it does not run there yet.
    writer.may_change(false);
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    writer.may_change(true);
    let proof = done.proof.unwrap();
    assert!(proof.holds(), "{proof:?}");
    assert!(proof.compared >= 3_999);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let written = writer.stop().await;
    assert!(written.sent_away > 0, "the old side lets nobody in");
    written.is_all_on(&target.client().await).await;
    assert_eq!(target.client().await.say::<u64>(&["EXISTS", "feed:home:7"]).await, 0);
    assert!(done.pause.unwrap() < Duration::from_secs(10), "{:?}", done.pause);
}

#[tokio::test]
async fn a_key_whose_time_of_expiry_is_renewed_on_the_way_survives() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let old = source.client().await;
    old.fill(3_000).await;
    old.run(&["SET", "subscribed:timeline:1", "1", "PX", "1500"]).await;
    old.run(&["SET", "forgotten", "1", "PX", "700"]).await;
    let renewing = {
        let sides = [old.clone(), target.client().await];
        // As the streaming service does, and on the new side once the old one lets it in no more.
        tokio::spawn(async move {
            for side in sides {
                while let Ok(renewed) =
                    side.try_say::<u64>(&["PEXPIRE", "subscribed:timeline:1", "1500"]).await
                {
                    assert_eq!(renewed, 1, "there is nothing to renew");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        })
    };
    let state = tempfile::TempDir::new().unwrap();
    // Slow enough that the first time of expiry is over when the copy is.
    let mut crossing = Crossing::open(route(&source, &target), slow(60_000), state.path()).unwrap();
    let copied = crossing.copy().await.unwrap();
    assert!(copied.took > Duration::from_millis(1_500), "{copied:?}");
    crossing.cut_over(Terms::default()).await.unwrap();
    let new = target.client().await;
    let left: i64 = new.say(&["PTTL", "subscribed:timeline:1"]).await;
    assert!(left > 0, "{left}");
    assert_eq!(new.say::<u64>(&["EXISTS", "forgotten"]).await, 0);
    assert!(!renewing.is_finished(), "it is renewed on the new side");
    renewing.abort();
}

#[tokio::test]
async fn a_namespace_is_taken_off_and_what_is_not_of_it_stays() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let old = source.client().await;
    old.run(&["SADD", "town:queues", "default"]).await;
    old.run(&["LPUSH", "town:queue:default", r#"{"jid":"1"}"#]).await;
    old.run(&["ZADD", "town:schedule", "1", r#"{"jid":"2"}"#]).await;
    old.run(&["SET", "town_cache:7.1:x", "cached", "EX", "600"]).await;
    old.run(&["SET", "elsewhere", "1"]).await;
    let mut way = route(&source, &target);
    way.choice.namespace = Some("town".to_owned());
    let plan = plan(&way).await.unwrap();
    assert_eq!(plan.mode, Mode::Copy);
    assert_eq!((plan.census.in_all(), plan.census.strange), (4, 1));
    assert_eq!(plan.jobs.waiting(), 1);
    let state = tempfile::TempDir::new().unwrap();
    let mut crossing = Crossing::open(way, limits(), state.path()).unwrap();
    crossing.copy().await.unwrap();
    old.run(&["LPUSH", "town:queue:default", r#"{"jid":"3"}"#]).await;
    old.run(&["DEL", "town_cache:7.1:x"]).await;
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert_eq!(done.jobs, 3);
    assert!(done.proof.unwrap().holds());
    let keys: BTreeSet<String> = target.client().await.say(&["KEYS", "*"]).await;
    let expected = ["queue:default", "queues", "schedule"];
    assert_eq!(keys, expected.into_iter().map(str::to_owned).collect());
    assert_eq!(target.client().await.say::<u64>(&["LLEN", "queue:default"]).await, 2);
}

#[tokio::test]
async fn separate_instances_go_their_own_ways_into_one() {
    if !has_redis() {
        return;
    }
    let (jobs, base, target) = (Server::start().await, Server::start().await, Server::start().await);
    jobs.client().await.run(&["SADD", "queues", "push"]).await;
    jobs.client().await.run(&["LPUSH", "queue:push", r#"{"jid":"1"}"#]).await;
    jobs.client().await.run(&["SET", "cache:stray", "1"]).await;
    base.client().await.fill(50).await;
    for (source, kinds) in [(&jobs, &[Kind::Sidekiq][..]), (&base, &[Kind::Feeds, Kind::Other])] {
        let mut way = route(source, &target);
        way.choice = Choice { kinds: kinds.iter().copied().collect(), namespace: None };
        let state = tempfile::TempDir::new().unwrap();
        let mut crossing = Crossing::open(way, limits(), state.path()).unwrap();
        crossing.copy().await.unwrap();
        assert!(crossing.cut_over(Terms::default()).await.unwrap().proof.unwrap().holds());
    }
    let new = target.client().await;
    assert_eq!(new.say::<u64>(&["DBSIZE"]).await, 52);
    assert_eq!(new.say::<u64>(&["EXISTS", "cache:stray"]).await, 0);
}

#[tokio::test]
async fn going_back_before_loses_nothing_and_after_says_what_is_at_risk() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let (old, new) = (source.client().await, target.client().await);
    old.fill(300).await;
    let (mut first, _state) = crossing(&source, &target);
    first.copy().await.unwrap();
    assert_eq!(first.roll_back(false).await.unwrap().removed, 300);
    assert_eq!(new.say::<u64>(&["DBSIZE"]).await, 0);
    assert!(first.copy().await.is_err(), "it is over");
    let (mut second, _state) = crossing(&source, &target);
    second.copy().await.unwrap();
    second.cut_over(Terms::default()).await.unwrap();
    new.run(&["SADD", "queues", "default"]).await;
    new.run(&["LPUSH", "queue:default", r#"{"jid":"1"}"#]).await;
    let risk = second.roll_back(false).await.unwrap_err();
    assert!(matches!(risk, KeyspaceError::AtRisk { jobs: 1, .. }), "{risk:?}");
    assert!(old.try_say::<Value>(&["SET", "a", "1"]).await.is_err(), "nothing was done");
    let back = second.roll_back(true).await.unwrap();
    assert!(back.after && back.lost);
    assert_eq!(second.phase(), Phase::RolledBack);
    old.run(&["SET", "a", "1"]).await;
    let late = new.try_say::<Value>(&["SET", "a", "1"]).await;
    assert!(late.is_err(), "one primary: {late:?}");
}

#[tokio::test]
async fn no_more_bytes_pass_than_may() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    source.client().await.fill(1_500).await;
    let state = tempfile::TempDir::new().unwrap();
    let limit = 50_000;
    let mut crossing = Crossing::open(route(&source, &target), slow(limit), state.path()).unwrap();
    let copied = crossing.copy().await.unwrap();
    // What is let through is paid for by the next: all but the last batches, one for each connection, took their time.
    let batches = 2 * 100 * copied.bytes / copied.keys;
    let least = (copied.bytes - batches) as f64 / limit as f64;
    assert!(least > 0.5 && copied.took.as_secs_f64() >= least, "{copied:?}, at least {least} s");
}

//! From a Redis before 7, whose dumps of the same content are other bytes.

use movers::keyspace::{Mode, Terms, plan};

use super::ground::{Client, Server, crossing, has_older_redis, has_redis, route};
use super::writers::Writer;

/// Feeds, and what is kept otherwise there than here: lists, and hashes and sets that are small.
async fn fill(client: &Client) {
    client.fill(20_000).await;
    for number in 0..300 {
        client.run(&["RPUSH", &format!("queue:{number}"), "a", "b", "c"]).await;
        client.run(&["HSET", &format!("small:{number}"), "field", "value", "other", "1"]).await;
        client.run(&["SADD", &format!("names:{number}"), "anna", "berta"]).await;
        client.run(&["SET", &format!("session:{number}"), "1", "EX", "900"]).await;
    }
    client.run(&["XADD", "stream", "1-1", "k", "v"]).await;
}

#[tokio::test]
async fn a_replica_of_an_older_redis_is_promoted_under_writers() {
    if !has_redis() || !has_older_redis() {
        return;
    }
    let (source, target) = (Server::older().await, Server::start().await);
    fill(&source.client().await).await;
    assert_eq!(plan(&route(&source, &target)).await.unwrap().mode, Mode::Replicate);
    let writer = Writer::begin(&source, &target).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.replicate().await.unwrap();
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    let proof = done.proof.unwrap();
    assert!(proof.holds() && proof.compared > 20_000, "{proof:?}");
    writer.stop().await.is_all_on(&target.client().await).await;
}

#[tokio::test]
async fn keys_of_an_older_redis_are_copied_under_writers() {
    if !has_redis() || !has_older_redis() {
        return;
    }
    let (source, target) = (Server::older().await, Server::start().await);
    let (old, new) = (source.client().await, target.client().await);
    fill(&old).await;
    let writer = Writer::begin(&source, &target).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.copy().await.unwrap();
    old.run(&["EXPIRE", "session:7", "3000"]).await;
    crossing.copy().await.unwrap();
    // Nothing keeps an application from the target of a copy but that it does not run there yet.
    writer.may_change(false);
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    let proof = done.proof.unwrap();
    assert!(proof.holds() && proof.compared > 20_000, "{proof:?}");
    writer.may_change(true);
    writer.stop().await.is_all_on(&new).await;
    assert_eq!(new.say::<Vec<String>>(&["LRANGE", "queue:7", "0", "-1"]).await, ["a", "b", "c"]);
    assert!(new.say::<u64>(&["TTL", "session:7"]).await > 900, "renewed on the way");
    // What was made different on purpose is found, whatever its bytes.
    new.run(&["RPUSH", "queue:8", "d"]).await;
    let proof = crossing.verify().await.unwrap();
    assert!(proof.moved_on > 0 || !proof.holds(), "{proof:?}");
}

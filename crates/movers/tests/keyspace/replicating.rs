//! The new Redis as a replica of the old one.

use std::time::Duration;

use movers::RedisAddress;
use movers::keyspace::{Crossing, Fence, KeyspaceError, Mode, Phase, Terms, plan};
use redis::Value;

use super::ground::{Server, crossing, has_redis, limits, route, until};
use super::writers::Writer;

#[tokio::test]
async fn a_replica_is_promoted_under_writers_and_none_of_their_writes_is_lost() {
    if !has_redis() {
        return;
    }
    let source = Server::configured("requirepass hush\n").await;
    let target = Server::start().await;
    let (old, new) = (source.client().await, target.client().await);
    old.fill(4_000).await;
    // A process that stopped in good order stays registered until it expires.
    old.run(&["SADD", "processes", "web-1:1:0a1b2c3d4e5f"]).await;
    old.run(&["HSET", "web-1:1:0a1b2c3d4e5f", "info", "{}", "busy", "0", "beat", "1", "quiet", "true"]).await;
    assert_eq!(plan(&route(&source, &target)).await.unwrap().mode, Mode::Replicate);
    let writer = Writer::begin(&source, &target).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.replicate().await.unwrap();
    assert!(crossing.verify().await.unwrap().holds());
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert_eq!((done.mode, done.fence), (Mode::Replicate, Fence::ReadOnly));
    let proof = done.proof.unwrap();
    assert!(proof.holds(), "{proof:?}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let written = writer.stop().await;
    assert!(written.sent_away > 0);
    written.is_all_on(&new).await;
    assert_eq!(new.say::<u64>(&["EXISTS", "processes", "web-1:1:0a1b2c3d4e5f"]).await, 0);
    let secret: Vec<String> = new.say(&["CONFIG", "GET", "masterauth"]).await;
    assert_eq!(secret, ["masterauth", ""]);
    crossing.clean_up().await.unwrap();
    assert_eq!(crossing.phase(), Phase::Cleaned);
}

#[tokio::test]
async fn the_old_side_can_follow_the_new_one_and_take_over_again_without_a_loss() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::lasting().await, Server::lasting().await);
    let (old, new) = (source.client().await, target.client().await);
    old.fill(200).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.replicate().await.unwrap();
    let done = crossing.cut_over(Terms { follow_back: true, ..Terms::default() }).await.unwrap();
    assert!(done.follows_back);
    new.run(&["SET", "written-on-the-new-side", "1"]).await;
    let back = crossing.roll_back(false).await.unwrap();
    assert!(back.after && !back.lost);
    assert_eq!(old.say::<String>(&["GET", "written-on-the-new-side"]).await, "1");
    old.run(&["SET", "a", "1"]).await;
    assert!(new.try_say::<Value>(&["SET", "a", "1"]).await.is_err(), "one primary");
}

#[tokio::test]
async fn going_back_before_the_cut_over_leaves_the_target_empty_and_its_own() {
    if !has_redis() {
        return;
    }
    let source = Server::configured("requirepass hush\n").await;
    let target = Server::start().await;
    let (old, new) = (source.client().await, target.client().await);
    old.fill(200).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.replicate().await.unwrap();
    crossing.roll_back(false).await.unwrap();
    assert_eq!(new.say::<u64>(&["DBSIZE"]).await, 0);
    let secret: Vec<String> = new.say(&["CONFIG", "GET", "masterauth"]).await;
    assert_eq!(secret[1], "");
    new.run(&["SET", "a", "1"]).await;
    assert_eq!(old.say::<u64>(&["DBSIZE"]).await, 200);
}

#[tokio::test]
async fn where_replication_is_refused_it_is_copied_and_the_reason_is_told() {
    if !has_redis() {
        return;
    }
    let source = Server::start().await;
    let target = Server::configured("rename-command REPLICAOF \"\"\n").await;
    source.client().await.fill(20).await;
    let plan = plan(&route(&source, &target)).await.unwrap();
    assert_eq!(plan.mode, Mode::Copy);
    assert!(plan.findings.iter().any(|finding| finding.id == "redis-copy-replicaof"), "{:?}", plan.findings);
    assert!(!plan.is_refused());
    let (mut crossing, _state) = crossing(&source, &target);
    let refused = crossing.replicate().await.unwrap_err();
    assert!(matches!(refused, KeyspaceError::Refused(_)), "{refused:?}");
    crossing.copy().await.unwrap();
    crossing.cut_over(Terms::default()).await.unwrap();
}

#[tokio::test]
async fn a_source_that_is_not_ours_to_command_is_fenced_by_letting_writers_wait() {
    if !has_redis() {
        return;
    }
    // As managed services do.
    let users = "user mover on >hush ~* &* +@all -replicaof -slaveof -config\n";
    let (source, target) = (Server::configured(users).await, Server::start().await);
    let old = source.client().await;
    old.fill(20).await;
    let mut way = route(&source, &target);
    way.source =
        RedisAddress::read(&format!("redis://mover:hush@127.0.0.1:{}/0", source.port), None).unwrap();
    let plan = plan(&way).await.unwrap();
    assert_eq!(plan.fence, Some(Fence::Paused));
    let state = tempfile::TempDir::new().unwrap();
    let mut crossing = Crossing::open(way, limits(), state.path()).unwrap();
    crossing.copy().await.unwrap();
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert_eq!(done.fence, Fence::Paused);
    let waiting = {
        let other = source.client().await;
        tokio::spawn(async move { other.run(&["SET", "late", "1"]).await })
    };
    until("the late writer to wait", async || {
        let clients: String = old.say(&["INFO", "clients"]).await;
        clients.contains("blocked_clients:1")
    })
    .await;
    assert!(!waiting.is_finished());
    // It is let in when the old side is the one again, and not before.
    crossing.roll_back(true).await.unwrap();
    waiting.await.unwrap();
    assert_eq!(old.say::<String>(&["GET", "late"]).await, "1");
}

#[tokio::test]
async fn without_a_pause_writers_are_refused_and_not_lost() {
    if !has_redis() {
        return;
    }
    // As before Redis 6.2.
    let users = "user mover on >hush ~* &* +@all -client|pause\n";
    let (source, target) = (Server::configured(users).await, Server::start().await);
    source.client().await.fill(500).await;
    let mut way = route(&source, &target);
    way.source =
        RedisAddress::read(&format!("redis://mover:hush@127.0.0.1:{}/0", source.port), None).unwrap();
    let writer = Writer::begin(&source, &target).await;
    // Refused at once, it would be on the new side before that is the one.
    writer.may_change(false);
    let state = tempfile::TempDir::new().unwrap();
    let mut crossing = Crossing::open(way, limits(), state.path()).unwrap();
    crossing.copy().await.unwrap();
    until("some writes", async || source.client().await.say::<u64>(&["LLEN", "queue:default"]).await > 30)
        .await;
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    writer.may_change(true);
    assert!(done.proof.unwrap().holds());
    let waits: Vec<String> = source.client().await.say(&["CONFIG", "GET", "min-replicas-to-write"]).await;
    assert_eq!(waits[1], "0", "what was set for the moment is as it was");
    let written = writer.stop().await;
    written.is_all_on(&target.client().await).await;
}

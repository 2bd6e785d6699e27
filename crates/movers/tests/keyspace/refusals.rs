//! What keeps a move from beginning, before anything is written.

use movers::keyspace::{Crossing, KeyspaceError, Mode, Terms, plan};
use movers::{RedisAddress, RedisError};

use super::ground::{Server, crossing, has_redis, limits, route};
use crate::machine::port::free_port;

fn ids(error: &KeyspaceError) -> Vec<&'static str> {
    match error {
        KeyspaceError::Refused(findings) => findings.iter().map(|finding| finding.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_target_with_keys_and_one_that_is_the_source_are_refused_untouched() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    source.client().await.fill(10).await;
    target.client().await.run(&["SET", "feed:home:1", "another"]).await;
    let (mut filled, _state) = crossing(&source, &target);
    assert_eq!(ids(&filled.copy().await.unwrap_err()), ["redis-target-keys"]);
    assert!(ids(&filled.replicate().await.unwrap_err()).contains(&"redis-target-keys"));
    assert_eq!(target.client().await.say::<String>(&["GET", "feed:home:1"]).await, "another");
    assert_eq!(target.client().await.say::<u64>(&["DBSIZE"]).await, 1);
    let (mut itself, _state) = crossing(&source, &source);
    assert!(ids(&itself.copy().await.unwrap_err()).contains(&"redis-same"));
    assert_eq!(source.client().await.say::<u64>(&["DBSIZE"]).await, 10);
}

#[tokio::test]
async fn who_is_not_let_in_learns_why_and_no_password_is_repeated() {
    if !has_redis() {
        return;
    }
    let source = Server::configured("requirepass hush\n").await;
    let target = Server::start().await;
    let open = |url: &str| RedisAddress::read(url, None).unwrap();
    let mut way = route(&source, &target);
    way.source = open(&format!("redis://:hush-wrong@127.0.0.1:{}/0", source.port));
    let wrong = plan(&way).await.unwrap_err();
    assert!(matches!(wrong, KeyspaceError::Redis(RedisError::WrongPassword { .. })), "{wrong:?}");
    way.source = open(&format!("redis://127.0.0.1:{}/0", source.port));
    let none = plan(&way).await.unwrap_err();
    assert!(matches!(none, KeyspaceError::Redis(RedisError::PasswordNeeded { .. })), "{none:?}");
    way.source = open(&format!("redis://127.0.0.1:{}/0", free_port()));
    let nowhere = plan(&way).await.unwrap_err();
    assert!(matches!(nowhere, KeyspaceError::Redis(RedisError::Unreachable { .. })), "{nowhere:?}");
    way.source = open(&format!("rediss://:hush@127.0.0.1:{}/0", source.port));
    let plain = plan(&way).await.unwrap_err();
    let tls = |error: &KeyspaceError| {
        matches!(error, KeyspaceError::Redis(RedisError::Tls { .. } | RedisError::NotRedis { .. }))
    };
    assert!(tls(&plain), "{plain:?}");
    for error in [wrong, none, nowhere, plain] {
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test]
async fn rights_that_are_missing_are_named_and_what_would_be_lost_is_counted() {
    if !has_redis() {
        return;
    }
    let users = "user reader on >hush ~* &* +@all -dump -replicaof\n";
    let source = Server::configured(users).await;
    let target = Server::configured("rename-command REPLICAOF \"\"\n").await;
    let old = source.client().await;
    old.fill(12).await;
    old.run(&["SADD", "queues", "default"]).await;
    old.run(&["LPUSH", "queue:default", r#"{"jid":"1"}"#]).await;
    let mut way = route(&source, &target);
    way.source =
        RedisAddress::read(&format!("redis://reader:hush@127.0.0.1:{}/0", source.port), None).unwrap();
    let plan = plan(&way).await.unwrap();
    assert_eq!(plan.mode, Mode::Leave);
    let leave = plan.findings.iter().find(|finding| finding.id == "redis-mode-leave").unwrap();
    assert!(
        leave.details.contains(&("jobs", "1".to_owned()))
            && leave.details.contains(&("feeds", "12".to_owned()))
    );
    let missing = plan.findings.iter().find(|finding| finding.id == "redis-rights-source").unwrap();
    assert_eq!(missing.details, [("commands", "DUMP".to_owned())]);
    let state = tempfile::TempDir::new().unwrap();
    let mut crossing = Crossing::open(way, limits(), state.path()).unwrap();
    assert!(ids(&crossing.copy().await.unwrap_err()).contains(&"redis-rights-source"));
    assert_eq!(target.client().await.say::<u64>(&["DBSIZE"]).await, 0);
}

#[tokio::test]
async fn a_target_that_throws_keys_away_or_has_no_room_is_refused() {
    if !has_redis() {
        return;
    }
    let source = Server::start().await;
    source.client().await.fill(2_000).await;
    let target = Server::configured("maxmemory 1mb\nmaxmemory-policy allkeys-lru\n").await;
    let (mut crossing, _state) = crossing(&source, &target);
    let found = ids(&crossing.copy().await.unwrap_err());
    assert!(found.contains(&"redis-eviction-keys"), "{found:?}");
    assert!(found.contains(&"redis-memory-short"), "{found:?}");
}

#[tokio::test]
async fn a_replica_is_no_source_and_a_cluster_no_side() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    source.client().await.run(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]).await;
    let (mut replica, _state) = crossing(&source, &target);
    assert!(ids(&replica.copy().await.unwrap_err()).contains(&"redis-source-replica"));
    // Its own choice, ten thousand above the other, may be a client's.
    let bus = free_port();
    let cluster = Server::configured(&format!("cluster-enabled yes\ncluster-port {bus}\n")).await;
    let (mut crossing, _state) = crossing(&target, &cluster);
    assert!(ids(&crossing.copy().await.unwrap_err()).contains(&"redis-cluster"));
}

#[tokio::test]
async fn workers_that_still_run_keep_the_cut_over_from_beginning() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let old = source.client().await;
    old.run(&["SADD", "processes", "web-1:1:0a1b2c3d4e5f"]).await;
    old.run(&["HSET", "web-1:1:0a1b2c3d4e5f", "info", "{}", "busy", "2", "beat", "1", "quiet", "false"])
        .await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.copy().await.unwrap();
    let refused = crossing.cut_over(Terms::default()).await.unwrap_err();
    assert!(matches!(refused, KeyspaceError::Workers { processes: 1 }), "{refused:?}");
    old.run(&["SET", "a", "1"]).await;
    crossing.cut_over(Terms { workers_running: true, ..Terms::default() }).await.unwrap();
}

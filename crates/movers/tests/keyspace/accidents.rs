//! What dies on the way, and what comes of it.

use movers::keyspace::{Crossing, KeyspaceError, Phase, Terms};

use super::ground::{Server, crossing, has_redis, opened, route, slow, until};

#[tokio::test]
async fn a_copy_goes_on_where_another_process_was() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    source.client().await.fill(6_000).await;
    let state = tempfile::TempDir::new().unwrap();
    let new = target.client().await;
    {
        let mut crossing = Crossing::open(route(&source, &target), slow(60_000), state.path()).unwrap();
        let copy = crossing.copy();
        let seen = until("some keys, and a note of them", async || {
            let text = std::fs::read_to_string(state.path().join("redis.journal")).unwrap();
            text.contains("reached")
        });
        tokio::select! {
            done = copy => panic!("too fast: {done:?}"),
            () = seen => {}
        }
    }
    let before: u64 = new.say(&["DBSIZE"]).await;
    assert!(before > 0 && before < 6_000, "{before}");
    let mut crossing = opened(route(&source, &target), state.path()).await.unwrap();
    assert_eq!(crossing.phase(), Phase::Copying);
    let copied = crossing.copy().await.unwrap();
    assert!(copied.resumed && copied.keys < 6_000, "{copied:?}");
    assert_eq!(new.say::<u64>(&["DBSIZE"]).await, 6_000);
    assert!(crossing.verify().await.unwrap().holds());
}

#[tokio::test]
async fn either_side_may_be_killed_and_nothing_is_claimed_that_is_not_so() {
    if !has_redis() {
        return;
    }
    for victim in 0..2 {
        let mut servers = [Server::lasting().await, Server::lasting().await];
        servers[0].client().await.fill(3_000).await;
        let state = tempfile::TempDir::new().unwrap();
        let way = route(&servers[0], &servers[1]);
        let mut crossing = Crossing::open(way.clone(), slow(60_000), state.path()).unwrap();
        let new = servers[1].client().await;
        let copy = crossing.copy();
        let failed = {
            let dies = async {
                until("some keys", async || new.say::<u64>(&["DBSIZE"]).await > 100).await;
                servers[victim].kill();
                std::future::pending::<()>().await
            };
            tokio::select! {
                done = copy => done.unwrap_err(),
                () = dies => unreachable!(),
            }
        };
        assert!(matches!(failed, KeyspaceError::Redis(_)), "{failed:?}");
        servers[victim].again().await;
        drop(crossing);
        let mut crossing = opened(way, state.path()).await.unwrap();
        crossing.copy().await.unwrap();
        let done = crossing.cut_over(Terms::default()).await.unwrap();
        assert!(done.proof.unwrap().holds());
        assert_eq!(servers[1].client().await.say::<u64>(&["DBSIZE"]).await, 3_000);
    }
}

#[tokio::test]
async fn a_target_that_forgot_everything_before_the_cut_over_is_filled_again() {
    if !has_redis() {
        return;
    }
    let (source, mut target) = (Server::start().await, Server::start().await);
    source.client().await.fill(500).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.copy().await.unwrap();
    target.kill();
    let refused = crossing.cut_over(Terms::default()).await.unwrap_err();
    assert!(matches!(refused, KeyspaceError::Redis(_)), "{refused:?}");
    source.client().await.run(&["SET", "the-source-serves", "1"]).await;
    target.again().await;
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert!(done.proof.unwrap().holds());
    assert_eq!(target.client().await.say::<u64>(&["DBSIZE"]).await, 501);
}

#[tokio::test]
async fn a_target_without_room_is_told_as_such_and_the_source_serves_on() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let (old, new) = (source.client().await, target.client().await);
    old.fill(2_000).await;
    let (mut crossing, _state) = crossing(&source, &target);
    crossing.copy().await.unwrap();
    new.run(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
    old.run(&["SET", "more", "1"]).await;
    let full = crossing.cut_over(Terms::default()).await.unwrap_err();
    assert!(matches!(full, KeyspaceError::Full { .. }), "{full:?}");
    old.run(&["SET", "more", "2"]).await;
    new.run(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert!(crossing.cut_over(Terms::default()).await.unwrap().proof.unwrap().holds());
    assert_eq!(new.say::<String>(&["GET", "more"]).await, "2");
}

#[tokio::test]
async fn a_cut_over_that_another_process_began_is_taken_back_or_ended() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::start().await, Server::start().await);
    let old = source.client().await;
    old.fill(500).await;
    let state = tempfile::TempDir::new().unwrap();
    let mut first = opened(route(&source, &target), state.path()).await.unwrap();
    first.copy().await.unwrap();
    {
        let cut = first.cut_over(Terms::default());
        let journal = state.path().join("redis.journal");
        let began =
            until("the fence", async || std::fs::read_to_string(&journal).unwrap().contains("handing"));
        tokio::select! {
            biased;
            () = began => {}
            _done = cut => {}
        }
    }
    drop(first);
    let mut second = opened(route(&source, &target), state.path()).await.unwrap();
    if second.phase() == Phase::Handing {
        second.roll_back(false).await.unwrap();
        old.run(&["SET", "the-source-serves", "1"]).await;
        assert_eq!(target.client().await.say::<u64>(&["DBSIZE"]).await, 0);
    } else {
        // It was faster than we could look.
        assert_eq!(second.phase(), Phase::HandedOver);
        assert!(second.verify().await.unwrap().holds());
    }
}

#[tokio::test]
async fn a_folder_of_another_move_is_refused() {
    if !has_redis() {
        return;
    }
    let (source, target, other) = (Server::start().await, Server::start().await, Server::start().await);
    let state = tempfile::TempDir::new().unwrap();
    let mut first = opened(route(&source, &target), state.path()).await.unwrap();
    first.copy().await.unwrap();
    drop(first);
    let refused = opened(route(&source, &other), state.path()).await.unwrap_err();
    assert!(matches!(refused, KeyspaceError::OtherMove { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_target_that_cannot_write_to_its_disk_is_told_and_filled_later() {
    if !has_redis() {
        return;
    }
    let source = Server::lasting().await;
    let everysec = "appendonly yes\nappendfsync everysec\n";
    let Some(mut target) = Server::on_a_disk(24, everysec).await else { return };
    source.client().await.fill(3_000).await;
    let (mut crossing, _state) = crossing(&source, &target);
    target.fill_disk();
    let failed = crossing.copy().await.unwrap_err();
    assert!(matches!(failed, KeyspaceError::Unkept { .. }), "{failed:?}");
    target.free_disk();
    target.revive().await;
    crossing.copy().await.unwrap();
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert!(done.proof.unwrap().holds());
    assert_eq!(target.client().await.say::<u64>(&["DBSIZE"]).await, 3_000);
}

#[tokio::test]
async fn a_way_back_that_died_in_the_middle_is_ended_without_a_loss() {
    if !has_redis() {
        return;
    }
    let (source, target) = (Server::lasting().await, Server::lasting().await);
    source.client().await.fill(100).await;
    let (mut crossing, state) = crossing(&source, &target);
    crossing.replicate().await.unwrap();
    let following = Terms { follow_back: true, ..Terms::default() };
    crossing.cut_over(following).await.unwrap();
    target.client().await.run(&["SET", "written:since", "1"]).await;
    let journal = state.path().join("state/redis.journal");
    let before = std::fs::read(&journal).unwrap();
    crossing.roll_back(false).await.unwrap();
    drop(crossing);
    // As if the last record had not come to the disk: the source serves already.
    let text = std::fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert!(lines.last().unwrap().contains("rolled-back"), "{text}");
    std::fs::write(&journal, lines[..lines.len() - 1].concat()).unwrap();
    assert!(before.len() < text.len());
    let mut crossing = opened(route(&source, &target), &state.path().join("state")).await.unwrap();
    let back = crossing.roll_back(false).await.unwrap();
    assert!(back.after && !back.lost, "{back:?}");
    assert_eq!(source.client().await.say::<String>(&["GET", "written:since"]).await, "1");
    source.client().await.run(&["SET", "written:again", "1"]).await;
    assert!(target.client().await.try_say::<String>(&["SET", "written:astray", "1"]).await.is_err());
}

//! To the new side.

use std::time::Duration;

use movers::keyspace;
use movers::postgres::Mode;
use movers::stores::StoresError;

use super::posts::{Users, are_kept};
use super::town::{ALL, Moving, Town};
use super::{ground, keys};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pass_over_at_one_point_while_users_post() {
    let Some(town) = Town::founded().await else { return };
    let users = Users::of(&town, 4);
    users.post(30).await;
    let mut stores = town.stores(ALL);
    let followed = stores.follow().await.unwrap();
    assert!(followed.rows > 300 && followed.objects >= 40, "{followed:?}");
    assert!(stores.is_following() && !stores.is_cut_over());
    users.post(50).await;
    let passed = stores.cut_over().await.unwrap();
    users.led_to(1);
    users.post(50).await;
    let promised = users.leave().await;
    are_kept(&town, 1, &promised, true).await;
    assert!(stores.is_cut_over());
    assert!(passed.pause_ms.is_some_and(|pause| pause > 0.0), "{passed:?}");
    assert!(passed.closed_at_ms < passed.opened_at_ms, "{passed:?}");
    assert!(passed.rows.is_some_and(|(tables, rows)| tables > 5 && rows > 300), "{passed:?}");
    assert!(passed.keys.is_some_and(|keys| keys >= 500), "{passed:?}");
    assert!(passed.objects.is_some_and(|(objects, _)| objects >= 120), "{passed:?}");

    // The old side is closed to whoever was forgotten there, and the new one takes everything.
    let late = ground::connect(town.ports[0], &town.rows.database, "mastodon", "app").await.unwrap();
    let refused = late.batch_execute("UPDATE public.accounts SET note = 'late'").await.unwrap_err();
    assert!(refused.as_db_error().is_some_and(|it| it.message().contains("read-only")), "{refused}");
    let late = town.redis[0].client().await.try_say::<i64>(&["LPUSH", "queue:default", "{}"]).await;
    let refused = late.unwrap_err().to_string();
    assert!(
        refused.to_lowercase().replace('-', " ").contains("read only") || refused.contains("READONLY"),
        "{refused}"
    );
    ground::insert_everywhere(&town.rows(1).await).await.unwrap();

    // Asked once more, it says what stands.
    drop(stores);
    let again = town.stores(ALL).cut_over().await;
    assert!(again.is_err() || again.is_ok_and(|passed| passed.pause_ms.is_none()), "nothing happens twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_behind_the_fence_opens_the_old_side_again() {
    let Some(town) = Town::founded().await else { return };
    let users = Users::of(&town, 3);
    let mut stores = town.stores(ALL);
    stores.follow().await.unwrap();
    users.post(20).await;
    // The new place for media is gone when the last pass comes to it.
    let aside = town.folders.path().join("aside");
    std::fs::rename(town.media(1), &aside).unwrap();
    assert!(stores.cut_over().await.is_err());
    assert!(!stores.is_cut_over());
    users.post(20).await;
    std::fs::rename(&aside, town.media(1)).unwrap();
    stores.cut_over().await.unwrap();
    users.led_to(1);
    users.post(20).await;
    are_kept(&town, 1, &users.leave().await, true).await;
}

/// A process that dies in the pause leaves journals from which the next one goes on, whatever had passed over by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_is_cut_short_is_ended_by_the_next_process() {
    let Some(town) = Town::founded().await else { return };
    let users = Users::of(&town, 3);
    let mut stores = town.stores(ALL);
    stores.follow().await.unwrap();
    users.post(20).await;
    for milliseconds in [20, 60, 120, 200, 300, 450, 700, 1000] {
        let cut_over = Box::pin(stores.cut_over());
        if tokio::time::timeout(Duration::from_millis(milliseconds), cut_over).await.is_ok() {
            break;
        }
        drop(stores);
        stores = town.stores(ALL);
        if stores.is_cut_over() {
            break;
        }
    }
    if !stores.is_cut_over() {
        stores.cut_over().await.unwrap();
    }
    users.led_to(1);
    users.post(20).await;
    are_kept(&town, 1, &users.leave().await, true).await;
}

/// By maintenance nobody posts any more: a database that cannot be followed is copied in the pause.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_followed_is_copied_in_the_pause() {
    let Some(town) = Town::founded().await else { return };
    let still = Moving { rows: Mode::Copy, keys: keyspace::Mode::Copy, media: true };
    let users = Users::of(&town, 2);
    let mut stores = town.stores(still);
    stores.follow().await.unwrap();
    assert!(stores.is_following(), "what can be done before is done");
    users.post(30).await;
    let promised = users.leave().await;
    let passed = stores.cut_over().await.unwrap();
    assert!(!passed.loses_nothing_back, "{passed:?}");
    are_kept(&town, 1, &promised, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_side_that_is_not_empty_is_refused_before_anything_is_written() {
    let Some(town) = Town::founded().await else { return };
    town.rows(1).await.batch_execute("CREATE TABLE public.mine (id int)").await.unwrap();
    let mut stores = town.stores(ALL);
    let Err(StoresError::Refused(looked)) = stores.follow().await else { panic!("it must refuse") };
    assert!(looked.iter().any(|one| one.store.name() == "postgres"));
    assert!(std::fs::read_dir(town.media(1)).unwrap().next().is_none(), "media stayed where they were");
    let keys: i64 = town.redis[1].client().await.say(&["DBSIZE"]).await;
    assert_eq!(keys, 0);
}

/// Jobs in a Redis of their own pass over at the same point, and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_of_sidekiqs_own_passes_over_with_the_others_and_back() {
    let Some(town) = Town::founded().await else { return };
    let sidekiq = [keys::Server::lasting().await, keys::Server::lasting().await];
    let push = async |side: usize, count: usize| {
        let client = sidekiq[side].client().await;
        for _ in 0..count {
            client.say::<i64>(&["LPUSH", "queue:push", "{}"]).await;
        }
    };
    let waiting =
        async |side: usize| -> i64 { sidekiq[side].client().await.say(&["LLEN", "queue:push"]).await };
    push(0, 30).await;
    let users = Users::of(&town, 3);
    let mut stores = town.stores_with(ALL, &sidekiq);
    stores.follow().await.unwrap();
    push(0, 20).await;
    users.post(20).await;
    let passed = stores.cut_over().await.unwrap();
    users.led_to(1);
    users.post(20).await;
    assert!(stores.is_cut_over());
    assert!(passed.jobs.is_some_and(|jobs| jobs >= 50), "{passed:?}");
    assert_eq!(waiting(1).await, 50);
    let late = sidekiq[0].client().await.try_say::<i64>(&["LPUSH", "queue:push", "{}"]).await;
    assert!(late.is_err(), "the old one takes nothing any more");
    push(1, 5).await;
    let promised = users.leave().await;
    are_kept(&town, 1, &promised, true).await;

    let back = stores.go_back(true).await.unwrap();
    assert!(back.after && stores.is_back());
    assert_eq!(waiting(0).await, 55, "what was written since is carried back");
    are_kept(&town, 0, &promised, false).await;
}

//! Back to the old side.

use movers::keyspace;
use movers::postgres::Mode;
use movers::stores::{StoreKind, StoresError};

use super::posts::{Users, are_kept};
use super::town::{ALL, Moving, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_cut_over_nothing_is_lost_and_nothing_stays() {
    let Some(town) = Town::founded().await else { return };
    let users = Users::of(&town, 3);
    let mut stores = town.stores(ALL);
    stores.follow().await.unwrap();
    users.post(20).await;
    assert!(stores.at_risk().await.unwrap().is_empty());
    let gone = stores.go_back(false).await.unwrap();
    assert!(!gone.after && !gone.lost && stores.is_back());
    users.post(20).await;
    are_kept(&town, 0, &users.leave().await, true).await;
    let tables =
        "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let left: i64 = town.rows(1).await.query_one(tables, &[]).await.unwrap().get(0);
    let keys: i64 = town.redis[1].client().await.say(&["DBSIZE"]).await;
    assert_eq!((left, keys), (0, 0));
    assert!(!stores.go_back(false).await.unwrap().after, "a second time it does nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_it_what_was_written_to_the_new_side_is_carried_back() {
    let Some(town) = Town::founded().await else { return };
    let moving = Moving { media: false, ..ALL };
    let users = Users::of(&town, 3);
    let mut stores = town.stores(moving);
    stores.follow().await.unwrap();
    let passed = stores.cut_over().await.unwrap();
    assert!(passed.loses_nothing_back, "{passed:?}");
    users.led_to(1);
    users.post(40).await;
    assert!(stores.at_risk().await.unwrap().is_empty());
    let gone = stores.go_back(false).await.unwrap();
    assert!(gone.after && !gone.lost);
    users.led_to(0);
    users.post(20).await;
    are_kept(&town, 0, &users.leave().await, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_be_lost_is_counted_and_has_to_be_agreed_to() {
    let Some(town) = Town::founded().await else { return };
    let moving = Moving { rows: Mode::Copy, keys: keyspace::Mode::Copy, media: true };
    let mut stores = town.stores(moving);
    stores.follow().await.unwrap();
    stores.cut_over().await.unwrap();
    let users = Users::of(&town, 3);
    users.led_to(1);
    users.post(30).await;
    let promised = users.leave().await.len() as u64;
    let risks = stores.at_risk().await.unwrap();
    let count = |store: StoreKind| risks.iter().find(|risk| risk.store == store).and_then(|risk| risk.count);
    assert_eq!(count(StoreKind::Postgres), Some(promised), "{risks:?}");
    assert!(risks.iter().any(|risk| risk.tables.iter().any(|table| table.contains("statuses"))), "{risks:?}");
    assert_eq!(count(StoreKind::Media), Some(promised), "{risks:?}");
    assert!(count(StoreKind::Redis).is_some_and(|jobs| jobs >= promised), "{risks:?}");
    assert!(matches!(stores.go_back(false).await, Err(StoresError::AtRisk(_))));
    assert!(stores.is_cut_over(), "nothing was touched");
    let gone = stores.go_back(true).await.unwrap();
    assert!(gone.after && gone.lost && stores.is_back());
    // The old side takes writes, the new one does not.
    town.rows(0).await.batch_execute("UPDATE public.accounts SET note = 'back'").await.unwrap();
    assert!(town.rows(1).await.batch_execute("UPDATE public.accounts SET note = 'there'").await.is_err());
    assert_eq!(town.redis[0].client().await.say::<i64>(&["LPUSH", "queue:default", "{}"]).await, 1);
}

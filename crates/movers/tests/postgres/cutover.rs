//! Following and cutting over while a crowd writes.

use std::sync::Arc;

use movers::Meter;
use movers::postgres::{Move, Phase, PostgresError, verify};

use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{Ground, ground, insert_everywhere, number, pair, settings};

fn meter() -> Arc<Meter> {
    Arc::new(Meter::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_writes_loses_nothing_and_can_go_back() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, green, state, .. } = ground(&pair.source, &pair.target, 3000).await;
    let ports = Ports(vec![pair.source.port, pair.target.port]);
    let crowd = Crowd::start(4, 20, &ports, &database, ("mastodon", "app"));
    crowd.more(20).await;
    let mut course = Move::open(state.path(), sides.clone(), settings()).unwrap();
    course.follow(&meter()).await.unwrap().expect("copied on the way");
    assert_eq!(course.phase(), Phase::Following);
    crowd.more(50).await;
    // Another process goes on.
    drop(course);
    let mut course = Move::open(state.path(), sides.clone(), settings()).unwrap();
    assert!(course.follow(&meter()).await.unwrap().is_none(), "it was copied before");
    assert!(green.batch_execute("SELECT 1").await.is_err(), "who was on green before was ended");
    let green = pair.target.client(&database).await;
    let early = green.batch_execute("INSERT INTO public.tags (name) VALUES ('early')").await.unwrap_err();
    assert_eq!(early.code().unwrap().code(), "25006", "nobody writes to green before it is opened");
    drop(green);
    let switched = course.cutover(None, &meter()).await.unwrap();
    let proof = switched.proof.as_ref().unwrap();
    assert!(proof.is_equal(), "{proof:#?}");
    assert!(switched.way_back);
    assert!(switched.pause_ms.unwrap() > 0.0);
    let blue = pair.source.client(&database).await;
    let late = blue.batch_execute("INSERT INTO public.tags (name) VALUES ('late')").await.unwrap_err();
    assert_eq!(late.code().unwrap().code(), "25006", "nobody writes to blue any more");
    crowd.more(50).await;
    let green = pair.target.client(&database).await;
    insert_everywhere(&green).await.unwrap();
    let served = number(&green, "SELECT count(*) FROM public.visits").await;
    let returned = course.rollback(None).await.unwrap();
    assert!(returned.target_keeps_copy);
    crowd.more(50).await;
    let told = crowd.end().await;
    let blue = pair.source.client(&database).await;
    keeps_promises(&told, &blue).await;
    assert!(number(&blue, "SELECT count(*) FROM public.visits").await > served, "green's writes came back");
    assert_eq!(number(&blue, "SELECT count(*) FROM public.accounts WHERE username = 'newcomer'").await, 1);
    blue.batch_execute("INSERT INTO public.favourites (account_id, status_id) VALUES (1, 1), (2, 1)")
        .await
        .unwrap();
    let rest = course.cleanup().await.unwrap();
    assert!(rest.objects.is_empty(), "{rest:?}");
    assert!(!rest.source_is_fenced);
    assert_eq!(number(&blue, "SELECT count(*) FROM pg_class WHERE relreplident IN ('f', 'i') AND relnamespace = 'public'::regnamespace").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_before_it_was_written_down_is_not_done_twice() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let journal = state.path().join("postgres.journal");
    // A process that dies before its last record has done all but that.
    let forget = || {
        let text = std::fs::read_to_string(&journal).unwrap();
        let kept = text.trim_end().rsplit_once('\n').unwrap().0;
        std::fs::write(&journal, format!("{kept}\n")).unwrap();
    };
    let ports = Ports(vec![pair.source.port, pair.target.port]);
    let crowd = Crowd::start(2, 20, &ports, &database, ("mastodon", "app"));
    let again = || Move::open(state.path(), sides.clone(), settings()).unwrap();
    let mut course = again();
    course.follow(&meter()).await.unwrap();
    crowd.more(20).await;
    course.cutover(None, &meter()).await.unwrap();
    for expected in [Phase::Opened, Phase::Opening] {
        drop(course);
        forget();
        course = again();
        assert_eq!(course.phase(), expected);
        assert!(course.cutover(None, &meter()).await.unwrap().way_back);
        assert_eq!(course.phase(), Phase::WayBack);
        crowd.more(20).await;
        if expected == Phase::Opened {
            drop(course);
            forget();
            course = again();
        }
    }
    course.rollback(None).await.unwrap();
    drop(course);
    forget();
    let mut course = again();
    assert_eq!(course.phase(), Phase::WayBack);
    assert!(course.rollback(None).await.unwrap().target_keeps_copy);
    assert_eq!(course.phase(), Phase::RolledBack);
    crowd.more(20).await;
    keeps_promises(&crowd.end().await, &pair.source.client(&database).await).await;
    assert!(course.cleanup().await.unwrap().objects.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_clean_up_nothing_is_left_and_the_old_side_takes_no_writes() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 500).await;
    let mut course = Move::open(state.path(), sides.clone(), settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    let refused = course.cleanup().await.unwrap_err();
    assert!(matches!(refused, PostgresError::OutOfTurn { .. }), "a slot that is needed stays: {refused}");
    course.cutover(None, &meter()).await.unwrap();
    let rest = course.cleanup().await.unwrap();
    assert!(rest.objects.is_empty() && rest.source_is_fenced, "{rest:?}");
    let proof = verify(&sides.source, &sides.target, 2, &meter()).await.unwrap();
    assert!(proof.is_equal(), "{proof:#?}");
    let green = pair.target.client(&database).await;
    insert_everywhere(&green).await.unwrap();
    let refused = course.rollback(None).await.unwrap_err();
    assert!(matches!(refused, PostgresError::OutOfTurn { .. }), "there is no way back: {refused}");
    let proof = verify(&sides.source, &sides.target, 2, &meter()).await.unwrap();
    assert!(!proof.is_equal() && proof.holds());
    assert!(proof.differing().contains_key("public.accounts"), "{proof:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_comes_meanwhile_stops_the_cut_over_before_anything_is_fenced() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    blue.batch_execute(
        "CREATE TABLE public.migrated (id int PRIMARY KEY); INSERT INTO public.migrated VALUES (1)",
    )
    .await
    .unwrap();
    let refused = course.cutover(None, &meter()).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Unequal { .. }), "{refused}");
    blue.batch_execute("INSERT INTO public.migrated VALUES (2)").await.unwrap();
    assert_eq!(course.phase(), Phase::Following);
    course.rollback(None).await.unwrap();
    let slots = format!("SELECT count(*) FROM pg_replication_slots WHERE database = '{database}'");
    assert_eq!(number(&blue, &slots).await, 0);
}

//! The ways in which other tools are known to lose changes without a word, tried on ours.

use std::sync::Arc;
use std::time::Duration;

use movers::Meter;
use movers::postgres::{Move, PostgresError, Settings};
use tokio_postgres::Client;

use crate::ground::{Ground, ground, number, pair, settings};

fn meter() -> Arc<Meter> {
    Arc::new(Meter::default())
}

/// Log that is none of the moved database's business: servers tell each other of it by keepalives.
async fn traffic_of_others(server: &crate::ground::Server) {
    let other = server.client("postgres").await;
    other
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS elsewhere (t text); \
            INSERT INTO elsewhere SELECT repeat('x', 500) FROM generate_series(1, 5000); SELECT pg_switch_wal(); CHECKPOINT",
        )
        .await
        .unwrap();
}

async fn tags(client: &Client) -> i64 {
    number(client, "SELECT count(*) FROM public.tags WHERE name LIKE 'change%'").await
}

/// A keepalive moved the position on which another tool relied past what it had applied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_that_moves_on_its_own_is_no_proof() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let mut hasty = settings();
    hasty.patience = Duration::from_millis(300);
    let mut course = Move::open(state.path(), sides.clone(), hasty).unwrap();
    course.follow(&meter()).await.unwrap();
    // The change is received and waits for a lock; meanwhile the log goes far beyond it.
    let holder = pair.target.client(&database).await;
    holder.batch_execute("BEGIN READ WRITE; LOCK TABLE public.tags IN ACCESS EXCLUSIVE MODE").await.unwrap();
    blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 1')").await.unwrap();
    traffic_of_others(&pair.source).await;
    let failed = course.cutover(None, &meter()).await.unwrap_err();
    assert!(matches!(failed, PostgresError::TooLong { .. }), "{failed}");
    blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 2')").await.unwrap();
    holder.batch_execute("ROLLBACK").await.unwrap();
    drop(course);
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    assert_eq!(tags(&pair.target.client(&database).await).await, 2);
}

/// What stands in the way is told long before patience ends, and the move goes on when it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_taken_in_is_told_and_not_waited_for() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let short = Settings { patience: Duration::from_secs(5), ..settings() };
    let mut course = Move::open(state.path(), sides, short).unwrap();
    course.follow(&meter()).await.unwrap();
    let green = pair.target.client(&database).await;
    let (insert, id) = ("INSERT INTO public.tags (id, name) VALUES", 7_000_000);
    green.batch_execute(&format!("BEGIN READ WRITE; {insert} ({id}, 'in the way'); COMMIT")).await.unwrap();
    blue.batch_execute(&format!("{insert} ({id}, 'change 1')")).await.unwrap();
    let failed = course.cutover(None, &meter()).await.unwrap_err();
    assert!(matches!(failed, PostgresError::Unequal { .. }), "{failed}");
    assert!(failed.to_string().starts_with("the side that follows cannot take in what comes"), "{failed}");
    blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 2')").await.unwrap();
    let away = format!("BEGIN READ WRITE; DELETE FROM public.tags WHERE id = {id}; COMMIT");
    green.batch_execute(&away).await.unwrap();
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    assert_eq!(tags(&pair.target.client(&database).await).await, 2);
}

/// Another tool skipped transactions that committed in another order than they began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_overlap_all_arrive() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let (first, second) = (pair.source.client(&database).await, pair.source.client(&database).await);
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    let meter = meter();
    let follow = course.follow(&meter);
    let overlapping = async {
        // Begun while it is copied, ended while it is followed, the other way round.
        loop {
            let slots = format!(
                "SELECT count(*) FROM pg_replication_slots WHERE database = '{database}' AND confirmed_flush_lsn IS NOT NULL"
            );
            if number(&blue, &slots).await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        first.batch_execute("BEGIN; INSERT INTO public.tags (name) VALUES ('change 1')").await.unwrap();
        second.batch_execute("BEGIN; INSERT INTO public.tags (name) VALUES ('change 2')").await.unwrap();
        blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 3')").await.unwrap();
        second.batch_execute("INSERT INTO public.tags (name) VALUES ('change 4'); COMMIT").await.unwrap();
    };
    let (followed, ()) = tokio::join!(follow, overlapping);
    followed.unwrap();
    first.batch_execute("INSERT INTO public.tags (name) VALUES ('change 5'); COMMIT").await.unwrap();
    let switched = course.cutover(None, &meter).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    assert_eq!(tags(&pair.target.client(&database).await).await, 5);
}

/// In another tool the receiving process ended first, left what it had received, and all was called done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_ends_early_loses_nothing() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    let green = pair.target.client("postgres").await;
    for number in 0..20 {
        blue.batch_execute(&format!("INSERT INTO public.tags (name) VALUES ('change {number}')"))
            .await
            .unwrap();
        // Now the one that sends, now the one that receives and applies.
        let senders = format!(
            "SELECT count(pg_terminate_backend(active_pid)) FROM pg_replication_slots WHERE database = '{database}' AND active_pid IS NOT NULL"
        );
        let receivers = format!(
            "SELECT count(pg_terminate_backend(s.pid)) FROM pg_stat_subscription s JOIN pg_stat_activity a ON a.pid = s.pid WHERE a.datname = '{database}'"
        );
        if number % 2 == 0 {
            crate::ground::number(&blue, &senders).await
        } else {
            crate::ground::number(&green, &receivers).await
        };
    }
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    assert_eq!(tags(&pair.target.client(&database).await).await, 20);
}

/// In another tool a keepalive past the end made the last transactions unreachable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_change_before_a_silence_arrives() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 1')").await.unwrap();
    blue.batch_execute("BEGIN; INSERT INTO public.tags (name) VALUES ('never'); ROLLBACK").await.unwrap();
    traffic_of_others(&pair.source).await;
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    assert_eq!(tags(&pair.target.client(&database).await).await, 1);
    assert_eq!(
        number(&pair.target.client(&database).await, "SELECT count(*) FROM public.tags WHERE name = 'never'")
            .await,
        0
    );
}

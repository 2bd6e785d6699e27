//! Copies: all is there, and nothing of a copy that failed.

use std::sync::Arc;

use movers::Meter;
use movers::postgres::{Mode, Move, Phase, PostgresError, plan, verify};

use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{Ground, ground, insert_everywhere, number, pair, settings};

fn meter() -> Arc<Meter> {
    Arc::new(Meter::default())
}

async fn moved(mode: Mode) {
    let Some(pair) = pair() else { return };
    let Ground { sides, blue, state, .. } = ground(&pair.source, &pair.target, 3000).await;
    let mut course = Move::open(state.path(), sides.clone(), settings()).unwrap();
    let meter = meter();
    let copied = course.copy(mode, true, &meter).await.unwrap();
    assert!(copied.rows > 6000, "{copied:?}");
    assert_eq!(copied.tables, 11);
    assert_eq!(course.phase(), Phase::Copied);
    // A forgotten process, whoever it is, cannot write on either side.
    for client in
        [&pair.source.client(sides_database(&sides)).await, &pair.target.client(sides_database(&sides)).await]
    {
        let refused =
            client.batch_execute("UPDATE public.accounts SET note = 'forgotten'").await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "25006");
    }
    assert!(
        blue.is_closed() || blue.batch_execute("SELECT 1").await.is_err(),
        "who could write before was ended"
    );
    let proof = verify(&sides.source, &sides.target, 2, &meter).await.unwrap();
    assert!(proof.is_equal(), "{proof:#?}");
    assert_eq!(proof.tables.len(), 11);
    assert_eq!(proof.sequences, 7);
    course.cutover(None, &meter).await.unwrap();
    assert_eq!(course.phase(), Phase::Opened);
    let green = pair.target.client(sides_database(&sides)).await;
    insert_everywhere(&green).await.unwrap();
    let owners = "SELECT count(*) FROM pg_class WHERE relowner <> 'mastodon'::regrole AND relnamespace = 'public'::regnamespace";
    assert_eq!(number(&green, owners).await, 0, "all is its owner's");
    let comment =
        "SELECT count(*) FROM pg_description WHERE objoid = 'public.index_statuses_on_reblog'::regclass";
    assert_eq!(number(&green, comment).await, 1);
    let rest = course.cleanup().await.unwrap();
    assert!(rest.objects.is_empty(), "{rest:?}");
    assert!(rest.source_is_fenced);
}

fn sides_database(sides: &movers::postgres::Sides) -> &str {
    // `host:port/database`
    Box::leak(sides.source.to_string().rsplit('/').next().unwrap().to_owned().into_boxed_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_has_all_and_takes_writes_at_once() {
    moved(Mode::Copy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_has_all_and_takes_writes_at_once() {
    moved(Mode::Dump).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_all_connections_share_arrives_once_while_it_is_written_to() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 60_000).await;
    let mut settings = settings();
    settings.limits.connections = std::num::NonZeroUsize::new(4).unwrap();
    let found = plan(&sides, &settings, None).await.unwrap();
    let divided = found.found.iter().find(|it| it.id == "postgres-divided").expect("the plan says so");
    assert_eq!(divided.details[0].1, "public.statuses", "{divided:?}");
    let ports = Ports(vec![pair.source.port, pair.target.port]);
    let crowd = Crowd::start(3, 20, &ports, &database, ("mastodon", "app"));
    crowd.more(20).await;
    // Rows change their places all the time: some are written anew, some go.
    let restless = pair.source.client(&database).await;
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let moving = tokio::spawn(async move {
        let mut number = 0;
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            number += 1;
            let each = format!(
                "UPDATE public.statuses SET visibility = visibility + 1 WHERE id % 600 = {number} % 600"
            );
            let _ended_at_the_fence = restless.batch_execute(&each).await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    let mut course = Move::open(state.path(), sides, settings).unwrap();
    course.follow(&meter()).await.unwrap();
    let proof = course.cutover(None, &meter()).await.unwrap().proof.unwrap();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    moving.await.unwrap();
    assert!(proof.is_equal(), "{proof:#?}");
    crowd.more(20).await;
    keeps_promises(&crowd.end().await, &pair.target.client(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_moving_database_is_of_one_moment_and_is_no_move() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 2000).await;
    let crowd = Crowd::start(2, 1, &Ports(vec![pair.source.port]), &database, ("mastodon", "app"));
    crowd.more(20).await;
    let mut course = Move::open(state.path(), sides.clone(), settings()).unwrap();
    course.copy(Mode::Copy, false, &meter()).await.unwrap();
    crowd.more(20).await;
    let told = crowd.end().await;
    assert!(told.errors.is_empty(), "{:?}", told.errors);
    let green = pair.target.client(&database).await;
    // Each transaction writes one post and one visit.
    let posts = number(&green, "SELECT count(*) FROM public.statuses WHERE uri LIKE '%crowd%'").await;
    assert_eq!(posts, number(&green, "SELECT count(*) FROM public.visits WHERE what LIKE 'w%-%-%!'").await);
    let refused = course.cutover(None, &meter()).await.unwrap_err();
    assert!(matches!(refused, PostgresError::OutOfTurn { .. }), "{refused}");
    course.rollback(None).await.unwrap();
    drop(green);
    let green = pair.target.client(&database).await;
    let left = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'mastoferry')";
    assert_eq!(number(&green, left).await, 0, "nothing stays on the target");
    let blue = pair.source.client(&database).await;
    insert_everywhere(&blue).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_fails_is_begun_anew_and_touches_nothing_else() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 500).await;
    // Twice the same where an index says once: a change of the system's sorting leaves such behind.
    blue.batch_execute(
        "SET allow_system_table_mods = on; UPDATE pg_index SET indisvalid = true, indisready = false
            WHERE indexrelid = 'public.index_statuses_on_uri'::regclass;",
    )
    .await
    .unwrap();
    let again = pair.source.client(&database).await;
    again
        .batch_execute(
            "INSERT INTO public.statuses (id, account_id, uri) VALUES (-1, 1, 'twice'), (-2, 1, 'twice')",
        )
        .await
        .unwrap();
    again.batch_execute("UPDATE pg_index SET indisready = true WHERE indexrelid = 'public.index_statuses_on_uri'::regclass").await.unwrap();
    let mut settings = settings();
    settings.look_for_duplicates = true;
    let mut course = Move::open(state.path(), sides.clone(), settings.clone()).unwrap();
    let refused = course.copy(Mode::Copy, true, &meter()).await.unwrap_err();
    let PostgresError::Preflight { found } = &refused else { panic!("{refused}") };
    let duplicates = found.iter().find(|finding| finding.id == "postgres-duplicates").expect("found before");
    assert!(duplicates.details[0].1.contains("index_statuses_on_uri"), "{duplicates:?}");
    assert_eq!(course.phase(), Phase::New);
    drop(course);
    // Not looked for, it fails in the middle.
    settings.look_for_duplicates = false;
    let mut course = Move::open(state.path(), sides.clone(), settings).unwrap();
    let failed = course.copy(Mode::Copy, true, &meter()).await.unwrap_err();
    assert!(failed.to_string().contains("23505"), "{failed}");
    assert_eq!(course.phase(), Phase::Copying);
    let green = pair.target.client(&database).await;
    green
        .batch_execute("BEGIN READ WRITE; CREATE TABLE public.foreign_thing (id int); COMMIT")
        .await
        .unwrap();
    let refused = course.copy(Mode::Copy, true, &meter()).await.unwrap_err();
    assert!(matches!(&refused, PostgresError::Preflight { .. }), "another's table came: {refused}");
    let green = pair.target.client(&database).await;
    assert_eq!(number(&green, "SELECT count(*) FROM public.foreign_thing").await, 0, "and is still there");
    assert_eq!(
        number(&green, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").await,
        1
    );
    green.batch_execute("DROP TABLE public.foreign_thing").await.unwrap();
    let blue = pair.source.client(&database).await;
    blue.batch_execute("BEGIN READ WRITE; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; DELETE FROM public.statuses WHERE id = -2; COMMIT").await.unwrap();
    course.copy(Mode::Copy, true, &meter()).await.unwrap();
    course.cutover(None, &meter()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_a_table_stays_as_it_was() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 500).await;
    blue.batch_execute(
        "ALTER TABLE public.statuses SET (autovacuum_enabled = off, fillfactor = 90);
            ALTER TABLE public.accounts SET (autovacuum_enabled = on, toast.autovacuum_enabled = off);
            ALTER TABLE public.tags SET (fillfactor = 80)",
    )
    .await
    .unwrap();
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.copy(Mode::Copy, true, &meter()).await.unwrap();
    let options = "SELECT string_agg(format('%s: %s', coalesce(of.relname, c.relname), c.reloptions), '; '
            ORDER BY c.relkind, coalesce(of.relname, c.relname)) FROM pg_class c
        LEFT JOIN pg_class of ON of.reltoastrelid = c.oid WHERE c.reloptions IS NOT NULL AND c.relkind IN ('r', 't')";
    for server in [&pair.source, &pair.target] {
        let said: String = server.client(&database).await.query_one(options, &[]).await.unwrap().get(0);
        assert_eq!(
            said,
            "accounts: {autovacuum_enabled=on}; statuses: {autovacuum_enabled=off,fillfactor=90}; \
                tags: {fillfactor=80}; accounts: {autovacuum_enabled=off}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_names_what_is_not_there_is_found_with_and_without_an_index() {
    let Some(pair) = pair() else { return };
    for (key, damage) in [
        (
            "fk_boosted",
            "UPDATE public.statuses SET reblog_of_id = -7 WHERE id = (SELECT min(id) FROM public.statuses)",
        ),
        (
            "fk_status",
            "UPDATE public.media_attachments SET status_id = -7
            WHERE id = (SELECT min(id) FROM public.media_attachments)",
        ),
    ] {
        let Ground { sides, blue, state, .. } = ground(&pair.source, &pair.target, 500).await;
        // As a lost file or a careless repair leaves it behind.
        blue.batch_execute(&format!("SET session_replication_role = replica; {damage}")).await.unwrap();
        let mut course = Move::open(state.path(), sides, settings()).unwrap();
        let failed = course.copy(Mode::Copy, true, &meter()).await.unwrap_err().to_string();
        assert!(failed.contains("23503") && failed.contains(key), "{failed}");
        course.rollback(None).await.unwrap();
    }
}

//! A target that is the source's streaming replica.

use std::sync::Arc;

use movers::postgres::{Address, Mode, Move, Phase, PostgresError, Sides, plan};
use movers::{Grade, Meter};
use tempfile::TempDir;

use crate::bouncer::Bouncer;
use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{
    Ground, Server, free_port, fresh, ground, has, insert_everywhere, newest, number, pair, settings,
};

fn meter() -> Arc<Meter> {
    Arc::new(Meter::default())
}

/// A filled source and its replica.
async fn both() -> Option<(Server, Server, Sides, String)> {
    let source = Server::with(&newest()?, "wal_level = replica\n", None).await;
    let database = fresh();
    drop(source.database(&database, 1000).await);
    let target = source.replica().await;
    let sides = Sides {
        source: source.address(&database),
        target: target.address(&database),
        source_from_target: None,
        target_from_source: None,
    };
    Some((source, target, sides, database))
}

async fn refuses_writes(server: &Server, database: &str) {
    let client = server.client(database).await;
    let refused = client.batch_execute("INSERT INTO public.tags (name) VALUES ('late')").await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "25006");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_promoted_while_a_crowd_writes() {
    let Some((source, target, sides, database)) = both().await else { return };
    let found = plan(&sides, &settings(), None).await.unwrap();
    assert_eq!(found.mode, Mode::Physical, "it is recommended where there is one");
    assert!(!found.is_refused(), "{:#?}", found.found);
    let folders = TempDir::new().unwrap();
    let crowd = Crowd::start(4, 20, &Ports(vec![source.port, target.port]), &database, ("mastodon", "app"));
    crowd.more(20).await;
    // Until the promotion all can be taken back, and the replica stays one.
    let mut course = Move::open(&folders.path().join("first"), sides.clone(), settings()).unwrap();
    course.stand_by().await.unwrap();
    assert_eq!((course.phase(), course.mode()), (Phase::Following, Some(Mode::Physical)));
    course.rollback(None).await.unwrap();
    assert!(course.cleanup().await.unwrap().objects.is_empty());
    crowd.more(20).await;
    let mut course = Move::open(&folders.path().join("second"), sides.clone(), settings()).unwrap();
    course.stand_by().await.unwrap();
    // Another process goes on.
    drop(course);
    let mut course = Move::open(&folders.path().join("second"), sides, settings()).unwrap();
    course.stand_by().await.unwrap();
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.as_ref().unwrap().is_equal(), "{:#?}", switched.proof);
    assert!(!switched.way_back && switched.pause_ms.unwrap() > 0.0);
    refuses_writes(&source, &database).await;
    crowd.more(50).await;
    let told = crowd.end().await;
    let green = target.client(&database).await;
    keeps_promises(&told, &green).await;
    insert_everywhere(&green).await.unwrap();
    let refused = course.rollback(None).await.unwrap_err();
    assert!(matches!(refused, PostgresError::OutOfTurn { .. }), "{refused}");
    let left = course.cleanup().await.unwrap();
    assert!(left.source_is_fenced);
    assert!(
        left.objects.len() == 1 && left.objects[0].contains("mastoferry_standby"),
        "the operator's slot is told: {left:?}"
    );
    let ours = "SELECT count(*) FROM pg_namespace WHERE nspname = 'mastoferry'";
    assert_eq!(number(&green, ours).await + number(&source.client(&database).await, ours).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_does_not_replay_is_not_promoted() {
    let Some((source, target, sides, database)) = both().await else { return };
    let state = TempDir::new().unwrap();
    let mut hasty = settings();
    hasty.patience = std::time::Duration::from_millis(300);
    let mut course = Move::open(state.path(), sides.clone(), hasty).unwrap();
    while let Err(error) = course.stand_by().await {
        assert!(matches!(error, PostgresError::TooLong { .. }), "a slow machine: {error}");
    }
    target.client("postgres").await.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    let blue = source.client(&database).await;
    blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 1')").await.unwrap();
    let failed = course.cutover(None, &meter()).await.unwrap_err();
    assert!(matches!(failed, PostgresError::TooLong { .. }), "{failed}");
    assert_eq!(course.phase(), Phase::Following);
    blue.batch_execute("INSERT INTO public.tags (name) VALUES ('change 2')").await.unwrap();
    target.client("postgres").await.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    drop(course);
    let mut course = Move::open(state.path(), sides.clone(), settings()).unwrap();
    // Promoted by somebody else, nothing is fenced any more.
    assert!(course.cutover(None, &meter()).await.unwrap().proof.unwrap().is_equal());
    let all = "SELECT count(*) FROM public.tags WHERE name LIKE 'change%'";
    assert_eq!(number(&target.client(&database).await, all).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_after_the_promotion_goes_on_and_not_back() {
    if !has("pgbouncer", "pgbouncer") {
        return;
    }
    let Some((source, target, sides, database)) = both().await else { return };
    let state = TempDir::new().unwrap();
    let bouncer = Bouncer::start(&database, source.port, "transaction").await;
    let crowd = Crowd::start(3, 20, &Ports(vec![bouncer.port]), &database, ("mastodon", "app"));
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.stand_by().await.unwrap();
    crowd.more(20).await;
    let mut pooler = bouncer.pooler(&database);
    pooler.command = Some("exit 3".to_owned());
    course.cutover(Some(&pooler), &meter()).await.unwrap_err();
    assert_eq!(course.phase(), Phase::Opening);
    let refused = course.rollback(Some(&pooler)).await.unwrap_err();
    assert!(matches!(refused, PostgresError::OutOfTurn { .. }), "{refused}");
    refuses_writes(&source, &database).await;
    pooler.command = None;
    course.cutover(Some(&pooler), &meter()).await.unwrap();
    crowd.more(20).await;
    let told = crowd.end().await;
    assert!(told.errors.is_empty() && told.unknown.is_empty(), "{:?}", told.errors);
    keeps_promises(&told, &target.client(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_replica_the_plan_says_how_one_is_made() {
    let Some(pair) = pair() else { return };
    let Ground { mut sides, database, .. } = ground(&pair.source, &pair.target, 50).await;
    let nowhere = format!("postgresql://postgres@127.0.0.1:{}/{database}?sslmode=disable", free_port());
    for target in [sides.target.clone(), Address::read(&nowhere).unwrap()] {
        sides.target = target;
        let found = plan(&sides, &settings(), Some(Mode::Physical)).await.unwrap();
        let none = found.found.iter().find(|it| it.id == "postgres-physical-replica-none").expect("told");
        assert_eq!(none.grade, Grade::Refused);
        let command = &none.details[0].1;
        assert!(
            command.contains(&format!("--port={} ", pair.source.port))
                && command.contains("--write-recovery-conf"),
            "{command}"
        );
        assert!(!command.contains("hush"));
    }
    let state = TempDir::new().unwrap();
    let refused = Move::open(state.path(), sides, settings()).unwrap().stand_by().await.unwrap_err();
    assert!(matches!(refused, PostgresError::Preflight { .. }), "{refused}");
}

//! PgBouncer before the database: its clients see nothing of the cut-over.

use std::sync::Arc;
use std::time::Duration;

use movers::postgres::{Address, Move, Phase, PostgresError, plan};
use movers::{Grade, Meter};

use crate::bouncer::Bouncer;
use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{Ground, connect, ground, has, pair, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_a_pooler_wait_instead_of_failing() {
    let Some(pair) = pair().filter(|_| has("pgbouncer", "pgbouncer")) else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 1000).await;
    let bouncer = Bouncer::start(&database, pair.source.port, "transaction").await;
    let crowd = Crowd::start(4, 20, &Ports(vec![bouncer.port]), &database, ("mastodon", "app"));
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    let meter = Arc::new(Meter::default());
    course.follow(&meter).await.unwrap();
    crowd.more(30).await;
    let pooler = bouncer.pooler(&database);
    let switched = course.cutover(Some(&pooler), &meter).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    crowd.more(30).await;
    course.rollback(Some(&pooler)).await.unwrap();
    crowd.more(30).await;
    let told = crowd.end().await;
    assert!(told.errors.is_empty() && told.unknown.is_empty(), "{:?}", told.errors);
    keeps_promises(&told, &pair.source.client(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_points_the_pooler_elsewhere() {
    let Some(pair) = pair().filter(|_| has("pgbouncer", "pgbouncer")) else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let bouncer = Bouncer::start(&database, pair.source.port, "transaction").await;
    let crowd = Crowd::start(3, 20, &Ports(vec![bouncer.port]), &database, ("mastodon", "app"));
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    let meter = Arc::new(Meter::default());
    course.follow(&meter).await.unwrap();
    let mut pooler = bouncer.pooler(&database);
    let file = pooler.file.take().unwrap();
    crowd.more(20).await;
    // Written in place, so that the file stays its owner's.
    let command = format!(
        "text=$(sed \"s/^$MASTOFERRY_DATABASE = .*/$MASTOFERRY_DATABASE = host=$MASTOFERRY_HOST port=$MASTOFERRY_PORT dbname=$MASTOFERRY_DATABASE/\" '{0}') && printf '%s\\n' \"$text\" >'{0}'",
        file.display()
    );
    // One that fails leaves clients waiting, and the move where it can go on.
    pooler.command = Some("echo 'error: no such place' >&2; exit 3".to_owned());
    let failed = course.cutover(Some(&pooler), &meter).await.unwrap_err();
    assert!(
        matches!(&failed, PostgresError::Tool { reason, .. } if reason.contains("no such place")),
        "{failed}"
    );
    assert_eq!(course.phase(), Phase::Opening);
    pooler.command = Some(command);
    assert!(course.cutover(Some(&pooler), &meter).await.unwrap().way_back);
    assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("port={}", pair.target.port)));
    crowd.more(20).await;
    course.rollback(Some(&pooler)).await.unwrap();
    crowd.more(20).await;
    let told = crowd.end().await;
    assert!(told.errors.is_empty() && told.unknown.is_empty(), "{:?}", told.errors);
    keeps_promises(&told, &pair.source.client(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_within_the_pause_is_undone() {
    let Some(pair) = pair().filter(|_| has("pgbouncer", "pgbouncer")) else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 200).await;
    let bouncer = Bouncer::start(&database, pair.source.port, "transaction").await;
    let mut hasty = settings();
    hasty.patience = Duration::from_secs(2);
    let mut course = Move::open(state.path(), sides, hasty).unwrap();
    let meter = Arc::new(Meter::default());
    course.follow(&meter).await.unwrap();
    // A transaction that does not end.
    let long = connect(bouncer.port, &database, "mastodon", "app").await.unwrap();
    long.batch_execute("BEGIN; INSERT INTO public.tags (name) VALUES ('long')").await.unwrap();
    let pooler = bouncer.pooler(&database);
    let failed = course.cutover(Some(&pooler), &meter).await.unwrap_err();
    assert!(matches!(failed, PostgresError::TooLong { .. }), "{failed}");
    assert_eq!(course.phase(), Phase::Following);
    let other = connect(bouncer.port, &database, "mastodon", "app").await.unwrap();
    other.batch_execute("INSERT INTO public.tags (name) VALUES ('other')").await.unwrap();
    long.batch_execute("COMMIT").await.unwrap();
    assert!(course.cutover(Some(&pooler), &meter).await.unwrap().proof.unwrap().is_equal());
    other.batch_execute("INSERT INTO public.tags (name) VALUES ('on the new side')").await.unwrap();
    let green = pair.target.client(&database).await;
    let all = "SELECT count(*) FROM public.tags WHERE name IN ('long', 'other', 'on the new side')";
    assert_eq!(crate::ground::number(&green, all).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_in_between_is_found_out() {
    let Some(pair) = pair().filter(|_| has("pgbouncer", "pgbouncer")) else { return };
    let Ground { mut sides, database, .. } = ground(&pair.source, &pair.target, 50).await;
    for mode in ["transaction", "session"] {
        let bouncer = Bouncer::start(&database, pair.source.port, mode).await;
        let through =
            format!("postgresql://mastodon:app@127.0.0.1:{}/{database}?sslmode=disable", bouncer.port);
        sides.source = Address::read(&through).unwrap();
        let plan = plan(&sides, &settings(), None).await.unwrap();
        assert_eq!((plan.found[0].id, plan.found[0].grade), ("postgres-pooler", Grade::Refused), "{mode}");
    }
}

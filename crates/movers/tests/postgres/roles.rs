//! Roles: who owns what on the target, and movers that are no superusers.

use std::sync::Arc;

use movers::postgres::{Address, Mode, Move, PostgresError, plan};
use movers::{Grade, Meter};

use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{Ground, Server, ground, number, pair, settings};

fn meter() -> Arc<Meter> {
    Arc::new(Meter::default())
}

/// The address of a role of that name, made here, which may do what is said.
async fn role(server: &Server, database: &str, name: &str, may: &str) -> Address {
    let client = server.client("postgres").await;
    let made = format!("CREATE ROLE {name} LOGIN PASSWORD 'pass' {may}");
    client.batch_execute(&made).await.unwrap();
    let url = format!("postgresql://{name}:pass@127.0.0.1:{}/{database}?sslmode=disable", server.port);
    Address::read(&url).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_role_owns_all_where_it_is_named() {
    let Some(pair) = pair() else { return };
    let Ground { sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 500).await;
    let keeper = format!("keeper_{database}");
    let stranger = format!("stranger_{database}");
    // A role that the target does not know, with something of its own and rights on more.
    blue.batch_execute(&format!(
        "CREATE ROLE {stranger}; ALTER TABLE public.visits OWNER TO {stranger}; GRANT SELECT ON public.tags TO {stranger}"
    ))
    .await
    .unwrap();
    pair.target
        .client("postgres")
        .await
        .batch_execute(&format!("CREATE ROLE {keeper}; GRANT CREATE ON DATABASE {database} TO {keeper}"))
        .await
        .unwrap();
    pair.target
        .client(&database)
        .await
        .batch_execute(&format!("GRANT CREATE, USAGE ON SCHEMA public TO {keeper}"))
        .await
        .unwrap();
    let refused = plan(&sides, &settings(), None).await.unwrap();
    assert!(refused.found.iter().any(|it| it.id == "postgres-roles-missing"), "{:#?}", refused.found);
    for mode in [Mode::Dump, Mode::Copy] {
        let folder = state.path().join(mode.name());
        let mut settings = settings();
        settings.owner = Some(keeper.clone());
        let mut course = Move::open(&folder, sides.clone(), settings).unwrap();
        course.copy(mode, true, &meter()).await.unwrap();
        let green = pair.target.client(&database).await;
        let others = format!(
            "SELECT (SELECT count(*) FROM pg_class WHERE relowner <> '{keeper}'::regrole AND relnamespace = 'public'::regnamespace)
            + (SELECT count(*) FROM pg_proc WHERE proowner <> '{keeper}'::regrole AND pronamespace = 'public'::regnamespace)
            + (SELECT count(*) FROM pg_type WHERE typowner <> '{keeper}'::regrole AND typnamespace = 'public'::regnamespace)"
        );
        assert_eq!(number(&green, &others).await, 0, "{mode:?}: all is its own");
        assert!(
            number(&green, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace").await
                > 20
        );
        drop(green);
        course.rollback(None).await.unwrap();
    }
    // Roles are the whole server's, and servers are shared.
    let blue = pair.source.client(&database).await;
    blue.batch_execute(&format!(
        "REASSIGN OWNED BY {stranger} TO mastodon; DROP OWNED BY {stranger}; DROP ROLE {stranger}"
    ))
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_superuser_copies_and_ends_sessions_of_others() {
    let Some(pair) = pair() else { return };
    let Ground { mut sides, database, blue, green, state } = ground(&pair.source, &pair.target, 500).await;
    drop((blue, green));
    let may = "IN ROLE mastodon, pg_signal_backend, pg_read_all_stats";
    sides.source = role(&pair.source, &database, &format!("mover_{database}"), may).await;
    sides.target = role(&pair.target, &database, &format!("mover_{database}"), may).await;
    let mut settings = settings();
    settings.owner = Some("mastodon".to_owned());
    let found = plan(&sides, &settings, None).await.unwrap();
    assert_eq!(found.mode, Mode::Copy, "a subscription is for superusers");
    assert!(!found.is_refused(), "{:#?}", found.found);
    let rights = |it: &movers::Finding| {
        it.id == "postgres-rights" && it.details.iter().any(|(_, value)| value.contains("SUPERUSER"))
    };
    assert!(found.against_following.iter().any(rights), "{:#?}", found.against_following);
    // Somebody else, who must not be overlooked.
    let guest = role(&pair.source, &database, &format!("guest_{database}"), "").await;
    pair.source
        .client(&database)
        .await
        .batch_execute(&format!("GRANT INSERT ON public.shifts TO guest_{database}"))
        .await
        .unwrap();
    let crowd =
        Crowd::start(2, 20, &Ports(vec![pair.source.port, pair.target.port]), &database, ("mastodon", "app"));
    let outsider = crate::ground::connect(pair.source.port, &database, &format!("guest_{database}"), "pass")
        .await
        .unwrap();
    crowd.more(10).await;
    settings.owner = None;
    pair.target
        .client("postgres")
        .await
        .batch_execute(&format!("CREATE ROLE guest_{database}"))
        .await
        .unwrap();
    assert!(guest.has_password());
    let mut course = Move::open(state.path(), sides, settings).unwrap();
    course.copy(Mode::Copy, true, &meter()).await.unwrap();
    assert!(outsider.batch_execute("SELECT 1").await.is_err(), "who could write before was ended");
    let proof = course.cutover(None, &meter()).await.unwrap().proof.unwrap();
    assert!(proof.is_equal(), "{proof:#?}");
    crowd.more(10).await;
    keeps_promises(&crowd.end().await, &pair.target.client(&database).await).await;
    assert!(course.cleanup().await.unwrap().objects.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_followed_by_a_role_of_its_own() {
    let Some(pair) = pair() else { return };
    let Ground { mut sides, database, blue, state, .. } = ground(&pair.source, &pair.target, 500).await;
    drop(blue);
    let may = "REPLICATION IN ROLE mastodon, pg_signal_backend, pg_read_all_stats";
    sides.source = role(&pair.source, &database, &format!("mover_{database}"), may).await;
    pair.source
        .client("postgres")
        .await
        .batch_execute(&format!("GRANT CREATE ON DATABASE {database} TO mover_{database}"))
        .await
        .unwrap();
    let ports = Ports(vec![pair.source.port, pair.target.port]);
    let crowd = Crowd::start(2, 20, &ports, &database, ("mastodon", "app"));
    crowd.more(10).await;
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.unwrap().is_equal());
    assert!(!switched.way_back, "the source's role may not subscribe");
    crowd.more(10).await;
    let refused = course.rollback(None).await.unwrap_err();
    assert!(matches!(refused, PostgresError::OutOfTurn { .. }), "it would lose what was written: {refused}");
    keeps_promises(&crowd.end().await, &pair.target.client(&database).await).await;
    assert!(course.cleanup().await.unwrap().objects.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_see_sessions_of_others_cannot_fence_them() {
    let Some(pair) = pair() else { return };
    let Ground { mut sides, database, .. } = ground(&pair.source, &pair.target, 50).await;
    sides.source =
        role(&pair.source, &database, &format!("blind_{database}"), "IN ROLE mastodon, pg_signal_backend")
            .await;
    let found = plan(&sides, &settings(), Some(Mode::Copy)).await.unwrap();
    let blind = found.found.iter().find(|it| it.id == "postgres-rights").expect("told");
    assert_eq!(blind.grade, Grade::Refused);
    assert!(blind.details.iter().any(|(_, value)| value == "pg_read_all_stats"), "{blind:?}");
}

//! What the preflight finds, and what it recommends.

use movers::Grade;
use movers::postgres::{Mode, Settings, plan};

use crate::ground::{Ground, Server, ground, newest, pair, settings, versions};

fn grade(plan: &movers::postgres::Plan, id: &str) -> Option<Grade> {
    plan.found.iter().find(|finding| finding.id == id).map(|finding| finding.grade)
}

#[tokio::test]
async fn following_is_recommended_where_it_can_be() {
    let Some(pair) = pair() else { return };
    let Ground { sides, .. } = ground(&pair.source, &pair.target, 50).await;
    let found = plan(&sides, &settings(), None).await.unwrap();
    assert!(!found.is_refused(), "{found:#?}");
    assert_eq!(found.mode, Mode::Follow);
    assert_eq!(grade(&found, "postgres-identities-set"), Some(Grade::Warning), "two tables have no key");
    assert_eq!(grade(&found, "postgres-duplicates-unchecked"), Some(Grade::Unchecked));
    // Without leave to change the source, it says which index could serve.
    let found = plan(&sides, &Settings::default(), Some(Mode::Follow)).await.unwrap();
    let missing = found.found.iter().find(|it| it.id == "postgres-identities-missing").expect("told");
    assert_eq!(missing.grade, Grade::Refused);
    assert_eq!(missing.details[0].1, "public.visits (FULL), public.accounts_tags (index_accounts_tags)");
    let found = plan(&sides, &Settings::default(), None).await.unwrap();
    assert_eq!(found.mode, Mode::Copy, "what speaks against following is told");
    assert!(found.against_following.iter().any(|it| it.id == "postgres-identities-missing"));
    let mut same = sides.clone();
    same.target = same.source.clone();
    assert_eq!(grade(&plan(&same, &settings(), None).await.unwrap(), "postgres-same"), Some(Grade::Refused));
    let mut small = settings();
    small.target_free = Some(1 << 20);
    assert_eq!(
        grade(&plan(&sides, &small, None).await.unwrap(), "postgres-space-small"),
        Some(Grade::Refused)
    );
    small.owner = Some("nobody_here".to_owned());
    assert_eq!(
        grade(&plan(&sides, &small, None).await.unwrap(), "postgres-roles-missing"),
        Some(Grade::Refused)
    );
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_refused() {
    let (Some(pair), Some(bin)) = (pair(), newest()) else { return };
    let plain = Server::with(&bin, "max_prepared_transactions = 5\n", None).await;
    let Ground { sides, blue, .. } = ground(&plain, &pair.target, 50).await;
    blue.batch_execute(
        "SELECT lo_create(0); CREATE TABLE public.parts (id int) PARTITION BY RANGE (id);
        CREATE UNLOGGED TABLE public.fleeting (id int PRIMARY KEY); CREATE ROLE guest; GRANT SELECT ON public.tags TO guest",
    )
    .await
    .unwrap();
    blue.batch_execute("BEGIN; INSERT INTO public.tags (name) VALUES ('half'); PREPARE TRANSACTION 'half'")
        .await
        .unwrap();
    let found = plan(&sides, &settings(), Some(Mode::Follow)).await.unwrap();
    for id in [
        "postgres-wal-level-low",
        "postgres-large-objects",
        "postgres-partitions",
        "postgres-unlogged",
        "postgres-prepared",
        "postgres-roles-missing",
    ] {
        assert_eq!(grade(&found, id), Some(Grade::Refused), "{id}: {found:#?}");
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
async fn an_older_target_is_refused_and_a_newer_one_is_not() {
    let all = versions();
    let [(_, oldest), .., (_, latest)] = all.as_slice() else {
        eprintln!("SKIPPED: needs two major versions of PostgreSQL (Debian: postgresql-15 and another)");
        return;
    };
    let (old, new) = (Server::start(oldest).await, Server::start(latest).await);
    let Ground { sides, .. } = ground(&new, &old, 50).await;
    assert_eq!(
        grade(&plan(&sides, &settings(), None).await.unwrap(), "postgres-versions-older"),
        Some(Grade::Refused)
    );
    let Ground { sides, state, .. } = ground(&old, &new, 500).await;
    let mut course = movers::postgres::Move::open(state.path(), sides, settings()).unwrap();
    let meter = std::sync::Arc::new(movers::Meter::default());
    course.follow(&meter).await.unwrap();
    assert!(course.cutover(None, &meter).await.unwrap().proof.unwrap().is_equal());
}

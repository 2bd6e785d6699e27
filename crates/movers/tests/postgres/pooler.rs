//! PgBouncer before the database: its clients see nothing of the cut-over.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use movers::postgres::{Address, Move, Phase, Pooler, PostgresError, plan};
use movers::{Grade, Meter};
use tempfile::TempDir;

use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{
    Ground, PATIENCE, as_server, connect, free_port, give_to_server, ground, has, pair, settings,
};

struct Bouncer {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Bouncer {
    async fn start(database: &str, server: u16, mode: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{database} = host=127.0.0.1 port={server} dbname={database}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
            listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}/users\npool_mode = {mode}\n\
            admin_users = mastodon\nlogfile = {0}/log\ndefault_pool_size = 20\n",
            folder.path().display()
        );
        fs::write(&file, text).unwrap();
        fs::write(folder.path().join("users"), "\"mastodon\" \"app\"\n").unwrap();
        for path in [folder.path(), &file, &folder.path().join("users")] {
            give_to_server(path);
        }
        let child = as_server("pgbouncer")
            .arg(&file)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bouncer = Self { port, child, folder };
        let began = Instant::now();
        while connect(port, database, "mastodon", "app").await.is_err() {
            assert!(
                began.elapsed() < PATIENCE,
                "{}",
                fs::read_to_string(bouncer.folder.path().join("log")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bouncer
    }

    fn pooler(&self, database: &str) -> Pooler {
        let admin = format!("postgresql://mastodon:app@127.0.0.1:{}/pgbouncer?sslmode=disable", self.port);
        Pooler {
            admin: Address::read(&admin).unwrap(),
            database: database.to_owned(),
            file: Some(self.folder.path().join("pgbouncer.ini")),
            command: None,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_a_pooler_wait_instead_of_failing() {
    let Some(pair) = pair().filter(|_| has("pgbouncer", "pgbouncer")) else { return };
    let Ground { sides, database, state, .. } = ground(&pair.source, &pair.target, 1000).await;
    let bouncer = Bouncer::start(&database, pair.source.port, "transaction").await;
    let crowd = Crowd::start(4, 5, &Ports(vec![bouncer.port]), &database, ("mastodon", "app"));
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

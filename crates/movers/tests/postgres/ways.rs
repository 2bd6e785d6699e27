//! Ways between the servers: other addresses than ours, TLS, a bound on bytes a second.

use std::fs;
use std::num::NonZeroU64;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use movers::Meter;
use movers::postgres::{Address, Mode, Move, PostgresError, Sides};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::crowd::{Crowd, Ports, keeps_promises};
use crate::ground::{
    Ground, PASSWORD, Server, fresh, give_to_server, ground, newest, number, pair, settings, url_at,
};

fn meter() -> Arc<Meter> {
    Arc::new(Meter::default())
}

/// A door to a server that counts who comes in.
async fn door(to: u16) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                let _ended = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_reach_each_other_by_addresses_of_their_own() {
    let Some(pair) = pair() else { return };
    let Ground { mut sides, database, state, .. } = ground(&pair.source, &pair.target, 300).await;
    let (there, from_target) = door(pair.source.port).await;
    let (back, from_source) = door(pair.target.port).await;
    sides.source_from_target = Some(Address::read(&url_at(there, &database)).unwrap());
    sides.target_from_source = Some(Address::read(&url_at(back, &database)).unwrap());
    let ports = Ports(vec![pair.source.port, pair.target.port]);
    let crowd = Crowd::start(2, 20, &ports, &database, ("mastodon", "app"));
    crowd.more(10).await;
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    assert!(from_target.load(Ordering::Relaxed) > 0, "the subscription came by its own address");
    assert_eq!(from_source.load(Ordering::Relaxed), 0);
    assert!(course.cutover(None, &meter()).await.unwrap().way_back);
    crowd.more(10).await;
    course.rollback(None).await.unwrap();
    assert!(from_source.load(Ordering::Relaxed) > 0, "so did the way back");
    crowd.more(10).await;
    keeps_promises(&crowd.end().await, &pair.source.client(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_crashes_at_once_sends_nothing_back_that_came_from_the_source() {
    let Some(bin) = newest() else { return };
    let (source, mut target) = (Server::start(&bin).await, Server::start(&bin).await);
    let Ground { sides, database, state, green, .. } = ground(&source, &target, 300).await;
    drop(green);
    let crowd = Crowd::start(4, 20, &Ports(vec![source.port, target.port]), &database, ("mastodon", "app"));
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    crowd.more(20).await;
    // Nobody else's change moves the way back on before the crash.
    let told = crowd.end().await;
    assert!(course.cutover(None, &meter()).await.unwrap().way_back);
    target.kill();
    target.run().await;
    let tag = "INSERT INTO public.tags (name) VALUES ('after-the-crash')";
    target.client(&database).await.batch_execute(tag).await.unwrap();
    course.rollback(None).await.unwrap();
    let blue = source.client(&database).await;
    let there = "SELECT count(*) FROM public.tags WHERE name = 'after-the-crash'";
    assert_eq!(number(&blue, there).await, 1);
    keeps_promises(&told, &blue).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_bytes_a_second_than_were_allowed() {
    let Some(pair) = pair() else { return };
    let Ground { sides, state, .. } = ground(&pair.source, &pair.target, 4000).await;
    let mut settings = settings();
    let rate = 500_000;
    settings.limits.bytes_per_second = NonZeroU64::new(rate);
    let mut course = Move::open(state.path(), sides, settings).unwrap();
    let (meter, began) = (meter(), Instant::now());
    course.copy(Mode::Copy, false, &meter).await.unwrap();
    // What is let through first is paid for afterwards: one parcel for each connection.
    let bytes = meter.look().bytes;
    assert!(bytes > 1_000_000, "{bytes} bytes are too few to tell");
    let least = Duration::from_secs_f64((bytes - 2 * (300 << 10)) as f64 / rate as f64);
    assert!(began.elapsed() >= least, "{bytes} bytes in {:?}", began.elapsed());
}

/// A server that lets nobody in without TLS, and a database in it; filled where rows are asked for.
async fn guarded(
    bin: &Path,
    folder: &TempDir,
    name: &str,
    database: &str,
    rows: Option<u32>,
) -> (Server, String) {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) =
        (folder.path().join(format!("{name}.crt")), folder.path().join(format!("{name}.key")));
    fs::write(&certificate, issued.cert.pem()).unwrap();
    fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    give_to_server(&key);
    let lines = format!(
        "wal_level = logical\nssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
        certificate.display(),
        key.display()
    );
    let server = Server::with(bin, &lines, None).await;
    match rows {
        Some(rows) => drop(server.database(database, rows).await),
        None => server.empty(database).await,
    }
    let client = server.client("postgres").await;
    fs::write(server.data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let began = Instant::now();
    while server.try_client("postgres").await.is_some() {
        assert!(began.elapsed() < crate::ground::PATIENCE, "it goes on letting in everybody");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let password: String = url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect();
    let url = format!(
        "postgresql://postgres:{password}@localhost:{}/{database}?sslmode=verify-full&sslrootcert={}",
        server.port,
        certificate.display()
    );
    (server, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_a_move_goes_by_tls_where_servers_ask_for_it() {
    let Some(bin) = newest() else { return };
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let database = fresh();
    let (_blue, source) = guarded(&bin, &folder, "blue", &database, Some(300)).await;
    let (_green, target) = guarded(&bin, &folder, "green", &database, None).await;
    let sides = Sides {
        source: Address::read(&source).unwrap(),
        target: Address::read(&target).unwrap(),
        source_from_target: None,
        target_from_source: None,
    };
    let mut course = Move::open(&folder.path().join("state"), sides, settings()).unwrap();
    course.follow(&meter()).await.unwrap();
    let switched = course.cutover(None, &meter()).await.unwrap();
    assert!(switched.proof.unwrap().is_equal() && switched.way_back);
    assert!(course.rollback(None).await.unwrap().target_keeps_copy);
    let plain = Address::read(&source.replace("verify-full", "disable")).unwrap();
    let refused = movers::postgres::verify(&plain, &plain, 1, &meter()).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Tls { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_whose_bytes_are_many_is_told_by_the_meter() {
    let Some(pair) = pair() else { return };
    let Ground { sides, blue, state, .. } = ground(&pair.source, &pair.target, 1000).await;
    let rows = number(&blue, "SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").await;
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    let meter = meter();
    let copied = course.copy(Mode::Copy, false, &meter).await.unwrap();
    let seen = meter.look();
    assert_eq!(copied.rows, rows.unsigned_abs(), "it was analysed before");
    assert!(seen.items >= copied.rows && seen.items_in_all == rows.unsigned_abs(), "{seen:?}");
}

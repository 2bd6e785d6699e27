//! What cannot be done is said clearly, and before anything was written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use movers::Meter;
use movers::postgres::{Address, Mode, Move, PostgresError, plan, verify};

use crate::ground::{Ground, PASSWORD, Server, free_port, give_to_server, ground, newest, pair, settings};

async fn reach(address: Address) -> PostgresError {
    let meter = Arc::new(Meter::default());
    let failed = verify(&address, &address, 1, &meter).await.expect_err("it cannot be reached");
    let told = format!("{failed} {failed:?}");
    assert!(!told.contains("hush") && !told.contains("wr0ng"), "{told}");
    failed
}

fn at(port: u16, rest: &str) -> Address {
    let password: String = url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect();
    Address::read(&format!("postgresql://postgres:{password}@127.0.0.1:{port}/{rest}")).unwrap()
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_told_apart() {
    let Some(pair) = pair() else { return };
    let port = pair.source.port;
    let failed = reach(at(free_port(), "postgres?sslmode=disable")).await;
    assert!(matches!(failed, PostgresError::Unreachable { .. }), "{failed}");
    let failed = reach(at(port, "nowhere?sslmode=disable")).await;
    assert!(matches!(failed, PostgresError::NoDatabase { .. }), "{failed}");
    let failed = reach(at(port, "postgres?sslmode=require")).await;
    assert!(matches!(failed, PostgresError::Tls { .. }), "the server has no TLS: {failed}");
    for wrong in ["postgres:wr0ng@", "postgres@", "nobody:wr0ng@"] {
        let address =
            Address::read(&format!("postgresql://{wrong}127.0.0.1:{port}/postgres?sslmode=disable")).unwrap();
        let failed = reach(address).await;
        assert!(matches!(failed, PostgresError::WrongPassword { .. }), "{wrong}: {failed}");
    }
    let unresolved = Address::read("postgresql://a:hush@no-such-host.invalid/b?sslmode=disable").unwrap();
    assert!(matches!(reach(unresolved).await, PostgresError::Unreachable { .. }));
}

#[tokio::test]
async fn certificates_are_held_against_what_was_asked_for() {
    let Some(bin) = newest() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let certificate = write("server.crt", issued.cert.pem());
    let other = write("other.crt", stranger.cert.pem());
    let key = write("server.key", issued.signing_key.serialize_pem());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    give_to_server(&key);
    let lines = format!(
        "ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
        certificate.display(),
        key.display()
    );
    let server = Server::with(&bin, &lines, None).await;
    let password: String = url::form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect();
    let ask = async |host: &str, mode: &str, authority: &std::path::Path| {
        let url = format!(
            "postgresql://postgres:{password}@{host}:{}/postgres?sslmode={mode}&sslrootcert={}",
            server.port,
            authority.display()
        );
        let meter = Arc::new(Meter::default());
        let address = Address::read(&url).unwrap();
        verify(&address, &address, 1, &meter).await
    };
    for (host, mode) in [("localhost", "verify-full"), ("127.0.0.1", "verify-ca"), ("127.0.0.1", "prefer")] {
        ask(host, mode, &certificate).await.unwrap_or_else(|error| panic!("{host} {mode}: {error}"));
    }
    for (host, mode, authority) in [
        ("127.0.0.1", "verify-full", &certificate),
        ("localhost", "verify-full", &other),
        ("localhost", "require", &other),
    ] {
        let failed = ask(host, mode, authority).await.expect_err(mode);
        assert!(matches!(failed, PostgresError::Tls { .. }), "{host} {mode}: {failed}");
    }
}

#[tokio::test]
async fn a_target_that_is_not_empty_is_not_touched() {
    let Some(pair) = pair() else { return };
    let Ground { sides, green, blue, state, .. } = ground(&pair.source, &pair.target, 50).await;
    green.batch_execute("CREATE TABLE public.mine (id int)").await.unwrap();
    let plan = plan(&sides, &settings(), None).await.unwrap();
    assert!(plan.is_refused());
    let holds = plan.found.iter().find(|it| it.id == "postgres-target-holds").expect("told");
    assert!(holds.details.iter().any(|(_, value)| value.contains("mine")), "{holds:?}");
    let mut course = Move::open(state.path(), sides, settings()).unwrap();
    let refused = course.copy(Mode::Copy, true, &Arc::new(Meter::default())).await.unwrap_err();
    assert!(matches!(refused, PostgresError::Preflight { .. }), "{refused}");
    for client in [&green, &blue] {
        client.batch_execute("CREATE TABLE public.still_writable (id int)").await.unwrap();
    }
}

#[tokio::test]
async fn the_state_of_one_move_is_not_used_for_another() {
    let Some(pair) = pair() else { return };
    let one = ground(&pair.source, &pair.target, 50).await;
    let mut course = Move::open(one.state.path(), one.sides.clone(), settings()).unwrap();
    course.copy(Mode::Copy, false, &Arc::new(Meter::default())).await.unwrap();
    drop(course);
    let other = ground(&pair.source, &pair.target, 50).await;
    let refused = Move::open(one.state.path(), other.sides, settings()).err().expect("another move");
    assert!(matches!(refused, PostgresError::OtherMove { .. }), "{refused}");
    let journal = fs::read_to_string(one.state.path().join("postgres.journal")).unwrap();
    assert!(!journal.contains("hush"), "no password is in the journal");
    let mode = fs::metadata(one.state.path().join("postgres.journal")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

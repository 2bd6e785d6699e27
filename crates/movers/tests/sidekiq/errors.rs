//! What is said when it does not work.

use std::time::Duration;

use movers::{Hosts, RedisAddress, RedisError, Sidekiq};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::ground::Server;
use crate::machine::port::free_port;
use crate::machine::program::has;

async fn opened(url: &str, authority: Option<&[u8]>) -> Result<Sidekiq, RedisError> {
    Sidekiq::open(RedisAddress::read(url, authority).unwrap(), None).await
}

async fn error(url: &str) -> RedisError {
    opened(url, None).await.unwrap_err()
}

#[tokio::test]
async fn who_is_not_let_in_learns_why_and_no_password_is_repeated() {
    if !has("redis-server", "Debian: redis-server") {
        return;
    }
    let port = free_port();
    let users = "user reader on >hush-reader ~* +scard +smembers +hmget +hvals +ping\n";
    let server = Server::configured(port, &format!("port {port}\nrequirepass hush-hush\n{users}")).await;
    let at = |who: &str| format!("redis://{who}127.0.0.1:{}/0", server.port);
    let wrong = error(&at(":hush-wrong@")).await;
    assert!(matches!(wrong, RedisError::WrongPassword { .. }), "{wrong:?}");
    let none = error(&at("")).await;
    assert!(matches!(none, RedisError::PasswordNeeded { .. }), "{none:?}");
    let stranger = error(&at("stranger:hush-hush@")).await;
    assert!(matches!(stranger, RedisError::WrongPassword { .. }), "{stranger:?}");
    let reader = opened(&at("reader:hush-reader@"), None).await.unwrap();
    let forbidden = reader.jobs().await.unwrap_err();
    assert!(matches!(forbidden, RedisError::Forbidden { doing: "count the jobs", .. }), "{forbidden:?}");
    opened(&at(":hush-hush@"), None).await.unwrap();
    for error in [wrong, none, stranger, forbidden] {
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_redis_and_what_is_nowhere_are_told_apart() {
    let nowhere = error(&format!("redis://127.0.0.1:{}/0", free_port())).await;
    assert!(matches!(nowhere, RedisError::Unreachable { .. }), "{nowhere:?}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut some = [0; 64];
            let _read = stream.read(&mut some).await;
            let _written = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let web = error(&format!("redis://127.0.0.1:{port}/0")).await;
    assert!(matches!(web, RedisError::NotRedis { .. }), "{web:?}");
}

/// A key and a certificate for 127.0.0.1 in a Redis' configuration, which then speaks TLS alone.
async fn encrypted() -> (Server, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let port = free_port();
    let lines = format!(
        "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {0}\ntls-key-file {1}\ntls-ca-cert-file {0}\n",
        certificate.display(),
        key.display()
    );
    (Server::configured(port, &lines).await, made.cert.pem().into_bytes())
}

#[tokio::test]
async fn tls_is_spoken_with_who_is_trusted_and_its_failures_are_told() {
    if !has("redis-server", "Debian: redis-server") {
        return;
    }
    let (server, authority) = encrypted().await;
    let url = format!("rediss://127.0.0.1:{}/0", server.port);
    opened(&url, Some(&authority)).await.unwrap();
    let stranger = opened(&url, None).await.unwrap_err();
    assert!(matches!(stranger, RedisError::Tls { .. }), "{stranger:?}");
    let clear = error(&format!("redis://127.0.0.1:{}/0", server.port)).await;
    assert!(matches!(clear, RedisError::NotRedis { .. }), "{clear:?}");
    let plain = Server::start().await;
    let refused =
        opened(&format!("rediss://127.0.0.1:{}/0", plain.port), Some(&authority)).await.unwrap_err();
    assert!(matches!(refused, RedisError::Tls { .. } | RedisError::NotRedis { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_replica_cannot_pass_a_signal_on() {
    if !has("redis-server", "Debian: redis-server") {
        return;
    }
    let server = Server::start().await;
    let client = server.client().await;
    client.run(&["SADD", "processes", "blue-1:1:a"]).await;
    client.run(&["HSET", "blue-1:1:a", "info", "{}", "busy", "0", "beat", "1", "quiet", "false"]).await;
    client.run(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]).await;
    let side: Hosts = ["blue-1"].into_iter().collect();
    let refused = server.sidekiq().await.drain(&side, Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(refused, RedisError::Replica { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_connection_that_broke_is_made_anew() {
    if !has("redis-server", "Debian: redis-server") {
        return;
    }
    let server = Server::start().await;
    let sidekiq = server.sidekiq().await;
    server.client().await.run(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    assert_eq!(sidekiq.roster().await.unwrap(), movers::Roster::default());
}

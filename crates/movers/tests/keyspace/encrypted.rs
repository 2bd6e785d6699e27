//! Servers that speak TLS, known by an authority of their own.

use std::path::Path;

use movers::keyspace::{Crossing, KeyspaceError, Mode, Route, Terms, plan};
use movers::{RedisAddress, RedisError};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::ground::{Server, has_redis, limits, route};
use crate::machine::port::free_port;

/// Who says who is who.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Who has the same name as its issuer is taken for self-signed.
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A server with a certificate for 127.0.0.1, and its port for TLS.
    async fn server(&self, folder: &Path, name: &str, lines: &str) -> (Server, u16) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |what: &str, text: String| {
            let path = folder.join(format!("{name}.{what}"));
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (certificate, key) = (file("crt", certificate.pem()), file("key", key.serialize_pem()));
        let (authority, port) = (file("authority", self.pem.clone()), free_port());
        let lines = format!(
            "tls-port {port}\ntls-auth-clients no\ntls-cert-file {certificate}\ntls-key-file {key}\n\
             tls-ca-cert-file {authority}\n{lines}"
        );
        (Server::configured(&lines).await, port)
    }

    fn address(&self, server: &Server, port: u16) -> RedisAddress {
        let url = server
            .url(0)
            .replace("redis://", "rediss://")
            .replace(&server.port.to_string(), &port.to_string());
        RedisAddress::read(&url, Some(self.pem.as_bytes())).unwrap()
    }
}

#[tokio::test]
async fn keys_are_copied_and_changes_heard_of_between_servers_of_an_authority_of_their_own() {
    if !has_redis() {
        return;
    }
    let (authority, folder) = (Authority::new(), TempDir::new().unwrap());
    let (source, source_port) = authority.server(folder.path(), "source", "requirepass hush\n").await;
    let (target, target_port) = authority.server(folder.path(), "target", "").await;
    let old = source.client().await;
    old.fill(500).await;
    let way = Route {
        source: authority.address(&source, source_port),
        target: authority.address(&target, target_port),
        ..route(&source, &target)
    };
    let stranger = Authority::new();
    let doubtful = Route { target: stranger.address(&target, target_port), ..way.clone() };
    let refused = plan(&doubtful).await.unwrap_err();
    assert!(matches!(refused, KeyspaceError::Redis(RedisError::Tls { .. })), "{refused:?}");
    let plan = plan(&way).await.unwrap();
    let found: Vec<&str> = plan.findings.iter().map(|finding| finding.id).collect();
    assert_eq!(plan.mode, Mode::Copy);
    // The listening connection is one of TLS as well.
    assert!(found.contains(&"redis-copy-tls") && found.contains(&"redis-tracking"), "{found:?}");
    let mut crossing = Crossing::open(way, limits(), &folder.path().join("state")).unwrap();
    crossing.copy().await.unwrap();
    old.run(&["SET", "later", "1", "EX", "600"]).await;
    old.run(&["DEL", "feed:home:7"]).await;
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert!(done.proof.unwrap().holds());
    let new = target.client().await;
    assert_eq!(new.say::<u64>(&["DBSIZE"]).await, 500);
    assert_eq!(new.say::<String>(&["GET", "later"]).await, "1");
}

#[tokio::test]
async fn a_replica_follows_over_tls_where_it_was_told_to() {
    if !has_redis() {
        return;
    }
    let (authority, folder) = (Authority::new(), TempDir::new().unwrap());
    let (source, source_port) = authority.server(folder.path(), "source", "requirepass hush\n").await;
    let (target, target_port) = authority.server(folder.path(), "target", "tls-replication yes\n").await;
    source.client().await.fill(500).await;
    let way = Route {
        source: authority.address(&source, source_port),
        target: authority.address(&target, target_port),
        ..route(&source, &target)
    };
    assert_eq!(plan(&way).await.unwrap().mode, Mode::Replicate);
    let mut crossing = Crossing::open(way, limits(), &folder.path().join("state")).unwrap();
    crossing.replicate().await.unwrap();
    source.client().await.run(&["SET", "later", "1"]).await;
    let done = crossing.cut_over(Terms::default()).await.unwrap();
    assert!(done.fenced && done.proof.unwrap().holds());
    assert_eq!(target.client().await.say::<u64>(&["DBSIZE"]).await, 501);
}

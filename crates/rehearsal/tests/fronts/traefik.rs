//! Real Traefik beside its profile: both watch the same cluster inside, and are asked the same.

use std::net::SocketAddr;
use std::time::Duration;

use kube::Api;
use kube::api::{Patch, PatchParams};
use rehearsal::Profile;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::real::{self, Real};
use crate::stage::{BOUND, HOST, Stage, TICK, ask};

/// A host whose paths are of every type, one that is a wildcard, and a Service that nobody stands behind.
fn routes() -> Vec<Value> {
    let path = |path: &str, path_type: &str, service: &str| {
        let backend = json!({"service": {"name": service, "port": {"number": 3000}}});
        json!({"path": path, "pathType": path_type, "backend": backend})
    };
    let paths = json!([
        path("/", "Prefix", "blue-web"),
        path("/prefix", "Prefix", "green-web"),
        path("/exact", "Exact", "green-web"),
        path("/exact/longer", "Prefix", "blue-web"),
        path("/slash/", "Prefix", "green-web"),
        path("/specific", "ImplementationSpecific", "green-web"),
        path("/nobody", "Prefix", "nobody"),
        path("/missing", "Prefix", "missing"),
    ]);
    let wildcard = json!([path("/", "Prefix", "green-web")]);
    vec![
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "nobody"},
            "spec": {"selector": {"part": "none"}, "ports": [{"port": 3000}]},
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "paths"},
            "spec": {"rules": [
                {"host": "paths.example", "http": {"paths": paths}},
                {"host": "*.wild.example", "http": {"paths": wildcard}},
            ]},
        }),
    ]
}

/// The status and the side that answered.
async fn outcome(front: SocketAddr, method: &str, host: &str, path: &str) -> String {
    let asked = async {
        let mut stream = TcpStream::connect(front).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer.to_lowercase())
    };
    let answer = asked.await.unwrap_or_default();
    let side = answer.split("x-stand-in-pod: ").nth(1).and_then(|rest| rest.split('-').next());
    format!("{} {}", answer.get(9..12).unwrap_or("no answer"), side.unwrap_or("-"))
}

const ASKED: &[(&str, &str)] = &[
    ("paths.example", "/"),
    ("paths.example", "/health"),
    ("paths.example", "/prefix"),
    ("paths.example", "/prefix/health"),
    ("paths.example", "/prefixed"),
    ("paths.example", "/exact"),
    ("paths.example", "/exact/"),
    ("paths.example", "/exact/longer/x"),
    ("paths.example", "/slash"),
    ("paths.example", "/slash/x"),
    ("paths.example", "/specific/x"),
    ("paths.example", "/specifics"),
    ("paths.example", "/nobody"),
    ("paths.example", "/missing"),
    ("PATHS.example", "/prefix"),
    ("paths.example:80", "/prefix"),
    ("a.wild.example", "/"),
    ("a.b.wild.example", "/"),
    ("wild.example", "/"),
    ("unknown.example", "/"),
];

async fn routed(real: &Real) {
    let routed = async {
        while ask(real.address).await.is_err() {
            tokio::time::sleep(TICK).await;
        }
    };
    let routed = tokio::time::timeout(BOUND, routed).await;
    assert!(routed.is_ok(), "the real front does not route: {}", real.log());
}

/// Both are asked; they must come to agree, as either has its own pace.
async fn agree(stage: &Stage, real: &Real, what: &str) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    for method in ["GET", "POST"] {
        for (host, path) in ASKED.iter().chain(&[(HOST, "/")]) {
            loop {
                let ours = outcome(stage.cluster.front().address(), method, host, path).await;
                let theirs = outcome(real.address, method, host, path).await;
                if ours == theirs {
                    break;
                }
                let late = tokio::time::Instant::now() > deadline;
                assert!(!late, "{what}: {method} {host}{path}: {ours} from the profile, {theirs} really");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_and_its_profile_answer_the_same_requests_alike() {
    let stage = Stage::set(Profile::Traefik, 10.0, &routes()).await;
    let Some(real) = real::traefik(&stage).await else { return };
    routed(&real).await;
    agree(&stage, &real, "as it stands").await;
    stage.edit("green-web").await;
    agree(&stage, &real, "after an edit").await;
    stage.select(Some("green")).await;
    agree(&stage, &real, "after a flip").await;
    let services = Api::<k8s_openapi::api::core::v1::Service>::namespaced(stage.cluster.client(), "mastodon");
    let nobody = Patch::Merge(json!({"spec": {"selector": {"side": "none"}}}));
    services.patch("green-web", &PatchParams::default(), &nobody).await.unwrap();
    agree(&stage, &real, "when nobody is left").await;
    stage.cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_real_traefik_meet_what_its_profile_shows() {
    let mut stage = Stage::set(Profile::Traefik, 10.0, &[]).await;
    let Some(real) = real::traefik(&stage).await else { return };
    routed(&real).await;
    stage.front = real.address;
    let overlap = stage
        .under_traffic(async {
            stage.select(None).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            stage.select(Some("green")).await;
        })
        .await;
    stage.select(Some("blue")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let flip = stage.under_traffic(stage.select(Some("green"))).await;
    stage.select(Some("blue")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let edit = stage.under_traffic(stage.edit("green-web")).await;
    for (what, met) in [("overlap", overlap), ("flip", flip), ("edit", edit)] {
        assert_eq!(met.failed, 0, "{what}: {met:?}");
        assert!(met.requests > 50, "{what}: {met:?}");
    }
    stage.cluster.stop().await;
}

//! The cluster inside as a whole: a small Mastodon, its users, a crossing and a crash.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Api, Patch, PatchParams};
use rehearsal::{ClusterInside, Fault, Options};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BOUND: Duration = Duration::from_secs(30);
const HOST: &str = "social.example";

async fn start(state_dir: Option<&Path>, faults: &[&str]) -> ClusterInside {
    let deadline = tokio::time::Instant::now() + BOUND;
    loop {
        let options = Options {
            state_dir: state_dir.map(Path::to_owned),
            clock: Clock::faster(50.0),
            namespace: "mastodon".to_owned(),
            release: "green".to_owned(),
            faults: faults.iter().map(|fault| Fault::parse(fault).expect("a fault")).collect(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            front: rehearsal::Profile::IngressNginx,
        };
        match ClusterInside::start(options) {
            Ok(cluster) => return cluster,
            // The files of a cluster that has just ended are closed a moment later.
            Err(error) => assert!(tokio::time::Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A web, a streaming and a Sidekiq Deployment with their Services.
fn side(name: &str) -> Vec<Value> {
    let part = |part: &str, replicas: u32, command: &[&str], port: Option<u16>, path: &str| {
        let labels = json!({"app.kubernetes.io/instance": name, "part": part});
        let mut container = json!({
            "name": part, "image": "mastodon", "command": command,
            "envFrom": [{"secretRef": {"name": "mastodon-env"}}],
            "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 2},
        });
        if let Some(port) = port {
            container["ports"] = json!([{"containerPort": port}]);
            container["readinessProbe"] =
                json!({"httpGet": {"path": path, "port": port}, "periodSeconds": 2});
        }
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": format!("{name}-{part}")},
            "spec": {
                "replicas": replicas, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        })
    };
    let service = |part: &str, port: u16| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("{name}-{part}")},
            "spec": {
                "selector": {"app.kubernetes.io/instance": name, "part": part},
                "ports": [{"port": port, "targetPort": port}],
            },
        })
    };
    vec![
        part("web", 2, &["bundle", "exec", "puma"], Some(3000), "/health"),
        part("streaming", 1, &["node", "./streaming"], Some(4000), "/api/v1/streaming/health"),
        part("sidekiq", u32::from(name == "blue"), &["bundle", "exec", "sidekiq"], None, ""),
        service("web", 3000),
        service("streaming", 4000),
    ]
}

fn rules(name: &str) -> Value {
    let path = |path: &str, part: &str, port: u16| {
        let service = json!({"name": format!("{name}-{part}"), "port": {"number": port}});
        json!({"path": path, "pathType": "Prefix", "backend": {"service": service}})
    };
    let paths = [path("/", "web", 3000), path("/api/v1/streaming", "streaming", 4000)];
    json!({"rules": [{"host": HOST, "http": {"paths": paths}}]})
}

fn ingress() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "front"},
        "spec": rules("blue"),
    })
}

async fn ask(front: SocketAddr, line: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(front).await?;
    let request =
        format!("{line} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(BOUND, future).await {
        Ok(done) => done,
        Err(_) => panic!("{what}: not in time"),
    }
}

async fn routed(cluster: &ClusterInside) {
    let front = cluster.front();
    within("web", front.routes(HOST, "/")).await;
    within("streaming", front.routes(HOST, "/api/v1/streaming")).await;
}

async fn until_ready(cluster: &ClusterInside, name: &str, replicas: i32) {
    let deployments = Api::<Deployment>::namespaced(cluster.client(), "mastodon");
    let ready = async {
        loop {
            let status = deployments.get(name).await.expect(name).status.unwrap_or_default();
            if status.ready_replicas.unwrap_or(0) == replicas && status.replicas.unwrap_or(0) == replicas {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(name, ready).await;
}

async fn scale(cluster: &ClusterInside, name: &str, replicas: i32) {
    let deployments = Api::<Deployment>::namespaced(cluster.client(), "mastodon");
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    deployments.patch_scale(name, &PatchParams::default(), &patch).await.expect(name);
    until_ready(cluster, name, replicas).await;
}

async fn switch_to(cluster: &ClusterInside, name: &str) {
    let ingresses = Api::<Ingress>::namespaced(cluster.client(), "mastodon");
    let patch = Patch::Merge(json!({"spec": rules(name)}));
    ingresses.patch("front", &PatchParams::default(), &patch).await.expect(name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crossing_under_traffic_loses_no_request_no_row_and_no_job() {
    let cluster = start(None, &[]).await;
    let mut today = side("blue");
    today.push(ingress());
    today.push(json!({"apiVersion": "cloud.example/v1", "kind": "BackendConfig", "metadata": {"name": "b"}}));
    cluster.load(&today).await.unwrap();
    routed(&cluster).await;
    until_ready(&cluster, "blue-web", 2).await;
    until_ready(&cluster, "blue-sidekiq", 1).await;

    let front = cluster.front().address();
    let world = cluster.world().clone();
    let (done, mut over) = tokio::sync::watch::channel(false);
    let users = tokio::spawn(async move {
        let mut by_side = (0, 0);
        while !*over.borrow_and_update() {
            let answer = ask(front, "POST /api/v1/statuses").await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            let (_, id) = answer.rsplit_once("\"id\":\"").unwrap();
            assert!(world.has_row(id.trim_end_matches("\"}").parse().unwrap()));
            let page = ask(front, "GET /").await.unwrap();
            assert!(page.starts_with("HTTP/1.1 200") && page.contains("<title>Mastodon</title>"), "{page}");
            if page.contains("x-stand-in-pod: green-web-") { by_side.1 += 1 } else { by_side.0 += 1 }
        }
        by_side
    });
    cluster.load(&side("green")).await.unwrap();
    until_ready(&cluster, "green-web", 2).await;
    until_ready(&cluster, "green-streaming", 1).await;
    scale(&cluster, "blue-sidekiq", 0).await;
    // No replica counts any more, but the process may still be ending.
    let ended = async {
        while !cluster.world().sidekiq_processes().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("the end of blue's workers", ended).await;
    scale(&cluster, "green-sidekiq", 1).await;
    switch_to(&cluster, "green").await;
    let moved = async { while !ask(front, "GET /").await.unwrap().contains("x-stand-in-pod: green-web-") {} };
    within("the switch", moved).await;
    scale(&cluster, "blue-web", 0).await;
    done.send_replace(true);
    let (blue, green) = users.await.unwrap();
    assert!(blue > 0 && green > 0, "{blue} requests on blue, {green} on green");
    assert!(cluster.world().drained(BOUND).await);
    let account = cluster.world().invariants();
    assert_eq!((account.max_schedulers, account.jobs_lost, account.jobs_duplicated), (1, 0, 0));
    assert_eq!(account.jobs_done, account.jobs_enqueued);
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_whose_state_is_kept_is_taken_up_again() {
    let name = format!("inside-{}", ulid::Ulid::generate());
    let dir: PathBuf = std::env::temp_dir().join(name);
    let cluster = start(Some(&dir), &[]).await;
    let mut today = side("blue");
    today.push(ingress());
    cluster.load(&today).await.unwrap();
    routed(&cluster).await;
    let answer = ask(cluster.front().address(), "POST /api/v1/statuses").await.unwrap();
    assert!(answer.contains("\"id\":\"1\""), "{answer}");
    cluster.stop().await;

    let cluster = start(Some(&dir), &[]).await;
    routed(&cluster).await;
    assert!(cluster.world().has_row(1));
    until_ready(&cluster, "blue-sidekiq", 1).await;
    assert!(cluster.world().drained(BOUND).await);
    let account = cluster.world().invariants();
    assert_eq!((account.jobs_done, account.jobs_lost, account.max_schedulers), (4, 0, 1));
    cluster.stop().await;
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_strike_green_alone_and_only_when_users_are_there() {
    let cluster = start(None, &["green.web.500=100%", "green.streaming.never-ready"]).await;
    let mut objects = side("blue");
    objects.push(ingress());
    objects.extend(side("green"));
    cluster.load(&objects).await.unwrap();
    routed(&cluster).await;
    until_ready(&cluster, "green-web", 2).await;
    let front = cluster.front().address();
    let answers_from = async |side: &str| loop {
        let answer = ask(front, "GET /").await.unwrap();
        if answer.contains(&format!("x-stand-in-pod: {side}-web-")) {
            return answer[9..12].to_owned();
        }
    };
    switch_to(&cluster, "green").await;
    assert_eq!(within("green", answers_from("green")).await, "200");
    cluster.world().users_arrived();
    assert_eq!(within("green", answers_from("green")).await, "500");
    until_ready(&cluster, "green-web", 2).await;
    switch_to(&cluster, "blue").await;
    assert_eq!(within("blue", answers_from("blue")).await, "200");
    // Its readiness probe has been asked many times over by now.
    let deployments = Api::<Deployment>::namespaced(cluster.client(), "mastodon");
    let streaming = deployments.get("green-streaming").await.unwrap().status.unwrap_or_default();
    assert_eq!(streaming.ready_replicas.unwrap_or(0), 0);
    cluster.stop().await;
}

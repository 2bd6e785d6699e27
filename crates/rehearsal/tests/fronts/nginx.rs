//! Real nginx outside the cluster beside its profile: somebody writes its upstreams from endpoints, tests them and
//! reloads, as owners of such servers do.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use rehearsal::Profile;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::task::AbortOnDropHandle;

use crate::real::{self, Real, free, tool};
use crate::stage::{BOUND, HOST, Stage, TICK, ask};

/// A streaming server beside both webs, routed as Mastodon's own `dist/nginx.conf` does.
fn streaming() -> Vec<Value> {
    let labels = json!({"part": "streaming"});
    let backend = |name: &str, port: u16| json!({"service": {"name": name, "port": {"number": port}}});
    vec![
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "streaming"},
            "spec": {
                "replicas": 1, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
                    "name": "streaming", "image": "mastodon", "command": ["node", "./streaming"],
                    "ports": [{"containerPort": 4000}],
                    "readinessProbe": {"httpGet": {"path": "/api/v1/streaming/health", "port": 4000}},
                }]}},
            },
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "streaming"},
            "spec": {"selector": labels, "ports": [{"port": 4000}]},
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "streaming"},
            "spec": {"rules": [{"host": HOST, "http": {"paths": [
                {"path": "/api/v1/streaming", "pathType": "Prefix", "backend": backend("streaming", 4000)},
            ]}}]},
        }),
    ]
}

async fn addresses(stage: &Api<EndpointSlice>, service: &str) -> BTreeSet<String> {
    let of = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
    let slices = stage.list(&of).await.expect("slices").items;
    let mut found = BTreeSet::new();
    for slice in slices {
        let port = slice.ports.iter().flatten().find_map(|port| port.port).unwrap_or(0);
        for endpoint in &slice.endpoints {
            if endpoint.conditions.as_ref().is_some_and(|conditions| conditions.ready == Some(true)) {
                found.extend(endpoint.addresses.iter().map(|address| format!("{address}:{port}")));
            }
        }
    }
    found
}

fn configuration(
    folder: &Path,
    listen: SocketAddr,
    web: &BTreeSet<String>,
    live: &BTreeSet<String>,
) -> String {
    let folder = folder.display();
    let upstream = |name: &str, servers: &BTreeSet<String>| {
        let servers: String = servers.iter().map(|server| format!("server {server}; ")).collect();
        format!("upstream {name} {{ {servers}keepalive 16; }}\n")
    };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nworker_processes 1;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}\
         map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}\n{}{}\
         server {{\nlisten {listen};\nclient_max_body_size 99m;\nproxy_http_version 1.1;\n\
         proxy_set_header Host $host;\nproxy_set_header Upgrade $http_upgrade;\n\
         proxy_set_header Connection $connection_upgrade;\n\
         location / {{ proxy_pass http://web; }}\n\
         location /api/v1/streaming {{ proxy_pass http://live; }}\n}}\n}}\n",
        upstream("web", web),
        upstream("live", live),
    )
}

/// Runs nginx on a configuration, quietly; whether it was content.
fn nginx(configuration: &Path, more: &[&str]) -> bool {
    let Some(program) = tool("nginx") else { return false };
    let mut command = Command::new(program);
    command.arg("-c").arg(configuration).args(more).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// nginx, and who keeps its upstreams in step.
async fn outside(stage: &Stage) -> Option<(Real, AbortOnDropHandle<()>)> {
    let Some(program) = tool("nginx") else {
        real::skipped("nginx (`apt-get install nginx-light`)");
        return None;
    };
    let slices = Api::<EndpointSlice>::namespaced(stage.cluster.client(), "mastodon");
    let (listen, folder) = (free(), tempfile::tempdir().expect("a folder"));
    let own = folder.path().to_owned();
    let file = own.join("nginx.conf");
    let mut last = [addresses(&slices, "blue-web").await, addresses(&slices, "streaming").await];
    std::fs::write(&file, configuration(&own, listen, &last[0], &last[1])).expect("written");
    let mut command = Command::new(program);
    command.arg("-c").arg(&file);
    let real = Real::start(command, listen, folder).await;
    let keeping = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = [addresses(&slices, "blue-web").await, addresses(&slices, "streaming").await];
            if now == last {
                continue;
            }
            last = now;
            let next = own.join("next.conf");
            std::fs::write(&next, configuration(&own, listen, &last[0], &last[1])).expect("written");
            if nginx(&next, &["-t"]) {
                std::fs::rename(&next, &file).expect("renamed");
                assert!(nginx(&file, &["-s", "reload"]), "a configuration that was tested is taken");
            }
        }
    });
    Some((real, AbortOnDropHandle::new(keeping)))
}

/// What is held open to a front.
struct Held {
    socket: WebSocketStream<TcpStream>,
    kept: TcpStream,
    silent: TcpStream,
}

impl Held {
    async fn open(front: SocketAddr) -> Self {
        let stream = TcpStream::connect(front).await.expect("a connection");
        let request =
            format!("ws://{HOST}/api/v1/streaming?stream=user").into_client_request().expect("a request");
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a WebSocket");
        let mut kept = TcpStream::connect(front).await.expect("a connection");
        let request = format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
        kept.write_all(request.as_bytes()).await.expect("sent");
        let mut heard = vec![0; 4096];
        assert!(kept.read(&mut heard).await.expect("an answer") > 0);
        let silent = TcpStream::connect(front).await.expect("a connection");
        Self { socket, kept, silent }
    }

    /// Whether the WebSocket still talks, the kept connection has been closed, and the one that had asked nothing yet is
    /// answered.
    async fn outcome(&mut self) -> (bool, bool, bool) {
        let request = format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
        let mut answer = String::new();
        let asked = self.silent.write_all(request.as_bytes()).await.is_ok();
        let answered =
            asked && self.silent.read_to_string(&mut answer).await.is_ok() && answer.contains(" 200 ");
        let ended = async { while let Some(Ok(_)) = self.socket.next().await {} };
        let talks = tokio::time::timeout(Duration::from_secs(2), ended).await.is_err();
        let mut heard = vec![0; 4096];
        let closed = async { while self.kept.read(&mut heard).await.is_ok_and(|read| read > 0) {} };
        (talks, tokio::time::timeout(Duration::from_secs(3), closed).await.is_ok(), answered)
    }
}

async fn until_green(front: SocketAddr) {
    let green = async {
        while ask(front).await.as_deref() != Ok("green") {
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::time::timeout(BOUND, green).await.expect("green answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_of_real_nginx_does_to_open_connections_what_its_profile_does() {
    let stage = Stage::set(Profile::OutsideNginx, 10.0, &streaming()).await;
    let Some((real, _keeping)) = outside(&stage).await else { return };
    let fronts = [stage.cluster.front().address(), real.address];
    let mut held = [Held::open(fronts[0]).await, Held::open(fronts[1]).await];
    stage.select(Some("green")).await;
    until_green(fronts[0]).await;
    until_green(fronts[1]).await;
    let outcomes = [held[0].outcome().await, held[1].outcome().await];
    let as_documented =
        "WebSockets stay with old workers, idle connections are closed, new ones are answered";
    assert_eq!(outcomes, [(true, true, true); 2], "{as_documented}");

    // Nobody is left, `nginx -t` refuses it, and the old configuration stays.
    let services = Api::<k8s_openapi::api::core::v1::Service>::namespaced(stage.cluster.client(), "mastodon");
    let nobody = Patch::Merge(json!({"spec": {"selector": {"side": "none"}}}));
    services.patch("blue-web", &PatchParams::default(), &nobody).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    for front in fronts {
        assert_eq!(ask(front).await.as_deref(), Ok("green"));
    }
    stage.cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_real_nginx_meet_what_its_profile_shows() {
    let mut stage = Stage::set(Profile::OutsideNginx, 10.0, &streaming()).await;
    let Some((real, _keeping)) = outside(&stage).await else { return };
    stage.front = real.address;
    let overlap = stage
        .under_traffic(async {
            stage.select(None).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            stage.select(Some("green")).await;
        })
        .await;
    stage.select(Some("blue")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let flip = stage.under_traffic(stage.select(Some("green"))).await;
    for (what, met) in [("overlap", overlap), ("flip", flip)] {
        assert_eq!(met.failed, 0, "{what}: {met:?}");
        assert!(met.requests > 50, "{what}: {met:?}");
    }
    stage.cluster.stop().await;
}

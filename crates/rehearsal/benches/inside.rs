//! What the API server inside costs: with 5,000 objects and 1,000 pods in it, a list, an apply, a change heard by 50
//! watchers, and the start of a whole cluster inside.
//!
//! `cargo bench -p rehearsal --bench inside [-- --json]`

use std::error::Error;
use std::time::{Duration, Instant};

use clock::Clock;
use futures::StreamExt;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use rehearsal::{ClusterInside, Options, Profile, Store, client};
use serde_json::{Value, json};
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

const OBJECTS: usize = 5_000;
const PODS: usize = 1_000;
const WATCHERS: usize = 50;
/// How many changes the watchers hear.
const CHANGES: usize = 200;
const ROUNDS: usize = 20;

/// A measurement: what, and how long each time.
struct Row {
    what: String,
    times: Vec<Duration>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let store = Store::open(None, Clock::real())?;
    let api = client(&store, "default");
    let mut rows = vec![started().await?, filled(&api).await?];
    rows.push(repeated(&format!("list {PODS} pods"), ROUNDS, || list(&api, "/api/v1/pods")).await?);
    let chunked = "/api/v1/configmaps?limit=500";
    rows.push(
        repeated(&format!("list {OBJECTS} config maps"), ROUNDS, || list(&api, "/api/v1/configmaps")).await?,
    );
    rows.push(repeated("the first 500 of them", ROUNDS, || list(&api, chunked)).await?);
    rows.push(applied(&api).await?);
    rows.push(heard(&api).await?);
    report(&rows);
    Ok(())
}

async fn send(api: &Client, method: &str, path: &str, kind: &str, body: &Value) -> Result<usize, Failure> {
    let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
    let answer = api.send(request.body(Body::from(body.to_string().into_bytes()))?).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("{method} {path}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(body.len())
}

async fn list(api: &Client, path: &str) -> Result<(), Failure> {
    send(api, "GET", path, "application/json", &Value::Null).await.map(drop)
}

async fn repeated<F: Future<Output = Result<(), Failure>>>(
    what: &str,
    rounds: usize,
    mut act: impl FnMut() -> F,
) -> Result<Row, Failure> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        act().await?;
        times.push(begun.elapsed());
    }
    Ok(Row { what: what.to_owned(), times })
}

/// The start of a cluster: server, controllers, node and front.
async fn started() -> Result<Row, Failure> {
    let start = || async {
        let cluster = ClusterInside::start(Options {
            state_dir: None,
            clock: Clock::real(),
            namespace: "default".to_owned(),
            release: "green".to_owned(),
            faults: Vec::new(),
            listen: ([127, 0, 0, 1], 0).into(),
            front: Profile::IngressNginx,
        })?;
        drop(cluster);
        Ok(())
    };
    repeated("start of a cluster", ROUNDS, start).await
}

fn pod(number: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("pod-{number}"), "labels": {"app": format!("app-{}", number % 10)}},
        "spec": {"containers": [{"name": "web", "image": "mastodon:v4", "ports": [{"containerPort": 3000}],
            "env": (0..20).map(|one| json!({"name": format!("SETTING_{one}"), "value": "made up"})).collect::<Value>(),
            "readinessProbe": {"httpGet": {"port": 3000}}}]}})
}

async fn filled(api: &Client) -> Result<Row, Failure> {
    let mut times = Vec::new();
    for number in 0..OBJECTS {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("config-{number}")},
            "data": {"key": "value", "number": number.to_string()}});
        let begun = Instant::now();
        send(api, "POST", "/api/v1/namespaces/default/configmaps", "application/json", &object).await?;
        times.push(begun.elapsed());
    }
    for number in 0..PODS {
        let begun = Instant::now();
        send(api, "POST", "/api/v1/namespaces/default/pods", "application/json", &pod(number)).await?;
        times.push(begun.elapsed());
    }
    Ok(Row { what: "one object created".to_owned(), times })
}

async fn applied(api: &Client) -> Result<Row, Failure> {
    let mut times = Vec::new();
    for round in 0..200 {
        let stated = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("config-{round}")},
            "data": {"applied": round.to_string()}});
        let path = format!("/api/v1/namespaces/default/configmaps/config-{round}?fieldManager=bench");
        let begun = Instant::now();
        send(api, "PATCH", &path, "application/apply-patch+yaml", &stated).await?;
        times.push(begun.elapsed());
    }
    Ok(Row { what: "one apply".to_owned(), times })
}

/// Changes of pods, each until the last of the watchers has heard of it.
async fn heard(api: &Client) -> Result<Row, Failure> {
    let (told, mut telling) = tokio::sync::mpsc::unbounded_channel();
    let mut watchers = JoinSet::new();
    for _ in 0..WATCHERS {
        let request = http::Request::get(
            "/api/v1/pods?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
        );
        let answer = api.send(request.body(Body::empty())?).await?;
        let mut lines = answer.into_body().into_data_stream();
        let told = told.clone();
        watchers.spawn(async move {
            while let Some(Ok(chunk)) = lines.next().await {
                let count = chunk.iter().filter(|byte| **byte == b'\n').count();
                if told.send(count).is_err() {
                    return;
                }
            }
        });
    }
    let mut times = Vec::new();
    for round in 0..CHANGES {
        let patch = json!({"metadata": {"labels": {"round": round.to_string()}}});
        let path = format!("/api/v1/namespaces/default/pods/pod-{}", round % PODS);
        let begun = Instant::now();
        send(api, "PATCH", &path, "application/merge-patch+json", &patch).await?;
        let mut heard = 0;
        while heard < WATCHERS {
            heard += telling.recv().await.ok_or("the watchers ended")?;
        }
        times.push(begun.elapsed());
    }
    Ok(Row { what: format!("a change heard by {WATCHERS} watchers"), times })
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
fn report(rows: &[Row]) {
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("", str::trim).to_owned();
    if std::env::args().any(|argument| argument == "--json") {
        let rows: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({"what": row.what, "count": row.times.len(),
            "median_us": median(&row.times).as_micros(), "worst_us": worst(&row.times).as_micros()})
            })
            .collect();
        println!("{}", json!({"rows": rows, "peak_memory": memory}));
        return;
    }
    println!("{:<32} {:>7} {:>12} {:>12}", "inside", "times", "median", "worst");
    for row in rows {
        println!(
            "{:<32} {:>7} {:>12.2?} {:>12.2?}",
            row.what,
            row.times.len(),
            median(&row.times),
            worst(&row.times)
        );
    }
    println!("peak memory {memory}");
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn worst(times: &[Duration]) -> Duration {
    times.iter().max().copied().unwrap_or_default()
}

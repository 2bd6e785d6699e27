//! Two sides of a web, a Service and an Ingress before them, and users who count what they meet.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use rehearsal::{ClusterInside, Options, Profile};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

pub(crate) const HOST: &str = "social.example";
pub(crate) const BOUND: Duration = Duration::from_secs(30);
/// Between two requests, in real time.
pub(crate) const TICK: Duration = Duration::from_millis(8);

/// Two pods of web that differ by one label, a Service for each side, and an Ingress to blue's.
pub(crate) fn today() -> Vec<Value> {
    let mut objects = Vec::new();
    for side in ["blue", "green"] {
        let labels = json!({"side": side, "part": "web"});
        objects.push(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": format!("{side}-web")},
            "spec": {
                "replicas": 1, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
                    "name": "web", "image": "mastodon", "command": ["bundle", "exec", "puma"],
                    "ports": [{"containerPort": 3000}],
                    "readinessProbe": {"httpGet": {"path": "/health", "port": 3000}, "periodSeconds": 2},
                }]}},
            },
        }));
        objects.push(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("{side}-web")},
            "spec": {"selector": {"side": side, "part": "web"}, "ports": [{"port": 3000}]},
        }));
    }
    objects.push(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "front"},
        "spec": rules("blue-web"),
    }));
    objects
}

pub(crate) fn rules(service: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 3000}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    json!({"rules": [{"host": HOST, "http": {"paths": paths}}]})
}

pub(crate) struct Stage {
    pub(crate) cluster: ClusterInside,
    pub(crate) clock: Clock,
    /// Where users come in: the cluster's own front, unless a test puts another before it.
    pub(crate) front: SocketAddr,
}

/// What users met during one change.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) requests: usize,
    pub(crate) failed: usize,
    pub(crate) statuses: Vec<String>,
    /// Cluster time from the first failed request to the next good one after the last.
    pub(crate) gap: Duration,
    /// Cluster time from the change until only green answered.
    pub(crate) moved: Duration,
    /// The longest cluster time between two requests: much more than a tick where this machine stood still.
    pub(crate) silence: Duration,
}

/// One request: when it was sent, and who answered or else the status.
pub(crate) type Answer = (Duration, Result<String, String>);

impl Stage {
    pub(crate) async fn set(profile: Profile, speed: f64, more: &[Value]) -> Self {
        let clock = Clock::faster(speed);
        let options = Options {
            state_dir: None,
            clock,
            namespace: "mastodon".to_owned(),
            release: "green".to_owned(),
            faults: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            front: profile,
        };
        let cluster = ClusterInside::start(options).expect("what the stage was set for");
        cluster.load(&today()).await.expect("what the stage was set for");
        cluster.load(more).await.expect("what the stage was set for");
        let routes = [(HOST.to_owned(), "/".to_owned())];
        cluster.ready(&routes, Duration::from_secs(3000)).await.expect("what the stage was set for");
        let front = cluster.front().address();
        Self { cluster, clock, front }
    }

    pub(crate) async fn select(&self, side: Option<&str>) {
        select(self.cluster.client(), side).await;
    }

    pub(crate) async fn edit(&self, service: &str) {
        let ingresses = Api::<Ingress>::namespaced(self.cluster.client(), "mastodon");
        let patch = Patch::Merge(json!({"spec": rules(service)}));
        ingresses.patch("front", &PatchParams::default(), &patch).await.expect("what the stage was set for");
    }

    /// Blue alone behind the Service again, and everyone agrees.
    pub(crate) async fn back(&self) {
        self.select(None).await;
        self.clock.sleep(Duration::from_secs(60)).await;
        self.select(Some("blue")).await;
        self.clock.sleep(Duration::from_secs(20)).await;
    }

    /// Makes a change under traffic, and waits until green alone has answered for a while.
    pub(crate) async fn under_traffic(&self, change: impl Future<Output = ()>) -> Met {
        let (front, clock) = (self.front, self.clock);
        let (over, mut ended) = watch::channel(false);
        let users = tokio::spawn(async move {
            let mut asked = Vec::new();
            let mut tick = tokio::time::interval(TICK);
            while !*ended.borrow_and_update() {
                tick.tick().await;
                let at = clock.elapsed();
                asked.push((at, tokio::spawn(ask(front))));
            }
            let mut answers: Vec<Answer> = Vec::new();
            for (at, answer) in asked {
                answers.push((at, answer.await.expect("what the stage was set for")));
            }
            answers
        });
        clock.sleep(Duration::from_secs(5)).await;
        let began = clock.elapsed();
        change.await;
        let arrived = async {
            let mut in_a_row = 0;
            while in_a_row < 20 {
                in_a_row = if ask(front).await.is_ok_and(|side| side == "green") { in_a_row + 1 } else { 0 };
                tokio::time::sleep(TICK).await;
            }
        };
        tokio::time::timeout(BOUND, arrived).await.expect("what the stage was set for");
        over.send_replace(true);
        met(&users.await.expect("what the stage was set for"), began)
    }
}

pub(crate) async fn select(client: Client, side: Option<&str>) {
    let services = Api::<Service>::namespaced(client, "mastodon");
    // A merge patch takes a key away by null.
    let patch = Patch::Merge(json!({"spec": {"selector": {"side": side, "part": "web"}}}));
    services.patch("blue-web", &PatchParams::default(), &patch).await.expect("what the stage was set for");
}

pub(crate) fn met(answers: &[Answer], began: Duration) -> Met {
    let bad = |answer: &&Answer| answer.1.is_err();
    let first = answers.iter().find(bad).map(|(at, _)| *at);
    let last = answers.iter().rposition(|answer| answer.1.is_err());
    let good_again = last.and_then(|last| answers.get(last + 1)).map(|(at, _)| *at);
    let not_green = answers.iter().rfind(|(_, answer)| answer.as_deref() != Ok("green")).map(|(at, _)| *at);
    let mut statuses: Vec<String> =
        answers.iter().filter_map(|(_, answer)| answer.as_ref().err().cloned()).collect();
    statuses.sort();
    statuses.dedup();
    Met {
        requests: answers.len(),
        failed: answers.iter().filter(bad).count(),
        statuses,
        gap: first.zip(good_again).map(|(first, again)| again - first).unwrap_or_default(),
        moved: not_green.map(|at| at.saturating_sub(began)).unwrap_or_default(),
        silence: answers.windows(2).map(|two| two[1].0.saturating_sub(two[0].0)).max().unwrap_or_default(),
    }
}

/// Asks on a new connection; which side answered, or the status.
pub(crate) async fn ask(front: SocketAddr) -> Result<String, String> {
    let answer = exchange(front).await.map_err(|error| error.kind().to_string())?;
    let lower = answer.to_lowercase();
    let pod = lower.split("x-stand-in-pod: ").nth(1).and_then(|rest| rest.split('-').next());
    match (answer.starts_with("HTTP/1.1 200"), pod) {
        (true, Some(side)) => Ok(side.to_owned()),
        _ => Err(answer.get(9..12).unwrap_or("no answer").to_owned()),
    }
}

pub(crate) async fn exchange(front: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(front).await?;
    let request = format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

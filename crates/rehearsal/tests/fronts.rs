//! What users meet when a Service or an Ingress changes, by the front they come through.

use std::fmt::Write as _;
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

const HOST: &str = "social.example";
const BOUND: Duration = Duration::from_secs(60);
/// Between two requests, in real time.
const TICK: Duration = Duration::from_millis(8);
const SPEED: f64 = 40.0;

/// Two pods of web that differ by one label, a Service for each side, and an Ingress to blue's.
fn today() -> Vec<Value> {
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

fn rules(service: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 3000}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    json!({"rules": [{"host": HOST, "http": {"paths": paths}}]})
}

struct Stage {
    cluster: ClusterInside,
    clock: Clock,
}

/// What users met during one change.
#[derive(Debug)]
struct Met {
    requests: usize,
    failed: usize,
    statuses: Vec<String>,
    /// Cluster time from the first failed request to the next good one after the last.
    gap: Duration,
    /// Cluster time from the change until only green answered.
    moved: Duration,
}

/// One request: when it was sent, and who answered or else the status.
type Answer = (Duration, Result<String, String>);

impl Stage {
    async fn set(profile: Profile) -> Self {
        let clock = Clock::faster(SPEED);
        let options = Options {
            state_dir: None,
            clock,
            namespace: "mastodon".to_owned(),
            release: "green".to_owned(),
            faults: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            front: profile,
        };
        let cluster = ClusterInside::start(options).unwrap();
        cluster.load(&today()).await.unwrap();
        let routes = [(HOST.to_owned(), "/".to_owned())];
        cluster.ready(&routes, Duration::from_secs(3000)).await.unwrap();
        Self { cluster, clock }
    }

    fn front(&self) -> SocketAddr {
        self.cluster.front().address()
    }

    async fn select(&self, side: Option<&str>) {
        select(self.cluster.client(), side).await;
    }

    async fn edit(&self, service: &str) {
        let ingresses = Api::<Ingress>::namespaced(self.cluster.client(), "mastodon");
        let patch = Patch::Merge(json!({"spec": rules(service)}));
        ingresses.patch("front", &PatchParams::default(), &patch).await.unwrap();
    }

    /// Blue alone behind the Service again, and everyone agrees.
    async fn back(&self) {
        self.select(None).await;
        self.clock.sleep(Duration::from_secs(60)).await;
        self.select(Some("blue")).await;
        self.clock.sleep(Duration::from_secs(20)).await;
    }

    /// Makes a change under traffic, and waits until green alone has answered for a while.
    async fn under_traffic(&self, change: impl Future<Output = ()>) -> Met {
        let (front, clock) = (self.front(), self.clock);
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
                answers.push((at, answer.await.unwrap()));
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
        tokio::time::timeout(BOUND, arrived).await.unwrap();
        over.send_replace(true);
        met(&users.await.unwrap(), began)
    }
}

async fn select(client: Client, side: Option<&str>) {
    let services = Api::<Service>::namespaced(client, "mastodon");
    // A merge patch takes a key away by null.
    let patch = Patch::Merge(json!({"spec": {"selector": {"side": side, "part": "web"}}}));
    services.patch("blue-web", &PatchParams::default(), &patch).await.unwrap();
}

fn met(answers: &[Answer], began: Duration) -> Met {
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
    }
}

/// Asks on a new connection; which side answered, or the status.
async fn ask(front: SocketAddr) -> Result<String, String> {
    let answer = exchange(front).await.map_err(|error| error.kind().to_string())?;
    let pod = answer.split("x-stand-in-pod: ").nth(1).and_then(|rest| rest.split('-').next());
    match (answer.starts_with("HTTP/1.1 200"), pod) {
        (true, Some(side)) => Ok(side.to_owned()),
        _ => Err(answer.get(9..12).unwrap_or("no answer").to_owned()),
    }
}

async fn exchange(front: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(front).await?;
    let request = format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The three ways to the new side, each measured: an Ingress that names another Service, a Service that selects other
/// pods, a Service that selects both for as long as the profile needs.
async fn measured(profile: Profile) -> [Met; 3] {
    let stage = Stage::set(profile).await;
    let clock = stage.clock;
    let overlap = stage
        .under_traffic(async {
            stage.select(None).await;
            clock.sleep(profile.overlap() + Duration::from_secs(2)).await;
            stage.select(Some("green")).await;
        })
        .await;
    stage.back().await;
    let flip = stage.under_traffic(stage.select(Some("green"))).await;
    stage.back().await;
    let edit = stage.under_traffic(stage.edit("green-web")).await;
    stage.cluster.stop().await;
    [edit, flip, overlap]
}

/// Written beside the table in `docs/fronts.md` when `MASTOFERRY_BLESS` is set.
fn write_down(rows: &str) {
    if std::env::var_os("MASTOFERRY_BLESS").is_none() {
        return;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fronts.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("<!-- measured -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /measured -->").unwrap();
    std::fs::write(path, format!("{before}<!-- measured -->\n{rows}<!-- /measured -->{after}")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_and_a_flip_show_their_outage_where_clouds_route_and_an_overlap_nowhere() {
    let mut rows =
        String::from("| front | Ingress edit | Service selector flip | overlap |\n|---|---|---|---|\n");
    for profile in Profile::ALL {
        let all = measured(profile).await;
        let cell = |met: &Met| match met.failed {
            0 => format!("0 of {} failed; moved in {:.1} s", met.requests, met.moved.as_secs_f64()),
            failed => format!(
                "{failed} of {} failed ({}), for {:.1} s",
                met.requests,
                met.statuses.join(", "),
                met.gap.as_secs_f64()
            ),
        };
        let [edit, flip, overlap] = &all;
        writeln!(rows, "| `{profile}` | {} | {} | {} |", cell(edit), cell(flip), cell(overlap)).unwrap();
        assert_eq!(overlap.failed, 0, "{profile}: {overlap:?}");
        let (edited, flipped) = (edit.gap.as_secs_f64(), flip.gap.as_secs_f64());
        match profile {
            Profile::Gce => {
                assert!((29.0..95.0).contains(&edited) && edit.statuses == ["502"], "{edit:?}");
                assert!((4.0..13.0).contains(&flipped) && flip.statuses == ["502"], "{flip:?}");
            }
            Profile::Alb => {
                assert!((4.0..25.0).contains(&edited) && edit.statuses == ["503"], "{edit:?}");
                assert!((1.0..20.0).contains(&flipped) && flip.statuses == ["503"], "{flip:?}");
            }
            _ => assert_eq!((edit.failed, flip.failed), (0, 0), "{profile}: {edit:?} {flip:?}"),
        }
    }
    write_down(&rows);
}

/// A controller of Gateways follows weights and writes what it has seen into the status.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_route_is_followed_by_weight_and_told_of_in_its_status() {
    let clock = Clock::faster(SPEED);
    let options = Options {
        state_dir: None,
        clock,
        namespace: "mastodon".to_owned(),
        release: "green".to_owned(),
        faults: Vec::new(),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        front: Profile::Gateway,
    };
    let cluster = ClusterInside::start(options).unwrap();
    let mut objects = today();
    objects.pop();
    let gateway = "gateway.networking.k8s.io/v1";
    objects.push(json!({
        "apiVersion": gateway, "kind": "Gateway", "metadata": {"name": "outer"},
        "spec": {"gatewayClassName": "envoy", "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS"}]},
    }));
    objects.push(json!({
        "apiVersion": gateway, "kind": "HTTPRoute", "metadata": {"name": "web"},
        "spec": {
            "parentRefs": [{"name": "outer"}], "hostnames": [HOST],
            "rules": [{"backendRefs": [
                {"name": "blue-web", "port": 3000, "weight": 3}, {"name": "green-web", "port": 3000},
            ]}],
        },
    }));
    cluster.load(&objects).await.unwrap();
    cluster.ready(&[(HOST.to_owned(), "/".to_owned())], Duration::from_secs(3000)).await.unwrap();
    let mut green = 0;
    for _ in 0..200 {
        green += usize::from(ask(cluster.front().address()).await.unwrap() == "green");
    }
    assert!((45..=55).contains(&green), "{green} of 200");
    let status = async |kind: &str, name: &str| {
        let like = json!({"apiVersion": gateway, "kind": kind, "metadata": {"name": name}});
        cluster.standing(&like).unwrap()["status"].clone()
    };
    let conditions = |value: &Value| -> Vec<String> {
        let conditions = value["conditions"].as_array().into_iter().flatten();
        conditions.map(|it| format!("{}={}", it["type"], it["status"]).replace('"', "")).collect()
    };
    let told = async {
        loop {
            let route = status("HTTPRoute", "web").await;
            let outer = status("Gateway", "outer").await;
            if conditions(&route["parents"][0]) == ["Accepted=True", "ResolvedRefs=True"]
                && conditions(&outer) == ["Accepted=True", "Programmed=True"]
                && outer["listeners"][0]["attachedRoutes"] == 1
            {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::time::timeout(BOUND, told).await.unwrap();
    let routes: Api<kube::core::DynamicObject> = Api::namespaced_with(
        cluster.client(),
        "mastodon",
        &kube::core::ApiResource {
            group: "gateway.networking.k8s.io".to_owned(),
            version: "v1".to_owned(),
            api_version: gateway.to_owned(),
            kind: "HTTPRoute".to_owned(),
            plural: "httproutes".to_owned(),
        },
    );
    let rules = json!([{"backendRefs": [{"name": "nobody", "port": 3000}]}]);
    let patch = Patch::Merge(json!({"spec": {"rules": rules}}));
    routes.patch("web", &PatchParams::default(), &patch).await.unwrap();
    let broken = async {
        loop {
            let route = status("HTTPRoute", "web").await;
            let resolved = &route["parents"][0]["conditions"][1];
            if resolved["reason"] == "BackendNotFound" && resolved["observedGeneration"] == 2 {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::time::timeout(BOUND, broken).await.unwrap();
    let refused = async { while ask(cluster.front().address()).await != Err("500".to_owned()) {} };
    tokio::time::timeout(BOUND, refused).await.unwrap();
    cluster.stop().await;
}

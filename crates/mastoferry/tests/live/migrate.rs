//! `mastoferry migrate`, `doctor`, `resume`, `rollback`, `status` against a cluster on loopback that runs its pods.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use clock::Clock;
use cluster::{Cluster, Holder, Kind, ObjectRef, Propagation};
use plan::{Action, Plan};
use rehearsal::{ClusterInside, Options, router};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{openapi, protobuf};

const SPEED: f64 = 30.0;
/// Real time within which anything that is waited for must have come.
const BOUND: Duration = Duration::from_secs(120);

/// A cluster with the example's old side in it, behind a front; served on a port, and a kubeconfig that leads there.
pub(crate) struct Field {
    folder: TempDir,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) cluster: Cluster,
    pub(crate) inside: Option<ClusterInside>,
    pub(crate) plan: Plan,
    pub(crate) front: SocketAddr,
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kustomize-production")
}

/// The example's plan by a strategy.
pub(crate) fn planned(folder: &Path, strategy: &str) -> Plan {
    plan(&example(), &["--to", "manifests", "--strategy", strategy], folder)
}

/// The plan of a tree.
fn plan(tree: &Path, how: &[&str], folder: &Path) -> Plan {
    let file = folder.join("plan.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    command.arg("plan").arg(tree).args(how).arg("--out").arg(&file);
    let output = command.output().expect("runs");
    assert!(output.status.success(), "{}", said(&output));
    let text = std::fs::read_to_string(&file).expect("the plan");
    serde_json::from_str(&text).expect("a plan")
}

pub(crate) fn write(file: &Path, plan: &Plan) {
    std::fs::write(file, serde_json::to_string(plan).expect("JSON")).expect("written");
}

/// Waits until the old side's Jobs are done: while one migrates the database nobody may begin.
async fn jobs_ended(cluster: &Cluster) {
    let since = std::time::Instant::now();
    loop {
        let jobs = cluster.list(&Kind::new("batch/v1", "Job"), None).await.expect("a list");
        if jobs.iter().all(|job| job["status"]["succeeded"].as_u64() > Some(0)) {
            return;
        }
        assert!(since.elapsed() < BOUND, "{jobs:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Field {
    pub(crate) fn new() -> Self {
        Self::of(&example(), &["--to", "manifests"])
    }

    /// With a tree's old side in it, and the plan that is made of it so.
    pub(crate) fn of(tree: &Path, how: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let plan = plan(tree, how, folder.path());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let options = Options {
            state_dir: None,
            clock: Clock::faster(SPEED),
            namespace: plan.namespace.clone(),
            release: plan.release.clone(),
            faults: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            front: rehearsal::Profile::IngressNginx,
        };
        let routes: Vec<(String, String)> =
            plan.routes.iter().map(|route| (route.host.clone(), route.path.clone())).collect();
        let (inside, address) = runtime.block_on(async {
            let inside = ClusterInside::start(options).expect("a cluster");
            inside.world().set_stands(true);
            inside.load(&plan.blue).await.expect("the old side");
            inside.ready(&routes, Duration::from_secs(3600)).await.expect("it stands");
            inside.world().set_stands(false);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let app = router(inside.store().clone())
                .layer(axum::middleware::from_fn(protobuf::as_json))
                .layer(axum::middleware::from_fn(openapi::answered));
            tokio::spawn(async move { axum::serve(listener, app).await });
            (inside, address)
        });
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "inside",
            "clusters": [{"name": "inside", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "inside", "context": {"cluster": "inside", "user": "me"}}],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).expect("written");
        let cluster = Cluster::new(inside.client(), &plan.namespace, Clock::real());
        runtime.block_on(jobs_ended(&cluster));
        let front = inside.front().address();
        Self { folder, runtime, cluster, inside: Some(inside), plan, front }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, command: &str, lang: &str) -> Command {
        let mut made = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
        made.args(["--lang", lang, "--output", "json", command]).env("NO_COLOR", "1");
        // Nobody is at a terminal, and no kubeconfig but that which is given.
        made.env("KUBECONFIG", self.path("none")).stdin(Stdio::null());
        made
    }

    /// On the cluster, by the plan.
    pub(crate) fn on(&self, command: &str, more: &[&str]) -> Command {
        let mut made = self.command(command, "en");
        made.arg(self.path("plan.json")).args(["--context", "inside", "--namespace", &self.plan.namespace]);
        made.arg("--kubeconfig").arg(self.path("config"));
        if !more.contains(&"--via") {
            made.args(["--via", &self.front.to_string()]);
        }
        made.args(["--speed", &SPEED.to_string()]).args(more);
        if command == "migrate" {
            made.arg("--state").arg(self.path("state"));
        }
        made
    }

    /// On with what was begun, by the state in a folder.
    pub(crate) fn again(&self, command: &str, state: &str, more: &[&str]) -> Output {
        let mut made = self.command(command, "en");
        made.arg("--state").arg(self.path(state)).args(more);
        made.output().expect("runs")
    }

    fn elsewhere(&self) -> Vec<String> {
        let config = self.path("config").to_str().expect("UTF-8").to_owned();
        ["--context", "inside", "--namespace", &self.plan.namespace, "--kubeconfig", &config]
            .map(str::to_owned)
            .to_vec()
    }

    /// Everything that stands, as it stands, but for what controllers make of it.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, Value> {
        let mut all = self.runtime.block_on(self.cluster.snapshot()).expect("a snapshot").objects;
        let theirs = ["Event", "Pod", "ReplicaSet", "EndpointSlice", "Job"];
        all.retain(|object| !theirs.iter().any(|kind| object["kind"] == *kind));
        for object in &mut all {
            object.as_object_mut().expect("an object").remove("status");
            let metadata = object["metadata"].as_object_mut().expect("metadata");
            ["resourceVersion", "managedFields", "generation"]
                .iter()
                .for_each(|key| drop(metadata.remove(*key)));
        }
        all.into_iter()
            .map(|object| (format!("{}/{}", object["kind"], object["metadata"]["name"]), object))
            .collect()
    }

    /// Nothing was touched since.
    fn assert_as(&self, before: &BTreeMap<String, Value>, what: &str) {
        let now = self.snapshot();
        let names = before.keys().chain(now.keys());
        let changed: BTreeSet<&String> = names.filter(|name| before.get(*name) != now.get(*name)).collect();
        assert!(changed.is_empty(), "{what}: {changed:?}");
    }

    pub(crate) fn change(&self, kind: Kind, name: &str, patch: &Value) {
        let place = ObjectRef::new(kind, name);
        self.runtime.block_on(self.cluster.patch_merge(&place, patch)).expect("changed");
    }

    pub(crate) fn has(&self, kind: Kind, name: &str) -> bool {
        self.runtime.block_on(self.cluster.get(&ObjectRef::new(kind, name))).expect("asked").is_some()
    }

    pub(crate) fn lease(&self) -> String {
        let mut steps = self.plan.steps.iter();
        steps
            .find_map(|step| match &step.action {
                Action::AcquireLease { lease } => Some(lease.clone()),
                _ => None,
            })
            .expect("a lease")
    }

    /// The Lease's holder is dead, and has been silent for long.
    fn expire_lease(&self) {
        let patch = json!({"spec": {"renewTime": "2001-01-01T00:00:00.000000Z"}});
        self.change(Kind::lease(), &self.lease(), &patch);
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        if let Some(inside) = self.inside.take() {
            self.runtime.block_on(inside.stop());
        }
    }
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

pub(crate) fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("JSON on standard output: {}", said(output)))
}

/// Ids of the findings that keep it from beginning.
pub(crate) fn refusals(told: &Value) -> Vec<&str> {
    let findings = told["findings"].as_array().into_iter().flatten();
    findings.filter(|it| it["grade"] == "refused").filter_map(|it| it["id"].as_str()).collect()
}

/// Ends a migration as a power cut does, once a file says that a step has begun.
pub(crate) fn killed_at(mut child: Child, events: &Path, step: &str) {
    let since = Instant::now();
    loop {
        let seen = std::fs::read_to_string(events).unwrap_or_default();
        if seen.contains(&format!("\"event\":\"step-started\",\"id\":\"{step}\"")) {
            break;
        }
        assert!(since.elapsed() < BOUND, "{step} was not begun: {seen}");
        assert!(child.try_wait().expect("asked").is_none(), "it ended by itself: {seen}");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn the_example_moves_and_can_be_taken_back_afterwards() {
    let field = Field::new();
    let before = field.snapshot();
    let doctor = field.on("doctor", &[]).output().expect("runs");
    assert_eq!(code(&doctor), 0, "{}", said(&doctor));
    assert_eq!(told(&doctor)["verdict"], "ready");
    field.assert_as(&before, "the doctor touches nothing");

    let dry = field.on("migrate", &["--dry-run"]).output().expect("runs");
    assert_eq!(code(&dry), 0, "{}", said(&dry));
    let dry = told(&dry);
    let changes = dry["changes"].as_array().expect("changes");
    assert!(changes.len() > field.plan.green.len(), "{}", changes.len());
    assert!(changes.iter().all(|change| change["accepted"] == true), "{changes:#?}");
    field.assert_as(&before, "a dry run touches nothing");

    let events = field.path("events.jsonl");
    let more = ["--approve", "--events", events.to_str().expect("UTF-8")];
    let moved = field.on("migrate", &more).output().expect("runs");
    assert_eq!(code(&moved), 0, "{}", said(&moved));
    let moved = told(&moved);
    assert_eq!((&moved["outcome"], &moved["kind"]), (&json!("completed"), &json!("migration")));
    assert_eq!(moved["traffic"]["failed"], 0, "{}", moved["traffic"]);
    assert!(moved["traffic"]["requests"].as_u64().expect("a number") > 100);
    // What nobody can count there is no number.
    for name in ["max_schedulers", "jobs_lost", "jobs_duplicated", "rows_lost"] {
        assert!(moved["invariants"][name].is_null(), "{name}");
    }
    assert!(moved["streaming"]["reconnects"].is_null());
    let lines = std::fs::read_to_string(&events).expect("events");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let done = lines.iter().filter(|line| line["event"] == "step-done").count();
    assert_eq!(done, field.plan.steps.len());
    assert!(lines.iter().any(|line| line["event"] == "traffic" && line["requests"].is_u64()));

    let status = field.again("status", "state", &[]);
    assert_eq!((&told(&status)["kind"], &told(&status)["state"]), (&json!("migration"), &json!("completed")));
    assert_eq!(code(&field.again("resume", "state", &[])), 2, "there is nothing to go on with");
    let report = field.again("report", "state", &[]);
    assert_eq!(told(&report)["outcome"], "completed");

    let back = field.again("rollback", "state", &[]);
    assert_eq!(code(&back), 4, "{}", said(&back));
    assert_eq!(told(&back)["blue_unchanged"], true, "{}", String::from_utf8_lossy(&back.stderr));
    assert_eq!(told(&back)["traffic"]["failed"], 0);
    let lease = field.lease();
    assert!(!field.has(Kind::secret(), &format!("{lease}-state")) && !field.has(Kind::lease(), &lease));
    assert_eq!(code(&field.again("rollback", "state", &[])), 2, "it is back already");
}

/// The page's 503 with `Retry-After` reaches the program by the API server, and is not taken for that server's own.
#[test]
fn by_maintenance_users_get_the_page_and_nothing_worse() {
    let field = Field::of(&example(), &["--to", "manifests", "--strategy", "maintenance"]);
    let moved = field.on("migrate", &["--approve"]).output().expect("runs");
    assert_eq!(code(&moved), 0, "{}", said(&moved));
    let moved = told(&moved);
    assert_eq!(moved["traffic"]["failed"], 0, "{}", moved["traffic"]);
    assert!(moved["traffic"]["maintenance"]["requests"].as_u64().is_some_and(|many| many > 0), "{moved:#}");
}

#[test]
fn a_migration_that_dies_goes_on_here_or_elsewhere() {
    let field = Field::new();
    let events = field.path("events.jsonl");
    let more = ["--approve", "--events", events.to_str().expect("UTF-8")];
    let child = field.on("migrate", &more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
    killed_at(child, &events, "drain-queues");
    assert_eq!(told(&field.again("status", "state", &[]))["state"], "interrupted");

    // Paused on the way, it goes on here.
    let paused = field.again("resume", "state", &["--pause-before", "close-overlap"]);
    assert_eq!(code(&paused), 5, "{}", said(&paused));
    assert!(said(&paused).contains("mastoferry resume"), "{}", said(&paused));

    // Another machine has nothing but the cluster.
    let elsewhere = field.elsewhere();
    let elsewhere: Vec<&str> = elsewhere.iter().map(String::as_str).collect();
    let listed = field.command("status", "en").args(&elsewhere).output().expect("runs");
    assert_eq!(told(&listed)["migrations"][0]["state"], "stopped", "{}", said(&listed));
    let untold = field.again("resume", "other", &elsewhere);
    assert_eq!(code(&untold), 6, "{}", said(&untold));
    assert!(said(&untold).contains("--take-over"), "{}", said(&untold));
    let over: Vec<&str> = elsewhere.iter().copied().chain(["--take-over"]).collect();
    let held = field.again("resume", "other", &over);
    assert_eq!(code(&held), 6, "the Lease has not run out: {}", said(&held));
    field.expire_lease();
    let done = field.again("resume", "other", &over);
    assert_eq!(code(&done), 0, "{}", said(&done));
    assert_eq!(told(&done)["traffic"]["failed"], 0);

    // The first machine knows nothing of that, and may do nothing any more.
    let late = field.again("rollback", "state", &[]);
    assert_eq!(code(&late), 6, "{}", said(&late));
    let back = field.again("rollback", "other", &[]);
    assert_eq!(code(&back), 4, "{}", said(&back));
    assert_eq!(told(&back)["blue_unchanged"], true, "{}", String::from_utf8_lossy(&back.stderr));
}

#[test]
fn users_go_back_alone_and_come_again() {
    let field = Field::new();
    let paused = field.on("migrate", &["--approve", "--pause-before", "observe"]).output().expect("runs");
    assert_eq!(code(&paused), 5, "{}", said(&paused));
    let back = field.again("rollback", "state", &["--level", "traffic"]);
    assert_eq!(code(&back), 4, "{}", said(&back));
    assert_eq!(told(&back)["traffic"]["failed"], 0);
    let green = field.plan.green.iter().find(|object| object["kind"] == "Deployment").expect("a Deployment");
    let green = green["metadata"]["name"].as_str().expect("a name");
    assert!(field.has(Kind::deployment(), green), "the new side stands");
    let done = field.again("resume", "state", &[]);
    assert_eq!(code(&done), 0, "{}", said(&done));
    assert_eq!(told(&done)["traffic"]["failed"], 0);
    assert!(field.has(Kind::deployment(), green));
}

#[test]
fn what_is_in_the_way_is_told_and_nothing_is_touched() {
    let field = Field::new();
    let whole = field.snapshot();
    let worker = field.plan.blue.iter().find(|it| it["kind"] == "Deployment").expect("a Deployment");
    let worker = worker["metadata"]["name"].as_str().expect("a name").to_owned();
    let refused = |why: &str, more: &[&str]| {
        let before = field.snapshot();
        for command in ["doctor", "migrate"] {
            let asked = if command == "migrate" { [&["--approve"], more].concat() } else { more.to_vec() };
            let output = field.on(command, &asked).output().expect("runs");
            assert_eq!(code(&output), 6, "{command}, {why}: {}", said(&output));
            let told = told(&output);
            assert!(refusals(&told).contains(&why), "{command}: {why} is not among {:?}", refusals(&told));
            let remedies =
                told["findings"].as_array().into_iter().flatten().filter(|it| it["grade"] == "refused");
            assert!(remedies.into_iter().all(|it| it["remedy"].is_string()), "{told:#}");
        }
        field.assert_as(&before, why);
        assert!(!field.path("state").exists(), "{why}: not even begun");
    };

    // A plan that no longer holds.
    let replicas = field.runtime.block_on(field.cluster.replicas(&worker)).expect("asked");
    field.runtime.block_on(field.cluster.scale(&worker, replicas + 1)).expect("scaled");
    refused("standing-differs", &[]);
    field.runtime.block_on(field.cluster.scale(&worker, replicas)).expect("scaled");

    // A second operator.
    let holder = Holder { identity: "another".to_owned(), duration: Duration::from_secs(1_000_000) };
    field.runtime.block_on(field.cluster.acquire_lease(&field.lease(), &holder)).expect("held");
    refused("operator-held", &[]);
    field.runtime.block_on(field.cluster.release_lease(&field.lease(), &holder)).expect("given back");

    // A Secret that is not there any more.
    let needed = field.plan.needs.iter().map(|need| need.secret.as_str());
    let held = field.plan.blue.iter().filter(|object| object["kind"] == "Secret");
    let held = held.filter_map(|object| object["metadata"]["name"].as_str());
    let secret = needed.chain(held).next().expect("a Secret").to_owned();
    let place = ObjectRef::new(Kind::secret(), &secret);
    let kept = field.runtime.block_on(field.cluster.need(&place)).expect("it is there");
    field.runtime.block_on(field.cluster.delete(&kept, Propagation::Background)).expect("deleted");
    refused("standing-differs", &[]);
    let (labels, annotations) = (&kept["metadata"]["labels"], &kept["metadata"]["annotations"]);
    let again = json!({
        "apiVersion": "v1", "kind": "Secret", "type": kept["type"], "data": kept["data"],
        "metadata": {"name": secret, "labels": labels, "annotations": annotations},
    });
    field.runtime.block_on(field.cluster.create(&again)).expect("there again");

    // A front that does not answer.
    refused("front-silent", &["--via", "127.0.0.1:9"]);

    // A Service that would take the new side's pods.
    let green = field.plan.green.iter().find(|object| object["kind"] == "Deployment").expect("a Deployment");
    let stray = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "stray"},
        "spec": {"selector": green["spec"]["selector"]["matchLabels"], "ports": [{"port": 80}]},
    });
    let stray = field.runtime.block_on(field.cluster.create(&stray)).expect("made");
    refused("selectors-service", &[]);
    field.runtime.block_on(field.cluster.delete(&stray, Propagation::Background)).expect("deleted");

    // A version jump, and another namespace.
    let mut jump = field.plan.clone();
    for object in jump.green.iter_mut().filter(|object| object["kind"] == "Deployment") {
        let image = &mut object["spec"]["template"]["spec"]["containers"][0]["image"];
        if image.as_str().is_some_and(|image| image.contains("mastodon")) {
            *image = json!("ghcr.io/mastodon/mastodon:v9.9.9");
        }
    }
    write(&field.path("plan.json"), &jump);
    refused("versions-jump", &[]);
    write(&field.path("plan.json"), &field.plan);
    let other = field
        .command("doctor", "en")
        .arg(field.path("plan.json"))
        .args(["--context", "inside"])
        .args(["--namespace", "default", "--kubeconfig", field.path("config").to_str().expect("UTF-8")])
        .output()
        .expect("runs");
    assert_eq!((code(&other), refusals(&told(&other))), (6, vec!["place-other"]));

    let now: Vec<String> = field.snapshot().into_keys().collect();
    assert_eq!(now, whole.into_keys().collect::<Vec<_>>(), "what this test changed is as it was");
}

#[test]
fn who_does_not_approve_is_asked_and_who_cannot_be_asked_is_told() {
    let field = Field::new();
    let before = field.snapshot();
    for (lang, word) in [("en", "--approve"), ("ja", "--approve")] {
        let mut command = field.command("migrate", lang);
        command.arg(field.path("plan.json")).args([
            "--context",
            "inside",
            "--namespace",
            &field.plan.namespace,
        ]);
        command.arg("--kubeconfig").arg(field.path("config")).arg("--state").arg(field.path("state"));
        let output = command.output().expect("runs");
        assert_eq!(code(&output), 2, "{}", said(&output));
        assert!(said(&output).contains(word), "{}", said(&output));
    }
    let unknown = field.on("migrate", &["--approve", "--pause-before", "lunch"]).output().expect("runs");
    assert_eq!(code(&unknown), 2, "{}", said(&unknown));
    assert!(said(&unknown).contains("drain-queues"), "{}", said(&unknown));
    field.assert_as(&before, "nothing was begun");
}

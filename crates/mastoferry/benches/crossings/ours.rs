//! A deployment moved by `mastoferry migrate`: once with a new side that falls ill as users come to it, once well.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clock::Clock;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use plan::{Action, Plan};
use probe::Prober;
use rehearsal::{Fault, World};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::ground::{Ground, until};
use crate::row::{Crossed, Part, Row, TakenBack};
use crate::sites::Site;
use crate::traefik;
use crate::users::{Watch, now_ms, traffic};

/// How much faster than life the program waits. What it waits for fronts by stays longer than Traefik keeps changes back.
pub(crate) const SPEED: f64 = 3.0;
/// How much faster than life pods boot and end, and how much sooner their probes lose patience.
pub(crate) const NODE_SPEED: f64 = 8.0;
/// What the two long looks of a plan are shortened to, in seconds of the cluster's time.
pub(crate) const BASELINE_S: u64 = 15;
pub(crate) const OBSERVE_S: u64 = 30;
/// Requests a second of the program's own prober, beside those of the users.
const OWN_RATE: &str = "100";
const FAULT: &str = "green.web.500=100%";
const LOOK: Duration = Duration::from_millis(5);
/// Users stay so long after the end.
const AFTER: Duration = Duration::from_secs(3);
/// Green falls ill so long after users came to it, in real time: it was looked at when they came.
const INCUBATION: Duration = Duration::from_secs(1);
/// Failures that were due sooner than this after blue alone answered were on their way.
const ON_THE_WAY_MS: u64 = 250;

/// Where a crossing takes place.
struct Place {
    plan: Plan,
    file: PathBuf,
    folder: PathBuf,
    context: String,
    front: SocketAddr,
    world: World,
}

/// One run's end.
struct Ran {
    told: Value,
    verdict: Option<(u64, String)>,
    report: probe::TrafficReport,
    prober: Prober,
    began_ms: u64,
    watch: Watch,
    state: PathBuf,
    took: Duration,
}

/// The program itself.
pub(crate) fn mastoferry() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    command.args(["--lang", "en", "--output", "json"]).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

/// The plan as the program makes it, with the long looks shortened.
pub(crate) fn planned(site: &Site, strategy: &str, corpus: &Path, folder: &Path) -> (Plan, PathBuf) {
    let source = site.lay_out(corpus, folder);
    let file = folder.join("plan.json");
    let mut command = mastoferry();
    command.arg("plan").arg(&source).args(["--to", site.to, "--strategy", strategy, "--front", "traefik"]);
    let output = command.args(site.more).arg("--out").arg(&file).output().expect("runs");
    assert!(output.status.success(), "plan: {}", String::from_utf8_lossy(&output.stderr));
    let mut plan: Plan = serde_json::from_slice(&std::fs::read(&file).expect("the plan")).expect("a plan");
    for step in &mut plan.steps {
        match &mut step.action {
            Action::RecordBaseline { seconds } => *seconds = BASELINE_S,
            Action::Observe { seconds } => *seconds = OBSERVE_S,
            _ => {}
        }
    }
    std::fs::write(&file, serde_json::to_vec(&plan).expect("JSON")).expect("written");
    (plan, file)
}

/// Namespaces of what stands beside Mastodon, where it has others.
async fn namespaces(plan: &Plan) {
    let client = Client::try_default().await.expect("the kubeconfig of the testbed");
    let others = plan.blue.iter().filter_map(|object| object.pointer("/metadata/namespace")?.as_str());
    for other in others.filter(|other| *other != plan.namespace) {
        let made = serde_json::from_value(json!({"metadata": {"name": other}})).expect("a namespace");
        // It may be there.
        let _ = Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &made).await;
    }
}

/// Classes that Ingresses ask for: here each is Traefik.
pub(crate) async fn classes(ground: &Ground, plan: &Plan) {
    for object in plan.blue.iter().filter(|object| object["kind"] == "Ingress") {
        if let Some(class) = object.pointer("/spec/ingressClassName").and_then(Value::as_str) {
            let class = json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": class},
                "spec": {"controller": "traefik.io/ingress-controller"},
            });
            ground.make("", &class).await;
        }
    }
}

/// Settings that owners keep in a Secret which is in no repository.
const KEPT: [&str; 20] = [
    "SECRET_KEY_BASE",
    "OTP_SECRET",
    "VAPID_PRIVATE_KEY",
    "VAPID_PUBLIC_KEY",
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
    "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
    "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
    "DB_HOST",
    "DB_USER",
    "DB_PASS",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "SMTP_LOGIN",
    "SMTP_PASSWORD",
    "DEEPL_API_KEY",
    "ES_HOST",
    "ES_USER",
    "ES_PASS",
];

/// Gives the Secrets that pods refer to, and whose values nobody wrote down, made-up ones.
pub(crate) async fn secrets(ground: &Ground, plan: &Plan) {
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    plan.blue_here().chain(&plan.green).for_each(|object| referred(object, &mut wanted));
    for need in &plan.needs {
        let keys = wanted.entry(need.secret.clone()).or_default();
        keys.extend(need.keys.iter().cloned());
        keys.extend(KEPT.iter().filter(|_| need.whole).map(|key| (*key).to_owned()));
    }
    for secret in plan.blue_here().filter(|object| object["kind"] == "Secret") {
        let keys =
            wanted.entry(secret["metadata"]["name"].as_str().unwrap_or_default().to_owned()).or_default();
        for data in ["data", "stringData"] {
            keys.extend(secret[data].as_object().into_iter().flatten().map(|(key, _)| key.clone()));
        }
    }
    let secrets = Api::<Secret>::namespaced(ground.client.clone(), &plan.namespace);
    for (name, keys) in &wanted {
        let values: serde_json::Map<String, Value> =
            keys.iter().map(|key| (key.clone(), json!("made-up"))).collect();
        let patch = Patch::Merge(json!({"stringData": values}));
        if secrets.patch(name, &PatchParams::default(), &patch).await.is_err() {
            let made = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values});
            ground.make(&plan.namespace, &made).await;
        }
    }
}

/// Waits until the old side's Jobs are done: while one migrates the database nobody may begin.
async fn jobs_ended(ground: &Ground, plan: &Plan) {
    let jobs = Api::<Job>::namespaced(ground.client.clone(), &plan.namespace);
    until("blue's Jobs", async || {
        let all = jobs.list(&ListParams::default()).await.expect("Jobs").items;
        all.iter().all(|job| job.status.as_ref().and_then(|status| status.succeeded) > Some(0))
    })
    .await;
}

/// The keys that containers ask for, by Secret.
fn referred(value: &Value, wanted: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(fields) => {
            if let Some(place) = fields.get("secretKeyRef") {
                let text = |field: &str| place[field].as_str().unwrap_or_default().to_owned();
                wanted.entry(text("name")).or_default().insert(text("key"));
            }
            fields.values().for_each(|value| referred(value, wanted));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, wanted)),
        _ => {}
    }
}

/// Objects of the new side that do not stand.
async fn missing(ground: &Ground, plan: &Plan) -> Vec<String> {
    let mut missing = Vec::new();
    for object in plan.green.iter().chain(&plan.adopted) {
        if !ground.has(&plan.namespace, object).await {
            missing.push(format!("{}/{}", object["kind"], object["metadata"]["name"]));
        }
    }
    missing
}

/// Moves a deployment by a strategy, ill and well.
pub(crate) async fn cross(site: &Site, strategy: &str, corpus: &Path, folder: &Path) -> Row {
    let (plan, file) = planned(site, strategy, corpus, folder);
    assert!(!plan.routes.is_empty(), "no route of the plan leads anywhere");
    namespaces(&plan).await;
    let ground = Ground::lay(&plan, Clock::faster(NODE_SPEED)).await;
    classes(&ground, &plan).await;
    secrets(&ground, &plan).await;
    jobs_ended(&ground, &plan).await;
    let front = traefik::start(traefik::program().expect("traefik on PATH"), &plan, 1.0).await;
    ground.world.inject(Fault::parse(FAULT).expect("a fault"));
    let config = kube::config::Kubeconfig::read().expect("the kubeconfig");
    let place = Place {
        plan,
        file,
        folder: folder.to_owned(),
        context: config.current_context.expect("a context"),
        front: front.address,
        world: ground.world.clone(),
    };
    let ill = place.run("ill", true).await;
    let taken_back = Some(place.taken_back(&ill));
    let well = place.run("well", false).await;
    let crossed = Some(crossed(&well));
    let missing = missing(&ground, &place.plan).await;
    ground.world.drained(Duration::from_secs(20)).await;
    let account = ground.world.invariants();
    ground.leave(&place.plan.namespace).await;
    Row {
        deployment: site.name.to_owned(),
        strategy: strategy.to_owned(),
        crossed,
        taken_back,
        missing,
        max_schedulers: account.max_schedulers,
        jobs_lost: account.jobs_lost,
        jobs_duplicated: account.jobs_duplicated,
        ..Row::default()
    }
}

impl Place {
    fn started(&self, name: &str, events: &Path) -> Child {
        let log =
            |end: &str| std::fs::File::create(self.folder.join(format!("{name}.{end}"))).expect("a file");
        let mut command = mastoferry();
        command.arg("migrate").arg(&self.file).args(["--context", &self.context]);
        command.args(["--namespace", &self.plan.namespace, "--via", &format!("http://{}", self.front)]);
        command.args(["--approve", "--speed", &SPEED.to_string(), "--rate", OWN_RATE]);
        command.arg("--state").arg(self.folder.join(name)).arg("--events").arg(events);
        command.stdout(log("json")).stderr(log("log")).spawn().expect("it starts")
    }

    async fn run(&self, name: &str, is_ill: bool) -> Ran {
        let over = CancellationToken::new();
        self.world.set_active(false);
        let prober = Prober::start(traffic(&self.plan, self.front), over.clone()).expect("a prober");
        let began_ms = now_ms();
        let watch = Watch::start(&self.plan, self.front, &over);
        let events = self.folder.join(format!("{name}.events"));
        let begun = Instant::now();
        let mut child = self.started(name, &events);
        let mut follower = Follower { seen: 0, is_ill, falls_ill: None, verdict: None };
        while child.try_wait().expect("asked").is_none() {
            follower.follow(&events, &prober, &self.world);
            tokio::time::sleep(LOOK).await;
        }
        follower.follow(&events, &prober, &self.world);
        let took = begun.elapsed();
        tokio::time::sleep(AFTER).await;
        let report = prober.finish().await;
        over.cancel();
        let text = std::fs::read_to_string(self.folder.join(format!("{name}.json"))).unwrap_or_default();
        let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(self.folder.join(format!("{name}.log"))).unwrap_or_default();
            panic!("{name}: {log}{text}")
        });
        let refused = told_refusals(&told);
        assert!(refused.is_empty(), "{name}: refused: {}", refused.join("; "));
        let state = self.folder.join(name);
        Ran { told, verdict: follower.verdict, report, prober, began_ms, watch, state, took }
    }

    fn taken_back(&self, ran: &Ran) -> TakenBack {
        let (verdict, rule) = ran.verdict.clone().unwrap_or_default();
        let (web_ms, all_ms) = ran.watch.since(verdict);
        let restored = verdict + all_ms + ON_THE_WAY_MS;
        let late = ran.prober.failures_between(restored.saturating_sub(ran.began_ms), u64::MAX);
        let (kept, differ) = self.held_against_the_backup(&ran.state);
        TakenBack {
            outcome: ran.told["outcome"].as_str().unwrap_or_default().to_owned(),
            rule,
            web_ms,
            all_ms,
            failed_after: late.map_or(0, |late| late.count),
            requests: ran.report.requests,
            kept,
            differ,
            took_s: ran.took.as_secs_f64(),
        }
    }

    /// How many objects the backup holds, and which of them stand otherwise.
    fn held_against_the_backup(&self, states: &Path) -> (u64, Vec<String>) {
        let folders = std::fs::read_dir(states).expect("the state").flatten().map(|entry| entry.path());
        let state = folders.filter(|path| path.join("backup").is_dir()).max().expect("a backup");
        let mut command = mastoferry();
        command.arg("restore").arg(state).args(["--context", &self.context]);
        let output = command.args(["--namespace", &self.plan.namespace]).output().expect("runs");
        let told: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("restore: {}", String::from_utf8_lossy(&output.stderr)));
        let objects = told["objects"].as_array().cloned().unwrap_or_default();
        let differ = objects.iter().filter(|object| object["standing"] != "same");
        let differ = differ.map(|object| format!("{} {}", object["object"], object["paths"])).collect();
        (objects.len() as u64, differ)
    }
}

/// What kept the program from beginning.
fn told_refusals(told: &Value) -> Vec<&str> {
    let findings = told["findings"].as_array().into_iter().flatten();
    let refused = findings.filter(|finding| finding["grade"] == "refused");
    refused.filter_map(|finding| finding["message"].as_str()).collect()
}

fn crossed(ran: &Ran) -> Crossed {
    let report = &ran.report;
    Crossed {
        outcome: ran.told["outcome"].as_str().unwrap_or_default().to_owned(),
        took_s: ran.took.as_secs_f64(),
        ..had(report)
    }
}

/// What users had.
pub(crate) fn had(report: &probe::TrafficReport) -> Crossed {
    let parts = report
        .components
        .iter()
        .map(|(name, part)| (name.clone(), Part { failed: part.failed, outage_ms: part.downtime_ms }));
    Crossed {
        requests: report.requests,
        failed: report.failed,
        failures: report.failures.clone(),
        announced: report.maintenance.requests,
        announced_window_ms: report.maintenance.window_ms,
        longest_outage_ms: report.longest_outage_ms,
        p99_ms: report.p99_ms,
        late_ms: report.phases.lateness.p99_ms,
        sockets: report.streaming.connections,
        reconnects: report.streaming.reconnects,
        longest_gap_ms: report.streaming.longest_gap_ms,
        parts: parts.collect(),
        ..Crossed::default()
    }
}

/// Reads what the program tells, as it tells it.
struct Follower {
    seen: usize,
    is_ill: bool,
    falls_ill: Option<Instant>,
    verdict: Option<(u64, String)>,
}

impl Follower {
    fn follow(&mut self, events: &Path, prober: &Prober, world: &World) {
        if self.falls_ill.take_if(|at| *at <= Instant::now()).is_some() {
            world.users_arrived();
        }
        let text = std::fs::read_to_string(events).unwrap_or_default();
        let Some(end) = text.rfind('\n') else { return };
        let lines = text[..end].lines().skip(self.seen);
        let new: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        self.seen += text[..end].lines().skip(self.seen).count();
        for event in new {
            let is = |name: &str, id: &str| event["event"] == name && event["id"] == id;
            if is("step-started", "show-page") || event["event"] == "rollback-started" {
                prober.announce_maintenance(true);
            }
            if is("step-done", "hide-page") {
                prober.announce_maintenance(false);
            }
            let is_there =
                ["close-overlap", "open-overlap-web", "hide-page"].iter().any(|id| is("step-done", id));
            if self.is_ill && is_there {
                self.falls_ill = Some(Instant::now() + INCUBATION);
            }
            let verdict = match event["event"].as_str() {
                Some("breach") => event["rule"].as_str().unwrap_or_default(),
                // A step found it before the guard did.
                Some("rollback-started") => "own check",
                _ => continue,
            };
            let at_ms = event["at_ms"].as_u64().unwrap_or_else(now_ms);
            self.verdict.get_or_insert((at_ms, verdict.to_owned()));
        }
    }
}

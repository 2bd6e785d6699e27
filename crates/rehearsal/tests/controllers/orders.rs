//! What the controllers tell, in order, held against the words of a real control plane's. The texts in `orders/` are
//! what is told of each object, in its order; of objects among each other there is none.
//!
//! `MASTOFERRY_BLESS=1 cargo xtask testbed -- cargo test -p rehearsal --test controllers orders` writes them anew, from
//! the real one alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Namespace, Pod};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use rehearsal::{Store, client, start_controllers};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::deployment;

/// How long nothing must happen until an act is over.
const QUIET: Duration = Duration::from_millis(150);
const QUIET_REAL: Duration = Duration::from_millis(2500);

/// A cluster without nodes: the test makes pods ready, and their ends are at once.
struct Stage {
    client: Client,
    namespace: String,
    quiet: Duration,
    is_real: bool,
    _controllers: JoinSet<()>,
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: the same order on a real control plane needs: cargo xtask testbed -- cargo test");
}

/// The cluster inside and, where there is one, the testbed.
async fn stages(name: &str) -> Vec<Stage> {
    let clock = Clock::real();
    let store = Store::open(None, clock).expect("a store in memory");
    let namespace = format!("orders-{name}-{}", std::process::id());
    store.ensure_namespace(&namespace).expect("a namespace");
    let controllers = start_controllers(&store, clock, CancellationToken::new());
    let inside = Stage {
        client: client(&store, &namespace),
        namespace: namespace.clone(),
        quiet: QUIET,
        is_real: false,
        _controllers: controllers,
    };
    if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
        skipped();
        return vec![inside];
    }
    let client = Client::try_default().await.expect("the kubeconfig of the testbed");
    let made = serde_json::from_value(json!({"metadata": {"name": namespace}})).expect("a namespace");
    let namespaces = Api::<Namespace>::all(client.clone());
    namespaces.create(&PostParams::default(), &made).await.expect("a namespace");
    let real = Stage { client, namespace, quiet: QUIET_REAL, is_real: true, _controllers: JoinSet::new() };
    vec![real, inside]
}

impl Stage {
    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn create<K>(&self, mut object: Value)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned
            + serde::Serialize,
    {
        // Nobody places these pods, so that every one of them can go at once.
        object["spec"]["template"]["spec"]["schedulerName"] = "nobody".into();
        let object = serde_json::from_value(object).expect("an object");
        self.api::<K>().create(&PostParams::default(), &object).await.expect("created");
        self.rest().await;
    }

    async fn merge<K>(&self, name: &str, patch: Value)
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let patched = self.api::<K>().patch(name, &PatchParams::default(), &Patch::Strategic(patch)).await;
        patched.expect("patched");
        self.rest().await;
    }

    /// Waits until nothing has happened for a while.
    async fn rest(&self) {
        let mut before = String::new();
        loop {
            let pods = self.api::<Pod>().list(&ListParams::default()).await.expect("pods");
            let events = self.api::<Event>().list(&ListParams::default()).await.expect("events");
            let versions = pods.items.iter().map(|pod| pod.resource_version());
            let versions = versions.chain(events.items.iter().map(|event| event.resource_version()));
            let now: Vec<String> = versions.flatten().collect();
            if now.join(" ") == before {
                return;
            }
            before = now.join(" ");
            tokio::time::sleep(self.quiet).await;
        }
    }

    /// Makes pods ready, one after another as they come, until none is left that is not.
    async fn make_all(&self, phase: &str) {
        for _ in 0..50 {
            let pods = self.api::<Pod>().list(&ListParams::default()).await.expect("pods").items;
            let is_new = |pod: &&Pod| {
                pod.metadata.deletion_timestamp.is_none()
                    && pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Pending")
            };
            let Some(pod) = pods.iter().find(is_new) else { return };
            let ready = if phase == "Running" { "True" } else { "False" };
            let now = k8s_openapi::jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let status = json!({"status": {"phase": phase,
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": now}]}});
            let pods: Api<Pod> = self.api();
            let patch = Patch::Strategic(status);
            pods.patch_status(&pod.name_any(), &PatchParams::default(), &patch).await.expect("patched");
            self.rest().await;
        }
    }

    /// What was told of everything but pods: of each object its lines, in order.
    async fn told(&self) -> String {
        let mut names: Vec<(String, String)> = Vec::new();
        let mut sets = self.api::<ReplicaSet>().list(&ListParams::default()).await.expect("sets").items;
        // By their first revision, which one that came back has kept in its history.
        sets.sort_by_key(|set| {
            let annotation = |name: &str| set.annotations().get(&format!("deployment.kubernetes.io/{name}"));
            let numbers = annotation("revision-history").or_else(|| annotation("revision"));
            numbers.and_then(|numbers| numbers.split(',').next().map(str::to_owned))
        });
        for (set, number) in sets.iter().zip(1..) {
            let stem = set.name_any().rsplit_once('-').map(|(stem, _)| stem.to_owned()).unwrap_or_default();
            names.push((set.name_any(), format!("{stem}-#{number}")));
        }
        let mut events = self.api::<Event>().list(&ListParams::default()).await.expect("events").items;
        events.sort_by_key(|event| {
            let number = event.metadata.name.as_deref().and_then(|name| name.rsplit_once('.'));
            number.map(|(_, number)| format!("{number:0>16}"))
        });
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in events {
            let about = &event.involved_object;
            let kind = about.kind.clone().unwrap_or_default();
            if kind == "Pod" {
                continue;
            }
            let text = |text: &Option<String>| anonymous(text.as_deref().unwrap_or_default(), &names);
            let place = format!("{kind} {}", text(&about.name));
            let line = format!("  {} {}: {}", text(&event.type_), text(&event.reason), text(&event.message));
            lines.entry(place).or_default().push(line);
        }
        let told = lines.into_iter().map(|(place, lines)| format!("{place}\n{}\n", lines.join("\n")));
        told.collect::<Vec<_>>().join("\n")
    }
}

/// Names as everybody may write them: of ReplicaSets by number, of their pods by a star.
fn anonymous(text: &str, names: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (name, known) in names {
        while let Some(at) = text.find(name.as_str()) {
            let rest = text[at + name.len()..].to_owned();
            let is_pod = rest.len() >= 6 && rest.starts_with('-');
            let rest = if is_pod { format!("-*{}", &rest[6..]) } else { rest };
            text = format!("{}{known}{rest}", &text[..at]);
        }
    }
    let job_pod =
        text.strip_prefix("Created pod: migrate-").is_some() || text.starts_with("Deleted pod: migrate-");
    if job_pod { format!("{}-*", &text[..text.rfind('-').unwrap_or(text.len())]) } else { text }
}

/// Holds what was told against the text, which the real control plane alone may write.
async fn hold(name: &str, stage: &Stage) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/controllers/orders/{name}.txt"));
    let told = stage.told().await;
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let (why, expected) = golden.split_once("\n\n").unwrap_or((&golden, ""));
    if stage.is_real && std::env::var_os("MASTOFERRY_BLESS").is_some() {
        std::fs::write(&path, format!("{}\n\n{told}", why.trim_end())).expect("written");
    } else {
        assert_eq!(told, expected, "{name}, on the {} one", if stage.is_real { "real" } else { "inner" });
    }
    if stage.is_real {
        let namespaces = Api::<Namespace>::all(stage.client.clone());
        namespaces.delete(&stage.namespace, &DeleteParams::default()).await.expect("marked");
    }
}

fn image(image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}})
}

#[tokio::test]
async fn orders_of_a_rolling_deployment() {
    for stage in stages("rolling").await {
        let strategy = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
        stage.create::<Deployment>(deployment("web", 2, strategy)).await;
        stage.make_all("Running").await;
        stage.merge::<Deployment>("web", image("mastodon:v2")).await;
        stage.make_all("Running").await;
        stage.merge::<Deployment>("web", json!({"spec": {"replicas": 3}})).await;
        stage.make_all("Running").await;
        stage.merge::<Deployment>("web", image("mastodon:v1")).await;
        stage.make_all("Running").await;
        hold("rolling-deployment", &stage).await;
    }
}

#[tokio::test]
async fn orders_of_a_deployment_that_is_scaled_while_it_rolls() {
    for stage in stages("scaled").await {
        let strategy = json!({"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
        stage.create::<Deployment>(deployment("web", 4, strategy)).await;
        stage.make_all("Running").await;
        stage.merge::<Deployment>("web", image("mastodon:v2")).await;
        stage.merge::<Deployment>("web", json!({"spec": {"replicas": 8}})).await;
        hold("scaled-while-rolling", &stage).await;
    }
}

#[tokio::test]
async fn orders_of_a_recreated_deployment() {
    for stage in stages("recreated").await {
        stage.create::<Deployment>(deployment("web", 2, json!({"type": "Recreate"}))).await;
        stage.make_all("Running").await;
        stage.merge::<Deployment>("web", image("mastodon:v2")).await;
        stage.make_all("Running").await;
        hold("recreated-deployment", &stage).await;
    }
}

#[tokio::test]
async fn orders_of_a_stateful_set() {
    for stage in stages("stateful").await {
        let mut set = deployment("db", 2, json!({}));
        set["kind"] = "StatefulSet".into();
        set["spec"].as_object_mut().expect("a spec").remove("strategy");
        set["spec"]["serviceName"] = "db".into();
        set["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
        stage.create::<StatefulSet>(set).await;
        stage.make_all("Running").await;
        stage.merge::<StatefulSet>("db", image("postgres:18")).await;
        stage.make_all("Running").await;
        hold("stateful-set", &stage).await;
    }
}

#[tokio::test]
async fn orders_of_a_job_that_succeeds_and_of_one_that_fails() {
    for stage in stages("jobs").await {
        let job = |name: &str| {
            json!({"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": {"spec": {
                "restartPolicy": "Never", "containers": [{"name": "rake", "image": "mastodon:v1"}]}}}})
        };
        stage.create::<Job>(job("migrate-well")).await;
        stage.make_all("Succeeded").await;
        stage.create::<Job>(job("migrate-badly")).await;
        stage.make_all("Failed").await;
        hold("jobs", &stage).await;
    }
}

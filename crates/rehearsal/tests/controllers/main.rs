//! The controllers inside, with the test playing the node.

use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, PropagationPolicy};
use kube::{Client, ResourceExt};
use rehearsal::{Gauges, Store, client, start_controllers_with};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

mod orders;
mod others;

struct Cluster {
    store: Store,
    client: Client,
    gauges: Gauges,
    _controllers: JoinSet<()>,
}

impl Cluster {
    fn start() -> Self {
        Self::start_at(20.0)
    }

    fn start_at(speed: f64) -> Self {
        let clock = Clock::faster(speed);
        let store = Store::open(None, clock).expect("a store in memory");
        let client = client(&store, "default");
        let gauges = Gauges::default();
        let controllers = start_controllers_with(&store, clock, gauges.clone(), CancellationToken::new());
        Self { store, client, gauges, _controllers: controllers }
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::default_namespaced(self.client.clone())
    }

    async fn create<K>(&self, object: Value) -> K
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned
            + Serialize,
    {
        let object = serde_json::from_value(object).expect("an object");
        self.api().create(&PostParams::default(), &object).await.expect("created")
    }

    async fn pods(&self, labels: &str) -> Vec<Pod> {
        self.api().list(&ListParams::default().labels(labels)).await.expect("listed").items
    }

    /// Makes a placed pod run, as its node would; the address tells pods apart.
    async fn run(&self, pod: &Pod, phase: &str) {
        let ready = if phase == "Running" { "True" } else { "False" };
        let number =
            pod.name_any().bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte)) % 60_000;
        let status = json!({"status": {"phase": phase, "podIP": format!("127.1.{}.{}", number / 250, number % 250 + 1),
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
        let api: Api<Pod> = self.api();
        let patched =
            api.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Strategic(status)).await;
        patched.expect("patched");
    }

    /// The node: runs what is placed and lets go of what shall end. Counts the most pods there were.
    async fn tend(&self, labels: &str) -> usize {
        let pods = self.pods(labels).await;
        for pod in &pods {
            let is_placed = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
            let is_pending =
                pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Pending");
            if pod.metadata.deletion_timestamp.is_some() {
                self.let_go(pod).await;
            } else if is_placed && is_pending {
                self.run(pod, "Running").await;
            }
        }
        pods.len()
    }

    async fn let_go(&self, pod: &Pod) {
        let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        self.api::<Pod>().delete(&pod.name_any(), &now).await.expect("gone");
    }

    /// Tends until something holds.
    async fn until(&self, what: &str, labels: &str, holds: impl AsyncFn() -> bool) -> usize {
        let mut most = 0;
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            while !holds().await {
                most = most.max(self.tend(labels).await);
                tokio::task::yield_now().await;
            }
        });
        assert!(waited.await.is_ok(), "{what} did not come about");
        most
    }

    async fn deployment(&self, name: &str) -> Value {
        let api: Api<Deployment> = self.api();
        serde_json::to_value(api.get(name).await.expect("a deployment")).expect("JSON")
    }
}

fn deployment(name: &str, replicas: i64, strategy: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas, "strategy": strategy,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": "mastodon:v1",
                    "ports": [{"name": "http", "containerPort": 3000}]}]},
            },
        },
    })
}

fn image(image: &str) -> Patch<Value> {
    Patch::Strategic(
        json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}}),
    )
}

fn is_rolled_out(deployment: &Value, replicas: i64) -> bool {
    let status = &deployment["status"];
    let count = |field: &str| status[field].as_i64().unwrap_or_default();
    status["observedGeneration"] == deployment["metadata"]["generation"]
        && ["replicas", "updatedReplicas", "availableReplicas"].iter().all(|field| count(field) == replicas)
        && status["conditions"]
            .as_array()
            .is_some_and(|conditions| conditions.iter().any(|one| one["reason"] == "NewReplicaSetAvailable"))
}

#[tokio::test]
async fn a_rolling_deployment_never_leaves_its_margins() {
    let cluster = Cluster::start();
    let strategy = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    cluster.create::<Deployment>(deployment("web", 3, strategy)).await;
    let rolled_out = async || is_rolled_out(&cluster.deployment("web").await, 3);
    cluster.until("the first roll-out", "app=web", rolled_out).await;
    let pods = cluster.pods("app=web").await;
    assert_eq!(pods.len(), 3);
    assert!(
        pods.iter()
            .all(|pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.as_deref() == Some("hollow-0")))
    );

    let api: Api<Deployment> = cluster.api();
    api.patch("web", &PatchParams::default(), &image("mastodon:v2")).await.expect("patched");
    let new_everywhere = async || {
        let available = cluster.deployment("web").await["status"]["availableReplicas"].as_i64();
        assert!(available >= Some(3), "fewer than wished are available: {available:?}");
        rolled_out().await
            && cluster.pods("app=web").await.iter().all(|pod| {
                pod.spec
                    .as_ref()
                    .is_some_and(|spec| spec.containers[0].image.as_deref() == Some("mastodon:v2"))
            })
    };
    let most = cluster.until("the second roll-out", "app=web", new_everywhere).await;
    // One more than wished, and one that is on its way out.
    assert!(most <= 5, "{most} pods at once");
    let sets: Api<ReplicaSet> = cluster.api();
    assert_eq!(sets.list(&ListParams::default()).await.expect("listed").items.len(), 2);
    let revision =
        &cluster.deployment("web").await["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
    assert_eq!(revision, "2");

    // Back to the first template: its ReplicaSet serves again.
    api.patch("web", &PatchParams::default(), &image("mastodon:v1")).await.expect("patched");
    cluster.until("the way back", "app=web", rolled_out).await;
    assert_eq!(sets.list(&ListParams::default()).await.expect("listed").items.len(), 2);

    let scale = Patch::Merge(json!({"spec": {"replicas": 0}}));
    api.patch_scale("web", &PatchParams::default(), &scale).await.expect("scaled");
    let nobody = async || {
        cluster.pods("app=web").await.is_empty() && is_rolled_out(&cluster.deployment("web").await, 0)
    };
    cluster.until("the end", "app=web", nobody).await;
}

#[tokio::test]
async fn a_recreated_deployment_never_runs_twice() {
    let cluster = Cluster::start();
    cluster.create::<Deployment>(deployment("sidekiq", 1, json!({"type": "Recreate"}))).await;
    let rolled_out = async || is_rolled_out(&cluster.deployment("sidekiq").await, 1);
    cluster.until("the first roll-out", "app=sidekiq", rolled_out).await;
    let api: Api<Deployment> = cluster.api();
    api.patch("sidekiq", &PatchParams::default(), &image("mastodon:v2")).await.expect("patched");
    let most = cluster.until("the second roll-out", "app=sidekiq", async || {
        rolled_out().await
            && cluster.pods("app=sidekiq").await.iter().all(|pod| {
                pod.spec
                    .as_ref()
                    .is_some_and(|spec| spec.containers[0].image.as_deref() == Some("mastodon:v2"))
            })
    });
    assert!(most.await <= 1, "two at once");
}

#[tokio::test]
async fn a_roll_out_that_gets_nowhere_says_so() {
    let cluster = Cluster::start();
    let mut stuck = deployment("web", 1, json!({}));
    stuck["spec"]["progressDeadlineSeconds"] = 5.into();
    cluster.create::<Deployment>(stuck).await;
    cluster
        .until("the deadline", "nobody=tends", async || {
            let conditions = cluster.deployment("web").await["status"]["conditions"].take();
            conditions.as_array().is_some_and(|all| {
                all.iter().any(|one| one["status"] == "False" && one["reason"] == "ProgressDeadlineExceeded")
            })
        })
        .await;
}

#[tokio::test]
async fn endpoint_slices_follow_selector_readiness_and_end() {
    let cluster = Cluster::start();
    for (side, port) in [("blue", 3000), ("green", 4000)] {
        cluster
            .create::<Pod>(json!({"metadata": {"name": side, "labels": {"side": side, "serves": "web"}},
                "spec": {"containers": [{"name": "web", "image": "mastodon:v1",
                    "ports": [{"name": "http", "containerPort": port}]}]}}))
            .await;
    }
    let service = json!({"metadata": {"name": "web"}, "spec": {"selector": {"side": "blue"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}});
    cluster.create::<Service>(service).await;
    let endpoints = async || {
        let slices: Api<EndpointSlice> = cluster.api();
        let of_service = ListParams::default().labels("kubernetes.io/service-name=web");
        let mut found = Vec::new();
        for slice in slices.list(&of_service).await.expect("listed") {
            let slice = serde_json::to_value(slice).expect("JSON");
            for endpoint in slice["endpoints"].as_array().into_iter().flatten() {
                let conditions = &endpoint["conditions"];
                found.push((
                    endpoint["targetRef"]["name"].as_str().expect("a pod").to_owned(),
                    slice["ports"][0]["port"].as_i64(),
                    conditions["ready"] == true,
                    conditions["terminating"] == true,
                ));
            }
        }
        found.sort();
        found
    };
    let blue = |ready, terminating| ("blue".to_owned(), Some(3000), ready, terminating);
    let green = ("green".to_owned(), Some(4000), true, false);
    cluster.until("blue", "serves=web", async || endpoints().await == [blue(true, false)]).await;
    let api: Api<Service> = cluster.api();
    let select = |selector: Value| {
        Patch::Json::<()>(
            serde_json::from_value(json!([
        {"op": "replace", "path": "/spec/selector", "value": selector}]))
            .expect("a patch"),
        )
    };
    api.patch("web", &PatchParams::default(), &select(json!({"serves": "web"}))).await.expect("patched");
    let both = async || endpoints().await == [blue(true, false), green.clone()];
    cluster.until("both, each by its own number", "serves=web", both).await;

    let pods: Api<Pod> = cluster.api();
    pods.delete("blue", &DeleteParams::default()).await.expect("marked");
    let draining = async || endpoints().await == [blue(false, true), green.clone()];
    cluster.until("blue on its way out", "nobody=tends", draining).await;
    cluster.until("green alone", "serves=web", async || endpoints().await == [green.clone()]).await;
}

#[tokio::test]
async fn jobs_end_well_or_badly_and_are_cleared_away() {
    let cluster = Cluster::start();
    let job = |name: &str, spec: Value| {
        let mut job =
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec});
        job["spec"]["template"] = json!({"spec": {"restartPolicy": "Never",
            "containers": [{"name": "migrate", "image": "mastodon:v1"}]}});
        job
    };
    let jobs: Api<Job> = cluster.api();
    let condition = async |name: &str, wanted: &str| {
        let job = serde_json::to_value(jobs.get(name).await.expect("a job")).expect("JSON");
        let conditions = job["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| one["type"] == wanted && one["status"] == "True")
    };
    cluster.create::<Job>(job("good", json!({"ttlSecondsAfterFinished": 30}))).await;
    let has_pod = async |name: &str| !cluster.pods(&format!("job-name={name}")).await.is_empty();
    cluster.until("a pod", "nobody=tends", async || has_pod("good").await).await;
    cluster.run(&cluster.pods("job-name=good").await[0], "Succeeded").await;
    cluster.until("completion", "nobody=tends", async || condition("good", "Complete").await).await;
    cluster
        .until("the clearing", "nobody=tends", async || {
            jobs.get("good").await.is_err() && !has_pod("good").await
        })
        .await;

    cluster.create::<Job>(job("bad", json!({"backoffLimit": 1}))).await;
    for _ in 0..2 {
        let pending = async || {
            let pods = cluster.pods("job-name=bad").await;
            pods.into_iter()
                .find(|pod| pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Pending"))
        };
        cluster.until("a try", "nobody=tends", async || pending().await.is_some()).await;
        cluster.run(&pending().await.expect("a pod"), "Failed").await;
    }
    cluster.until("failure", "nobody=tends", async || condition("bad", "Failed").await).await;

    cluster.create::<Job>(job("later", json!({"suspend": true}))).await;
    cluster.until("suspension", "nobody=tends", async || condition("later", "Suspended").await).await;
    assert!(!has_pod("later").await);
    jobs.patch("later", &PatchParams::default(), &Patch::Merge(json!({"spec": {"suspend": false}})))
        .await
        .expect("patched");
    cluster.until("a pod after all", "nobody=tends", async || has_pod("later").await).await;
}

#[tokio::test]
async fn owners_take_theirs_along_or_leave_them() {
    let cluster = Cluster::start();
    cluster.create::<Deployment>(deployment("web", 2, json!({}))).await;
    let deployments: Api<Deployment> = cluster.api();
    let sets: Api<ReplicaSet> = cluster.api();
    cluster
        .until("the roll-out", "app=web", async || is_rolled_out(&cluster.deployment("web").await, 2))
        .await;
    let with = |policy| DeleteParams { propagation_policy: Some(policy), ..DeleteParams::default() };

    deployments.delete("web", &with(PropagationPolicy::Orphan)).await.expect("marked");
    let left = async || deployments.get("web").await.is_err();
    cluster.until("the owner's end", "nobody=tends", left).await;
    let set = sets.list(&ListParams::default()).await.expect("listed").items.remove(0);
    assert!(set.owner_references().is_empty());
    assert_eq!(cluster.pods("app=web").await.len(), 2);

    // A new Deployment of the same template takes them on as they run.
    let names: Vec<_> = cluster.pods("app=web").await.iter().map(ResourceExt::name_any).collect();
    cluster.create::<Deployment>(deployment("web", 2, json!({}))).await;
    cluster.until("adoption", "app=web", async || is_rolled_out(&cluster.deployment("web").await, 2)).await;
    let after: Vec<_> = cluster.pods("app=web").await.iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, after);

    deployments.delete("web", &with(PropagationPolicy::Foreground)).await.expect("marked");
    let marked =
        async || cluster.pods("app=web").await.iter().all(|pod| pod.metadata.deletion_timestamp.is_some());
    cluster.until("the marks", "nobody=tends", marked).await;
    assert!(deployments.get("web").await.is_ok(), "the owner goes last");
    let gone = async || deployments.get("web").await.is_err() && cluster.pods("app=web").await.is_empty();
    cluster.until("the end of all", "app=web", gone).await;
    assert!(sets.list(&ListParams::default()).await.expect("listed").items.is_empty());
}

#[tokio::test]
async fn a_namespace_takes_everything_along() {
    let cluster = Cluster::start();
    cluster.store.ensure_namespace("old").expect("a namespace");
    let configs: Api<ConfigMap> = Api::namespaced(cluster.client.clone(), "old");
    let config = serde_json::from_value(json!({"metadata": {"name": "a"}})).expect("an object");
    configs.create(&PostParams::default(), &config).await.expect("created");
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    namespaces.delete("old", &DeleteParams::default()).await.expect("marked");
    cluster.until("the end", "nobody=tends", async || namespaces.get("old").await.is_err()).await;
    assert!(configs.list(&ListParams::default()).await.expect("listed").items.is_empty());
}

//! The hollow node under a real control plane: what the scheduler binds to it runs, and the real controllers draw
//! from its reports what they would from a kubelet's. Runs under `cargo xtask testbed -- cargo test`.

use std::net::Ipv4Addr;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use rehearsal::node::{Addresses, NODE_NAME};
use rehearsal::{HollowNode, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

const BOUND: Duration = Duration::from_secs(60);
/// The controllers live by the wall's time; what the node does alone need not.
const SPEED: f64 = 10.0;

/// One node at a time: two by one name would both run every pod.
static TURN: Mutex<()> = Mutex::const_new(());

struct Bench {
    client: Client,
    namespace: String,
    clock: Clock,
    node: HollowNode,
    _turn: MutexGuard<'static, ()>,
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs a real control plane: cargo xtask testbed -- cargo test");
}

impl Bench {
    /// None where there is no testbed. A KUBECONFIG alone is no leave to make pods in somebody's cluster.
    async fn new(name: &str) -> Option<Self> {
        if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
            skipped();
            return None;
        }
        let turn = TURN.lock().await;
        let client = Client::try_default().await.expect("the kubeconfig of the testbed");
        let namespace = format!("{name}-{}", std::process::id());
        let made = json!({"metadata": {"name": namespace}});
        let made = serde_json::from_value(made).expect("a namespace");
        let namespaces = Api::<Namespace>::all(client.clone());
        namespaces.create(&PostParams::default(), &made).await.expect("a namespace");
        let clock = Clock::faster(SPEED);
        let node = HollowNode::start_within(
            Addresses::network(Ipv4Addr::new(10, 244, 0, 0)),
            client.clone(),
            World::open(None).expect("a world in memory"),
            clock,
            CancellationToken::new(),
        );
        Some(Self { client, namespace, clock, node, _turn: turn })
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn make<K>(&self, object: Value)
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        let object = serde_json::from_value(object).expect("an object");
        self.api::<K>().create(&PostParams::default(), &object).await.expect("created");
    }

    /// Looks until something is as wanted.
    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let met = async {
            loop {
                if let Some(met) = look().await {
                    return met;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let Ok(met) = tokio::time::timeout(BOUND, met).await else {
            let pods = self.api::<Pod>().list(&ListParams::default()).await.expect("pods");
            let pods: Vec<_> = pods.items.iter().map(|pod| (pod.name_any(), &pod.status)).collect();
            panic!("{what}: not in time; {pods:#?}");
        };
        met
    }

    async fn endpoints(&self, service: &str) -> Vec<Endpoint> {
        let of = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
        let slices = self.api::<EndpointSlice>().list(&of).await.expect("slices");
        slices.items.into_iter().flat_map(|slice| slice.endpoints).collect()
    }

    async fn until_available(&self, name: &str) -> Deployment {
        self.until(&format!("deployment {name}"), async || {
            let deployment = self.api::<Deployment>().get(name).await.expect(name);
            let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
            let status = deployment.status.clone().unwrap_or_default();
            let observed = status.observed_generation >= deployment.metadata.generation;
            let all = status.available_replicas == wanted && status.updated_replicas == wanted;
            (observed && all && status.replicas == wanted).then_some(deployment)
        })
        .await
    }

    /// Ends the node once nothing of the test is left on it.
    async fn end(self) {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        namespaces.delete(&self.namespace, &DeleteParams::default()).await.expect("deleted");
        self.until("the namespace's end", async || {
            let gone = namespaces.get_opt(&self.namespace).await.expect("an answer").is_none();
            gone.then_some(())
        })
        .await;
        self.node.stop().await;
    }
}

fn web(replicas: i32) -> Value {
    json!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"terminationGracePeriodSeconds": 60, "containers": [{
                    "name": "web", "image": "mastodon", "command": ["bundle", "exec", "puma"],
                    "ports": [{"name": "http", "containerPort": 3000}],
                    "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 2},
                    "lifecycle": {"preStop": {"exec": {"command": ["sleep", "20"]}}},
                }]},
            },
        },
    })
}

fn service() -> Value {
    let port = json!({"name": "http", "port": 80, "targetPort": "http"});
    json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [port]}})
}

async fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((address, 3000)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: social.example\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().is_some_and(|conditions| conditions.ready == Some(true))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_is_ready_and_pods_may_go_to_it() {
    let Some(bench) = Bench::new("node").await else { return };
    let nodes = Api::<Node>::all(bench.client.clone());
    let node = bench
        .until("the node without taints", async || {
            let node = nodes.get_opt(NODE_NAME).await.expect("an answer")?;
            let spec = node.spec.as_ref()?;
            let untainted = spec.taints.as_ref().is_none_or(Vec::is_empty);
            (untainted && spec.pod_cidr.is_some()).then_some(node)
        })
        .await;
    let cidr = node.spec.expect("a spec").pod_cidr.expect("a range");
    assert_eq!(cidr, "10.244.0.0/24", "the range the tests give its pods addresses from");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_becomes_available_and_its_pods_are_the_slices_endpoints() {
    let Some(bench) = Bench::new("deployment").await else { return };
    bench.make::<Service>(service()).await;
    bench.make::<Deployment>(web(2)).await;
    let first = bench.until_available("web").await;
    let ready = async || {
        let endpoints = bench.endpoints("web").await;
        (endpoints.len() == 2 && endpoints.iter().all(is_ready)).then_some(endpoints)
    };
    let endpoints = bench.until("two ready endpoints", ready).await;
    for endpoint in &endpoints {
        let answer = get(&endpoint.addresses[0], "/").await.expect("an answer");
        assert!(answer.contains("<title>Mastodon</title>") && answer.contains("x-stand-in-pod: web-"));
    }
    let revision = |deployment: &Deployment| {
        deployment.annotations().get("deployment.kubernetes.io/revision").cloned().unwrap_or_default()
    };
    assert_eq!(revision(&first), "1");

    // A new template rolls without ever less than two ready endpoints.
    let change = json!({"spec": {"template": {"metadata": {"annotations": {"turn": "2"}}}}});
    let deployments = bench.api::<Deployment>();
    deployments.patch("web", &PatchParams::default(), &Patch::Merge(change)).await.expect("patched");
    let never_fewer = async {
        loop {
            let endpoints = bench.endpoints("web").await;
            let ready = endpoints.iter().filter(|endpoint| is_ready(endpoint)).count();
            assert!(ready >= 2, "{ready} ready: {endpoints:#?}");
        }
    };
    let second = tokio::select! {
        second = bench.until_available("web") => second,
        never = never_fewer => never,
    };
    assert_eq!(revision(&second), "2");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pod_serves_while_its_hook_sleeps_and_then_leaves() {
    let Some(bench) = Bench::new("deletion").await else { return };
    bench.make::<Service>(service()).await;
    bench.make::<Deployment>(web(1)).await;
    bench.until_available("web").await;
    let pods = bench.api::<Pod>();
    let pod = pods.list(&ListParams::default()).await.expect("pods").items.remove(0);
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.clone()).expect("an address");
    let deleted = bench.clock.elapsed();
    pods.delete(&pod.name_any(), &DeleteParams::default()).await.expect("deleted");
    let terminating = |endpoint: &Endpoint| {
        let conditions = endpoint.conditions.clone().unwrap_or_default();
        (conditions.ready, conditions.serving, conditions.terminating)
            == (Some(false), Some(true), Some(true))
    };
    bench
        .until("an endpoint that serves to its end", async || {
            let endpoints = bench.endpoints("web").await;
            let ending = endpoints.iter().find(|endpoint| endpoint.addresses[0] == address)?;
            terminating(ending).then_some(())
        })
        .await;
    let answer = get(&address, "/health").await.expect("it still serves");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    bench
        .until("the pod's end", async || {
            pods.get_opt(&pod.name_any()).await.expect("an answer").is_none().then_some(())
        })
        .await;
    let took = bench.clock.elapsed() - deleted;
    assert!(took >= Duration::from_secs(20), "the hook's sleep was cut short: {took:?}");
    bench.until_available("web").await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_completes_and_what_lacks_its_secret_waits() {
    let Some(bench) = Bench::new("job").await else { return };
    let container = json!({
        "name": "migrate", "image": "mastodon", "command": ["bundle", "exec", "rails", "db:migrate"],
        "envFrom": [{"secretRef": {"name": "keys"}}],
    });
    let spec = json!({"restartPolicy": "Never", "containers": [container]});
    bench.make::<Job>(json!({"metadata": {"name": "migrate"}, "spec": {"template": {"spec": spec}}})).await;
    let pods = bench.api::<Pod>();
    bench
        .until("a pod without its secret", async || {
            let pod = pods.list(&ListParams::default()).await.expect("pods").items.pop()?;
            let container = pod.status?.container_statuses?.pop()?;
            let waiting = container.state?.waiting?;
            (waiting.reason.as_deref() == Some("CreateContainerConfigError")).then_some(())
        })
        .await;
    let secret = json!({"metadata": {"name": "keys"}, "stringData": {"SECRET_KEY_BASE": "made up"}});
    bench.make::<k8s_openapi::api::core::v1::Secret>(secret).await;
    bench
        .until("the job's completion", async || {
            let status = bench.api::<Job>().get("migrate").await.expect("the job").status?;
            let complete = |kind: &str| {
                status.conditions.iter().flatten().any(|one| one.type_ == kind && one.status == "True")
            };
            (status.succeeded == Some(1) && complete("Complete")).then_some(())
        })
        .await;
    bench.end().await;
}

//! The hollow node and the front, on the API server inside, with a fast clock.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus, Secret};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use rehearsal::{Front, FrontOptions, HollowNode, Profile, Store, World, client};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const BOUND: Duration = Duration::from_secs(20);
const NAMESPACE: &str = "default";

/// A cluster with nothing but an API server and a node.
struct Bench {
    client: Client,
    world: World,
    clock: Clock,
    node: Option<HollowNode>,
}

impl Bench {
    fn new(speed: f64) -> Self {
        let clock = Clock::faster(speed);
        let store = Store::open(None, clock).expect("a store in memory");
        let mut bench = Self {
            client: client(&store, NAMESPACE),
            world: World::open(None).expect("a world in memory"),
            clock,
            node: None,
        };
        bench.start();
        bench
    }

    fn start(&mut self) {
        let (client, world) = (self.client.clone(), self.world.clone());
        self.node = Some(HollowNode::start(client, world, self.clock, CancellationToken::new()));
    }

    async fn make<K>(&self, object: Value) -> K
    where
        K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        let object = serde_json::from_value(object).expect("an object");
        let api = Api::<K>::namespaced(self.client.clone(), NAMESPACE);
        api.create(&PostParams::default(), &object).await.expect("created")
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    /// Makes a pod that is bound to the node already.
    async fn pod(&self, name: &str, mut spec: Value) -> Pod {
        spec["nodeName"] = json!("hollow-0");
        self.make(json!({"metadata": {"name": name}, "spec": spec})).await
    }

    /// Waits until the pod's status is as wanted.
    async fn until(&self, name: &str, met: impl Fn(&PodStatus) -> bool) -> PodStatus {
        let deadline = tokio::time::Instant::now() + BOUND;
        loop {
            let status = self.pods().get(name).await.expect(name).status.unwrap_or_default();
            if met(&status) {
                return status;
            }
            assert!(tokio::time::Instant::now() < deadline, "not met in time: {status:#?}");
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    async fn until_gone(&self, name: &str) {
        let deadline = tokio::time::Instant::now() + BOUND;
        while self.pods().get_opt(name).await.expect(name).is_some() {
            assert!(tokio::time::Instant::now() < deadline, "{name} is still there");
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

fn is_true(status: &PodStatus, kind: &str) -> bool {
    status.conditions.iter().flatten().any(|other| other.type_ == kind && other.status == "True")
}

fn ready(status: &PodStatus) -> bool {
    is_true(status, "Ready")
}

fn first(status: &PodStatus) -> Option<&ContainerStatus> {
    status.container_statuses.as_ref()?.first()
}

fn waiting(status: &PodStatus) -> Option<(String, String)> {
    let waiting = first(status)?.state.as_ref()?.waiting.as_ref()?;
    Some((waiting.reason.clone()?, waiting.message.clone().unwrap_or_default()))
}

fn web(extra: Value) -> Value {
    let mut container = json!({
        "name": "web", "image": "mastodon", "command": ["bundle", "exec", "puma"],
        "ports": [{"name": "http", "containerPort": 3000}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 5},
    });
    for (key, value) in extra.as_object().expect("fields") {
        container[key] = value.clone();
    }
    json!({"containers": [container]})
}

/// One request by hand: the status line and everything after it.
async fn get(address: impl tokio::net::ToSocketAddrs, host: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_pod_boots_in_order_and_is_ready_only_when_its_probe_says_so() {
    let bench = Bench::new(50.0);
    let mut spec = web(json!({}));
    spec["initContainers"] = json!([{
        "name": "migrate", "image": "mastodon", "command": ["bundle", "exec", "rails", "db:migrate"],
    }]);
    bench.pod("web-1", spec).await;
    // The migration runs before the server is begun.
    let init = |status: &PodStatus| status.init_container_statuses.as_ref()?.first()?.state.clone();
    let status = bench.until("web-1", |s| init(s).is_some_and(|state| state.running.is_some())).await;
    assert_eq!(waiting(&status).unwrap().0, "PodInitializing");
    assert_eq!((status.phase.as_deref(), is_true(&status, "Initialized")), (Some("Pending"), false));

    let begun = bench.until("web-1", |s| s.phase.as_deref() == Some("Running")).await;
    assert!(init(&begun).unwrap().terminated.is_some_and(|ended| ended.exit_code == 0));
    assert!(!ready(&begun), "it has only begun to boot");
    let address: Ipv4Addr = begun.pod_ip.unwrap().parse().unwrap();
    assert!(address.is_loopback());
    let refused = get((address, 3000), "x", "/health").await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);

    let served = bench.until("web-1", ready).await;
    assert!(first(&served).unwrap().ready && first(&served).unwrap().restart_count == 0);
    let answer = get((address, 3000), "social.example", "/").await.unwrap();
    assert!(answer.contains("<title>Mastodon</title>") && answer.contains("x-stand-in-pod: web-1"));
}

#[tokio::test]
async fn a_missing_secret_holds_the_container_back_until_it_is_there() {
    let bench = Bench::new(200.0);
    let env =
        json!([{"name": "S", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "SECRET_KEY_BASE"}}}]);
    bench
        .pod("web-1", web(json!({"envFrom": [{"secretRef": {"name": "env", "optional": true}}], "env": env})))
        .await;
    let refused = |text: &'static str| {
        move |status: &PodStatus| {
            waiting(status).is_some_and(|(reason, message)| {
                reason == "CreateContainerConfigError" && message.contains(text)
            })
        }
    };
    let status = bench.until("web-1", refused("secret \"keys\" not found")).await;
    assert_eq!(status.phase.as_deref(), Some("Pending"));
    bench.make::<Secret>(json!({"metadata": {"name": "keys"}, "stringData": {"OTP_SECRET": "hush"}})).await;
    bench.until("web-1", refused("couldn't find key SECRET_KEY_BASE in secret default/keys")).await;
    let more = json!({"stringData": {"SECRET_KEY_BASE": "hush"}});
    let secrets = Api::<Secret>::namespaced(bench.client.clone(), NAMESPACE);
    secrets.patch("keys", &PatchParams::default(), &Patch::Merge(more)).await.unwrap();
    bench.until("web-1", ready).await;
}

#[tokio::test]
async fn a_container_that_fails_its_liveness_probe_is_restarted_and_backs_off() {
    let bench = Bench::new(200.0);
    let probe = json!({"httpGet": {"path": "/no-such-page", "port": 3000}, "periodSeconds": 5, "initialDelaySeconds": 20});
    bench.pod("web-1", web(json!({"livenessProbe": probe}))).await;
    let restarted = |times| move |status: &PodStatus| first(status).is_some_and(|c| c.restart_count >= times);
    let status = bench.until("web-1", restarted(1)).await;
    assert!(first(&status).unwrap().last_state.as_ref().unwrap().terminated.is_some());
    bench.until("web-1", |status| waiting(status).is_some_and(|(why, _)| why == "CrashLoopBackOff")).await;
    bench.until("web-1", restarted(2)).await;
}

#[tokio::test]
async fn a_startup_probe_holds_the_others_back() {
    let bench = Bench::new(100.0);
    let sidekiq = json!({"containers": [{
        "name": "sidekiq", "image": "mastodon", "command": ["bundle", "exec", "sidekiq", "-q", "scheduler"],
        "startupProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 40, "periodSeconds": 5},
        // At once and unforgiving: it would kill a process that is still booting.
        "livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1, "failureThreshold": 1},
    }]});
    bench.pod("sidekiq-1", sidekiq).await;
    let status = bench.until("sidekiq-1", ready).await;
    assert_eq!((first(&status).unwrap().restart_count, first(&status).unwrap().started), (0, Some(true)));
    assert_eq!(bench.world.sidekiq_processes()[0].queues, ["scheduler"]);
    assert_eq!(bench.world.invariants().max_schedulers, 1);
}

#[tokio::test]
async fn a_deleted_pod_sleeps_its_hook_finishes_its_jobs_and_leaves() {
    let bench = Bench::new(100.0);
    let sidekiq = json!({"terminationGracePeriodSeconds": 60, "containers": [{
        "name": "sidekiq", "image": "mastodon", "command": ["bundle", "exec", "sidekiq", "-c", "2"],
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "20"]}}},
        "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1},
    }]});
    bench.world.set_job_time(Duration::from_secs(3600));
    bench.world.post().unwrap();
    bench.pod("sidekiq-1", sidekiq.clone()).await;
    bench.until("sidekiq-1", ready).await;
    let deleted = bench.clock.elapsed();
    bench.pods().delete("sidekiq-1", &DeleteParams::default()).await.unwrap();
    // While the hook sleeps the pod is as ready as before: readiness is probed to the end.
    while bench.clock.elapsed() - deleted < Duration::from_secs(10) {
        assert!(ready(&bench.pods().get("sidekiq-1").await.unwrap().status.unwrap()));
        assert_eq!(bench.world.sidekiq_processes().len(), 1, "the hook still sleeps");
    }
    bench.until_gone("sidekiq-1").await;
    // Twenty seconds of hook, then Sidekiq's own twenty-five for jobs that do not end.
    let took = bench.clock.elapsed() - deleted;
    assert!(took >= Duration::from_secs(45), "{took:?}");
    assert_eq!(bench.world.invariants().jobs_lost, 0);

    bench.world.set_job_time(Duration::from_millis(1));
    bench.pod("sidekiq-2", sidekiq).await;
    assert!(bench.world.drained(BOUND).await);
    let account = bench.world.invariants();
    assert_eq!((account.jobs_done, account.jobs_duplicated, account.max_schedulers), (4, 0, 1));
}

#[tokio::test]
async fn a_job_pod_runs_to_its_end_and_a_pod_of_a_job_that_is_over_leaves_at_once() {
    let bench = Bench::new(200.0);
    let spec = json!({"restartPolicy": "Never", "containers": [{
        "name": "migrate", "image": "mastodon", "command": ["./bin/rails", "db:migrate"],
    }]});
    bench.pod("migrate-1", spec).await;
    let status = bench.until("migrate-1", |s| s.phase.as_deref() == Some("Succeeded")).await;
    assert!(!ready(&status));
    bench.pods().delete("migrate-1", &DeleteParams::default()).await.unwrap();
    bench.until_gone("migrate-1").await;
}

#[tokio::test]
async fn after_a_crash_every_process_is_started_again_and_pods_that_were_ending_leave() {
    let mut bench = Bench::new(100.0);
    bench.pod("web-1", web(json!({}))).await;
    bench.pod("web-2", web(json!({}))).await;
    let before = bench.until("web-1", ready).await;
    bench.until("web-2", ready).await;
    bench.node.take().unwrap().stop().await;
    let ip: Ipv4Addr = before.pod_ip.unwrap().parse().unwrap();
    assert!(get((ip, 3000), "x", "/health").await.is_err(), "its processes went with the node");
    assert!(ready(&bench.pods().get("web-1").await.unwrap().status.unwrap()), "a dead node tells nothing");
    bench.pods().delete("web-2", &DeleteParams::default()).await.unwrap();

    bench.start();
    let first_of = |s: &PodStatus| first(s).map(|c| (c.restart_count, c.ready));
    bench.until("web-1", |status| first_of(status) == Some((1, false))).await;
    let after = bench.until("web-1", ready).await;
    assert_eq!(first_of(&after), Some((1, true)));
    let ip: Ipv4Addr = after.pod_ip.unwrap().parse().unwrap();
    assert!(get((ip, 3000), "x", "/health").await.unwrap().starts_with("HTTP/1.1 200"));
    bench.until_gone("web-2").await;
}

#[tokio::test]
async fn the_front_follows_ingress_service_and_endpoints() {
    let bench = Bench::new(100.0);
    let cancel = CancellationToken::new();
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let options = FrontOptions { listen, profile: Profile::Traefik, seed: 0 };
    let front = Front::start(bench.client.clone(), options, bench.clock, cancel.clone()).unwrap();
    let mut ips = BTreeMap::new();
    for name in ["blue", "green"] {
        bench.pod(name, web(json!({}))).await;
        ips.insert(name, bench.until(name, ready).await.pod_ip.unwrap());
        let port = json!({"name": "http", "port": 80, "targetPort": "http"});
        bench.make::<Service>(json!({"metadata": {"name": name}, "spec": {"ports": [port]}})).await;
        bench
            .make::<EndpointSlice>(json!({
                "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
                "addressType": "IPv4", "ports": [{"name": "http", "port": 3000}],
                "endpoints": [{"addresses": [ips[name]], "conditions": {"ready": true}}],
            }))
            .await;
    }
    let backend = |name: &str| json!({"service": {"name": name, "port": {"number": 80}}});
    let rule = |name| {
        let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend(name)}]);
        json!([{"host": "social.example", "http": {"paths": paths}}])
    };
    bench.make::<Ingress>(json!({"metadata": {"name": "front"}, "spec": {"rules": rule("blue")}})).await;
    tokio::time::timeout(BOUND, front.routes("social.example", "/")).await.unwrap();
    let ask = async || get(front.address(), "social.example", "/").await.unwrap();
    assert!(ask().await.contains("x-stand-in-pod: blue"));
    assert!(get(front.address(), "other.example", "/").await.unwrap().starts_with("HTTP/1.1 404"));

    let ingresses = Api::<Ingress>::namespaced(bench.client.clone(), NAMESPACE);
    let switch = json!({"spec": {"rules": rule("green"), "defaultBackend": backend("blue")}});
    ingresses.patch("front", &PatchParams::default(), &Patch::Merge(switch)).await.unwrap();
    let switched = async {
        loop {
            let answer = ask().await;
            assert!(answer.starts_with("HTTP/1.1 200"), "no request is lost on the way: {answer}");
            if answer.contains("x-stand-in-pod: green") {
                return;
            }
        }
    };
    tokio::time::timeout(BOUND, switched).await.unwrap();
    assert!(get(front.address(), "other.example", "/").await.unwrap().contains("x-stand-in-pod: blue"));

    let slices = Api::<EndpointSlice>::namespaced(bench.client.clone(), NAMESPACE);
    let unready = json!({"endpoints": [{"addresses": [ips["green"]], "conditions": {"ready": false}}]});
    slices.patch("green", &PatchParams::default(), &Patch::Merge(unready)).await.unwrap();
    let emptied = async { while !ask().await.starts_with("HTTP/1.1 503") {} };
    tokio::time::timeout(BOUND, emptied).await.unwrap();
    assert_eq!(slices.get("green").await.unwrap().name_any(), "green");
    cancel.cancel();
}

//! The cluster inside with the least that makes a plan's pods live: one task that is controller and node.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Clock;
use cluster::{Cluster, Kind, ObjectRef};
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use plan::{Plan, Strategy};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use super::plan::{NAMESPACE, PAGE, plan, secret};
use crate::{Traffic, TrafficSource, Voyage};

static WORLDS: AtomicUsize = AtomicUsize::new(0);

/// A cluster with blue in it.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) clock: Clock,
    store: rehearsal::Store,
    pub(super) state: PathBuf,
    pub(super) users: Arc<Users>,
    /// What went wrong for users or queues while nobody looked.
    broken: Arc<Mutex<Vec<String>>>,
    initial: Vec<Value>,
    tasks: Vec<JoinHandle<()>>,
}

/// Traffic as a test wants it.
#[derive(Default)]
pub(super) struct Users {
    pub(super) moved: AtomicBool,
    /// Failures in a hundred once users are moved.
    pub(super) failing: AtomicU64,
    /// The 95th percentile of latency once users are moved, where it is not what it was.
    pub(super) latency_ms: AtomicU64,
    /// Whether green's pods come up at all.
    pub(super) green_never_ready: AtomicBool,
    /// How many questions pods answer with 503 from now on: they are ready, and their programs still boot.
    pub(super) booting: AtomicU64,
    /// Whether maintenance is announced.
    pub(super) announced: AtomicBool,
    /// Whose faults wait for steps.
    pub(super) beset: Mutex<Option<rehearsal::World>>,
}

impl TrafficSource for Users {
    fn window(&self, _wall: Duration) -> Traffic {
        let moved = self.moved.load(Ordering::SeqCst);
        let failing = if moved { self.failing.load(Ordering::SeqCst) } else { 0 };
        let slow = if moved { self.latency_ms.load(Ordering::SeqCst) } else { 0 };
        Traffic { requests: 1000, server_errors: failing * 10, p95_us: (slow * 1000).max(20_000) }
    }

    fn users_moved(&self) {
        self.moved.store(true, Ordering::SeqCst);
    }

    fn announced(&self, maintenance: bool) {
        self.announced.store(maintenance, Ordering::SeqCst);
    }

    fn step_begins(&self, step: &plan::StepId) {
        if let Some(beset) = self.beset.lock().unwrap().as_ref() {
            beset.step_begins(&step.0);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        let _already_gone = std::fs::remove_dir_all(&self.state);
    }
}

impl World {
    /// Blue stands and serves, and is to move to green beside it.
    pub(super) async fn new(speed: f64, observe_s: u64) -> Self {
        Self::moving(Strategy::BlueGreen, speed, observe_s).await
    }

    /// Blue stands and serves.
    pub(super) async fn moving(strategy: Strategy, speed: f64, observe_s: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plan = plan(strategy, listener.local_addr().unwrap().port(), observe_s);
        let clock = Clock::faster(speed);
        let store = rehearsal::Store::open(None, clock).unwrap();
        store.ensure_namespace(NAMESPACE).unwrap();
        store.register("gateway.networking.k8s.io/v1", "HTTPRoute").unwrap();
        let number = WORLDS.fetch_add(1, Ordering::SeqCst);
        let state = std::env::temp_dir().join(format!("mastoferry-voyage-{}-{number}", std::process::id()));
        let cluster = Cluster::new(rehearsal::client(&store, NAMESPACE), NAMESPACE, clock);
        for object in plan.blue.iter().chain([&secret()]) {
            cluster.create(object).await.unwrap();
        }
        let users: Arc<Users> = Arc::default();
        let mut world = Self {
            plan,
            clock,
            state,
            tasks: vec![tokio::spawn(answer(listener, Arc::clone(&users)))],
            users,
            broken: Arc::default(),
            initial: Vec::new(),
            store,
        };
        let mut life = Life::new(cluster.clone(), world.client(), &world);
        // Until blue serves, nothing is watched.
        while !life.turn().await {}
        life.watching = true;
        let store = world.store.clone();
        world.tasks.push(tokio::spawn(async move {
            let mut seen = 0;
            loop {
                // Nothing changes by itself: while nothing was written there is nothing to do.
                let version = store.version();
                if version != seen && life.turn().await {
                    seen = version;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
        world.initial = world.snapshot().await;
        world
    }

    fn client(&self) -> kube::Client {
        rehearsal::client(&self.store, NAMESPACE)
    }

    pub(super) fn cluster(&self) -> Cluster {
        Cluster::new(self.client(), NAMESPACE, self.clock)
    }

    pub(super) fn voyage(&self) -> Voyage {
        self.voyage_through(self.cluster())
    }

    pub(super) fn voyage_through(&self, cluster: Cluster) -> Voyage {
        let traffic: Arc<dyn TrafficSource> = Arc::clone(&self.users) as _;
        Voyage::open(self.plan.clone(), cluster, &self.state, traffic).unwrap()
    }

    /// A cluster whose API server refuses one request, counted from 0, and goes on as if nothing were; and
    /// how many requests are left until then.
    pub(super) fn failing_at(&self, number: i64) -> (Cluster, Arc<AtomicI64>) {
        let counter = Arc::new(AtomicI64::new(number));
        let left = Arc::clone(&counter);
        let router = rehearsal::router(self.store.clone());
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            let (router, left) = (router.clone(), Arc::clone(&left));
            async move {
                if left.fetch_sub(1, Ordering::SeqCst) == 0 {
                    let status = json!({
                        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403,
                        "reason": "Forbidden", "message": "refused for a test",
                    });
                    let body = axum::body::Body::from(status.to_string());
                    let answer = http::Response::builder().status(403).body(body).unwrap();
                    return Ok::<_, std::convert::Infallible>(answer);
                }
                router.oneshot(request.map(axum::body::Body::new)).await
            }
        });
        (Cluster::new(kube::Client::new(service, NAMESPACE), NAMESPACE, self.clock), counter)
    }

    /// A cluster, and what is done in it, in the words of rights.
    pub(super) fn recording(&self) -> (Cluster, Arc<Mutex<BTreeSet<String>>>) {
        let used = Arc::new(Mutex::new(BTreeSet::new()));
        let (noted, router) = (Arc::clone(&used), rehearsal::router(self.store.clone()));
        let service = tower::service_fn(move |request: http::Request<kube::client::Body>| {
            noted.lock().unwrap().insert(right_of(&request));
            router.clone().oneshot(request.map(axum::body::Body::new))
        });
        (Cluster::new(kube::Client::new(service, NAMESPACE), NAMESPACE, self.clock), used)
    }

    /// A cluster whose API server is reached through faults, as a rehearsal injects them.
    pub(super) fn through(&self, faults: &[&str]) -> Cluster {
        let beset = rehearsal::World::open(None).unwrap();
        faults.iter().for_each(|fault| beset.inject(fault.parse().unwrap()));
        beset.set_green("green", self.clock);
        beset.step_begins("check-assumptions");
        let client = rehearsal::operator_client(&self.store, NAMESPACE, &beset);
        *self.users.beset.lock().unwrap() = Some(beset);
        Cluster::new(client, NAMESPACE, self.clock)
    }

    /// Every object that a person made or a voyage could leave behind, and the labels of all pods.
    /// Whoever holds a Lease is dead, and has been silent for long.
    pub(super) async fn expire_lease(&self, lease: &str) {
        let place = ObjectRef::new(Kind::lease(), lease);
        let patch = json!({"spec": {"renewTime": "2001-01-01T00:00:00.000000Z"}});
        match self.cluster().patch_merge(&place, &patch).await {
            Ok(_) => {}
            Err(error) => assert!(error.is_not_found(), "{error}"),
        }
    }

    pub(super) async fn snapshot(&self) -> Vec<Value> {
        let cluster = self.cluster();
        let mut all = Vec::new();
        for (version, kind) in [
            ("apps/v1", "Deployment"),
            ("v1", "Service"),
            ("v1", "ConfigMap"),
            ("v1", "Secret"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ("batch/v1", "CronJob"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute"),
            ("coordination.k8s.io/v1", "Lease"),
        ] {
            for mut object in cluster.list(&Kind::new(version, kind), None).await.unwrap() {
                object.as_object_mut().unwrap().remove("status");
                let metadata = object["metadata"].as_object_mut().unwrap();
                for field in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
                    metadata.remove(field);
                }
                all.push(object);
            }
        }
        for pod in cluster.list(&Kind::pod(), None).await.unwrap() {
            if pod["metadata"].get("deletionTimestamp").is_none() {
                all.push(json!({"pod of": pod["metadata"]["labels"]}));
            }
        }
        // Sorted fields, since an object that was put back has them in another order.
        let mut texts: Vec<String> = all.iter().map(|object| sorted(object).to_string()).collect();
        texts.sort();
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// As it was before any voyage.
    pub(super) fn initial(&self) -> Vec<Value> {
        self.initial.clone()
    }

    pub(super) async fn assert_blue_as_before(&self, when: &str) {
        assert_eq!(self.snapshot().await, self.initial, "{when}");
        self.assert_nobody_suffered(when);
    }

    pub(super) fn assert_nobody_suffered(&self, when: &str) {
        assert_eq!(*self.broken.lock().unwrap(), Vec::<String>::new(), "{when}");
    }
}

/// What a request needs to be allowed: `patch deployments/scale.apps`.
fn right_of<T>(request: &http::Request<T>) -> String {
    let uri = request.uri();
    let mut parts: Vec<&str> = uri.path().split('/').skip(1).collect();
    let group = if parts.remove(0) == "apis" { parts.remove(0) } else { "" };
    parts.remove(0);
    if parts.first() == Some(&"namespaces") && parts.len() > 2 {
        parts.drain(..2);
    }
    let (resource, named) = (parts[0], parts.len() > 1);
    let verb = match request.method().as_str() {
        "GET" if uri.query().is_some_and(|query| query.contains("watch=")) => "watch",
        "GET" => ["list", "get"][usize::from(named)],
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        _ => "delete",
    };
    let part = parts.get(2).map(|part| format!("/{part}")).unwrap_or_default();
    let of = if group.is_empty() { String::new() } else { format!(".{group}") };
    format!("{verb} {resource}{part}{of}")
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().map(|(key, value)| (key, sorted(value))).collect();
            json!(fields)
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Every pod's process: answers OK to everything but the maintenance page's path.
async fn answer(listener: tokio::net::TcpListener, users: Arc<Users>) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let users = Arc::clone(&users);
        tokio::spawn(async move {
            let mut head = [0; 4096];
            let _whatever_is_asked = socket.read(&mut head).await;
            let is_page = head.starts_with(format!("GET {PAGE}").as_bytes());
            let one_less = |left: u64| left.checked_sub(1);
            let boots = users.booting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
            let answer = if boots {
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            } else if is_page {
                "HTTP/1.1 503 Service Unavailable\r\nretry-after: 9\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlater"
            } else {
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nOK"
            };
            let _gone_again = socket.write_all(answer.as_bytes()).await;
        });
    }
}

/// Deployments, endpoints and the node in one.
struct Life {
    cluster: Cluster,
    client: kube::Client,
    born: usize,
    watching: bool,
    /// Whether pods pass one by one.
    one_by_one: bool,
    /// Whether both sides must never run at once.
    quiet: bool,
    users: Arc<Users>,
    broken: Arc<Mutex<Vec<String>>>,
}

impl Life {
    fn new(cluster: Cluster, client: kube::Client, world: &World) -> Self {
        let (users, broken) = (Arc::clone(&world.users), Arc::clone(&world.broken));
        let one_by_one = world.plan.strategy == Strategy::Rolling;
        let quiet = world.plan.strategy == Strategy::Maintenance;
        Self { cluster, client, born: 0, watching: false, one_by_one, quiet, users, broken }
    }

    fn api(&self, version: &str, kind: &str) -> Api<DynamicObject> {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        Api::namespaced_with(self.client.clone(), NAMESPACE, &resource)
    }

    /// One round; true when there was nothing to do.
    async fn turn(&mut self) -> bool {
        let deployments = self.cluster.list(&Kind::deployment(), None).await.unwrap();
        let pods = self.cluster.list(&Kind::pod(), None).await.unwrap();
        let mut calm = self.node(&deployments, &pods).await;
        for deployment in &deployments {
            calm &= self.deployment(deployment, &pods).await;
        }
        for service in self.cluster.list(&Kind::service(), None).await.unwrap() {
            calm &= self.endpoints(&service, &pods).await;
        }
        if self.watching {
            self.watch(&pods);
        }
        calm
    }

    /// Pods become ready; deleted ones, and those nobody owns any more, go.
    async fn node(&self, deployments: &[Value], pods: &[Value]) -> bool {
        let mut calm = true;
        let api = self.api("v1", "Pod");
        let never_ready = self.users.green_never_ready.load(Ordering::SeqCst);
        for pod in pods {
            let name = pod["metadata"]["name"].as_str().unwrap();
            let owned = deployments.iter().any(|it| selects(it, pod));
            if is_deleting(pod) || !owned {
                let _another_round = api.delete(name, &DeleteParams::default().grace_period(0)).await;
                calm = false;
            } else if !(is_ready(pod) || never_ready && name.starts_with("green-")) {
                let status = json!({"status": {
                    "phase": "Running", "podIP": "127.0.0.1",
                    "conditions": [{"type": "Ready", "status": "True"}],
                }});
                let _another_round =
                    api.patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await;
                calm = false;
            }
        }
        calm
    }

    async fn deployment(&mut self, deployment: &Value, pods: &[Value]) -> bool {
        let name = deployment["metadata"]["name"].as_str().unwrap();
        let wanted = usize::try_from(deployment["spec"]["replicas"].as_u64().unwrap_or(1)).unwrap();
        let mine: Vec<&Value> = pods.iter().filter(|pod| selects(deployment, pod)).collect();
        let living: Vec<&&Value> = mine.iter().filter(|pod| !is_deleting(pod)).collect();
        for _ in living.len()..wanted {
            self.born += 1;
            let pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "name": format!("{name}-{}", self.born),
                    "labels": deployment["spec"]["template"]["metadata"]["labels"],
                },
                "spec": deployment["spec"]["template"]["spec"],
            });
            self.cluster.create(&pod).await.unwrap();
        }
        // Whoever costs least to delete goes first, as with the real controller.
        let mut living = living;
        living.sort_by_key(|pod| cluster::is_retired(pod));
        for pod in living.iter().skip(wanted) {
            let pod = pod["metadata"]["name"].as_str().unwrap();
            self.nobody_is_sent_to(pod).await;
            let _another_round = self.api("v1", "Pod").delete(pod, &DeleteParams::default()).await;
        }
        let ready = living.iter().take(wanted).filter(|pod| is_ready(pod)).count();
        let status = json!({
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": mine.len().max(wanted), "readyReplicas": ready, "updatedReplicas": living.len(),
        });
        let seen = |field: &str| deployment["status"][field].as_u64().unwrap_or(0);
        let told =
            status.as_object().unwrap().iter().all(|(field, value)| value.as_u64() == Some(seen(field)));
        if !told {
            let api = self.api("apps/v1", "Deployment");
            let patch = Patch::Merge(json!({"status": status}));
            let _another_round = api.patch_status(name, &PatchParams::default(), &patch).await;
        }
        told && living.len() == wanted
    }

    async fn endpoints(&self, service: &Value, pods: &[Value]) -> bool {
        let name = service["metadata"]["name"].as_str().unwrap();
        let selector = service["spec"]["selector"].as_object().unwrap();
        let behind = pods.iter().filter(|pod| {
            let labels = &pod["metadata"]["labels"];
            is_ready(pod) && !is_deleting(pod) && selector.iter().all(|(key, value)| labels[key] == *value)
        });
        let names: Vec<&str> = behind.map(|pod| pod["metadata"]["name"].as_str().unwrap()).collect();
        let endpoints: Vec<Value> = names.iter().map(|pod| endpoint(pod)).collect();
        let api = self.api("discovery.k8s.io/v1", "EndpointSlice");
        let found = api.get_opt(name).await.unwrap();
        if found.is_some_and(|found| found.data["endpoints"] == json!(endpoints)) {
            return true;
        }
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
            "endpoints": endpoints, "ports": [{"name": "", "port": 3000, "protocol": "TCP"}],
        });
        self.cluster.apply(&slice, true).await.unwrap();
        let is_page = names.iter().any(|name| name.starts_with("page-"));
        if self.watching && is_page && !self.users.announced.load(Ordering::SeqCst) {
            self.broken.lock().unwrap().push(format!("the page is behind Service/{name} unannounced"));
        }
        if self.watching && names.is_empty() {
            self.broken.lock().unwrap().push(format!("nobody is behind Service/{name}"));
        }
        false
    }

    /// The law: a pod that is to end is behind no Service any more.
    async fn nobody_is_sent_to(&self, pod: &str) {
        let slices = Kind::new("discovery.k8s.io/v1", "EndpointSlice");
        for slice in self.cluster.list(&slices, None).await.unwrap() {
            let endpoints = slice["endpoints"].as_array().into_iter().flatten();
            if self.watching && endpoints.into_iter().any(|one| one["targetRef"]["name"] == pod) {
                self.broken.lock().unwrap().push(format!("users were sent to {pod} when it was to end"));
            }
        }
    }

    /// The laws: never workers of both sides; never more than one serving pod too many where pods pass one by one.
    fn watch(&self, pods: &[Value]) {
        let runs: BTreeSet<&str> =
            pods.iter().filter_map(|pod| pod["metadata"]["labels"]["run"].as_str()).collect();
        if runs.contains("worker") && runs.contains("green-worker") {
            self.broken.lock().unwrap().push("two schedulers".to_owned());
        }
        let web =
            |pod: &&Value| matches!(pod["metadata"]["labels"]["run"].as_str(), Some("web" | "green-web"));
        let count = pods.iter().filter(web).count();
        let serves = |side: &str| runs.contains(side);
        if self.quiet && serves("web") && serves("green-web") {
            self.broken.lock().unwrap().push("both sides write".to_owned());
        }
        if self.one_by_one && count > 3 {
            self.broken.lock().unwrap().push(format!("{count} pods of web at once"));
        }
    }
}

/// Every pod has the node's one address; an address of its own tells it apart here.
fn endpoint(pod: &str) -> Value {
    let number: usize = pod.rsplit('-').next().unwrap().parse().unwrap();
    json!({
        "addresses": [format!("127.1.{}.{}", number / 250, number % 250)],
        "conditions": {"ready": true},
        "targetRef": {"kind": "Pod", "name": pod},
    })
}

fn selects(deployment: &Value, pod: &Value) -> bool {
    pod["metadata"]["labels"]["run"] == deployment["spec"]["selector"]["matchLabels"]["run"]
}

fn is_deleting(pod: &Value) -> bool {
    pod["metadata"].get("deletionTimestamp").is_some()
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"][0]["status"] == "True"
}

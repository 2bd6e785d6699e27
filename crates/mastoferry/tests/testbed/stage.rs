//! A real control plane with a node that runs stand-ins, furnished for one installation.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Discovery};
use plan::Plan;
use rehearsal::node::{Addresses, NODE_NAME};
use rehearsal::{Front, FrontOptions, HollowNode, Profile, World};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

/// How much faster than life the stand-ins and the executor are. The control plane keeps its own pace.
pub(crate) const SPEED: f64 = 20.0;
const BOUND: Duration = Duration::from_secs(90);

/// One node at a time: two by one name would both run every pod.
static TURN: Mutex<()> = Mutex::const_new(());

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs a real control plane: cargo xtask testbed -- cargo test");
}

/// Looks until something is as wanted.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let met = async {
        loop {
            if let Some(met) = look().await {
                return met;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(BOUND, met).await {
        Ok(met) => met,
        Err(_) => panic!("{what}: not in time"),
    }
}

/// Waits for its turn at the testbed. None where there is none: a KUBECONFIG alone is no leave to make objects in
/// somebody's cluster.
pub(crate) async fn client() -> Option<(Client, MutexGuard<'static, ()>)> {
    if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
        skipped();
        return None;
    }
    let turn = TURN.lock().await;
    Some((Client::try_default().await.expect("the kubeconfig of the testbed"), turn))
}

/// The cluster on which a plan is carried out.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) front: Front,
    node: HollowNode,
    namespace: String,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    /// Blue as the plan describes it, standing, with users' way to it open.
    pub(crate) async fn with_blue(plan: &Plan) -> Option<Self> {
        let (client, turn) = client().await?;
        let clock = Clock::faster(SPEED);
        let world = World::open(None).expect("a world in memory");
        world.set_green(&plan.release, clock);
        let cancel = CancellationToken::new();
        let pods = Addresses::network(Ipv4Addr::new(10, 244, 0, 0));
        let node = HollowNode::start_within(pods, client.clone(), world.clone(), clock, cancel.clone());
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = FrontOptions { listen, profile: Profile::IngressNginx, seed: 1 };
        let front = Front::start(client.clone(), options, clock, cancel).expect("a front");
        let all: Vec<&Value> = plan.blue.iter().chain(&plan.green).chain(&plan.adopted).collect();
        // What a test left that did not come to its end.
        remove_namespace(&client, &plan.namespace).await;
        furnish(&client, &plan.namespace, &all).await;
        let stage =
            Self { client, world, clock, front, node, namespace: plan.namespace.clone(), _turn: turn };
        let absent = rehearsal::inside::absent_secrets(&plan.blue, &plan.namespace);
        for object in absent.iter().chain(&plan.blue) {
            create(&stage.client, &plan.namespace, object).await;
        }
        stage.stands(plan).await;
        Some(stage)
    }

    /// Waits until every Deployment has the pods it wants and every route leads to one.
    async fn stands(&self, plan: &Plan) {
        let deployments: Vec<&Value> =
            plan.blue.iter().filter(|object| object["kind"] == "Deployment").collect();
        for deployment in deployments {
            let name = deployment["metadata"]["name"].as_str().expect("a name");
            let api = Api::<DynamicObject>::namespaced_with(
                self.client.clone(),
                &self.namespace,
                &resource("apps/v1", "Deployment"),
            );
            until(&format!("Deployment {name}"), async || {
                let live = api.get(name).await.expect(name).data;
                let wanted = live["spec"]["replicas"].as_i64().unwrap_or(1);
                (live["status"]["readyReplicas"].as_i64().unwrap_or(0) >= wanted).then_some(())
            })
            .await;
        }
        for route in &plan.routes {
            let led = tokio::time::timeout(BOUND, self.front.routes(&route.host, &route.path)).await;
            assert!(led.is_ok(), "{}{} leads nowhere", route.host, route.path);
        }
    }

    /// An object as it stands; none where it does not.
    pub(crate) async fn standing(&self, api_version: &str, kind: &str, name: &str) -> Option<Value> {
        let resource = resource(api_version, kind);
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let found = api.get_opt(name).await.expect("an answer")?;
        Some(serde_json::to_value(found).expect("an object"))
    }

    /// Takes it down once nothing is left on the node.
    pub(crate) async fn strike(self) {
        remove_namespace(&self.client, &self.namespace).await;
        self.front.stop().await;
        self.node.stop().await;
    }
}

pub(crate) fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// What a cluster has before the installation comes: the namespace, the operators' kinds, nodes for its selectors,
/// accounts its pods run as.
pub(crate) async fn furnish(client: &Client, namespace: &str, objects: &[&Value]) {
    let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    create(client, "", &made).await;
    define_kinds(client, objects).await;
    let mut labels = BTreeMap::new();
    let mut accounts = vec!["default".to_owned()];
    for object in objects {
        ask(object, &mut labels, &mut accounts);
    }
    let nodes = Api::<DynamicObject>::all_with(client.clone(), &resource("v1", "Node"));
    let labelled = Patch::Merge(json!({"metadata": {"labels": labels}}));
    until("the node", async || {
        nodes.patch(NODE_NAME, &PatchParams::default(), &labelled).await.ok().map(drop)
    })
    .await;
    accounts.sort();
    accounts.dedup();
    let own = Api::<ServiceAccount>::namespaced(client.clone(), namespace);
    for account in accounts {
        if account != "default" {
            let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
            create(client, namespace, &object).await;
        }
        until("service accounts", async || own.get_opt(&account).await.expect("an answer")).await;
    }
}

/// The labels nodes must have and the accounts that pods run as, wherever a pod template may stand.
fn ask(value: &Value, labels: &mut BTreeMap<String, Value>, accounts: &mut Vec<String>) {
    if let Some(selector) = value["nodeSelector"].as_object() {
        labels.extend(selector.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    if let Some(account) = value["serviceAccountName"].as_str() {
        accounts.push(account.to_owned());
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| ask(item, labels, accounts)),
        Value::Object(fields) => fields.values().for_each(|field| ask(field, labels, accounts)),
        _ => {}
    }
}

/// Defines the kinds that the server does not know, with schemas that take everything: what an operator would refuse
/// is not told.
pub(crate) async fn define_kinds(client: &Client, objects: &[&Value]) {
    let discovery = Discovery::new(client.clone()).run().await.expect("discovery");
    let mut wanted = BTreeMap::new();
    for object in objects {
        let (Some(api_version), Some(kind)) = (object["apiVersion"].as_str(), object["kind"].as_str()) else {
            continue;
        };
        let resource = resource(api_version, kind);
        let gvk = GroupVersionKind::gvk(&resource.group, &resource.version, &resource.kind);
        if resource.group.contains('.') && discovery.resolve_gvk(&gvk).is_none() {
            wanted.insert((resource.group.clone(), resource.plural.clone()), resource);
        }
    }
    let definitions = Api::<DynamicObject>::all_with(
        client.clone(),
        &resource("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    );
    for resource in wanted.into_values() {
        let name = format!("{}.{}", resource.plural, resource.group);
        create(client, "", &definition(&name, &resource)).await;
        until(&name, async || {
            let live = definitions.get(&name).await.expect("defined").data;
            let conditions = live["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let met = |one: &Value| one["type"] == "Established" && one["status"] == "True";
            conditions.iter().any(met).then_some(())
        })
        .await;
    }
}

fn definition(name: &str, resource: &ApiResource) -> Value {
    let mut metadata = json!({"name": name});
    if resource.group.ends_with(".k8s.io") {
        // The server keeps these groups to kinds that were reviewed.
        metadata["annotations"] = json!({"api-approved.kubernetes.io": "unapproved, for tests"});
    }
    let scope =
        if cluster::Kind::new("", &resource.kind).is_cluster_scoped() { "Cluster" } else { "Namespaced" };
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": resource.group,
            "scope": scope,
            "names": {"kind": resource.kind, "plural": resource.plural, "singular": resource.kind.to_lowercase()},
            "versions": [{
                "name": resource.version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}},
            }],
        },
    })
}

/// Creates an object, unless it is there already.
pub(crate) async fn create(client: &Client, namespace: &str, object: &Value) {
    let (api_version, kind) = (object["apiVersion"].as_str().expect("a version"), object["kind"].as_str());
    let kind = kind.expect("a kind");
    let resource = resource(api_version, kind);
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
    let api = if cluster::Kind::new(api_version, kind).is_cluster_scoped() {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &resource)
    };
    let object: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
    match api.create(&PostParams::default(), &object).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {}
        Err(refused) => panic!("{kind} {:?}: {refused}", object.metadata.name),
    }
}

pub(crate) async fn remove_namespace(client: &Client, namespace: &str) {
    let namespaces = Api::<DynamicObject>::all_with(client.clone(), &resource("v1", "Namespace"));
    let deleted = namespaces.delete(namespace, &kube::api::DeleteParams::default()).await;
    assert!(!matches!(&deleted, Err(error) if !is_gone(error)), "{deleted:?}");
    until("the namespace's end", async || {
        let gone = namespaces.get_opt(namespace).await.expect("an answer").is_none();
        gone.then_some(())
    })
    .await;
}

fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

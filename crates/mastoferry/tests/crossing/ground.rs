//! An installation on a real control plane: what it needs of a cluster that is not its own, and then itself.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use clock::Clock;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolume};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject};
use kube::{Client, ResourceExt};
use plan::Plan;
use rehearsal::inside::absent_secrets;
use rehearsal::node::{Addresses, NODE_NAME};
use rehearsal::{HollowNode, World};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

const BOUND: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(100);

/// Groups that every control plane serves.
const OWN: [&str; 7] = [
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "apiextensions.k8s.io",
];

/// One node at a time: two by one name would both run every pod.
static TURN: Mutex<()> = Mutex::const_new(());

pub(crate) struct Ground {
    pub(crate) client: Client,
    pub(crate) world: World,
    pub(crate) clock: Clock,
    node: HollowNode,
    _turn: MutexGuard<'static, ()>,
}

pub(crate) async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let met = async {
        while !look().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    assert!(tokio::time::timeout(BOUND, met).await.is_ok(), "{what}: not in time");
}

impl Ground {
    /// Puts blue on the control plane of `KUBECONFIG`, and waits until it is ready.
    pub(crate) async fn lay(plan: &Plan, clock: Clock) -> Self {
        let turn = TURN.lock().await;
        let client = Client::try_default().await.expect("the kubeconfig of the testbed");
        let world = World::open(None).expect("a world in memory");
        world.set_green(&plan.release, clock);
        let node = HollowNode::start_within(
            Addresses::network(Ipv4Addr::new(10, 244, 0, 0)),
            client.clone(),
            world.clone(),
            clock,
            CancellationToken::new(),
        );
        let ground = Self { client, world, clock, node, _turn: turn };
        // What a test left that did not come to its end.
        ground.clear(&plan.namespace).await;
        ground.free_volumes(plan).await;
        let lent = lent(plan);
        for volume in &lent {
            ground.make("", volume).await;
        }
        let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": plan.namespace}});
        ground.make("", &made).await;
        let every: Vec<&Value> = plan.blue.iter().chain(&plan.green).chain(&plan.adopted).collect();
        ground.define(&every).await;
        ground.select(&every).await;
        let mut accounts = BTreeSet::from(["default".to_owned()]);
        every.iter().for_each(|object| named(object, "serviceAccountName", &mut accounts));
        for own in plan.blue.iter().filter(|object| object["kind"] == "ServiceAccount") {
            accounts.remove(own["metadata"]["name"].as_str().unwrap_or_default());
        }
        for account in accounts.iter().filter(|account| *account != "default") {
            let account =
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
            ground.make(&plan.namespace, &account).await;
        }
        let all: Vec<Value> = plan.blue.iter().chain(&plan.green).cloned().collect();
        for object in absent_secrets(&all, &plan.namespace).iter().chain(&plan.blue) {
            ground.make(&plan.namespace, object).await;
        }
        ground.ready(&plan.namespace).await;
        ground
    }

    /// A volume whose claim is gone serves no other until it is made anew.
    async fn free_volumes(&self, plan: &Plan) {
        let volumes = Api::<PersistentVolume>::all(self.client.clone());
        let lent = lent(plan);
        let own = plan.blue.iter().chain(&lent).filter(|object| object["kind"] == "PersistentVolume");
        for name in own.filter_map(|object| object.pointer("/metadata/name")?.as_str()) {
            // It may not be there.
            let _ = volumes.delete(name, &DeleteParams::default()).await;
            until("the volume's end", async || {
                volumes.get_opt(name).await.is_ok_and(|found| found.is_none())
            })
            .await;
        }
    }

    pub(crate) async fn make(&self, namespace: &str, object: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = resource(&text(&object["apiVersion"]), &text(&object["kind"]));
        let is_everywhere = cluster::Kind::new(&resource.api_version, &resource.kind).is_cluster_scoped();
        let mut object: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
        let namespace = object.metadata.namespace.take().unwrap_or_else(|| namespace.to_owned());
        let api: Api<DynamicObject> = if is_everywhere {
            Api::all_with(self.client.clone(), &resource)
        } else {
            object.metadata.namespace = Some(namespace.clone());
            Api::namespaced_with(self.client.clone(), &namespace, &resource)
        };
        // A namespace gets its account, and a definition is served, a moment after it was made.
        until(&format!("{} {}", resource.kind, object.name_any()), async || {
            match api.create(&PostParams::default(), &object).await {
                Ok(_) => true,
                Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => true,
                Err(kube::Error::Api(status)) => {
                    assert!(
                        matches!(status.code, 403 | 404),
                        "{} {}: {status}",
                        resource.kind,
                        object.name_any()
                    );
                    false
                }
                Err(error) => panic!("{error}"),
            }
        })
        .await;
    }

    /// Definitions of the kinds that are not Kubernetes's own.
    async fn define(&self, objects: &[&Value]) {
        let mut kinds = BTreeSet::new();
        for object in objects {
            let (Some(version), Some(kind)) = (object["apiVersion"].as_str(), object["kind"].as_str()) else {
                continue;
            };
            if let Some((group, version)) = version.split_once('/')
                && !OWN.contains(&group)
            {
                kinds.insert((group, version, kind));
            }
        }
        for (group, version, kind) in kinds {
            let resource = resource(&format!("{group}/{version}"), kind);
            let name = format!("{}.{group}", resource.plural);
            let schema =
                json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                // The server keeps its own groups to kinds that were reviewed.
                "metadata": {
                    "name": name,
                    "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
                },
                "spec": {
                    "group": group, "scope": "Namespaced",
                    "names": {"plural": resource.plural, "singular": kind.to_lowercase(), "kind": kind},
                    "versions": [{"name": version, "served": true, "storage": true, "schema": schema}],
                },
            });
            self.make("", &definition).await;
        }
    }

    /// Gives the node every label that pods select it by.
    async fn select(&self, objects: &[&Value]) {
        let mut labels = serde_json::Map::new();
        for object in objects {
            selectors(object, &mut labels);
        }
        let nodes = Api::<Node>::all(self.client.clone());
        let patch = Patch::Merge(json!({"metadata": {"labels": labels}}));
        until("the node", async || nodes.patch(NODE_NAME, &PatchParams::default(), &patch).await.is_ok())
            .await;
    }

    async fn ready(&self, namespace: &str) {
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), namespace);
        until("blue", async || {
            let all = deployments.list(&ListParams::default()).await.expect("deployments").items;
            all.iter().all(|deployment| {
                let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
                let status = deployment.status.clone().unwrap_or_default();
                status.observed_generation >= deployment.metadata.generation
                    && status.ready_replicas.unwrap_or(0) >= wanted
            })
        })
        .await;
    }

    /// Whether an object stands.
    pub(crate) async fn has(&self, namespace: &str, object: &Value) -> bool {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).expect("a text");
        let resource = resource(text("/apiVersion"), text("/kind"));
        let api = Api::<DynamicObject>::namespaced_with(self.client.clone(), namespace, &resource);
        api.get_opt(text("/metadata/name")).await.expect("an answer").is_some()
    }

    /// Takes everything away and ends the node.
    pub(crate) async fn leave(self, namespace: &str) {
        self.clear(namespace).await;
        self.node.stop().await;
    }

    async fn clear(&self, namespace: &str) {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        match namespaces.delete(namespace, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => return,
            deleted => drop(deleted.expect("deleted")),
        }
        until("the namespace's end", async || {
            namespaces.get_opt(namespace).await.is_ok_and(|found| found.is_none())
        })
        .await;
    }
}

/// Volumes for claims that are left to whoever makes volumes elsewhere.
fn lent(plan: &Plan) -> Vec<Value> {
    let is = |object: &&Value, kind: &str| object["kind"] == kind;
    if plan.blue.iter().any(|object| is(&object, "PersistentVolume")) {
        return Vec::new();
    }
    let claims = plan.blue.iter().filter(|object| is(object, "PersistentVolumeClaim"));
    let volume = |claim: &Value| {
        let name = &claim["metadata"]["name"];
        json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": format!("lent-{}", name.as_str().unwrap_or_default())},
            "spec": {
                "accessModes": claim["spec"]["accessModes"],
                "capacity": claim["spec"]["resources"]["requests"],
                "claimRef": {"namespace": plan.namespace, "name": name},
                "storageClassName": claim["spec"]["storageClassName"].as_str().unwrap_or_default(),
                "hostPath": {"path": "/lent"},
            },
        })
    };
    claims.map(volume).collect()
}

fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let lower = kind.to_lowercase();
    let plural = match lower.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if lower.ends_with('s') => format!("{lower}es"),
        None => format!("{lower}s"),
    };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        plural,
    }
}

fn named(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| named(value, key, found));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, key, found)),
        _ => {}
    }
}

fn selectors(value: &Value, found: &mut serde_json::Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(labels)) = fields.get("nodeSelector") {
                found.extend(labels.clone());
            }
            fields.values().for_each(|value| selectors(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| selectors(item, found)),
        _ => {}
    }
}

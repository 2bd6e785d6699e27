//! Whether objects are what Kubernetes takes: each is read as the type that its API version and kind have, and written
//! back. A field that the type does not know is lost on the way, one of another type is refused; what else a real
//! server would refuse (names, labels, selectors, ports), the API server inside does, in a dry run.

use std::collections::BTreeSet;

use axum::http::Request;
use clock::Clock;
use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v1 as autoscaling_v1, autoscaling::v2 as autoscaling, batch::v1 as batch,
    core::v1 as core, networking::v1 as networking, policy::v1 as policy, rbac::v1 as rbac,
    scheduling::v1 as scheduling, storage::v1 as storage,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::real_server::RealServer;

/// What is said of one object.
pub(crate) enum Judgement {
    /// Its kind is known and takes it.
    Valid,
    /// A custom resource, whose schema only its operator knows.
    Custom(String),
    /// What is wrong with it.
    Faulty(Vec<String>),
}

/// The type of a version and kind, and what it makes of an object: (`apiVersion`, `kind`, name in paths, round trip).
type RoundTrip = fn(&Value) -> Result<Value, serde_json::Error>;
const KINDS: [(&str, &str, &str, RoundTrip); 25] = [
    ("v1", "ConfigMap", "configmaps", through::<core::ConfigMap>),
    ("v1", "Secret", "secrets", through::<core::Secret>),
    ("v1", "Service", "services", through::<core::Service>),
    ("v1", "ServiceAccount", "serviceaccounts", through::<core::ServiceAccount>),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", through::<core::PersistentVolumeClaim>),
    ("v1", "PersistentVolume", "", through::<core::PersistentVolume>),
    ("v1", "Namespace", "", through::<core::Namespace>),
    ("v1", "Pod", "pods", through::<core::Pod>),
    ("apps/v1", "Deployment", "deployments", through::<apps::Deployment>),
    ("apps/v1", "StatefulSet", "statefulsets", through::<apps::StatefulSet>),
    ("apps/v1", "DaemonSet", "daemonsets", through::<apps::DaemonSet>),
    ("apps/v1", "ReplicaSet", "replicasets", through::<apps::ReplicaSet>),
    ("batch/v1", "Job", "jobs", through::<batch::Job>),
    ("batch/v1", "CronJob", "cronjobs", through::<batch::CronJob>),
    ("autoscaling/v1", "HorizontalPodAutoscaler", "", through::<autoscaling_v1::HorizontalPodAutoscaler>),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        through::<autoscaling::HorizontalPodAutoscaler>,
    ),
    ("networking.k8s.io/v1", "Ingress", "ingresses", through::<networking::Ingress>),
    ("networking.k8s.io/v1", "IngressClass", "", through::<networking::IngressClass>),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", through::<networking::NetworkPolicy>),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", through::<policy::PodDisruptionBudget>),
    ("rbac.authorization.k8s.io/v1", "Role", "", through::<rbac::Role>),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "", through::<rbac::RoleBinding>),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "", through::<rbac::ClusterRole>),
    ("scheduling.k8s.io/v1", "PriorityClass", "", through::<scheduling::PriorityClass>),
    ("storage.k8s.io/v1", "StorageClass", "", through::<storage::StorageClass>),
];

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(T::deserialize(object)?)
}

/// Judges objects.
pub(crate) struct Judge {
    runtime: tokio::runtime::Runtime,
    store: rehearsal::Store,
    real: Option<RealServer>,
}

impl Judge {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let real = runtime.block_on(RealServer::at_hand());
        let store = rehearsal::Store::open(None, Clock::real()).expect("a store in memory");
        Self { runtime, store, real }
    }

    pub(crate) fn judge(&self, object: &Value) -> Judgement {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let known = KINDS.iter().find(|(own, name, _, _)| *own == version && *name == kind);
        let Some((_, _, plural, through)) = known else {
            let group = version.split_once('/').map_or("", |(group, _)| group);
            let is_custom = group.contains('.') && !group.ends_with(".k8s.io")
                || ["gateway.networking.k8s.io", "snapshot.storage.k8s.io"].contains(&group);
            return if is_custom {
                Judgement::Custom(format!("{version} {kind}"))
            } else {
                Judgement::Faulty(vec![format!("{version} {kind} is served by no cluster of today")])
            };
        };
        let object = settled(object);
        let mut faults = match through(&object) {
            Ok(back) => lost(&object, &back),
            Err(refused) => vec![refused.to_string()],
        };
        if !plural.is_empty() {
            faults.extend(self.refusal(version, plural, &object));
        }
        if let Some(real) = &self.real {
            faults.extend(self.runtime.block_on(real.refusals(&object)));
        }
        if faults.is_empty() {
            return Judgement::Valid;
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        Judgement::Faulty(faults.into_iter().map(|fault| format!("{kind}/{name}: {fault}")).collect())
    }

    /// What the API server inside says to it.
    fn refusal(&self, version: &str, plural: &str, object: &Value) -> Option<String> {
        let mut object = object.clone();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        let root = if version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{version}") };
        let path = format!("{root}/namespaces/default/{plural}?dryRun=All");
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(object.to_string().into_bytes())
            .expect("a request");
        let answer = self
            .runtime
            .block_on(async { rehearsal::client(&self.store, "default").request_text(request).await });
        match answer {
            Ok(_) => None,
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(refused) => Some(refused.to_string()),
        }
    }
}

/// The object with quantities as texts, as a server takes them too.
fn settled(object: &Value) -> Value {
    const QUANTITIES: [&str; 4] = ["requests", "limits", "capacity", "hard"];
    match object {
        Value::Object(members) => {
            let settle = |(key, value): (&String, &Value)| {
                let value = match value {
                    Value::Object(own) if QUANTITIES.contains(&key.as_str()) => {
                        let text = |value: &Value| match value {
                            Value::Number(number) => number.to_string().into(),
                            other => other.clone(),
                        };
                        Value::Object(own.iter().map(|(key, value)| (key.clone(), text(value))).collect())
                    }
                    other => settled(other),
                };
                (key.clone(), value)
            };
            Value::Object(members.iter().map(settle).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(settled).collect()),
        other => other.clone(),
    }
}

/// Every leaf that did not come back as it went.
fn lost(object: &Value, back: &Value) -> Vec<String> {
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    leaves(object, String::new(), &mut before);
    leaves(back, String::new(), &mut after);
    before
        .difference(&after)
        .map(|(path, _)| format!("{path} is no field of the kind, or of another type"))
        .collect()
}

fn leaves(value: &Value, path: String, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                leaves(member, format!("{path}.{key}"), found);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                leaves(item, format!("{path}[{number}]"), found);
            }
        }
        Value::Null => {}
        leaf => drop(found.insert((path, leaf.to_string()))),
    }
}

#[test]
fn what_a_server_refuses_is_found() {
    let judge = Judge::new();
    let deployment = |change: &dyn Fn(&mut Value)| {
        let mut object = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1", "resources": {"limits": {"cpu": 1}}}]}}},
        });
        change(&mut object);
        judge.judge(&object)
    };
    assert!(matches!(deployment(&|_| ()), Judgement::Valid));
    let faulty: [&dyn Fn(&mut Value); 5] = [
        &|object| object["spec"]["replicaCount"] = 1.into(),
        &|object| object["spec"]["replicas"] = "1".into(),
        &|object| object["spec"]["template"]["metadata"]["labels"]["app"] = "other".into(),
        &|object| object["metadata"]["name"] = "Web".into(),
        &|object| object["apiVersion"] = "extensions/v1beta1".into(),
    ];
    for (number, change) in faulty.into_iter().enumerate() {
        assert!(matches!(deployment(change), Judgement::Faulty(_)), "{number}");
    }
    let custom = serde_json::json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster"});
    assert!(matches!(judge.judge(&custom), Judgement::Custom(_)));
}

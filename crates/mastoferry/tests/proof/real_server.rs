//! What a real API server says to objects, where there is one: `cargo xtask testbed -- cargo test`.

use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams, ValidationDirective};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;

/// Kinds that do not live in a namespace.
const CLUSTER_SCOPED: [&str; 6] =
    ["Namespace", "PersistentVolume", "IngressClass", "ClusterRole", "PriorityClass", "StorageClass"];

/// A client of a real API server that asks for nothing but dry runs.
pub(crate) struct RealServer {
    client: Client,
}

#[expect(clippy::print_stderr, reason = "a test that did not run whole must say so")]
fn skipped() {
    eprintln!(
        "SKIPPED in part: needs a real control plane for its dry runs: cargo xtask testbed -- cargo test"
    );
}

impl RealServer {
    /// The one that the testbed runs.
    pub(crate) async fn at_hand() -> Option<Self> {
        if std::env::var_os("MASTOFERRY_TESTBED").is_none() {
            skipped();
            return None;
        }
        Some(Self { client: Client::try_default().await.expect("the kubeconfig of the testbed") })
    }

    /// What it says to an object that is created, as `kubectl create`, and applied, as this program does, with unknown
    /// and doubled fields refused.
    pub(crate) async fn refusals(&self, object: &Value) -> Vec<String> {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        let api = if CLUSTER_SCOPED.contains(&kind) {
            Api::<DynamicObject>::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), "default", &resource)
        };
        let mut object = object.clone();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let Ok(typed) = serde_json::from_value::<DynamicObject>(object.clone()) else {
            return vec!["it is no object".to_owned()];
        };
        let create = PostParams { dry_run: true, ..PostParams::default() };
        let mut apply = PatchParams::apply("proof").force();
        apply.dry_run = true;
        apply.field_validation = Some(ValidationDirective::Strict);
        let answers = [
            ("a real server refuses it", api.create(&create, &typed).await.err()),
            ("a real server does not apply it", api.patch(&name, &apply, &Patch::Apply(&object)).await.err()),
        ];
        let told = answers.into_iter().filter_map(|(what, error)| Some(format!("{what}: {}", error?)));
        told.collect()
    }
}

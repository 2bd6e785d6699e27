//! Objects in a namespace that no owner wrote.

use std::collections::HashSet;

use installation::Object;
use tree::{Node, Value};

/// Why an object is set apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    /// A controller, or the cluster itself, made it.
    Made,
    /// Helm's record of a release.
    HelmRelease {
        /// The release.
        release: String,
        /// The revision.
        revision: u32,
    },
}

/// The objects of a source by kind and name, to see whether an owner is among them.
pub(crate) fn ids(objects: &[Object]) -> HashSet<(String, String)> {
    objects.iter().map(|object| (object.kind().to_owned(), object.name().to_owned())).collect()
}

/// Says whether an object is none of its owner's.
pub(crate) fn apart(object: &Object, present: &HashSet<(String, String)>, all: &[Object]) -> Option<Apart> {
    if let Some(record) = helm_record(object) {
        return Some(record);
    }
    let made = match (object.kind(), object.name()) {
        ("Event" | "ControllerRevision" | "Lease" | "PodMetrics" | "ServiceNetworkEndpointGroup", _) => true,
        ("CertificateRequest" | "Order" | "Challenge", _) => controller(object).is_some(),
        ("Pod" | "ReplicaSet" | "Job" | "EndpointSlice", _) if controller(object).is_some() => true,
        ("EndpointSlice", _) => label(object, "endpointslice.kubernetes.io/managed-by")
            .is_some_and(|manager| manager.ends_with("controller.k8s.io")),
        ("Endpoints", name) => has_selecting_service(name, all) || is_controllers(object),
        ("ConfigMap", "kube-root-ca.crt" | "openshift-service-ca.crt" | "istio-ca-root-cert") => true,
        ("ServiceAccount", "default") => is_untouched_account(object),
        ("Secret", _) => object.node.str_at(&["type"]) == Some("kubernetes.io/service-account-token"),
        _ => false,
    };
    // Others that something controls: only if what controls them is read too, else nothing would be left to see.
    let follows = || controller(object).is_some_and(|owner| present.contains(&owner));
    (made || follows()).then_some(Apart::Made)
}

/// Kind and name of what controls an object.
fn controller(object: &Object) -> Option<(String, String)> {
    let owners = object.node.at_keys(&["metadata", "ownerReferences"])?;
    let owner = owners
        .items()
        .find(|owner| owner.get("controller").is_some_and(|flag| flag.value == Value::Bool(true)))?;
    Some((owner.str_at(&["kind"])?.to_owned(), owner.str_at(&["name"])?.to_owned()))
}

fn label<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.node.str_at(&["metadata", "labels", name])
}

fn has_selecting_service(name: &str, all: &[Object]) -> bool {
    all.iter().any(|object| {
        object.kind() == "Service"
            && object.name() == name
            && object.node.at_keys(&["spec", "selector"]).is_some()
    })
}

fn is_controllers(endpoints: &Object) -> bool {
    let annotation = ["metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time"];
    endpoints.node.at_keys(&annotation).is_some()
        || label(endpoints, "endpoints.kubernetes.io/managed-by").is_some()
}

/// Every namespace has the account `default`; an owner may have given it keys to pull images with.
fn is_untouched_account(account: &Object) -> bool {
    let keys = account.node.get("imagePullSecrets").map(Node::items);
    keys.is_none_or(|mut keys| keys.next().is_none())
        && account.node.at_keys(&["metadata", "annotations"]).is_none()
}

/// A Secret (or, from Helm 2's time and by choice, a ConfigMap) `sh.helm.release.v1.NAME.vREVISION`.
fn helm_record(object: &Object) -> Option<Apart> {
    if !matches!(object.kind(), "Secret" | "ConfigMap") {
        return None;
    }
    let (release, revision) = object.name().strip_prefix("sh.helm.release.v1.")?.rsplit_once(".v")?;
    let revision = revision.parse().ok()?;
    Some(Apart::HelmRelease { release: release.to_owned(), revision })
}

//! What a Gateway API controller writes into the status of Gateways and HTTPRoutes: Accepted, Programmed and
//! ResolvedRefs, with the generation it has seen.

use std::collections::HashMap;

use kube::api::{Api, Patch, PatchParams};
use kube::core::DynamicObject;
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::Profile;
use super::gateway;
use super::known::{Key, Known};
use super::watching::{VERSIONS, gateway_kind};

/// Under which name it writes.
const CONTROLLER: &str = "mastoferry.dev/front";

/// Writes statuses where they are not yet what they should be.
pub(super) struct Teller {
    client: Client,
    active: bool,
    /// What was written last, by kind, namespace and name: an answer that failed is tried again at the next change.
    written: HashMap<(&'static str, Key), Value>,
}

impl Teller {
    pub(super) fn new(client: Client, profile: Profile) -> Self {
        Self { client, active: profile == Profile::Gateway, written: HashMap::new() }
    }

    /// Brings every status up to date. Only the controller of a Gateway writes any.
    pub(super) async fn tell(&mut self, known: &Known) {
        if !self.active {
            return;
        }
        for gateway in known.gateways() {
            self.write(("Gateway", "gateways"), gateway, gateway_status(gateway, known)).await;
        }
        for route in known.http_routes() {
            self.write(("HTTPRoute", "httproutes"), route, route_status(route, known)).await;
        }
    }

    async fn write(&mut self, kind: (&'static str, &str), object: &DynamicObject, status: Value) {
        let key = (kind.0, (object.namespace().unwrap_or_default(), object.name_any()));
        if self.written.get(&key) == Some(&status) {
            return;
        }
        let version = object.types.as_ref().map_or("v1", |types| types.api_version.as_str());
        let version = VERSIONS.iter().position(|known| version.ends_with(&format!("/{known}"))).unwrap_or(0);
        let resource = gateway_kind(kind.0, kind.1, version);
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &key.1.0, &resource);
        let stamped = stamp(&status, &object.data["status"]);
        let patch = Patch::Merge(json!({"status": stamped}));
        if api.patch_status(&key.1.1, &PatchParams::default(), &patch).await.is_ok() {
            self.written.insert(key, status);
        }
    }
}

/// Gives each condition the time of its last transition: the old one where nothing changed.
fn stamp(status: &Value, before: &Value) -> Value {
    match status {
        Value::Object(fields) if fields.contains_key("observedGeneration") => {
            let same = before["status"] == status["status"] && before["lastTransitionTime"].is_string();
            let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let mut stamped = status.clone();
            stamped["lastTransitionTime"] =
                if same { before["lastTransitionTime"].clone() } else { Value::from(now) };
            stamped
        }
        Value::Object(fields) => {
            let stamped =
                fields.iter().map(|(key, value)| (key.clone(), stamp(value, &before[key.as_str()])));
            Value::Object(stamped.collect())
        }
        Value::Array(items) => {
            Value::Array(items.iter().enumerate().map(|(at, item)| stamp(item, &before[at])).collect())
        }
        other => other.clone(),
    }
}

fn condition(object: &DynamicObject, kind: &str, (status, reason, message): (bool, &str, &str)) -> Value {
    json!({
        "type": kind, "status": if status { "True" } else { "False" }, "reason": reason, "message": message,
        "observedGeneration": object.metadata.generation.unwrap_or(0),
    })
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn gateway_status(gateway: &DynamicObject, known: &Known) -> Value {
    let listeners: Vec<Value> = items(&gateway.data["spec"]["listeners"])
        .iter()
        .map(|listener| {
            let attached = known.http_routes().filter(|route| attaches(route, gateway, listener)).count();
            json!({
                "name": listener["name"],
                "attachedRoutes": attached,
                "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
                "conditions": [
                    condition(gateway, "Accepted", (true, "Accepted", "")),
                    condition(gateway, "Programmed", (true, "Programmed", "")),
                    condition(gateway, "ResolvedRefs", (true, "ResolvedRefs", "")),
                ],
            })
        })
        .collect();
    json!({
        "addresses": [{"type": "IPAddress", "value": "127.0.0.1"}],
        "conditions": [
            condition(gateway, "Accepted", (true, "Accepted", "")),
            condition(gateway, "Programmed", (true, "Programmed", "")),
        ],
        "listeners": listeners,
    })
}

fn parents(route: &DynamicObject) -> impl Iterator<Item = &Value> {
    items(&route.data["spec"]["parentRefs"])
        .iter()
        .filter(|parent| parent["kind"].as_str().is_none_or(|kind| kind == "Gateway"))
}

fn names(parent: &Value, route: &DynamicObject, gateway: &DynamicObject) -> bool {
    let namespace = parent["namespace"].as_str().map(str::to_owned).or_else(|| route.namespace());
    parent["name"].as_str() == Some(&gateway.name_any()) && namespace == gateway.namespace()
}

/// Whether some reference of the route to the Gateway takes in the listener.
fn attaches(route: &DynamicObject, gateway: &DynamicObject, listener: &Value) -> bool {
    let mut parents = parents(route).filter(|parent| names(parent, route, gateway));
    parents.any(|parent| fits(route, gateway, parent, listener).is_ok())
}

/// Whether a listener takes the route, or else the reason it does not.
fn fits(
    route: &DynamicObject,
    gateway: &DynamicObject,
    parent: &Value,
    listener: &Value,
) -> Result<(), &'static str> {
    if parent["sectionName"].as_str().is_some_and(|section| listener["name"].as_str() != Some(section))
        || parent["port"].as_u64().is_some_and(|port| listener["port"].as_u64() != Some(port))
    {
        return Err("NoMatchingParent");
    }
    // A selector of namespaces is taken to hold: their labels are nobody's here.
    let from = listener["allowedRoutes"]["namespaces"]["from"].as_str().unwrap_or("Same");
    if from == "Same" && route.namespace() != gateway.namespace() || from == "None" {
        return Err("NotAllowedByListeners");
    }
    let own = listener["hostname"].as_str().unwrap_or_default();
    let hosts = items(&route.data["spec"]["hostnames"]);
    let meets = own.is_empty()
        || hosts.is_empty()
        || hosts.iter().filter_map(Value::as_str).any(|host| covers(own, host) || covers(host, own));
    if meets { Ok(()) } else { Err("NoMatchingListenerHostname") }
}

fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None => pattern == host,
    }
}

fn route_status(route: &DynamicObject, known: &Known) -> Value {
    let told = parents(route).filter_map(|parent| {
        let gateway = known.gateways().find(|gateway| names(parent, route, gateway))?;
        let listeners = items(&gateway.data["spec"]["listeners"]).iter();
        let mut reason = "NoMatchingParent";
        let mut accepted = false;
        for listener in listeners {
            match fits(route, gateway, parent, listener) {
                Ok(()) => accepted = true,
                Err("NoMatchingParent") => {}
                Err(other) => reason = other,
            }
        }
        let accepted = if accepted { (true, "Accepted", "") } else { (false, reason, "") };
        Some(json!({
            "parentRef": parent,
            "controllerName": CONTROLLER,
            "conditions": [
                condition(route, "Accepted", accepted),
                condition(route, "ResolvedRefs", resolved(route, known)),
            ],
        }))
    });
    json!({"parents": told.collect::<Vec<Value>>()})
}

/// Whether every backend that is named exists. A reference into another namespace is taken to be granted.
fn resolved(route: &DynamicObject, known: &Known) -> (bool, &'static str, &'static str) {
    let backends = items(&route.data["spec"]["rules"]).iter().flat_map(|rule| items(&rule["backendRefs"]));
    for backend in backends {
        match gateway::group(route, backend) {
            None => return (false, "InvalidKind", "a backend is no port of a Service"),
            Some(group) if !known.exists(&group) => {
                return (false, "BackendNotFound", "a backend does not exist");
            }
            Some(_) => {}
        }
    }
    (true, "ResolvedRefs", "")
}

//! EndpointSlice: where a Service's traffic may go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Part, Store, Write, matches, object};

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const OURS: &str = "endpointslice-controller.k8s.io";

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    kind: ("v1", "Service"),
    hears: &[("v1", "Pod"), ("discovery.k8s.io/v1", "EndpointSlice")],
    concerns: |store, object| {
        if let Some(service) = object::text(object, &["metadata", "labels", SERVICE_NAME]) {
            return vec![Key::new(object::namespace(object), service)];
        }
        let Ok(services) = store.kind("v1", "Service") else { return Vec::new() };
        let services = store.list(&services, Some(object::namespace(object)));
        let labels = object::labels(object);
        let chosen =
            services.iter().filter(|service| matches(object::at(service, &["spec", "selector"]), labels));
        chosen.map(|service| Key::of(service)).collect()
    },
    step,
};

fn step(store: &Store, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let Ok(service) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let selector = object::at(&service, &["spec", "selector"]);
    let is_selecting = selector.and_then(Value::as_object).is_some_and(|selector| !selector.is_empty());
    if object::is_deleting(&service) || !is_selecting {
        return Ok(None);
    }
    let pod = store.kind("v1", "Pod")?;
    let slices = store.kind("discovery.k8s.io/v1", "EndpointSlice")?;
    let mut stale: BTreeMap<String, Arc<Value>> = store
        .list(&slices, Some(&key.namespace))
        .into_iter()
        .filter(|slice| {
            object::text(slice, &["metadata", "labels", SERVICE_NAME]) == Some(&key.name)
                && object::text(slice, &["metadata", "labels", MANAGED_BY]) == Some(OURS)
        })
        .map(|slice| (object::name(&slice).to_owned(), slice))
        .collect();
    for slice in wanted(store, &pod, &service, selector) {
        let name = object::name(&slice).to_owned();
        match stale.remove(&name) {
            Some(live) => update(store, &slices, &live, slice)?,
            None => drop(store.create(&slices, &key.namespace, slice, &Write::by_cluster())?),
        }
    }
    stale.values().try_for_each(|slice| pods::delete(store, &slices, slice))?;
    Ok(None)
}

fn update(store: &Store, slices: &Kind, live: &Value, mut slice: Value) -> Result<(), ApiError> {
    if live.get("endpoints") == slice.get("endpoints") && live.get("ports") == slice.get("ports") {
        return Ok(());
    }
    let at = (object::namespace(live), object::name(live));
    let changed = store.change(slices, at, Part::Main, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        new["endpoints"] = slice["endpoints"].take();
        new["ports"] = slice["ports"].take();
        Ok(new)
    });
    changed.map(drop)
}

/// One slice for each set of port numbers: pods may give the same port name different numbers.
fn wanted(store: &Store, pod: &Kind, service: &Value, selector: Option<&Value>) -> Vec<Value> {
    let mut groups: BTreeMap<String, (Value, Vec<Value>)> = BTreeMap::new();
    for one in store.list(pod, Some(object::namespace(service))) {
        if !matches(selector, object::labels(&one)) || pods::is_finished(&one) {
            continue;
        }
        let Some(endpoint) = endpoint(service, &one) else { continue };
        let ports = ports(service, &one);
        groups.entry(ports.to_string()).or_insert_with(|| (ports, Vec::new())).1.push(endpoint);
    }
    if groups.is_empty() {
        // A Service that reaches nobody says so with a slice that is empty.
        groups.insert(String::new(), (json!([]), Vec::new()));
    }
    groups.into_values().map(|(ports, endpoints)| slice(service, ports, endpoints)).collect()
}

fn endpoint(service: &Value, pod: &Value) -> Option<Value> {
    let address = object::text(pod, &["status", "podIP"]).filter(|address| !address.is_empty())?;
    let serving = pods::is_ready(pod);
    let terminating = object::is_deleting(pod);
    let always = object::at(service, &["spec", "publishNotReadyAddresses"]) == Some(&Value::Bool(true));
    Some(json!({
        "addresses": [address],
        "conditions": {"ready": always || (serving && !terminating), "serving": serving, "terminating": terminating},
        "nodeName": object::text(pod, &["spec", "nodeName"]),
        "targetRef": {
            "kind": "Pod",
            "name": object::name(pod),
            "namespace": object::namespace(pod),
            "uid": object::uid(pod),
        },
    }))
}

/// The Service's ports as numbers on this pod; a name that the pod does not know is left out.
fn ports(service: &Value, pod: &Value) -> Value {
    let resolve = |target: &Value| match target {
        Value::Number(number) => number.as_i64(),
        Value::String(name) => {
            let containers = object::items(pod, &["spec", "containers"]);
            let mut ports = containers.iter().flat_map(|container| object::items(container, &["ports"]));
            let named = ports.find(|port| object::text(port, &["name"]) == Some(name));
            named.and_then(|port| object::int(port, &["containerPort"])).or_else(|| name.parse().ok())
        }
        _ => None,
    };
    object::items(service, &["spec", "ports"])
        .iter()
        .filter_map(|port| {
            let number = resolve(port.get("targetPort")?)?;
            let name = object::text(port, &["name"]).unwrap_or_default();
            let mut resolved = json!({"name": name, "port": number, "protocol": port.get("protocol")});
            if let Some(protocol) = port.get("appProtocol") {
                resolved["appProtocol"] = protocol.clone();
            }
            Some(resolved)
        })
        .collect()
}

fn slice(service: &Value, ports: Value, endpoints: Vec<Value>) -> Value {
    let name = object::name(service);
    let hash = object::content_hash(&json!([object::uid(service), ports]));
    let mut labels = object::at(service, &["metadata", "labels"]).cloned().unwrap_or(json!({}));
    object::put(&mut labels, &[SERVICE_NAME], name);
    object::put(&mut labels, &[MANAGED_BY], OURS);
    if object::text(service, &["spec", "clusterIP"]) == Some("None") {
        object::put(&mut labels, &["service.kubernetes.io/headless"], "");
    }
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": format!("{name}-{}", object::suffix(u128::from(hash))),
            "labels": labels,
            "ownerReferences": [object::owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    })
}

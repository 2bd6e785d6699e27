//! EndpointSlice: where a Service's traffic may go.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Part, Store, Write, matches, object};

const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const OURS: &str = "endpointslice-controller.k8s.io";
/// How many endpoints a slice holds (`--max-endpoints-per-slice`).
const FULL: usize = 100;

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "endpoint-slice-controller",
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

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let store = &desk.store;
    let Ok(service) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let selector = object::at(&service, &["spec", "selector"]);
    let is_selecting = selector.and_then(Value::as_object).is_some_and(|selector| !selector.is_empty());
    let is_external = object::text(&service, &["spec", "type"]) == Some("ExternalName");
    if object::is_deleting(&service) || !is_selecting || is_external {
        return Ok(None);
    }
    let pod = store.kind("v1", "Pod")?;
    let slices = store.kind("discovery.k8s.io/v1", "EndpointSlice")?;
    let standing: Vec<Arc<Value>> = store
        .list(&slices, Some(&key.namespace))
        .into_iter()
        .filter(|slice| {
            object::text(slice, &["metadata", "labels", SERVICE_NAME]) == Some(&key.name)
                && object::text(slice, &["metadata", "labels", MANAGED_BY]) == Some(OURS)
                && !object::is_deleting(slice)
        })
        .collect();
    let mut spare: Vec<Arc<Value>> = Vec::new();
    let mut missing: Vec<(Value, Vec<Value>)> = Vec::new();
    let mut groups = wanted(store, &pod, &service, selector);
    for slice in standing {
        let group = groups.iter_mut().find(|(ports, _)| Some(ports) == slice.get("ports"));
        let kept = match group {
            Some((_, endpoints)) => keep(&slice, endpoints),
            None => Vec::new(),
        };
        if kept.is_empty() {
            spare.push(slice);
        } else {
            missing.push((slice_of(&service, Some(&slice), slice["ports"].clone()), kept));
        }
    }
    for (ports, mut endpoints) in groups {
        // What is new fills up the slices that there are before it gets one of its own.
        for (_, kept) in missing.iter_mut().filter(|(slice, _)| slice["ports"] == ports) {
            let room = FULL.saturating_sub(kept.len()).min(endpoints.len());
            kept.extend(endpoints.drain(..room));
        }
        while !endpoints.is_empty() {
            let rest = endpoints.split_off(endpoints.len().min(FULL));
            let reused = spare.pop();
            missing.push((slice_of(&service, reused.as_deref(), ports.clone()), endpoints));
            endpoints = rest;
        }
    }
    if missing.is_empty() {
        // A Service that reaches nobody says so with a slice that is empty.
        let reused = spare.pop();
        missing.push((slice_of(&service, reused.as_deref(), json!([])), Vec::new()));
    }
    for (mut slice, endpoints) in missing {
        slice["endpoints"] = endpoints.into();
        write(store, &slices, &key.namespace, slice)?;
    }
    spare.iter().try_for_each(|slice| pods::delete(store, &slices, slice))?;
    Ok(None)
}

/// Takes from the wished endpoints those that stand in the slice already, as they are now and in its order.
fn keep(slice: &Value, wished: &mut Vec<Value>) -> Vec<Value> {
    let target = |endpoint: &Value| endpoint.get("targetRef").and_then(|target| target.get("uid")).cloned();
    let mut kept = Vec::new();
    for standing in object::items(slice, &["endpoints"]) {
        let same = |one: &Value| target(one) == target(standing) && one["addresses"] == standing["addresses"];
        if let Some(index) = wished.iter().position(same) {
            kept.push(wished.remove(index));
        }
    }
    kept
}

fn write(store: &Store, slices: &Kind, namespace: &str, slice: Value) -> Result<(), ApiError> {
    if object::name(&slice).is_empty() {
        return store.create(slices, namespace, slice, &Write::by_cluster()).map(drop);
    }
    let name = object::name(&slice).to_owned();
    let changed = store.change(slices, (namespace, &name), Part::Main, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        for field in ["endpoints", "ports"] {
            new[field] = slice[field].clone();
        }
        object::put(&mut new, &["metadata", "labels"], slice["metadata"]["labels"].clone());
        Ok(new)
    });
    changed.map(drop)
}

/// The endpoints of each set of port numbers: pods may give the same port name different numbers.
fn wanted(store: &Store, pod: &Kind, service: &Value, selector: Option<&Value>) -> Vec<(Value, Vec<Value>)> {
    let mut groups: BTreeMap<String, (Value, Vec<Value>)> = BTreeMap::new();
    for one in store.list(pod, Some(object::namespace(service))) {
        if !matches(selector, object::labels(&one)) || pods::is_finished(&one) {
            continue;
        }
        let Some(endpoint) = endpoint(service, &one) else { continue };
        let ports = ports(service, &one);
        groups.entry(ports.to_string()).or_insert_with(|| (ports, Vec::new())).1.push(endpoint);
    }
    groups.into_values().collect()
}

fn endpoint(service: &Value, pod: &Value) -> Option<Value> {
    let address = object::text(pod, &["status", "podIP"]).filter(|address| !address.is_empty())?;
    let serving = pods::is_ready(pod);
    let terminating = object::is_deleting(pod);
    let always = object::at(service, &["spec", "publishNotReadyAddresses"]) == Some(&Value::Bool(true));
    let mut endpoint = json!({
        "addresses": [address],
        "conditions": {"ready": always || (serving && !terminating), "serving": serving, "terminating": terminating},
        "nodeName": object::text(pod, &["spec", "nodeName"]),
        "targetRef": {
            "kind": "Pod",
            "name": object::name(pod),
            "namespace": object::namespace(pod),
            "uid": object::uid(pod),
        },
    });
    // Pods of a StatefulSet are found by their own names behind its headless Service.
    if let Some(host) = object::text(pod, &["spec", "hostname"])
        && object::text(pod, &["spec", "subdomain"]) == Some(object::name(service))
    {
        endpoint["hostname"] = host.into();
    }
    Some(endpoint)
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

/// A slice of those ports: a new one, or one that stands under its name.
fn slice_of(service: &Value, standing: Option<&Value>, ports: Value) -> Value {
    let name = object::name(service);
    let mut labels = object::at(service, &["metadata", "labels"]).cloned().unwrap_or(json!({}));
    object::put(&mut labels, &[SERVICE_NAME], name);
    object::put(&mut labels, &[MANAGED_BY], OURS);
    if object::text(service, &["spec", "clusterIP"]) == Some("None") {
        object::put(&mut labels, &["service.kubernetes.io/headless"], "");
    }
    let mut metadata = json!({
        "generateName": format!("{name}-"),
        "labels": labels,
        "ownerReferences": [object::owner_reference(service)],
    });
    if let Some(standing) = standing {
        metadata["name"] = object::name(standing).into();
    }
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata,
        "addressType": "IPv4",
        "ports": ports,
    })
}

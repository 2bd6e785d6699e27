//! Services, what stands behind them, and the ways to them.

use std::time::SystemTime;

use serde_json::Value;

use super::age::age;
use super::rows::{count, labels, selector, text_or, three};
use crate::api::object;

/// Where a load balancer is reached.
fn balancer(object: &Value) -> String {
    let points = object::items(object, &["status", "loadBalancer", "ingress"]).iter();
    let mut reached: Vec<&str> = points
        .filter_map(|one| object::text(one, &["ip"]).or_else(|| object::text(one, &["hostname"])))
        .collect();
    reached.sort_unstable();
    reached.dedup();
    reached.join(",")
}

pub(super) fn service(service: &Value, now: SystemTime) -> Vec<Value> {
    let class = text_or(service, &["spec", "type"], "");
    let given: Vec<&str> =
        object::items(service, &["spec", "externalIPs"]).iter().filter_map(Value::as_str).collect();
    let mut outside = match class {
        "LoadBalancer" => balancer(service),
        "ExternalName" => text_or(service, &["spec", "externalName"], "").to_owned(),
        _ => String::new(),
    };
    if class != "ExternalName" && !given.is_empty() {
        let apart = if outside.is_empty() { "" } else { "," };
        outside = format!("{outside}{apart}{}", given.join(","));
    }
    if outside.is_empty() {
        let none = if class == "LoadBalancer" { "<pending>" } else { "<none>" };
        none.clone_into(&mut outside);
    }
    let port = |port: &Value| {
        let (number, protocol) = (count(port, &["port"]), text_or(port, &["protocol"], "TCP"));
        match count(port, &["nodePort"]) {
            0 => format!("{number}/{protocol}"),
            on_node => format!("{number}:{on_node}/{protocol}"),
        }
    };
    let ports: Vec<String> = object::items(service, &["spec", "ports"]).iter().map(port).collect();
    let ports = if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") };
    vec![
        object::name(service).into(),
        class.into(),
        text_or(service, &["spec", "clusterIP"], "<none>").into(),
        outside.into(),
        ports.into(),
        age(service, now).into(),
        labels(object::at(service, &["spec", "selector"])).into(),
    ]
}

pub(super) fn endpoints(object: &Value, now: SystemTime) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in object::items(object, &["subsets"]) {
        let ports = object::items(subset, &["ports"]);
        let addresses = object::items(subset, &["addresses"]);
        let addresses = || addresses.iter().filter_map(|one| object::text(one, &["ip"]));
        if ports.is_empty() {
            all.extend(addresses().map(str::to_owned));
        }
        for port in ports {
            all.extend(addresses().map(|address| format!("{address}:{}", count(port, &["port"]))));
        }
    }
    vec![object::name(object).into(), three(&all, "<none>").into(), age(object, now).into()]
}

pub(super) fn slice(slice: &Value, now: SystemTime) -> Vec<Value> {
    let port = |port: &Value| match object::int(port, &["port"]) {
        Some(number) => number.to_string(),
        None => text_or(port, &["name"], "*").to_owned(),
    };
    let ports: Vec<String> = object::items(slice, &["ports"]).iter().map(port).collect();
    let addresses: Vec<String> = object::items(slice, &["endpoints"])
        .iter()
        .flat_map(|one| object::items(one, &["addresses"]))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    vec![
        object::name(slice).into(),
        text_or(slice, &["addressType"], "").into(),
        three(&ports, "<unset>").into(),
        three(&addresses, "<unset>").into(),
        age(slice, now).into(),
    ]
}

pub(super) fn ingress(ingress: &Value, now: SystemTime) -> Vec<Value> {
    let rules = object::items(ingress, &["spec", "rules"]);
    let hosts: Vec<&str> = rules
        .iter()
        .filter_map(|rule| object::text(rule, &["host"]))
        .filter(|host| !host.is_empty())
        .collect();
    let hosts = match hosts.len() {
        0 => "*".to_owned(),
        1..=3 => hosts.join(","),
        _ => format!("{} + {} more...", hosts[..3].join(","), rules.len() - 3),
    };
    let ports = if object::items(ingress, &["spec", "tls"]).is_empty() { "80" } else { "80, 443" };
    vec![
        object::name(ingress).into(),
        text_or(ingress, &["spec", "ingressClassName"], "<none>").into(),
        hosts.into(),
        balancer(ingress).into(),
        ports.into(),
        age(ingress, now).into(),
    ]
}

pub(super) fn ingress_class(class: &Value, now: SystemTime) -> Vec<Value> {
    let parameters = object::at(class, &["spec", "parameters"]).map_or_else(
        || "<none>".to_owned(),
        |given| {
            let group = object::text(given, &["apiGroup"]).map(|group| format!(".{group}"));
            let (kind, name) = (text_or(given, &["kind"], ""), text_or(given, &["name"], ""));
            format!("{kind}{}/{name}", group.unwrap_or_default())
        },
    );
    vec![
        named(class, "ingressclass.kubernetes.io/is-default-class").into(),
        text_or(class, &["spec", "controller"], "").into(),
        parameters.into(),
        age(class, now).into(),
    ]
}

/// The name of a class, and whether it is the default one.
pub(super) fn named(class: &Value, annotation: &str) -> String {
    let is_default = object::text(class, &["metadata", "annotations", annotation]) == Some("true");
    format!("{}{}", object::name(class), if is_default { " (default)" } else { "" })
}

pub(super) fn policy(policy: &Value, now: SystemTime) -> Vec<Value> {
    let pods = selector(object::at(policy, &["spec", "podSelector"]));
    vec![object::name(policy).into(), pods.into(), age(policy, now).into()]
}

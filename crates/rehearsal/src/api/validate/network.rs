//! Services and Ingresses.

use std::net::IpAddr;

use serde_json::Value;

use super::names::{LABEL, OLD_LABEL, SUBDOMAIN, WILDCARD};
use crate::api::object;
use crate::api::status::Cause;

const PORTS: &str = "must be between 1 and 65535, inclusive";
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// The rules of a Service.
pub(super) fn service(service: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if let Some(old) = old {
        unmoved(service, old, causes);
    }
    let class = object::text(service, &["spec", "type"]).unwrap_or_default();
    let ports = object::items(service, &["spec", "ports"]);
    let is_headless = object::text(service, &["spec", "clusterIP"]) == Some("None");
    if ports.is_empty() && !is_headless && class != "ExternalName" {
        causes.push(Cause::required("spec.ports"));
    }
    let classes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    match class {
        "LoadBalancer" if is_headless => {
            let why = "may not be set to 'None' for LoadBalancer services";
            causes.push(Cause::invalid("spec.clusterIPs[0]", &"None".into(), why));
        }
        "NodePort" if is_headless => {
            let why = "may not be set to 'None' for NodePort services";
            causes.push(Cause::invalid("spec.clusterIPs[0]", &"None".into(), why));
        }
        "ExternalName" => external_name(service, causes),
        class if !classes.contains(&class) => {
            causes.push(Cause::unsupported("spec.type", &class.into(), &classes))
        }
        _ => {}
    }
    let mut names: Vec<&str> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        service_port(port, &format!("spec.ports[{index}]"), ports.len() > 1, &mut names, causes);
    }
    let affinity = object::text(service, &["spec", "sessionAffinity"]).unwrap_or_default();
    if !["ClientIP", "None"].contains(&affinity) {
        causes.push(Cause::unsupported("spec.sessionAffinity", &affinity.into(), &["ClientIP", "None"]));
    }
    twins(ports, causes);
}

fn external_name(service: &Value, causes: &mut Vec<Cause>) {
    let name = object::text(service, &["spec", "externalName"]).unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        causes.push(Cause::required("spec.externalName"));
    } else {
        let wrongs = SUBDOMAIN.wrongs(name);
        causes.extend(wrongs.iter().map(|why| Cause::invalid("spec.externalName", &name.into(), why)));
    }
}

fn service_port<'a>(
    port: &'a Value,
    at: &str,
    named: bool,
    names: &mut Vec<&'a str>,
    causes: &mut Vec<Cause>,
) {
    let name = object::text(port, &["name"]).unwrap_or_default();
    let field = format!("{at}.name");
    if name.is_empty() && named {
        causes.push(Cause::required(&*field));
    } else if !name.is_empty() {
        causes.extend(LABEL.wrongs(name).iter().map(|why| Cause::invalid(&*field, &name.into(), why)));
        if names.contains(&name) {
            causes.push(Cause::duplicate(&*field, &name.into()));
        }
        names.push(name);
    }
    let number = object::int(port, &["port"]).unwrap_or_default();
    if !(1..=65_535).contains(&number) {
        causes.push(Cause::invalid(format!("{at}.port"), &number.into(), PORTS));
    }
    protocol(port, at, causes);
    port_or_name(port.get("targetPort"), &format!("{at}.targetPort"), causes);
}

/// A port, or the name of one.
pub(super) fn port_or_name(port: Option<&Value>, field: &str, causes: &mut Vec<Cause>) {
    match port {
        Some(Value::String(name)) => {
            let wrongs = port_name(name);
            causes.extend(wrongs.iter().map(|why| Cause::invalid(field, &name.as_str().into(), why)));
        }
        Some(value) if !value.as_i64().is_some_and(|port| (1..=65_535).contains(&port)) => {
            causes.push(Cause::invalid(field, value, PORTS));
        }
        _ => {}
    }
}

/// What is wrong with the name of a port.
pub(super) fn port_name(name: &str) -> Vec<&'static str> {
    let mut wrongs = Vec::new();
    if name.len() > 15 {
        wrongs.push("must be no more than 15 characters");
    }
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        || name.is_empty()
    {
        wrongs.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        wrongs.push("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        wrongs.push("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        wrongs.push("must not begin or end with a hyphen");
    }
    wrongs
}

/// The protocol of a port.
pub(super) fn protocol(port: &Value, at: &str, causes: &mut Vec<Cause>) {
    let protocol = object::text(port, &["protocol"]).unwrap_or_default();
    if protocol.is_empty() {
        causes.push(Cause::required(format!("{at}.protocol")));
    } else if !PROTOCOLS.contains(&protocol) {
        causes.push(Cause::unsupported(format!("{at}.protocol"), &protocol.into(), &PROTOCOLS));
    }
}

/// Two ports of a Service with one number.
fn twins(ports: &[Value], causes: &mut Vec<Cause>) {
    let mut seen: Vec<(&str, i64)> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let (protocol, number) = (object::text(port, &["protocol"]), object::int(port, &["port"]));
        let key = (protocol.unwrap_or_default(), number.unwrap_or_default());
        if seen.contains(&key) {
            let value = serde_json::json!({"Name": "", "Protocol": key.0, "AppProtocol": null, "Port": key.1,
                "TargetPort": 0, "NodePort": 0});
            causes.push(Cause::duplicate(format!("spec.ports[{index}]"), &value));
        }
        seen.push(key);
    }
}

fn unmoved(service: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let is_external = |service: &Value| object::text(service, &["spec", "type"]) == Some("ExternalName");
    if is_external(service) || is_external(old) {
        return;
    }
    let (before, after) =
        (object::items(old, &["spec", "clusterIPs"]), object::items(service, &["spec", "clusterIPs"]));
    if let (Some(before), Some(after)) = (before.first(), after.first())
        && before != after
    {
        let all = Value::Array(object::items(service, &["spec", "clusterIPs"]).to_vec());
        causes.push(Cause::invalid("spec.clusterIPs[0]", &all, "may not change once set"));
    }
}

/// The rules of an Ingress.
pub(super) fn ingress(ingress: &Value, causes: &mut Vec<Cause>) {
    let spec = |path: &[&'static str]| object::at(ingress, &[&["spec"], path].concat());
    let default = spec(&["defaultBackend"]);
    let rules = object::items(ingress, &["spec", "rules"]);
    if rules.is_empty() && default.is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause::invalid("spec", &Value::Array(Vec::new()), why));
    }
    if let Some(default) = default {
        backend(default, "spec.defaultBackend", causes);
    }
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("spec.rules[{index}]");
        host(object::text(rule, &["host"]).unwrap_or_default(), &format!("{at}.host"), causes);
        if let Some(http) = rule.get("http") {
            let paths = object::items(http, &["paths"]);
            if paths.is_empty() {
                causes.push(Cause::required(format!("{at}.http.paths")));
            }
            for (index, path) in paths.iter().enumerate() {
                http_path(path, &format!("{at}.http.paths[{index}]"), causes);
            }
        }
    }
    for (index, tls) in object::items(ingress, &["spec", "tls"]).iter().enumerate() {
        for (number, name) in object::items(tls, &["hosts"]).iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            let form = if name.contains('*') { WILDCARD } else { SUBDOMAIN };
            let field = format!("spec.tls[{index}].hosts[{number}]");
            causes.extend(form.wrongs(name).iter().map(|why| Cause::invalid(&*field, &name.into(), why)));
        }
    }
    if let Some(class) = object::text(ingress, &["spec", "ingressClassName"]) {
        let wrongs = SUBDOMAIN.wrongs(class);
        causes.extend(wrongs.iter().map(|why| Cause::invalid("spec.ingressClassName", &class.into(), why)));
        let noted = object::text(ingress, &["metadata", "annotations", "kubernetes.io/ingress.class"]);
        if let Some(noted) = noted.filter(|noted| *noted != class) {
            let why = "must match `ingressClassName` when both are specified";
            causes.push(Cause::invalid(
                "metadata.annotations.kubernetes.io/ingress.class",
                &noted.into(),
                why,
            ));
        }
    }
}

fn host(host: &str, field: &str, causes: &mut Vec<Cause>) {
    if host.is_empty() {
        return;
    }
    if host.parse::<IpAddr>().is_ok() {
        causes.push(Cause::invalid(field, &host.into(), "must be a DNS name, not an IP address"));
        return;
    }
    let form = if host.contains('*') { WILDCARD } else { SUBDOMAIN };
    causes.extend(form.wrongs(host).iter().map(|why| Cause::invalid(field, &host.into(), why)));
}

fn http_path(path: &Value, at: &str, causes: &mut Vec<Cause>) {
    let text = object::text(path, &["path"]).unwrap_or_default();
    let field = format!("{at}.path");
    let mut refuse = |why: &str| causes.push(Cause::invalid(&*field, &text.into(), why));
    match object::text(path, &["pathType"]) {
        None => {
            causes.push(Cause::missing(format!("{at}.pathType"), "pathType must be specified"));
            return;
        }
        Some("Exact" | "Prefix") => {
            if text.starts_with('/') {
                for part in ["//", "/./", "/../", "%2f", "%2F"].iter().filter(|part| text.contains(**part)) {
                    refuse(&format!("must not contain '{part}'"));
                }
                for end in ["/..", "/."].iter().filter(|end| text.ends_with(**end)) {
                    refuse(&format!("cannot end with '{end}'"));
                }
            } else {
                refuse("must be an absolute path");
            }
        }
        Some("ImplementationSpecific") => {
            if !text.is_empty() && !text.starts_with('/') {
                refuse("must be an absolute path");
            }
        }
        Some(other) => {
            let all = ["Exact", "ImplementationSpecific", "Prefix"];
            causes.push(Cause::unsupported(format!("{at}.pathType"), &other.into(), &all));
        }
    }
    backend(path.get("backend").unwrap_or(&Value::Null), &format!("{at}.backend"), causes);
}

fn backend(backend: &Value, at: &str, causes: &mut Vec<Cause>) {
    let none = Value::String(String::new());
    match (backend.get("service"), backend.get("resource")) {
        (Some(_), Some(_)) => {
            causes.push(Cause::invalid(at, &none, "cannot set both resource and service backends"));
        }
        (None, None) => causes.push(Cause::invalid(at, &none, "resource or service backend is required")),
        (None, Some(_)) => {}
        (Some(service), None) => {
            let name = object::text(service, &["name"]).unwrap_or_default();
            let field = format!("{at}.service.name");
            if name.is_empty() {
                causes.push(Cause::required(&*field));
            } else {
                causes.extend(
                    OLD_LABEL.wrongs(name).iter().map(|why| Cause::invalid(&*field, &name.into(), why)),
                );
            }
            let port = service.get("port").unwrap_or(&Value::Null);
            let number = object::int(port, &["number"]).unwrap_or_default();
            match (object::text(port, &["name"]).filter(|name| !name.is_empty()), number) {
                (Some(_), number) if number != 0 => {
                    causes.push(Cause::invalid(at, &none, "cannot set both port name & port number"));
                }
                (Some(name), _) => {
                    let field = format!("{at}.service.port.name");
                    causes
                        .extend(port_name(name).iter().map(|why| Cause::invalid(&*field, &name.into(), why)));
                }
                (None, 0) => causes.push(Cause::missing(at, "port name or number is required")),
                (None, number) if !(1..=65_535).contains(&number) => {
                    causes.push(Cause::invalid(format!("{at}.service.port.number"), &number.into(), PORTS));
                }
                _ => {}
            }
        }
    }
}

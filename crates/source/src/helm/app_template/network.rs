//! Services, Ingresses and routes of the Gateway API.

use tree::{Node, Value};

use super::{Template, copy, list, mapping, object};
use installation::chart::go;

/// Every Service, Ingress and route that is not switched off.
pub(super) fn network(template: &Template<'_>) -> Vec<Node> {
    let services = template.enabled("service").into_iter().map(|(key, entry)| service(template, key, entry));
    let ingresses = template.enabled("ingress").into_iter().map(|(key, entry)| ingress(template, key, entry));
    let routes = template.enabled("route").into_iter().map(|(key, entry)| route(template, key, entry));
    services.chain(ingresses).chain(routes).collect()
}

fn service(template: &Template<'_>, key: &str, entry: &Node) -> Node {
    let origin = entry.origin;
    let mut node = object("v1", "Service", &template.name_of("service", key, entry), entry);
    let mut spec = Node::mapping().at(origin);
    copy(
        entry,
        &mut spec,
        &["type", "clusterIP", "loadBalancerIP", "externalTrafficPolicy", "sessionAffinity"],
    );
    let ports = entry.get("ports").and_then(Node::as_mapping).into_iter().flatten();
    let ports = ports
        .filter(|(_, port)| port.get("enabled").is_none_or(|switch| switch.value != Value::Bool(false)))
        .map(|(name, port)| {
            let mut made = mapping(vec![("name", Node::from(name.as_str()).at(port.origin))], port.origin);
            copy(port, &mut made, &["port", "targetPort", "nodePort", "appProtocol"]);
            let protocol = match port.str_at(&["protocol"]).unwrap_or("TCP") {
                "HTTP" | "HTTPS" | "TCP" => "TCP",
                other => other,
            };
            made.set("protocol", Node::from(protocol).at(port.origin));
            made
        })
        .collect();
    spec.set("ports", list(ports, entry.get("ports").and_then(|ports| ports.origin)));
    spec.set("selector", template.selector(template.controller_of(entry), origin));
    node.set("spec", spec);
    node
}

/// The name and port of a Service that a path refers to.
fn backend(template: &Template<'_>, reference: Option<&Node>) -> Option<(Node, Node)> {
    let services = template.enabled("service");
    let origin = reference.and_then(|reference| reference.origin);
    let named = reference.and_then(|reference| reference.str_at(&["name"]));
    let identifier = reference.and_then(|reference| reference.str_at(&["identifier"]));
    let found = match identifier {
        Some(identifier) => services.iter().find(|(key, _)| *key == identifier),
        None => services.iter().find(|(key, _)| *key == "main").or(services.first()),
    };
    let ports = found.and_then(|(_, entry)| entry.get("ports")?.as_mapping());
    let port = match reference.and_then(|reference| reference.get("port")) {
        Some(port) => match port.as_str().and_then(|name| ports?.get(name)) {
            Some(entry) => entry.get("port").cloned(),
            None => Some(port.clone()),
        },
        None => ports.and_then(|ports| ports.values().next()?.get("port").cloned()),
    };
    let name = match (named, found) {
        (Some(name), _) if identifier.is_none() => name.to_owned(),
        (_, Some((key, entry))) => template.name_of("service", key, entry),
        _ => return None,
    };
    Some((Node::from(name).at(origin.or(found.and_then(|(_, entry)| entry.origin))), port?))
}

fn ingress(template: &Template<'_>, key: &str, entry: &Node) -> Node {
    let origin = entry.origin;
    let name = template.name_of("ingress", key, entry);
    let mut node = object("networking.k8s.io/v1", "Ingress", &name, entry);
    let mut spec = Node::mapping().at(origin);
    for field in ["className", "ingressClassName"] {
        if let Some(class) = entry.get(field).filter(|class| go::is_true(class)) {
            spec.set("ingressClassName", class.clone());
        }
    }
    let hosts = entry.get("hosts").into_iter().flat_map(Node::items);
    let rules = hosts.map(|host| {
        let paths = host.get("paths").into_iter().flat_map(Node::items).filter_map(|path| {
            let (service, port) = backend(template, path.get("service"))?;
            let field = if port.as_i64().is_some() { "number" } else { "name" };
            let port = mapping(vec![(field, port)], service.origin);
            let service = mapping(vec![("name", service), ("port", port)], path.origin);
            let mut made = Node::mapping().at(path.origin);
            copy(path, &mut made, &["path"]);
            let kind = path.get("pathType").cloned();
            made.set("pathType", kind.unwrap_or_else(|| Node::from("Prefix").at(path.origin)));
            made.set("backend", mapping(vec![("service", service)], path.origin));
            Some(made)
        });
        let http = mapping(vec![("paths", list(paths.collect(), host.origin))], host.origin);
        let mut rule = Node::mapping().at(host.origin);
        copy(host, &mut rule, &["host"]);
        rule.set("http", http);
        rule
    });
    spec.set("rules", list(rules.collect(), origin));
    copy(entry, &mut spec, &["tls"]);
    node.set("spec", spec);
    node
}

fn route(template: &Template<'_>, key: &str, entry: &Node) -> Node {
    let origin = entry.origin;
    let kind = entry.str_at(&["kind"]).unwrap_or("HTTPRoute");
    let name = template.name_of("route", key, entry);
    let mut node = object("gateway.networking.k8s.io/v1", kind, &name, entry);
    let mut spec = Node::mapping().at(origin);
    copy(entry, &mut spec, &["parentRefs", "hostnames"]);
    let reference = |given: Option<&Node>| {
        let (service, port) = backend(template, given)?;
        Some(mapping(
            vec![("name", service), ("port", port)],
            given.and_then(|given| given.origin).or(origin),
        ))
    };
    let rules: Vec<Node> = match entry.get("rules").and_then(Node::as_sequence) {
        Some(rules) => rules
            .iter()
            .map(|rule| {
                let given: Vec<&Node> = rule.get("backendRefs").into_iter().flat_map(Node::items).collect();
                let references = match given.is_empty() {
                    true => reference(None).into_iter().collect(),
                    false => given.into_iter().filter_map(|given| reference(Some(given))).collect(),
                };
                let mut made = mapping(vec![("backendRefs", list(references, rule.origin))], rule.origin);
                copy(rule, &mut made, &["matches", "filters", "timeouts"]);
                made
            })
            .collect(),
        None => {
            let references = reference(None).into_iter().collect();
            vec![mapping(vec![("backendRefs", list(references, origin))], origin)]
        }
    };
    spec.set("rules", list(rules, origin));
    node.set("spec", spec);
    node
}

//! How users reach what.

use tree::Node;

use crate::{Labels, Object, Route, RouteTarget, ServiceBehind};

/// The routes of every Ingress, each followed through its Service to what answers.
#[must_use]
pub fn read_routes(objects: &[Object], services: &[ServiceBehind]) -> Vec<Route> {
    let mut routes = Vec::new();
    for ingress in objects.iter().filter(|object| object.kind() == "Ingress") {
        for rule in ingress.node.at_keys(&["spec", "rules"]).into_iter().flat_map(Node::items) {
            let host = rule.str_at(&["host"]).unwrap_or_default();
            for path in rule.at_keys(&["http", "paths"]).into_iter().flat_map(Node::items) {
                let Some(service) = path.str_at(&["backend", "service", "name"]) else { continue };
                let port = path.at_keys(&["backend", "service", "port"]);
                routes.push(Route {
                    host: host.to_owned(),
                    path: path.str_at(&["path"]).unwrap_or("/").to_owned(),
                    service: service.to_owned(),
                    port: port.map_or(0, |port| port_number(port, service, objects)),
                    target: target(service, objects, services),
                    origin: path.get("path").and_then(|node| node.origin),
                });
            }
        }
    }
    routes
}

fn port_number(port: &Node, service: &str, objects: &[Object]) -> u16 {
    let number = |node: &Node| node.as_i64().and_then(|number| u16::try_from(number).ok());
    if let Some(number) = port.get("number").and_then(number) {
        return number;
    }
    let name = port.str_at(&["name"]);
    objects
        .iter()
        .find(|object| object.kind() == "Service" && object.name() == service)
        .and_then(|object| object.node.at_keys(&["spec", "ports"]))
        .into_iter()
        .flat_map(Node::items)
        .find(|entry| entry.str_at(&["name"]) == name)
        .and_then(|entry| entry.get("port"))
        .and_then(number)
        .unwrap_or(0)
}

fn target(service: &str, objects: &[Object], services: &[ServiceBehind]) -> RouteTarget {
    if let Some(behind) = services.iter().find(|behind| objects[behind.object].name() == service) {
        return RouteTarget::Component(behind.component);
    }
    let selector = objects
        .iter()
        .find(|object| object.kind() == "Service" && object.name() == service)
        .and_then(|object| object.node.at_keys(&["spec", "selector"]))
        .map(Labels::read)
        .unwrap_or_default();
    objects
        .iter()
        .position(|object| selector.select(&object.pod_labels()))
        .map_or(RouteTarget::Unknown, RouteTarget::Neighbour)
}

//! Services that are doors themselves, and OpenShift's Routes.

use tree::Node;

use super::{PortName, Ways, number};
use crate::provided::annotation;
use crate::{Object, Route, RouteKind};

pub(crate) fn read(ways: &Ways<'_>, position: usize, service: &Object, routes: &mut Vec<Route>) {
    let kind = match service.node.str_at(&["spec", "type"]) {
        Some("LoadBalancer") => RouteKind::LoadBalancer,
        Some("NodePort") => RouteKind::NodePort,
        _ => return,
    };
    let host = annotation(&service.node, "external-dns.alpha.kubernetes.io/hostname").unwrap_or_default();
    for entry in service.node.at_keys(&["spec", "ports"]).into_iter().flat_map(Node::items) {
        let port = PortName { number: entry.get("port").and_then(number), name: None };
        let route = ways.through(kind, (position, service), service.name(), port);
        let hosts = host.split(',').map(|host| host.trim().to_owned());
        routes.extend(hosts.map(|host| Route { host, origin: entry.origin, ..route.clone() }));
    }
}

pub(crate) fn read_openshift(ways: &Ways<'_>, position: usize, object: &Object, routes: &mut Vec<Route>) {
    let spec = |keys: &[&str]| object.node.get("spec").and_then(|spec| spec.at_keys(keys));
    let Some(service) = spec(&["to", "name"]).and_then(Node::as_str) else { return };
    let port = spec(&["port", "targetPort"]).map(PortName::read).unwrap_or_default();
    let text = |key: &str| spec(&[key]).and_then(Node::as_str).map(ToOwned::to_owned);
    routes.push(Route {
        host: text("host").unwrap_or_default(),
        path: text("path").unwrap_or_else(|| "/".to_owned()),
        tls: spec(&["tls"]).is_some(),
        ..ways.through(RouteKind::OpenShift, (position, object), service, port)
    });
}

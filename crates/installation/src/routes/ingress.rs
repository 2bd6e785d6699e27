//! Ingress, of `networking.k8s.io/v1` and the beta versions before it.

use tree::Node;

use super::{PortName, Ways, number};
use crate::{Object, Route, RouteKind};

pub(crate) fn read(ways: &Ways<'_>, position: usize, ingress: &Object, routes: &mut Vec<Route>) {
    let spec = |key: &str| ingress.node.at_keys(&["spec", key]);
    let of_backend = |backend: &Node| {
        let (service, port) = backend_of(backend)?;
        Some(ways.through(RouteKind::Ingress, (position, ingress), service, port))
    };
    for rule in spec("rules").into_iter().flat_map(Node::items) {
        let host = rule.str_at(&["host"]).unwrap_or_default();
        for path in rule.at_keys(&["http", "paths"]).into_iter().flat_map(Node::items) {
            let Some(route) = path.get("backend").and_then(of_backend) else { continue };
            routes.push(Route {
                host: host.to_owned(),
                path: path.str_at(&["path"]).unwrap_or("/").to_owned(),
                origin: path.get("path").or_else(|| path.get("backend")).and_then(|node| node.origin),
                tls: has_tls(ingress, host),
                ..route
            });
        }
    }
    if let Some(backend) = spec("defaultBackend").or_else(|| spec("backend")) {
        let tls = has_tls(ingress, "");
        routes.extend(of_backend(backend).map(|route| Route { origin: backend.origin, tls, ..route }));
    }
}

/// A backend of `v1` (`service.name`, `service.port`) or of the betas (`serviceName`, `servicePort`).
fn backend_of(backend: &Node) -> Option<(&str, PortName<'_>)> {
    if let Some(service) = backend.str_at(&["service", "name"]) {
        let port = backend.at_keys(&["service", "port"]);
        let number = port.and_then(|port| port.get("number")).and_then(number);
        return Some((service, PortName { number, name: port.and_then(|port| port.str_at(&["name"])) }));
    }
    let port = backend.get("servicePort").map(PortName::read).unwrap_or_default();
    Some((backend.str_at(&["serviceName"])?, port))
}

fn has_tls(ingress: &Object, host: &str) -> bool {
    let managed = ["networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert"];
    let annotations = ingress.node.at_keys(&["metadata", "annotations"]);
    let by_google = managed.iter().any(|key| annotations.is_some_and(|all| all.get(key).is_some()));
    by_google
        || ingress.node.at_keys(&["spec", "tls"]).into_iter().flat_map(Node::items).any(|tls| {
            let mut hosts = tls.get("hosts").into_iter().flat_map(Node::items).peekable();
            hosts.peek().is_none() || hosts.filter_map(Node::as_str).any(|own| covers(own, host))
        })
}

/// Whether a certificate's name is this host's, or the wildcard of its domain.
pub(crate) fn covers(name: &str, host: &str) -> bool {
    let wild = name.strip_prefix('*').is_some_and(|domain| {
        host.strip_suffix(domain).is_some_and(|label| !label.is_empty() && !label.contains('.'))
    });
    name == host || wild
}

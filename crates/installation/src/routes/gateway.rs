//! `HTTPRoute` of the Gateway API.

use tree::Node;

use super::{PortName, Ways, number};
use crate::{Object, Route, RouteKind};

pub(crate) fn read(ways: &Ways<'_>, position: usize, object: &Object, routes: &mut Vec<Route>) {
    let list = |key: &str| object.node.at_keys(&["spec", key]).into_iter().flat_map(Node::items);
    let mut hosts: Vec<String> = list("hostnames").filter_map(Node::as_str).map(ToOwned::to_owned).collect();
    if hosts.is_empty() {
        hosts.push(String::new());
    }
    let tls = list("parentRefs").any(|parent| has_tls(ways, object, parent));
    for rule in list("rules") {
        let backends = rule.get("backendRefs").into_iter().flat_map(Node::items);
        let mut backends = backends.filter(|backend| backend.get("weight").and_then(Node::as_i64) != Some(0));
        let Some((backend, service)) = backends.find_map(|node| Some((node, node.str_at(&["name"])?))) else {
            continue;
        };
        let port = PortName { number: backend.get("port").and_then(number), name: None };
        let through = ways.through(RouteKind::HttpRoute, (position, object), service, port);
        let matches = rule.get("matches").into_iter().flat_map(Node::items);
        let mut paths: Vec<(&str, Option<tree::Origin>)> = matches
            .map(|one| {
                let path = one.at_keys(&["path", "value"]);
                (path.and_then(Node::as_str).unwrap_or("/"), path.or(Some(one)).and_then(|node| node.origin))
            })
            .collect();
        if paths.is_empty() {
            paths.push(("/", backend.origin));
        }
        for host in &hosts {
            routes.extend(paths.iter().map(|(path, origin)| Route {
                host: host.clone(),
                path: (*path).to_owned(),
                origin: *origin,
                tls,
                ..through.clone()
            }));
        }
    }
}

/// Whether the listener that a route hangs on speaks TLS, as its Gateway or, where that is not here, its name says.
fn has_tls(ways: &Ways<'_>, route: &Object, parent: &Node) -> bool {
    let section = parent.str_at(&["sectionName"]);
    let namespace = parent.str_at(&["namespace"]).or(route.namespace());
    let gateway = parent.str_at(&["name"]).and_then(|name| ways.index.object(namespace, "Gateway", name));
    match gateway {
        Some(gateway) => {
            let listeners = gateway.node.at_keys(&["spec", "listeners"]).into_iter().flat_map(Node::items);
            listeners.filter(|listener| section.is_none() || listener.str_at(&["name"]) == section).any(
                |listener| listener.get("tls").is_some() || listener.str_at(&["protocol"]) == Some("HTTPS"),
            )
        }
        None => {
            section.is_some_and(|name| ["https", "websecure", "tls"].iter().any(|word| name.contains(word)))
        }
    }
}

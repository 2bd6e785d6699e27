//! Containers that are reached without an object of their own: by a port of the host, or by labels and variables that a
//! proxy reads (Traefik, Caddy with its Docker plug-in, nginx-proxy).

use std::collections::BTreeMap;

use tree::{Node, Origin};

use super::traefik::rule_ways;
use super::{Ways, number};
use crate::{Object, Route, RouteKind, RouteTarget};

pub(crate) fn read(ways: &Ways<'_>, position: usize, workload: &Object, routes: &mut Vec<Route>) {
    for (index, container) in workload.containers().enumerate() {
        let mut own = ways.components.iter().enumerate();
        let own =
            own.find(|(_, own)| own.object == position && own.container == index).map(|(index, _)| index);
        let target = own.map_or(RouteTarget::Neighbour(position), RouteTarget::Component);
        let route = |kind, host: &str, path: &str, port, origin| Route {
            host: host.to_owned(),
            path: path.to_owned(),
            service: String::new(),
            port,
            target: target.clone(),
            origin,
            kind,
            object: position,
            tls: false,
        };
        for port in container.get("ports").into_iter().flat_map(Node::items) {
            if let Some(host_port) = port.get("hostPort") {
                let address = port.str_at(&["hostIP"]).unwrap_or_default();
                let listens = port.get("containerPort").and_then(number).unwrap_or(0);
                let target =
                    ways.at_port(position, &Node::from(i64::from(listens))).unwrap_or(target.clone());
                let published = number(host_port).unwrap_or(0);
                let route = route(RouteKind::HostPort, address, "/", published, host_port.origin);
                routes.push(Route { target, ..route });
            }
        }
        for variable in container.get("env").into_iter().flat_map(Node::items) {
            if let (Some("VIRTUAL_HOST"), Some(hosts)) =
                (variable.str_at(&["name"]), variable.str_at(&["value"]))
            {
                let hosts = hosts.split(',').map(str::trim);
                routes.extend(hosts.map(|host| route(RouteKind::ProxyLabels, host, "/", 0, variable.origin)));
            }
        }
        if index == 0 {
            for (host, path, port, tls, origin) in by_labels(workload) {
                let route = route(RouteKind::ProxyLabels, &host, &path, port, origin);
                routes.push(Route { tls, ..route });
            }
        }
    }
}

type Labelled = (String, String, u16, bool, Option<Origin>);

/// What the labels and annotations of a workload and its pods tell a proxy.
fn by_labels(workload: &Object) -> Vec<Labelled> {
    let mut labels: BTreeMap<&str, &Node> = BTreeMap::new();
    for node in std::iter::once(&workload.node).chain(workload.template()) {
        for field in ["labels", "annotations"] {
            let entries = node.at_keys(&["metadata", field]).and_then(Node::as_mapping);
            labels.extend(entries.into_iter().flatten().map(|(key, value)| (key.as_str(), value)));
        }
    }
    let text = |key: &str| labels.get(key).and_then(|node| node.as_text());
    if text("traefik.enable").is_some_and(|enabled| enabled == "false") {
        return Vec::new();
    }
    let port = labels
        .iter()
        .find(|(key, _)| key.ends_with(".loadbalancer.server.port") || **key == "traefik.port")
        .and_then(|(_, node)| number(node))
        .unwrap_or(0);
    let mut found = Vec::new();
    for (key, node) in &labels {
        let router = key.strip_prefix("traefik.http.routers.").and_then(|rest| rest.strip_suffix(".rule"));
        if router.is_none() && *key != "traefik.frontend.rule" {
            continue;
        }
        let tls = router.is_some_and(|router| {
            let own = format!("traefik.http.routers.{router}.");
            let entry = text(&format!("{own}entrypoints")).unwrap_or_default();
            let secured = ["websecure", "https"].iter().any(|name| entry.contains(name));
            secured || labels.keys().any(|key| key.starts_with(&format!("{own}tls")))
        });
        let rule = node.as_text().unwrap_or_default();
        found.extend(rule_ways(&rule).into_iter().map(|(host, path)| (host, path, port, tls, node.origin)));
    }
    for (key, node) in labels.iter().filter(|(key, _)| **key == "caddy" || is_numbered_caddy(key)) {
        let hosts = node.as_text().unwrap_or_default();
        let path =
            text(&format!("{key}.handle")).or_else(|| text(&format!("{key}.route"))).unwrap_or_default();
        let path = if path.starts_with('/') { path.trim_end_matches('*').to_owned() } else { "/".to_owned() };
        for host in hosts.split([',', ' ']).filter(|host| !host.is_empty()) {
            let tls = !host.starts_with("http://");
            let host = host.trim_start_matches("https://").trim_start_matches("http://").to_owned();
            found.push((host, path.clone(), port, tls, node.origin));
        }
    }
    found
}

fn is_numbered_caddy(key: &str) -> bool {
    key.strip_prefix("caddy_").is_some_and(|number| number.parse::<u32>().is_ok())
}

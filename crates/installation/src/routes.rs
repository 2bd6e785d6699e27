//! How users reach what.

mod gateway;
mod ingress;
mod labels;
mod service;
mod traefik;

use std::collections::HashSet;

use tree::Node;

use crate::beside::of_container;
use crate::index::Index;
use crate::{Component, NeighbourPart, Object, Route, RouteKind, RouteTarget};

/// What a route is followed with.
pub(crate) struct Ways<'a> {
    pub(crate) index: &'a Index<'a>,
    pub(crate) components: &'a [Component],
}

/// The routes of everything that can be one, each followed through its Service to what answers: Ingresses of all API
/// versions, HTTPRoutes, Traefik's IngressRoutes, OpenShift's Routes, Services of type `LoadBalancer` and
/// `NodePort`, ports of the host, and the labels by which Traefik, Caddy and nginx-proxy find containers.
pub(crate) fn read_routes(index: &Index<'_>, components: &[Component]) -> Vec<Route> {
    let ways = Ways { index, components };
    let mut routes = Vec::new();
    for (position, object) in index.objects.iter().enumerate() {
        match object.kind() {
            "Ingress" => ingress::read(&ways, position, object, &mut routes),
            "HTTPRoute" => gateway::read(&ways, position, object, &mut routes),
            "IngressRoute" => traefik::read(&ways, position, object, &mut routes),
            "Route" if object.api_version().starts_with("route.openshift.io/") => {
                service::read_openshift(&ways, position, object, &mut routes);
            }
            "Service" => service::read(&ways, position, object, &mut routes),
            _ if object.template().is_some() => labels::read(&ways, position, object, &mut routes),
            _ => {}
        }
    }
    // Node ports under a route with a host are how a load balancer reaches pods, no door of their own.
    let behind: HashSet<(Option<&str>, String)> = routes
        .iter()
        .filter(|route| route.kind.knows_hosts())
        .map(|route| (index.objects[route.object].namespace(), route.service.clone()))
        .collect();
    routes.retain(|route| {
        let service = (index.objects[route.object].namespace(), route.service.clone());
        let plumbing = route.kind == RouteKind::NodePort && behind.contains(&service);
        route.kind.knows_hosts() || (!plumbing && is_front(index, &route.target))
    });
    routes
}

/// Whether users are meant to come in here: to Mastodon, or a proxy; not to a store that has a port of its own.
fn is_front(index: &Index<'_>, target: &RouteTarget) -> bool {
    match target {
        RouteTarget::Component(_) | RouteTarget::Unknown => true,
        RouteTarget::Neighbour(workload) => index.objects[*workload].containers().any(|container| {
            matches!(of_container(container), NeighbourPart::Proxy | NeighbourPart::MediaProxy)
        }),
    }
}

/// A Service's port as a route names it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PortName<'a> {
    pub(crate) number: Option<u16>,
    pub(crate) name: Option<&'a str>,
}

impl<'a> PortName<'a> {
    /// A number or a name in one field (`servicePort`, Traefik's `port`).
    pub(crate) fn read(node: &'a Node) -> Self {
        Self { number: number(node), name: node.as_str() }
    }
}

pub(crate) fn number(node: &Node) -> Option<u16> {
    u16::try_from(crate::reading::number(node)?).ok()
}

impl Ways<'_> {
    /// A route through a Service.
    pub(crate) fn through(
        &self,
        kind: RouteKind,
        from: (usize, &Object),
        service: &str,
        port: PortName<'_>,
    ) -> Route {
        let namespace = from.1.namespace();
        let found = self.index.object(namespace, "Service", service);
        let entry = found.and_then(|service| entry(service, port));
        let port = port.number.or_else(|| entry?.get("port").and_then(number)).unwrap_or(0);
        let target = found.map_or(RouteTarget::Unknown, |service| self.behind(service, entry));
        Route {
            host: String::new(),
            path: "/".to_owned(),
            service: service.to_owned(),
            port,
            target,
            origin: from.1.node.origin,
            kind,
            object: from.0,
            tls: false,
        }
    }

    /// What answers at an entry of a Service's ports: the component whose container has the port it leads to, a
    /// sidecar with that port, or else the first part of Mastodon in the pod.
    pub(crate) fn behind(&self, service: &Object, entry: Option<&Node>) -> RouteTarget {
        let workloads = self.index.behind(service);
        let wanted = entry.and_then(|entry| entry.get("targetPort").or_else(|| entry.get("port")));
        for workload in &workloads {
            if let Some(target) = wanted.and_then(|wanted| self.at_port(*workload, wanted)) {
                return target;
            }
        }
        let first = |workload: &usize| self.components.iter().position(|own| own.object == *workload);
        match (workloads.iter().find_map(first), workloads.first()) {
            (Some(component), _) => RouteTarget::Component(component),
            (None, Some(workload)) => RouteTarget::Neighbour(*workload),
            (None, None) => RouteTarget::Unknown,
        }
    }

    /// What answers at each of a Service's ports, in every workload that its selector finds and where containers declare the
    /// port. Ports that none declares are left out.
    pub(crate) fn answering(&self, service: &Object) -> Vec<Vec<RouteTarget>> {
        let entries = service.node.at_keys(&["spec", "ports"]).into_iter().flat_map(Node::items);
        let workloads = self.index.behind(service);
        let at = |entry: &Node| {
            let Some(wanted) = entry.get("targetPort").or_else(|| entry.get("port")) else {
                return Vec::new();
            };
            workloads.iter().filter_map(|workload| self.at_port(*workload, wanted)).collect()
        };
        entries.map(at).filter(|found: &Vec<RouteTarget>| !found.is_empty()).collect()
    }

    /// What listens at a port of a workload's pods, where containers declare it.
    fn at_port(&self, workload: usize, wanted: &Node) -> Option<RouteTarget> {
        let declares = |container: &Node| {
            container.get("ports").into_iter().flat_map(Node::items).any(|port| {
                let same_number =
                    number(wanted).is_some() && port.get("containerPort").and_then(number) == number(wanted);
                same_number || (wanted.as_str().is_some() && port.str_at(&["name"]) == wanted.as_str())
            })
        };
        let position = self.index.objects[workload].containers().position(declares)?;
        let mut own = self
            .components
            .iter()
            .enumerate()
            .filter(|(_, own)| own.object == workload && own.container == position);
        let first = own.clone().next();
        // One container of all parts: streaming listens on 4000.
        let streaming =
            own.find(|(_, own)| own.role == crate::Role::Streaming && number(wanted) == Some(4000));
        Some(match streaming.or(first) {
            Some((component, _)) => RouteTarget::Component(component),
            None => RouteTarget::Neighbour(workload),
        })
    }
}

/// The entry of a Service's ports that is meant; the first where none is said.
fn entry<'a>(service: &'a Object, port: PortName<'_>) -> Option<&'a Node> {
    let mut entries = service.node.at_keys(&["spec", "ports"]).into_iter().flat_map(Node::items);
    match (port.number, port.name) {
        (None, None) => entries.next(),
        (wanted, name) => entries.find(|entry| {
            (wanted.is_some() && entry.get("port").and_then(number) == wanted)
                || (name.is_some() && entry.str_at(&["name"]) == name)
        }),
    }
}

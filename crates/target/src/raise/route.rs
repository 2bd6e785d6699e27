//! How users will reach Mastodon: one Ingress, made from its domains and from what the labels told a proxy.

use installation::{Installation, Role, RouteKind, RouteTarget};
use tree::{Node, Origin, Value};

use super::assemble::{beside, made_at, start, text};
use super::model::{Decision, DecisionKind, RaisedRoute};
use crate::Naming;

/// Where Mastodon's streaming server is asked, by whatever stands in front (`dist/nginx.conf`).
const STREAMING: &str = "/api/v1/streaming";
/// What nobody can reach (RFC 2606).
const PLACEHOLDER: &str = "domain-to-be-given.invalid";
/// The largest upload that Mastodon's own nginx configuration lets through; ingress-nginx stops at 1m.
const BODY_SIZE: (&str, &str) = ("nginx.ingress.kubernetes.io/proxy-body-size", "99m");

/// The routes: of the domain, of alternate domains, and of hosts that labels name.
pub(super) fn routes(installation: &Installation, decisions: &mut Vec<Decision>) -> Vec<RaisedRoute> {
    let mut routes: Vec<RaisedRoute> = Vec::new();
    let has_streaming = installation.components_where(|role| *role == Role::Streaming).next().is_some();
    let mut add = |host: &str, path: &str, component, origin| {
        let host = host.trim().to_ascii_lowercase();
        let route = RaisedRoute { host, path: path.to_owned(), component, origin };
        let known = |own: &RaisedRoute| own.host == route.host && own.path == route.path;
        if !route.host.is_empty() && !routes.iter().any(known) {
            routes.push(route);
        }
    };
    let mut both = |host: &str, origin| {
        add(host, "/", "web", origin);
        if has_streaming {
            add(host, STREAMING, "streaming", origin);
        }
    };
    let says = |name: &str| setting(installation, name);
    let (web, local) = (says("WEB_DOMAIN"), says("LOCAL_DOMAIN"));
    if let (Some((web, _)), Some((local, origin))) = (&web, &local)
        && web != local
    {
        let arguments = vec![("host", local.clone()), ("web", web.clone())];
        decisions.push(Decision { kind: DecisionKind::WebFinger, arguments, origin: *origin });
    }
    if let Some((host, origin)) = web.or(local) {
        both(&host, origin);
    } else if !installation.domain.is_empty() {
        both(&installation.domain, None);
    }
    if let Some((hosts, origin)) = says("ALTERNATE_DOMAINS") {
        hosts.split(',').filter(|host| !host.trim().is_empty()).for_each(|host| both(host.trim(), origin));
    }
    let labelled = installation.routes.iter().filter(|route| route.kind == RouteKind::ProxyLabels);
    for route in labelled {
        let RouteTarget::Component(index) = route.target else { continue };
        let component = match installation.components[index].role {
            Role::Web => "web",
            Role::Streaming => "streaming",
            _ => continue,
        };
        add(&route.host, &route.path, component, route.origin);
    }
    if let Some((url, origin)) = says("STREAMING_API_BASE_URL") {
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', ':']).next().unwrap_or_default().to_owned();
        add(&host, STREAMING, "streaming", origin);
    }
    if routes.is_empty() {
        decisions.push(Decision {
            kind: DecisionKind::Domain,
            arguments: vec![("host", PLACEHOLDER.to_owned())],
            origin: None,
        });
        let place = |path: &str, component| RaisedRoute {
            host: PLACEHOLDER.to_owned(),
            path: path.to_owned(),
            component,
            origin: None,
        };
        routes.push(place("/", "web"));
        if has_streaming {
            routes.push(place(STREAMING, "streaming"));
        }
    }
    routes
}

/// What web is told, and where.
fn setting(installation: &Installation, name: &str) -> Option<(String, Option<Origin>)> {
    let mut components = installation.components.iter().filter(|own| own.role.is_lasting());
    components.find_map(|component| {
        let text = component.environment.text(name).filter(|text| !text.is_empty())?;
        let origin = component.environment.settings.get(name)?.origins.first().copied();
        Some((text.to_owned(), origin))
    })
}

/// The Ingress of these routes to the release's Services.
pub(super) fn ingress(routes: &[RaisedRoute], naming: &Naming) -> Node {
    let place = routes.iter().find_map(|route| beside(route.origin));
    let name = naming.object("web");
    let mut ingress = start("networking.k8s.io/v1", "Ingress", &name, place);
    *ingress.ensure(&["metadata", "annotations"]) = Node::mapping();
    ingress.ensure(&["metadata", "annotations"]).set(BODY_SIZE.0, BODY_SIZE.1);
    let mut hosts: Vec<&RaisedRoute> = Vec::new();
    for route in routes {
        if !hosts.iter().any(|own| own.host == route.host) {
            hosts.push(route);
        }
    }
    let rules = hosts.iter().map(|first| {
        let mut own: Vec<&RaisedRoute> = routes.iter().filter(|route| route.host == first.host).collect();
        own.sort_by_key(|route| std::cmp::Reverse(route.path.len()));
        let paths = own.into_iter().map(|route| path(route, naming)).collect();
        let mut rule = Node::mapping().at(beside(first.origin));
        rule.set("host", text(first.host.as_str(), beside(first.origin)));
        rule.ensure(&["http"]).set("paths", Value::Sequence(paths));
        rule
    });
    let rules = rules.collect();
    let mut tls = Node::mapping();
    let names = hosts.iter().map(|route| text(route.host.as_str(), beside(route.origin))).collect();
    tls.set("hosts", Value::Sequence(names));
    tls.set("secretName", naming.object("tls"));
    let spec = ingress.ensure(&["spec"]);
    spec.set("tls", Value::Sequence(vec![tls]));
    spec.set("rules", Value::Sequence(rules));
    made_at(ingress, place)
}

fn path(route: &RaisedRoute, naming: &Naming) -> Node {
    let place = beside(route.origin);
    let mut path = Node::mapping().at(place);
    path.set("path", text(route.path.as_str(), place));
    path.set("pathType", "Prefix");
    let service = path.ensure(&["backend", "service"]);
    service.set("name", naming.object(route.component));
    *service.ensure(&["port", "name"]) =
        if route.component == "streaming" { "streaming".into() } else { "http".into() };
    path
}

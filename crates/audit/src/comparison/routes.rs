//! What users reach, and by what.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use installation::{Object, Route, RouteTarget};
use tree::{Node, Origin};

use super::flat::{Flat, Leaf};
use super::side::Side;
use super::workload::{is_bookkeeping, members};
use crate::difference::at;
use crate::{Code, Difference};

/// A way in: host and path, or a port, and what answers there.
struct Way<'a> {
    answers: String,
    route: &'a Route,
    origins: Vec<Origin>,
}

type Table<'a> = BTreeMap<String, Way<'a>>;

/// Compares the routes, and what makes them.
pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let (old, new) = (table(before), table(after));
    let by_host = by_host(&new);
    let here = at("routes");
    for (way, from) in &old {
        let lost = |code, to: String| {
            here.differs(code, way, from.answers.as_str(), to).from(from.origins.iter().copied())
        };
        match new.get(way) {
            None => found.push(lost(Code::RouteLost, fallback(&from.route.host, &from.route.path, &by_host))),
            Some(to) if to.answers != from.answers => {
                found.push(lost(Code::RouteChanged, to.answers.clone()))
            }
            Some(to) => {
                if from.route.tls && !to.route.tls {
                    found.push(here.differs(Code::TlsLost, way, "TLS", "").from(from.route.origin));
                }
            }
        }
    }
    for (way, to) in new.iter().filter(|(way, _)| !old.contains_key(*way)) {
        found.push(here.differs(Code::RouteAdded, way, "", to.answers.as_str()));
    }
    fronts(before, after, (&old, &new), found);
    gateways(before, after, found);
    certificates(before, after, found);
}

fn table<'a>(side: &Side<'a>) -> Table<'a> {
    let mut table = Table::new();
    for route in &side.all.routes {
        let way = if route.kind.knows_hosts() {
            format!("{}{}", route.host, plain(&route.path))
        } else {
            format!("{:?}:{}", route.kind, route.port)
        };
        let entry = table.entry(way).or_insert_with(|| Way {
            answers: answers(side, route),
            route,
            origins: Vec::new(),
        });
        entry.origins.extend(route.origin);
    }
    table
}

/// Paths as prefixes: what ends in `/*` or `/` leads to the same.
fn plain(path: &str) -> String {
    let path = path.strip_suffix('*').unwrap_or(path).trim_end_matches('/');
    if path.is_empty() { "/".to_owned() } else { path.to_owned() }
}

/// What answers, in words that are the same on both sides.
fn answers(side: &Side<'_>, route: &Route) -> String {
    if !leads_to_port(side, route) {
        return format!("Service/{}:{}?", route.service, route.port);
    }
    match &route.target {
        RouteTarget::Component(index) => side.part(*index),
        RouteTarget::Neighbour(index) => side.all.objects[*index].id().to_string(),
        RouteTarget::Unknown => format!("Service/{}?", route.service),
    }
}

/// Whether the Service of a route has the port that the route names: without it nobody answers.
fn leads_to_port(side: &Side<'_>, route: &Route) -> bool {
    let service = side.object("Service", &route.service).filter(|_| route.kind.knows_hosts());
    let Some(ports) = service.and_then(|service| service.node.at_keys(&["spec", "ports"])) else {
        return true;
    };
    let mut numbers = ports.items().filter_map(|port| port.get("port")).filter_map(Node::as_text);
    numbers.any(|number| number.parse() == Ok(route.port))
}

type ByHost<'a> = HashMap<&'a str, Vec<(String, &'a str)>>;

fn by_host<'a>(table: &'a Table<'_>) -> ByHost<'a> {
    let mut by_host = ByHost::new();
    for way in table.values().filter(|way| way.route.kind.knows_hosts()) {
        by_host.entry(&way.route.host).or_default().push((plain(&way.route.path), &way.answers));
    }
    by_host
}

/// What answers in the place of a route that is gone: another route of the host whose path leads there.
fn fallback(host: &str, path: &str, by_host: &ByHost<'_>) -> String {
    let path = plain(path);
    let covers = |prefix: &str| prefix == "/" || path == prefix || path.starts_with(&format!("{prefix}/"));
    let ways = by_host.get(host).into_iter().flatten().filter(|(prefix, _)| covers(prefix));
    let longest = ways.max_by_key(|(prefix, _)| prefix.len());
    longest.map(|(prefix, answers)| format!("{answers} ({prefix})")).unwrap_or_default()
}

/// Ingresses and the like: each is the one that makes the same routes on the other side.
fn fronts(
    before: &Side<'_>,
    after: &Side<'_>,
    (old, new): (&Table<'_>, &Table<'_>),
    found: &mut Vec<Difference>,
) {
    let mut heirs: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (way, from) in old {
        if let Some(to) = new.get(way) {
            heirs.entry(from.route.object).or_default().insert(to.route.object);
        }
    }
    for (from, to) in heirs {
        let old = &before.all.objects[from];
        let same = to.iter().copied().find(|index| after.all.objects[*index].id() == old.id());
        let Some(new) = same.or_else(|| to.first().copied()).map(|index| &after.all.objects[index]) else {
            continue;
        };
        if old.kind() == "Service" || old.template().is_some() {
            continue;
        }
        let component = old.id().to_string();
        let here = at(&component);
        if old.kind() != new.kind() {
            let origin = old.node.get("kind").and_then(|kind| kind.origin);
            found.push(here.differs(Code::FrontChanged, "kind", old.kind(), new.kind()).from(origin));
        }
        let class = |object: &Object| {
            let annotated = ["metadata", "annotations", "kubernetes.io/ingress.class"];
            let class = object.node.at_keys(&["spec", "ingressClassName"]);
            class.or_else(|| object.node.at_keys(&annotated)).map(Leaf::read)
        };
        let (from, to) = (class(old), class(new));
        if old.kind() == new.kind() && from != to {
            let origin = from.as_ref().and_then(|leaf| leaf.origin);
            let text = |leaf: Option<Leaf>| leaf.map(|leaf| leaf.shown).unwrap_or_default();
            found.push(here.differs(Code::FrontChanged, "class", text(from), text(to)).from(origin));
        }
        if old.kind() == "Ingress" && new.kind() == "Ingress" {
            let codes = [Code::FrontChanged; 3];
            let (mut from, mut to) = (path_types(old), path_types(new));
            // Paths that only one of both has are routes lost or added.
            from.0.retain(|way, _| to.0.contains_key(way));
            to.0.retain(|way, _| from.0.contains_key(way));
            members(here, "pathType", &from, &to, codes, found);
            members(here, "tls", &tls_secrets(old), &tls_secrets(new), codes, found);
        }
        let codes = [Code::AnnotationLost, Code::AnnotationChanged, Code::AnnotationChanged];
        members(here, "annotation", &annotations(old), &annotations(new), codes, found);
    }
}

/// How each path of an Ingress matches.
fn path_types(ingress: &Object) -> Flat {
    let mut flat = Flat::default();
    for rule in ingress.node.at_keys(&["spec", "rules"]).into_iter().flat_map(Node::items) {
        let host = rule.str_at(&["host"]).unwrap_or_default();
        for path in rule.at_keys(&["http", "paths"]).into_iter().flat_map(Node::items) {
            let way = format!("{host}{}", plain(path.str_at(&["path"]).unwrap_or("/")));
            if let Some(kind) = path.get("pathType") {
                flat.0.insert(way, Leaf::read(kind));
            }
        }
    }
    flat
}

/// The Secret that each host of an Ingress is served from.
fn tls_secrets(ingress: &Object) -> Flat {
    let mut flat = Flat::default();
    for tls in ingress.node.at_keys(&["spec", "tls"]).into_iter().flat_map(Node::items) {
        let Some(secret) = tls.get("secretName") else { continue };
        for host in tls.get("hosts").into_iter().flat_map(Node::items).filter_map(Node::as_str) {
            flat.0.insert(host.to_owned(), Leaf::read(secret));
        }
    }
    flat
}

/// What is noted on an object, for whoever acts by it.
pub(crate) fn annotations(object: &Object) -> Flat {
    let mut flat = Flat::default();
    let annotations = object.node.at_keys(&["metadata", "annotations"]);
    for (key, value) in annotations.and_then(Node::as_mapping).into_iter().flatten() {
        if !is_bookkeeping(key) && key != "kubernetes.io/ingress.class" {
            flat.0.insert(key.clone(), Leaf::read(value));
        }
    }
    flat
}

/// Gateways that routes hang on and that neither side makes or uses.
fn gateways(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let named = |side: &Side<'_>| -> Vec<(String, String, Option<Origin>)> {
        let routes = side.all.objects.iter().filter(|object| object.kind() == "HTTPRoute");
        let parents = routes.flat_map(|route| {
            let parents = route.node.at_keys(&["spec", "parentRefs"]).into_iter().flat_map(Node::items);
            let names = parents.filter_map(|parent| parent.get("name"));
            names.map(|name| (route.id().to_string(), name.as_text().unwrap_or_default(), name.origin))
        });
        parents.collect()
    };
    let known: HashSet<String> = named(before).into_iter().map(|(_, name, _)| name).collect();
    let stands = |name: &str| [before, after].iter().any(|side| side.find("Gateway", name).is_some());
    for (route, name, _) in
        named(after).into_iter().filter(|(_, name, _)| !known.contains(name) && !stands(name))
    {
        found.push(at(&route).differs(Code::GatewayUnknown, &format!("gateway {name}"), "", name.as_str()));
    }
}

/// Secrets that TLS is served from: those that neither side had or makes.
fn certificates(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let secrets = |side: &Side<'_>| -> BTreeSet<String> {
        side.all.certificates.iter().filter_map(|certificate| certificate.secret.clone()).collect()
    };
    let known = secrets(before);
    for object in after.all.objects.iter().filter(|object| object.kind() == "Ingress") {
        // cert-manager makes what an annotated Ingress names.
        let is_issued = annotations(object).0.keys().any(|key| {
            key.starts_with("cert-manager.io/")
                || key.starts_with("certmanager.k8s.io/")
                || key.ends_with("/tls-acme")
        });
        for tls in object.node.at_keys(&["spec", "tls"]).into_iter().flat_map(Node::items) {
            let Some(name) = tls.str_at(&["secretName"]).filter(|name| !name.is_empty()) else { continue };
            let stands = [before, after]
                .iter()
                .any(|side| side.keys_of(name).is_some() || side.makes_certificate(name));
            if !is_issued && !stands && !known.contains(name) {
                let id = object.id().to_string();
                found.push(at(&id).differs(Code::TlsSecretUnknown, &format!("tls {name}"), "", name));
            }
        }
    }
}

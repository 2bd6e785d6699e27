//! The same ways in as HTTPRoutes of the Gateway API (`gateway.networking.k8s.io/v1`, its standard channel).

use installation::Object;
use tree::{Node, Origin, Value};

use super::assemble::{beside, made_at, start, text};
use super::model::{Decision, DecisionKind, RaisedRoute, WayIn};
use crate::Naming;

/// What no Gateway is called.
const PLACEHOLDER: &str = "gateway-to-be-given";
/// The most host names that an HTTPRoute may have (its CustomResourceDefinition, `spec.hostnames`).
const MOST_HOSTS: usize = 16;

/// What the routes hang on; nothing where they are an Ingress's.
pub(super) fn parents(
    way_in: WayIn<'_>,
    routes: &[RaisedRoute],
    decisions: &mut Vec<Decision>,
) -> Option<Node> {
    let WayIn::Gateway(gateway) = way_in else { return None };
    let place = place(routes);
    let mut parent = Node::mapping().at(place);
    parent.set("name", text(gateway.map_or(PLACEHOLDER, |own| own.name), place));
    if let Some(namespace) = gateway.and_then(|own| own.namespace) {
        parent.set("namespace", text(namespace, place));
    }
    let decide = |kind, name, value| Decision { kind, arguments: vec![(name, value)], origin: None };
    if gateway.is_none() {
        decisions.push(decide(DecisionKind::Gateway, "gateway", PLACEHOLDER.to_owned()));
    }
    let mut hosts: Vec<&str> = Vec::new();
    for route in routes {
        if !hosts.contains(&&*route.host) {
            hosts.push(&route.host);
        }
    }
    decisions.push(decide(DecisionKind::Listener, "hosts", hosts.join(", ")));
    Some(Node::from(Value::Sequence(vec![parent])).at(place))
}

fn place(routes: &[RaisedRoute]) -> Option<Origin> {
    routes.iter().find_map(|route| beside(route.origin))
}

/// The HTTPRoutes to the release's Services: one for all hosts whose paths lead to the same parts. `services` say the
/// numbers of the ports, since a route cannot name them.
pub(super) fn http_routes(
    routes: &[RaisedRoute],
    parents: &Node,
    naming: &Naming,
    services: &[&Object],
) -> Vec<Node> {
    let mut groups: Vec<(Vec<&RaisedRoute>, Vec<Vec<&RaisedRoute>>)> = Vec::new();
    for first in routes {
        let is_known = groups.iter().flat_map(|(_, hosts)| hosts).any(|own| own[0].host == first.host);
        if is_known {
            continue;
        }
        let own: Vec<&RaisedRoute> = routes.iter().filter(|route| route.host == first.host).collect();
        match groups.iter_mut().find(|(ways, hosts)| hosts.len() < MOST_HOSTS && same(ways, &own)) {
            Some((_, hosts)) => hosts.push(own),
            None => groups.push((own.clone(), vec![own])),
        }
    }
    let made = groups.iter().enumerate().map(|(number, (ways, hosts))| {
        let name = naming.object("web");
        let name = if number == 0 { name } else { format!("{name}-{}", number + 1) };
        let place = beside(ways[0].origin);
        let mut node = start("gateway.networking.k8s.io/v1", "HTTPRoute", &name, place);
        let names = hosts.iter().map(|own| text(own[0].host.as_str(), beside(own[0].origin)));
        let spec = node.ensure(&["spec"]);
        spec.set("parentRefs", parents.clone());
        spec.set("hostnames", Value::Sequence(names.collect()));
        // The longest path that fits wins, in whatever order they stand.
        let rules = ["streaming", "web"].iter().filter_map(|part| rule(ways, part, naming, services));
        spec.set("rules", Value::Sequence(rules.collect()));
        made_at(node, place)
    });
    made.collect()
}

/// Whether the paths of two hosts lead to the same parts.
fn same(one: &[&RaisedRoute], other: &[&RaisedRoute]) -> bool {
    let within = |all: &[&RaisedRoute], own: &RaisedRoute| {
        all.iter().any(|route| route.path == own.path && route.component == own.component)
    };
    one.len() == other.len() && one.iter().all(|own| within(other, own))
}

/// Everything that leads to one part.
fn rule(ways: &[&RaisedRoute], part: &str, naming: &Naming, services: &[&Object]) -> Option<Node> {
    let own: Vec<&&RaisedRoute> = ways.iter().filter(|route| route.component == part).collect();
    let place = beside(own.first()?.origin);
    let matches = own.iter().map(|route| {
        let place = beside(route.origin);
        let mut one = Node::mapping().at(place);
        let path = one.ensure(&["path"]);
        path.set("type", "PathPrefix");
        path.set("value", text(route.path.as_str(), place));
        one
    });
    let mut rule = Node::mapping().at(place);
    rule.set("matches", Value::Sequence(matches.collect()));
    let name = naming.object(part);
    let mut backend = Node::mapping().at(place);
    backend.set("name", name.as_str());
    backend.set("port", port(services, &name, part));
    rule.set("backendRefs", Value::Sequence(vec![backend]));
    Some(rule)
}

/// The number of the port that the Ingress would name.
fn port(services: &[&Object], name: &str, part: &str) -> i64 {
    let (wanted, usual) = if part == "streaming" { ("streaming", 4000) } else { ("http", 3000) };
    let service = services.iter().find(|object| object.name() == name);
    let ports = service.and_then(|object| object.node.at_keys(&["spec", "ports"]));
    let ports: Vec<&Node> = ports.into_iter().flat_map(Node::items).collect();
    let named = ports.iter().find(|port| port.str_at(&["name"]) == Some(wanted)).or(ports.first());
    named.and_then(|port| port.get("port")?.as_i64()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(host: &str, path: &str, component: &'static str) -> RaisedRoute {
        RaisedRoute { host: host.to_owned(), path: path.to_owned(), component, origin: None }
    }

    #[test]
    fn a_route_has_no_more_hosts_than_it_may_and_hosts_with_other_paths_have_their_own() {
        let mut routes: Vec<RaisedRoute> =
            (0..20).map(|number| way(&format!("h{number}"), "/", "web")).collect();
        routes.push(way("stream.example", "/api/v1/streaming", "streaming"));
        let parents = Node::from(Value::Sequence(Vec::new()));
        let service = Object::new({
            let mut node = start("v1", "Service", "mastodon-web", None);
            let mut port = Node::mapping();
            port.set("name", "http");
            port.set("port", 80);
            node.ensure(&["spec"]).set("ports", Value::Sequence(vec![port]));
            node
        });
        let made = http_routes(&routes, &parents, &Naming::of("mastodon"), &[&service]);
        let made: Vec<serde_json::Value> = made.iter().map(Node::to_json).collect();
        let hosts: Vec<usize> =
            made.iter().map(|own| own["spec"]["hostnames"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!(hosts, [16, 4, 1]);
        let names: Vec<&str> = made.iter().filter_map(|own| own["metadata"]["name"].as_str()).collect();
        assert_eq!(names, ["mastodon-web", "mastodon-web-2", "mastodon-web-3"]);
        let to = |number: usize| &made[number]["spec"]["rules"][0]["backendRefs"][0];
        assert_eq!((&to(0)["port"], &to(2)["port"]), (&80.into(), &4000.into()));
        assert_eq!(
            made[2]["spec"]["rules"].as_array().map(Vec::len),
            Some(1),
            "nothing else is reached there"
        );
    }
}

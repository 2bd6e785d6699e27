//! HTTPRoutes of the Gateway API as routes.
//!
//! The Gateway may stand elsewhere than in what is rehearsed; a route is followed whether or not it is there.
//! Users come by TLS, so that a rule which only sends them from HTTP to HTTPS is not for them.

use kube::ResourceExt;
use kube::core::DynamicObject;
use serde_json::Value;

use super::manner::Manner;
use super::route::{Conditions, Group, PathMatch, Route, Routes};

/// Adds what HTTPRoutes say to the routes. `exists` tells whether there is such a Service.
pub(super) fn add<'a>(
    routes: &mut Routes,
    http_routes: impl Iterator<Item = &'a DynamicObject>,
    manner: &Manner,
    exists: impl Fn(&Group) -> bool,
) {
    let mut http_routes: Vec<&DynamicObject> = http_routes.collect();
    // "The oldest Route", then by name.
    http_routes.sort_by_key(|route| (route.creation_timestamp(), route.namespace(), route.name_any()));
    for route in http_routes {
        for rule in items(&route.data["spec"]["rules"]) {
            if redirects(rule) {
                continue;
            }
            let to = backends(route, rule, &exists);
            for host in hosts(route) {
                for (path, conditions) in matches(rule) {
                    let to = to.clone();
                    let (body, read) = (manner.body, manner.read);
                    let host = host.clone();
                    routes.add(Route { host, path, conditions, to, canary: None, body, read });
                }
            }
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn redirects(rule: &Value) -> bool {
    items(&rule["filters"]).iter().any(|filter| filter["type"] == "RequestRedirect")
}

fn hosts(route: &DynamicObject) -> Vec<String> {
    let named = items(&route.data["spec"]["hostnames"]).iter().filter_map(Value::as_str);
    let hosts: Vec<String> =
        named.map(|host| host.strip_prefix('*').unwrap_or(host).to_ascii_lowercase()).collect();
    if hosts.is_empty() { vec![String::new()] } else { hosts }
}

fn matches(rule: &Value) -> Vec<(PathMatch, Conditions)> {
    let any = || (PathMatch::Elements(String::new()), Conditions::default());
    let given = items(&rule["matches"]);
    if given.is_empty() { vec![any()] } else { given.iter().filter_map(one_match).collect() }
}

/// One match; none where it is by regular expression, which the specification leaves to implementations.
fn one_match(given: &Value) -> Option<(PathMatch, Conditions)> {
    let value = given["path"]["value"].as_str().unwrap_or("/");
    let path = match given["path"]["type"].as_str().unwrap_or("PathPrefix") {
        "Exact" => PathMatch::Exact(value.to_owned()),
        "PathPrefix" => PathMatch::Elements(value.trim_end_matches('/').to_owned()),
        _ => return None,
    };
    let pairs = |field: &str| -> Option<Vec<(String, String)>> {
        let pair = |given: &Value| {
            let exact = given["type"].as_str().is_none_or(|kind| kind == "Exact");
            let name = given["name"].as_str().filter(|_| exact)?;
            Some((name.to_owned(), given["value"].as_str()?.to_owned()))
        };
        items(&given[field]).iter().map(pair).collect()
    };
    let headers = pairs("headers")?.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let conditions = Conditions {
        method: given["method"].as_str().map(str::to_owned),
        headers: headers.collect(),
        queries: pairs("queryParams")?,
    };
    Some((path, conditions))
}

fn backends(
    route: &DynamicObject,
    rule: &Value,
    exists: impl Fn(&Group) -> bool,
) -> Vec<(u32, Option<Group>)> {
    let backend = |given: &Value| {
        let weight = given["weight"].as_u64().and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1);
        (weight, group(route, given).filter(&exists))
    };
    items(&rule["backendRefs"]).iter().map(backend).collect()
}

/// The Service that a reference names; none where it names something else.
pub(super) fn group(route: &DynamicObject, given: &Value) -> Option<Group> {
    let is_service = given["kind"].as_str().is_none_or(|kind| kind == "Service")
        && given["group"].as_str().is_none_or(str::is_empty);
    let namespace = given["namespace"].as_str().map(str::to_owned).or_else(|| route.namespace());
    Some(Group {
        namespace: namespace.unwrap_or_default(),
        service: given["name"].as_str().filter(|_| is_service)?.to_owned(),
        port: given["port"].as_u64()?.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;
    use serde_json::json;

    fn routes(rules: &Value) -> Routes {
        let object = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "web", "namespace": "m"},
            "spec": {"hostnames": ["M.example", "*.files.example"], "rules": rules},
        });
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let mut routes = Routes::default();
        let exists = |group: &Group| group.service != "missing";
        add(&mut routes, [&object].into_iter(), &Manner::of(Profile::Gateway), exists);
        routes
    }

    #[test]
    fn rules_hosts_matches_and_weights_are_read() {
        let found = routes(&json!([
            {
                "matches": [
                    {"path": {"type": "PathPrefix", "value": "/api/v1/streaming/"}},
                    {"path": {"type": "Exact", "value": "/x"}, "method": "GET",
                     "headers": [{"name": "X-Beta", "value": "1"}]},
                    {"path": {"type": "RegularExpression", "value": "/y.*"}},
                ],
                "backendRefs": [{"name": "blue", "port": 4000, "weight": 9}, {"name": "missing", "port": 1}],
            },
            {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]},
            {"backendRefs": [{"name": "web", "port": 3000}]},
        ]));
        assert_eq!(found.routes.len(), 6);
        let hosts: Vec<&str> = found.routes.iter().map(|route| route.host.as_str()).collect();
        assert_eq!(
            hosts,
            ["m.example", "m.example", ".files.example", ".files.example", "m.example", ".files.example"]
        );
        let streaming = &found.routes[0];
        assert_eq!(streaming.path, PathMatch::Elements("/api/v1/streaming".to_owned()));
        let weights: Vec<(u32, bool)> =
            streaming.to.iter().map(|(weight, to)| (*weight, to.is_some())).collect();
        assert_eq!(weights, [(9, true), (1, false)]);
        assert_eq!(found.routes[1].conditions.headers, [("x-beta".to_owned(), "1".to_owned())]);
        assert!(found.routes[1].rank() > streaming.rank());
    }
}

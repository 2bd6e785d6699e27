//! Ingresses as routes, with the annotations of theirs that decide who answers.
//!
//! Semantics are those of the Ingress documentation: exact paths before prefixes, longer prefixes before shorter
//! ones, one label for a wildcard; of two Ingresses that claim the same, the older one has it (ingress-nginx,
//! `createServers`). TLS ends before the front here, so that hosts under `tls` say nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressBackend};
use kube::ResourceExt;

use super::manner::{Manner, Paths};
use super::route::{Canary, Conditions, Group, PathMatch, Route, Routes};
use super::{Profile, detect};

type Annotations = BTreeMap<String, String>;

/// Adds what Ingresses say to the routes.
pub(super) fn add<'a>(
    routes: &mut Routes,
    ingresses: impl Iterator<Item = &'a Ingress>,
    profile: Profile,
    manner: &Manner,
) {
    let mut ingresses: Vec<&Ingress> = ingresses.collect();
    // Those of another front's class claim nothing that one of this front's own claims.
    ingresses.sort_by_key(|ingress| {
        let foreign = detect::class(ingress).and_then(detect::by_class).is_some_and(|other| other != profile);
        (foreign, ingress.creation_timestamp())
    });
    let (canaries, others): (Vec<&Ingress>, Vec<&Ingress>) =
        ingresses.into_iter().partition(|ingress| profile == Profile::IngressNginx && is_canary(ingress));
    for ingress in others {
        for route in of(ingress, manner) {
            routes.add(route);
        }
        let default = ingress.spec.as_ref().and_then(|spec| spec.default_backend.as_ref());
        if let Some(group) = default.and_then(|backend| group(ingress, backend)) {
            routes.default.get_or_insert(group);
        }
    }
    for ingress in canaries {
        for canary in of(ingress, manner) {
            let main = routes.routes.iter_mut().find(|route| route.claims_as(&canary));
            // A canary of nothing is left out, as is a second one (canary.go: one per rule).
            if let Some(main) = main.filter(|main| main.canary.is_none()) {
                main.canary = canary.groups().next().map(|to| told(ingress.annotations(), to.clone()));
            }
        }
    }
}

fn of<'a>(ingress: &'a Ingress, manner: &'a Manner) -> impl Iterator<Item = Route> + 'a {
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    rules.flat_map(move |rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        let paths = rule.http.iter().flat_map(|http| &http.paths);
        paths.map(move |path| route(ingress, host, path, manner))
    })
}

fn route(ingress: &Ingress, host: &str, path: &HTTPIngressPath, manner: &Manner) -> Route {
    let annotations = ingress.annotations();
    Route {
        host: host.strip_prefix('*').unwrap_or(host).to_ascii_lowercase(),
        path: path_match(&path.path_type, path.path.as_deref().unwrap_or("/"), manner.paths),
        conditions: Conditions::default(),
        to: vec![(1, group(ingress, &path.backend))],
        canary: None,
        body: largest_body(annotations, manner),
        read: patience(annotations, manner),
    }
}

fn group(ingress: &Ingress, backend: &IngressBackend) -> Option<Group> {
    let service = backend.service.as_ref()?;
    let port = service.port.as_ref();
    let named = port.and_then(|port| port.name.clone());
    let port = named.or_else(|| port?.number.map(|number| number.to_string()));
    Some(Group {
        namespace: ingress.namespace().unwrap_or_default(),
        service: service.name.clone(),
        port: port.unwrap_or_default(),
    })
}

/// A path as this manner of front compares it. `/api/*` left to a front that knows no `*` means what `/api` does.
fn path_match(path_type: &str, path: &str, paths: Paths) -> PathMatch {
    let elements = |path: &str| PathMatch::Elements(path.trim_end_matches('/').to_owned());
    match (path_type, paths) {
        ("Exact", _) => PathMatch::Exact(path.to_owned()),
        ("Prefix", Paths::Letters) => PathMatch::Letters(path.to_owned()),
        ("Prefix", _) => elements(path),
        (_, Paths::Globs) if path == "/" => elements(path),
        (_, Paths::Globs) => match path.strip_suffix('*') {
            Some(start) => PathMatch::Letters(start.to_owned()),
            None => PathMatch::Exact(path.to_owned()),
        },
        (_, Paths::Nginx | Paths::Letters) => match path.strip_suffix('*') {
            Some(start) => elements(start),
            None => PathMatch::Letters(path.to_owned()),
        },
    }
}

/// What annotations of one of the two widespread nginx controllers or of HAProxy's say.
fn annotation<'a>(annotations: &'a Annotations, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| annotations.get(*name)).map(|value| value.trim())
}

/// `proxy-body-size` is nginx's alone: other fronts do not read it.
fn largest_body(annotations: &Annotations, manner: &Manner) -> Option<u64> {
    let default = manner.body?;
    let names = ["nginx.ingress.kubernetes.io/proxy-body-size", "nginx.org/client-max-body-size"];
    match annotation(annotations, &names).and_then(bytes) {
        Some(0) => None,
        Some(told) => Some(told),
        None => Some(default),
    }
}

/// A size as nginx reads it: `8m`, `1024k`, `1g`; 0 for no limit.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << unit)
}

fn patience(annotations: &Annotations, manner: &Manner) -> Duration {
    let names = [
        "nginx.ingress.kubernetes.io/proxy-read-timeout",
        "nginx.org/proxy-read-timeout",
        "haproxy.org/timeout-server",
    ];
    let told = annotation(annotations, &names).and_then(|text| text.trim_end_matches('s').parse().ok());
    // A timeout of nothing is refused by nginx itself.
    told.filter(|seconds| *seconds > 0).map_or(manner.read, Duration::from_secs)
}

const CANARY: &str = "nginx.ingress.kubernetes.io/canary";

fn is_canary(ingress: &Ingress) -> bool {
    ingress.annotations().get(CANARY).is_some_and(|value| value == "true")
}

fn told(annotations: &Annotations, to: Group) -> Canary {
    let text = |name: &str| annotations.get(&format!("{CANARY}-{name}")).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).and_then(|text| text.parse().ok());
    Canary {
        to,
        weight: number("weight").unwrap_or(0),
        of: number("weight-total").filter(|total| *total > 0).unwrap_or(100),
        header: text("by-header").map(|name| (name.to_ascii_lowercase(), text("by-header-value").cloned())),
        cookie: text("by-cookie").cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn routes(profile: Profile, ingresses: &[Value]) -> Routes {
        let read: Vec<Ingress> =
            ingresses.iter().map(|it| serde_json::from_value(it.clone()).unwrap()).collect();
        let mut routes = Routes::default();
        add(&mut routes, read.iter(), profile, &Manner::of(profile));
        routes
    }

    fn ingress(made: &str, annotations: &Value, service: &str, path_type: &str, path: &str) -> Value {
        let backend = json!({"service": {"name": service, "port": {"number": 3000}}});
        json!({
            "metadata": {
                "name": service, "namespace": "m", "annotations": annotations,
                "creationTimestamp": format!("2026-01-{made}T00:00:00Z"),
            },
            "spec": {
                "rules": [{
                    "host": "m.example",
                    "http": {"paths": [{"path": path, "pathType": path_type, "backend": backend}]},
                }],
            },
        })
    }

    /// Whether the one rule of an Ingress takes a path: profile, type, path of the rule, path asked.
    #[test]
    fn paths_are_compared_as_each_front_does() {
        use Profile::{Gce, HaProxy, IngressNginx, Traefik};
        let cases: &[(Profile, &str, &str, &str, bool)] = &[
            (IngressNginx, "Prefix", "/", "/anything/at/all", true),
            (IngressNginx, "Exact", "/foo", "/foo", true),
            (IngressNginx, "Exact", "/foo", "/foo/", false),
            (IngressNginx, "Exact", "/foo/", "/foo", false),
            (IngressNginx, "Prefix", "/foo/", "/foo", true),
            (IngressNginx, "Prefix", "/aaa/bb", "/aaa/bbb", false),
            (IngressNginx, "Prefix", "/aaa/bbb", "/aaa/bbb/ccc", true),
            (HaProxy, "Prefix", "/aaa/bbb", "/aaa/bbbxyz", false),
            (IngressNginx, "ImplementationSpecific", "/foo", "/foobar", true),
            (IngressNginx, "ImplementationSpecific", "/api/*", "/api", true),
            (Traefik, "Prefix", "/foo", "/foobar", true),
            (Traefik, "Prefix", "/foo/", "/foo", false),
            (Gce, "ImplementationSpecific", "/*", "/packs/a.js", true),
            (Gce, "ImplementationSpecific", "/", "/packs/a.js", true),
            (Gce, "ImplementationSpecific", "/foo", "/foo/a", false),
            (Gce, "ImplementationSpecific", "/foo/*", "/foo/a", true),
            (Gce, "ImplementationSpecific", "/foo/*", "/foo", false),
        ];
        for (profile, path_type, path, asked, expected) in cases {
            let found = routes(*profile, &[ingress("01", &json!({}), "web", path_type, path)]);
            let takes = found.routes[0].path.covers(asked);
            assert_eq!(takes, *expected, "{profile}: {path_type} {path} asked {asked}");
        }
    }

    #[test]
    fn the_older_ingress_has_what_two_claim_unless_it_is_of_another_fronts_class() {
        let newer = ingress("02", &json!({}), "newer", "Prefix", "/");
        let older = ingress("01", &json!({}), "older", "Prefix", "/");
        let first = |routes: Routes| routes.routes[0].groups().next().unwrap().service.clone();
        assert_eq!(first(routes(Profile::Traefik, &[newer.clone(), older.clone()])), "older");
        let classed = json!({"kubernetes.io/ingress.class": "nginx"});
        let foreign = ingress("01", &classed, "foreign", "Prefix", "/");
        assert_eq!(first(routes(Profile::Traefik, &[newer.clone(), foreign.clone()])), "newer");
        assert_eq!(first(routes(Profile::IngressNginx, &[newer, foreign])), "foreign");
    }

    #[test]
    fn the_annotations_of_nginx_bound_bodies_and_silence() {
        let of = |profile, annotations: Value| {
            let found = routes(profile, &[ingress("01", &annotations, "web", "Prefix", "/")]);
            (found.routes[0].body, found.routes[0].read.as_secs())
        };
        let told = json!({
            "nginx.ingress.kubernetes.io/proxy-body-size": "40m",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
        });
        assert_eq!(of(Profile::IngressNginx, json!({})), (Some(1 << 20), 60));
        assert_eq!(of(Profile::IngressNginx, told.clone()), (Some(40 << 20), 600));
        let unbounded = json!({"nginx.ingress.kubernetes.io/proxy-body-size": "0"});
        assert_eq!(of(Profile::IngressNginx, unbounded).0, None);
        assert_eq!(of(Profile::Traefik, told).0, None);
        let nonsense = json!({"nginx.ingress.kubernetes.io/proxy-body-size": "99999999999999999999g"});
        assert_eq!(of(Profile::IngressNginx, nonsense).0, Some(1 << 20));
    }

    #[test]
    fn a_canary_hangs_on_the_ingress_it_is_one_of() {
        let weighted = json!({
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/canary-weight": "20",
        });
        let both = [
            ingress("01", &weighted, "green", "Prefix", "/"),
            ingress("02", &json!({}), "blue", "Prefix", "/"),
            ingress("03", &weighted, "nothing", "Prefix", "/elsewhere"),
        ];
        let found = routes(Profile::IngressNginx, &both);
        assert_eq!(found.routes.len(), 1);
        let canary = found.routes[0].canary.as_ref().unwrap();
        assert_eq!((canary.to.service.as_str(), canary.weight, canary.of), ("green", 20, 100));
        // Others take it for an Ingress like any other.
        assert!(routes(Profile::Traefik, &both).routes.iter().all(|route| route.canary.is_none()));
    }
}

//! The routes of an nginx outside the cluster, which no object tells: those of Mastodon's own `dist/nginx.conf`.

use k8s_openapi::api::core::v1::{Service, ServicePort};
use kube::ResourceExt;

use super::manner::Manner;
use super::route::{Conditions, Group, PathMatch, Route, Routes};

/// The ports of Puma and of the streaming server (Mastodon's `config/puma.rb`, `streaming/index.js`).
const WEB: i32 = 3000;
const STREAMING: i32 = 4000;

/// Adds a route for each Service that is open to the outside: streaming under its path, the rest to web.
pub(super) fn add<'a>(routes: &mut Routes, services: impl Iterator<Item = &'a Service>, manner: &Manner) {
    for service in services {
        let Some(spec) = &service.spec else { continue };
        if !matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer")) {
            continue;
        }
        for port in spec.ports.iter().flatten() {
            let Some(path) = path(service, port) else { continue };
            let group = Group {
                namespace: service.namespace().unwrap_or_default(),
                service: service.name_any(),
                port: port.name.clone().unwrap_or_else(|| port.port.to_string()),
            };
            routes.add(Route {
                host: String::new(),
                path: PathMatch::Elements(path.to_owned()),
                conditions: Conditions::default(),
                to: vec![(1, Some(group))],
                canary: None,
                body: manner.body,
                read: manner.read,
            });
        }
    }
}

/// What users ask for at a port: told by its number, its name, or its Service's name.
fn path(service: &Service, port: &ServicePort) -> Option<&'static str> {
    let says = |word: &str| {
        service.name_any().contains(word) || port.name.as_deref().is_some_and(|name| name.contains(word))
    };
    if port.port == STREAMING || says("streaming") {
        Some("/api/v1/streaming")
    } else if port.port == WEB || says("web") || matches!(port.port, 80 | 443) {
        Some("")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;
    use serde_json::json;

    #[test]
    fn open_services_are_routed_as_mastodons_own_configuration_does() {
        let services = [
            json!({"metadata": {"name": "mastodon-web"},
                   "spec": {"type": "NodePort", "ports": [{"port": 3000, "name": "http"}]}}),
            json!({"metadata": {"name": "mastodon-streaming"},
                   "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}),
            json!({"metadata": {"name": "postgres"}, "spec": {"type": "NodePort", "ports": [{"port": 5432}]}}),
            json!({"metadata": {"name": "inner-web"}, "spec": {"ports": [{"port": 3000}]}}),
        ]
        .map(|service| serde_json::from_value::<Service>(service).unwrap());
        let mut routes = Routes::default();
        add(&mut routes, services.iter(), &Manner::of(Profile::OutsideNginx));
        let told: Vec<(&PathMatch, String)> = routes
            .routes
            .iter()
            .map(|route| (&route.path, route.groups().next().unwrap().service.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (&PathMatch::Elements(String::new()), "mastodon-web".to_owned()),
                (&PathMatch::Elements("/api/v1/streaming".to_owned()), "mastodon-streaming".to_owned()),
            ]
        );
    }
}

//! What a profile asks of the installation that a plan moves.

use std::time::Duration;

use plan::{Plan, Route, RouteComponent};
use probe::{Address, Config, Expectation, Method, Sockets, Target};

use super::bodies;
use super::profile::{Arrival, Ask, Profile, Who};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The requests and WebSockets of a profile, sent to `front`. What no route of the plan leads to is not asked for;
/// the rate is divided among the rest.
pub(crate) fn traffic(plan: &Plan, front: impl Into<Address>, profile: &Profile) -> Config {
    let front = front.into();
    let mut targets: Vec<Target> = profile.asks.iter().flat_map(|ask| targets(plan, &front, ask)).collect();
    let total: f64 = targets.iter().map(|target| target.rate).sum();
    for target in &mut targets {
        target.rate = profile.rate * target.rate / total;
    }
    let mut config = Config::new(targets, sockets(plan, &front, profile));
    config.arrival = match profile.arrival {
        Arrival::Even => probe::Arrival::Even,
        Arrival::Poisson { seed } => probe::Arrival::Poisson { seed },
    };
    config.heard_within = Duration::try_from_secs_f64(profile.within).unwrap_or(Duration::MAX);
    config
}

/// A target for each place that an ask leads to; its rate is the ask's share.
fn targets(plan: &Plan, front: &Address, ask: &Ask) -> Vec<Target> {
    let places = places(plan, ask);
    places
        .into_iter()
        .map(|(component, host, path)| {
            let (method, headers) = match &ask.body {
                Some(body) => bodies::method(body),
                None => (Method::Get, Vec::new()),
            };
            let mut expect = Expectation::status(ask.status).from_component(&component);
            if let Some(holds) = &ask.holds {
                expect = expect.containing(&holds.replace("{host}", host));
            }
            Target {
                component: ask.counts_as.clone().unwrap_or_else(|| counted(ask, component)),
                class: Some(ask.class.clone()),
                address: front.clone(),
                host: host.to_owned(),
                method,
                headers,
                has_key: ask.keyed,
                path,
                rate: ask.share,
                expect,
                records_id: ask.keeps_id || ask.heard,
                is_heard: ask.heard,
                timeout: TIMEOUT,
            }
        })
        .collect()
}

/// The component a request counts as: files of web are told apart from its pages.
fn counted(ask: &Ask, component: String) -> String {
    if ask.from == Who::Assets { "assets".to_owned() } else { component }
}

/// Who answers an ask, on which host, at which path.
fn places<'a>(plan: &'a Plan, ask: &Ask) -> Vec<(String, &'a str, String)> {
    let below = |route: &Route| format!("{}{}", route.path.trim_end_matches('/'), ask.path);
    let routes = plan.routes.iter();
    match ask.from {
        Who::Web => {
            let mut pages =
                routes.filter(|route| route.component == RouteComponent::Web && route.path == "/");
            let first = pages.next();
            first.map(|route| ("web".to_owned(), route.host.as_str(), ask.path.clone())).into_iter().collect()
        }
        Who::Streaming => routes
            .filter(|route| route.component == RouteComponent::Streaming)
            .map(|route| ("streaming".to_owned(), route.host.as_str(), ask.path.clone()))
            .collect(),
        Who::Assets => routes
            .filter(|route| route.component == RouteComponent::Web && route.path != "/")
            .map(|route| ("web".to_owned(), route.host.as_str(), below(route)))
            .collect(),
        Who::Neighbours => routes
            .filter_map(|route| match &route.component {
                RouteComponent::Neighbour(name) if !name.is_empty() => {
                    Some((name.clone(), route.host.as_str(), below(route)))
                }
                _ => None,
            })
            .collect(),
    }
}

/// The WebSockets, divided among the timelines.
fn sockets(plan: &Plan, front: &Address, profile: &Profile) -> Vec<Sockets> {
    let Some(route) = plan.routes.iter().find(|route| route.component == RouteComponent::Streaming) else {
        return Vec::new();
    };
    let path = |timeline: &str| format!("/api/v1/streaming?stream={timeline}");
    if profile.timelines.is_empty() {
        let all = Sockets::new(profile.sockets, front.clone(), &route.host, &path("user"));
        return if profile.sockets > 0 { vec![all] } else { Vec::new() };
    }
    let total: f64 = profile.timelines.iter().map(|timeline| timeline.share).sum();
    let mut given = 0;
    let mut share = 0.0;
    let mut all = Vec::new();
    for timeline in &profile.timelines {
        share += timeline.share;
        // By the sum so far, so that rounding loses none; bounded by the number of sockets.
        let until = (profile.sockets as f64 * share / total).round() as usize;
        let count = until.saturating_sub(given);
        given = until;
        if count > 0 {
            let listens = timeline.is_public();
            let sockets = Sockets::new(count, front.clone(), &route.host, &path(&timeline.timeline));
            all.push(Sockets { listens, ..sockets });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tree::Files;

    use super::*;
    use crate::load::built_in;

    fn route(host: &str, path: &str, component: RouteComponent) -> Route {
        let (host, path) = (host.to_owned(), path.to_owned());
        Route { host, path, service: "any".to_owned(), port: 80, component }
    }

    fn plan() -> Plan {
        let mut plan = crate::summary::sample::plan();
        plan.routes = vec![
            route("m.example", "/", RouteComponent::Web),
            route("m.example", "/packs", RouteComponent::Web),
            route("live.example", "/api/v1/streaming", RouteComponent::Streaming),
            route("files.example", "/", RouteComponent::Neighbour("s3-proxy".to_owned())),
        ];
        plan
    }

    #[test]
    fn the_rate_and_the_sockets_are_divided_and_none_is_lost() {
        let front: SocketAddr = ([127, 0, 0, 1], 80).into();
        for name in ["steady", "small", "evening", "festival"] {
            let profile = built_in(name, &mut Files::new()).expect("known").expect("readable");
            let config = traffic(&plan(), front, &profile);
            let rate: f64 = config.targets.iter().map(|target| target.rate).sum();
            assert!((rate - profile.rate).abs() < 0.001, "{name}: {rate}");
            let sockets: usize = config.sockets.iter().map(|sockets| sockets.count).sum();
            assert_eq!(sockets, profile.sockets, "{name}");
            assert!(config.sockets.iter().any(|sockets| sockets.listens), "{name}");
        }
    }

    #[test]
    fn requests_go_where_the_routes_of_the_plan_lead() {
        let front: SocketAddr = ([127, 0, 0, 1], 80).into();
        let profile = built_in("steady", &mut Files::new()).expect("known").expect("readable");
        let asked: Vec<(String, String, String)> = traffic(&plan(), front, &profile)
            .targets
            .into_iter()
            .map(|target| (target.component, target.host, target.path))
            .collect();
        let has = |component: &str, host: &str, path: &str| {
            asked.contains(&(component.to_owned(), host.to_owned(), path.to_owned()))
        };
        assert!(has("streaming", "live.example", "/api/v1/streaming/health"));
        assert!(has("assets", "m.example", "/packs/sample.css"));
        assert!(has("s3-proxy", "files.example", "/media_attachments/files/000/000/001/original/sample.jpg"));
        assert!(has("posts", "m.example", "/api/v1/statuses"));
    }
}

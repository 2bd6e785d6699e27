//! The users of a rehearsal: what is asked for, how often, and who must answer.

use std::net::SocketAddr;
use std::time::Duration;

use plan::{Plan, RouteComponent};
use probe::{Config, Expectation, Method, Prober, Sockets, Target};
use rehearsal::World;

/// A request that is made again and again.
struct Wish {
    component: String,
    host: String,
    path: String,
    share: f64,
    method: Method,
    expect: Expectation,
}

/// Everything that users ask for: pages, API and health of web, posts, streaming, assets, and every neighbour
/// with a route of its own.
pub(crate) fn traffic(plan: &Plan, front: SocketAddr, rate: f64, sockets: usize) -> Config {
    let wishes = wishes(plan);
    let total: f64 = wishes.iter().map(|wish| wish.share).sum();
    let targets = wishes
        .into_iter()
        .map(|wish| Target {
            component: wish.component,
            address: front.into(),
            host: wish.host,
            records_id: matches!(wish.method, Method::Post { .. }),
            method: wish.method,
            path: wish.path,
            rate: rate * wish.share / total,
            expect: wish.expect,
            timeout: Duration::from_secs(10),
        })
        .collect();
    let streaming = plan.routes.iter().find(|route| route.component == RouteComponent::Streaming);
    let sockets = streaming
        .filter(|_| sockets > 0)
        .map(|route| Sockets::new(sockets, front, &route.host, "/api/v1/streaming?stream=public"));
    Config::new(targets, sockets)
}

fn wishes(plan: &Plan) -> Vec<Wish> {
    let get = |component: &str, host: &str, path: &str, share, expect: Expectation| Wish {
        component: component.to_owned(),
        host: host.to_owned(),
        path: path.to_owned(),
        share,
        method: Method::Get,
        expect,
    };
    let ok = |component: &str| Expectation::status(200).from_component(component);
    let mut wishes = Vec::new();
    let mut web_seen = false;
    for route in &plan.routes {
        let host = route.host.as_str();
        match &route.component {
            RouteComponent::Web if route.path == "/" && !web_seen => {
                web_seen = true;
                wishes.push(get("web", host, "/", 24.0, ok("web").containing("<title>Mastodon</title>")));
                wishes.push(get("web", host, "/health", 18.0, ok("web").containing("OK")));
                wishes.push(get("web", host, "/api/v1/instance", 18.0, ok("web").containing(host)));
                let method = post("status=rehearsal");
                wishes.push(Wish {
                    method,
                    ..get("posts", host, "/api/v1/statuses", 4.0, ok("web").containing("id"))
                });
            }
            RouteComponent::Web if route.path != "/" => {
                let path = format!("{}/sample.css", route.path.trim_end_matches('/'));
                wishes.push(get("assets", host, &path, 3.0, ok("web")));
            }
            RouteComponent::Streaming => {
                wishes.push(get(
                    "streaming",
                    host,
                    "/api/v1/streaming/health",
                    15.0,
                    ok("streaming").containing("OK"),
                ));
            }
            RouteComponent::Neighbour(name) if !name.is_empty() => {
                let path = format!(
                    "{}/media_attachments/files/000/000/001/original/sample.jpg",
                    route.path.trim_end_matches('/')
                );
                wishes.push(get(name, host, &path, 15.0, ok(name)));
            }
            RouteComponent::Web | RouteComponent::Neighbour(_) => {}
        }
    }
    wishes
}

fn post(body: &str) -> Method {
    Method::Post { body: body.to_owned(), content_type: "application/x-www-form-urlencoded".to_owned() }
}

/// The prober as the guard sees it.
pub(crate) struct Watched {
    /// The prober.
    pub(crate) prober: Prober,
    /// The stand-ins, whose faults begin when users arrive.
    pub(crate) world: World,
}

impl voyage::TrafficSource for Watched {
    fn window(&self, wall: Duration) -> voyage::Traffic {
        let stats = self.prober.window(wall);
        voyage::Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn users_moved(&self) {
        self.prober.mark("switch");
        self.world.users_arrived();
    }

    fn step_begins(&self, step: &plan::StepId) {
        self.world.step_begins(&step.0);
    }
}

//! Users, and what the guard sees of them.

use std::net::SocketAddr;
use std::time::Duration;

use plan::{Plan, RouteComponent};
use probe::{Config, Expectation, Prober, Sockets, Target};
use rehearsal::World;
use voyage::{Traffic, TrafficSource};

/// Requests a second, over all routes.
const RATE: f64 = 60.0;
const SOCKETS: usize = 10;

/// The prober as the guard sees it.
pub(crate) struct Watched {
    pub(crate) prober: Prober,
    pub(crate) world: World,
}

impl TrafficSource for Watched {
    fn window(&self, wall: Duration) -> Traffic {
        let stats = self.prober.window(wall);
        Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn users_moved(&self) {
        self.world.users_arrived();
    }
}

/// Every route is asked, and WebSockets are held.
pub(crate) fn traffic(plan: &Plan, front: SocketAddr) -> Config {
    let mut targets = Vec::new();
    let mut sockets = Vec::new();
    for route in &plan.routes {
        let (component, path) = match &route.component {
            RouteComponent::Web if route.path == "/" => ("web", "/health".to_owned()),
            RouteComponent::Web => ("web", format!("{}/sample.css", route.path.trim_end_matches('/'))),
            RouteComponent::Streaming => {
                let all = Sockets::new(SOCKETS, front, &route.host, "/api/v1/streaming?stream=user");
                sockets.push(all);
                ("streaming", "/api/v1/streaming/health".to_owned())
            }
            RouteComponent::Neighbour(name) => (name.as_str(), "/sample.jpg".to_owned()),
        };
        let target = Target::get(component, front, &route.host, &path, RATE / 6.0);
        targets.push(target.expecting(Expectation::status(200).from_component(component)));
    }
    Config::new(targets, sockets)
}

//! What a front does when what it watches changes, and when an endpoint fails it.
//!
//! All spans are cluster time but for those of one request, which are real time as traffic is. Each value has
//! its source beside it; the remaining differences are in `docs/differences/fronts.md`.

use std::time::Duration;

use http::StatusCode;

use super::Profile;

/// A span drawn anew each time, evenly between its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draw {
    pub(super) at_least: Duration,
    pub(super) at_most: Duration,
}

impl Draw {
    const fn seconds(at_least: u64, at_most: u64) -> Self {
        Self { at_least: Duration::from_secs(at_least), at_most: Duration::from_secs(at_most) }
    }
}

/// Which changes need new worker processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// None does.
    Never,
    /// Changes of routes do, changes of endpoints do not.
    Routes,
    /// Every change does.
    Always,
}

/// How a path of type `ImplementationSpecific` is compared, and whether a prefix ends at a slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    /// `Prefix` element by element; what is left to the implementation, letter by letter.
    Nginx,
    /// All prefixes letter by letter.
    Letters,
    /// `Prefix` element by element; what is left to the implementation is exact but for a `*` at its end.
    Globs,
}

/// Which of several routes takes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranking {
    /// Of the most specific host: exact paths, then longer ones, then more conditions.
    Specific,
    /// The one whose rule is the longest text, whatever it says: Traefik's default priority. ``PathPrefix(`/`)`` is longer
    /// than ``Path(`/about`)``, and so takes its requests.
    Length,
}

/// When a request is offered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retries {
    /// How many endpoints are asked at most.
    pub(super) tries: usize,
    /// Whether an idempotent request that may have been seen is offered again, too.
    pub(super) seen: bool,
    /// Whether a kept connection that turns out to be closed is replaced by a new one to the same endpoint.
    pub(super) renew: bool,
    /// What a user is told when no endpoint answered.
    pub(super) exhausted: StatusCode,
}

/// How one kind of front behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// How long changes are gathered before a configuration is made of them.
    pub(super) gather: Duration,
    /// Between two configurations there is at least so long.
    pub(super) pace: Duration,
    /// Between a configuration and requests that follow it.
    pub(super) lag: Duration,
    pub(super) reload: Reload,
    /// After a reload, how long connections of the old workers may live on; none for ever.
    pub(super) old_workers: Option<Duration>,
    /// An endpoint is asked only when the front itself has found it healthy, which takes so long.
    pub(super) health: Option<Draw>,
    /// What stands behind a route that is new must be made first; until then users get `nobody`.
    pub(super) making: Option<Draw>,
    /// How long WebSockets to an endpoint that was taken out live on; none for as long as the endpoint does.
    pub(super) drain: Option<Duration>,
    /// A configuration in which somewhere nobody would answer is refused, and the old one stays.
    pub(super) refuses_nobody: bool,
    /// A route to a Service that is not there is none: others take its requests.
    pub(super) skips_missing: bool,
    /// The answer where a route leads to no endpoint.
    pub(super) nobody: StatusCode,
    pub(super) retries: Retries,
    /// The largest body carried, in bytes; none without bound.
    pub(super) body: Option<u64>,
    /// How long an endpoint may take to accept a connection.
    pub(super) connect: Duration,
    /// How long an endpoint may be silent.
    pub(super) read: Duration,
    pub(super) paths: Paths,
    pub(super) ranking: Ranking,
}

const MEGABYTE: u64 = 1 << 20;

impl Manner {
    pub(super) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::IngressNginx => INGRESS_NGINX,
            Profile::Traefik => TRAEFIK,
            Profile::HaProxy => HAPROXY,
            Profile::Gateway => GATEWAY,
            Profile::Gce => GCE,
            Profile::Alb => ALB,
            Profile::OutsideNginx => OUTSIDE_NGINX,
        }
    }
}

const INGRESS_NGINX: Manner = Manner {
    gather: Duration::from_millis(50),
    // `--sync-rate-limit`, 0.3 a second by default: one synchronisation, then 3.3 s until the next.
    pace: Duration::from_millis(3300),
    // Each worker takes over the backends told by Lua once a second (`BACKENDS_SYNC_INTERVAL`, balancer.lua).
    lag: Duration::from_secs(1),
    reload: Reload::Routes,
    // ConfigMap `worker-shutdown-timeout`.
    old_workers: Some(Duration::from_secs(240)),
    health: None,
    making: None,
    drain: None,
    refuses_nobody: false,
    skips_missing: false,
    // balancer.lua: no balancer for the backend.
    nobody: StatusCode::SERVICE_UNAVAILABLE,
    // `proxy-next-upstream: error timeout`, `proxy-next-upstream-tries: 3`; nginx repeats no request that is not
    // idempotent once it was sent (ngx_http_upstream_next).
    retries: Retries { tries: 3, seen: true, renew: true, exhausted: StatusCode::BAD_GATEWAY },
    // `proxy-body-size: 1m`.
    body: Some(MEGABYTE),
    connect: Duration::from_secs(5),
    read: Duration::from_secs(60),
    paths: Paths::Nginx,
    ranking: Ranking::Specific,
};

const TRAEFIK: Manner = Manner {
    gather: Duration::from_millis(10),
    // `providers.providersThrottleDuration`: the first at once, then 2 s until the next.
    pace: Duration::from_secs(2),
    lag: Duration::ZERO,
    // A configuration is swapped in the process; connections stay (pkg/server/router).
    reload: Reload::Never,
    old_workers: None,
    health: None,
    making: None,
    drain: None,
    refuses_nobody: false,
    skips_missing: true,
    nobody: StatusCode::SERVICE_UNAVAILABLE,
    // No retry without the middleware; Go's transport replaces a kept connection that was closed.
    retries: Retries { tries: 1, seen: false, renew: true, exhausted: StatusCode::BAD_GATEWAY },
    body: None,
    // `serversTransport.forwardingTimeouts.dialTimeout`; no limit on the answer.
    connect: Duration::from_secs(30),
    read: Duration::from_secs(3600),
    // `PathPrefix` compares letters unless `strictPrefixMatching` is set.
    paths: Paths::Letters,
    ranking: Ranking::Length,
};

const HAPROXY: Manner = Manner {
    gather: Duration::from_millis(50),
    // `--sync-period` of the controller, 5 s.
    pace: Duration::from_secs(5),
    lag: Duration::from_millis(100),
    // Endpoints go through the runtime API (`scale-server-slots`), routes through a reload.
    reload: Reload::Routes,
    // `hard-stop-after: 30m`.
    old_workers: Some(Duration::from_secs(1800)),
    health: None,
    making: None,
    drain: None,
    refuses_nobody: false,
    skips_missing: false,
    nobody: StatusCode::SERVICE_UNAVAILABLE,
    // `retries 3` and `option redispatch`; `retry-on conn-failure` is the default.
    retries: Retries { tries: 4, seen: false, renew: true, exhausted: StatusCode::SERVICE_UNAVAILABLE },
    body: None,
    connect: Duration::from_secs(5),
    // `timeout-server: 50s`.
    read: Duration::from_secs(50),
    paths: Paths::Nginx,
    ranking: Ranking::Specific,
};

const GATEWAY: Manner = Manner {
    // Envoy is told by xDS, incrementally and at once.
    gather: Duration::from_millis(50),
    pace: Duration::ZERO,
    lag: Duration::from_millis(100),
    reload: Reload::Never,
    old_workers: None,
    health: None,
    making: None,
    drain: None,
    refuses_nobody: false,
    skips_missing: false,
    // "no healthy upstream".
    nobody: StatusCode::SERVICE_UNAVAILABLE,
    // No retry policy without a BackendTrafficPolicy; a closed kept connection is 503 with the flag UC.
    retries: Retries { tries: 1, seen: false, renew: false, exhausted: StatusCode::SERVICE_UNAVAILABLE },
    body: None,
    connect: Duration::from_secs(10),
    // Routes without `timeouts.request` get Envoy's 15 s per stream turned off by the controller.
    read: Duration::from_secs(3600),
    paths: Paths::Nginx,
    ranking: Ranking::Specific,
};

const GCE: Manner = Manner {
    gather: Duration::from_millis(200),
    pace: Duration::from_secs(1),
    lag: Duration::from_secs(1),
    reload: Reload::Never,
    old_workers: None,
    // A network endpoint is healthy after its first good check; until then it is not asked, and what was taken out
    // is gone: 5-10 s of 502 on the flip of a selector.
    health: Some(Draw::seconds(5, 10)),
    // The URL map names a backend service whose network endpoint group is being filled: 30-90 s of 502.
    making: Some(Draw::seconds(30, 90)),
    // `connectionDraining.drainingTimeoutSec` of a BackendConfig; without one, connections are cut.
    drain: Some(Duration::ZERO),
    refuses_nobody: false,
    skips_missing: false,
    // "failed_to_pick_backend".
    nobody: StatusCode::BAD_GATEWAY,
    // GETs are tried once more.
    retries: Retries { tries: 2, seen: true, renew: true, exhausted: StatusCode::BAD_GATEWAY },
    body: None,
    connect: Duration::from_secs(10),
    // `timeoutSec` of a backend service.
    read: Duration::from_secs(30),
    paths: Paths::Globs,
    ranking: Ranking::Specific,
};

const ALB: Manner = Manner {
    gather: Duration::from_millis(200),
    pace: Duration::from_secs(1),
    lag: Duration::from_secs(2),
    reload: Reload::Never,
    old_workers: None,
    // A target is `initial` until its first check, every 15 s (`healthcheck-interval-seconds`), is good.
    health: Some(Draw::seconds(2, 15)),
    // A rule that leads to a new target group is changed before its targets are registered.
    making: Some(Draw::seconds(5, 20)),
    // `deregistration_delay.timeout_seconds`.
    drain: Some(Duration::from_secs(300)),
    refuses_nobody: false,
    skips_missing: false,
    nobody: StatusCode::SERVICE_UNAVAILABLE,
    retries: Retries { tries: 1, seen: false, renew: false, exhausted: StatusCode::BAD_GATEWAY },
    body: None,
    connect: Duration::from_secs(10),
    // `idle_timeout.timeout_seconds`.
    read: Duration::from_secs(60),
    paths: Paths::Globs,
    ranking: Ranking::Specific,
};

const OUTSIDE_NGINX: Manner = Manner {
    // Whoever writes the upstream list looks now and then, tests it (`nginx -t`) and reloads.
    gather: Duration::from_millis(200),
    pace: Duration::from_secs(5),
    lag: Duration::from_millis(500),
    reload: Reload::Always,
    // `worker_shutdown_timeout` is not set by default: old workers stay as long as their WebSockets.
    old_workers: None,
    health: None,
    making: None,
    drain: None,
    // `nginx -t` fails on an upstream without servers.
    refuses_nobody: true,
    skips_missing: false,
    nobody: StatusCode::BAD_GATEWAY,
    // `proxy_next_upstream error timeout`, no limit on tries.
    retries: Retries { tries: 16, seen: true, renew: true, exhausted: StatusCode::BAD_GATEWAY },
    // `client_max_body_size 99m` of Mastodon's own dist/nginx.conf.
    body: Some(99 * MEGABYTE),
    connect: Duration::from_secs(60),
    read: Duration::from_secs(60),
    paths: Paths::Nginx,
    ranking: Ranking::Specific,
};

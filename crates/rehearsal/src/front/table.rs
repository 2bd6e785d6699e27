//! The table of routes: which backend a request leads to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use http::header::COOKIE;

use super::manner::Ranking;
use super::pool::Endpoint;
use super::route::{Canary, Conditions, Group, Route, Routes};

/// The endpoints behind one group.
#[derive(Debug, Default)]
pub(super) struct Backend {
    endpoints: Vec<Arc<Endpoint>>,
    turn: AtomicUsize,
}

impl Backend {
    pub(super) fn new(endpoints: Vec<Arc<Endpoint>>) -> Self {
        Self { endpoints, turn: AtomicUsize::new(0) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// The next endpoint in turn.
    pub(super) fn next(&self) -> Option<&Arc<Endpoint>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.endpoints.get(turn.checked_rem(self.endpoints.len())?)
    }
}

/// What of a request decides where it leads. `host` is as the request names it, port and all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
}

/// Where a request leads.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// No route takes it.
    Nowhere,
    /// What its route names does not exist.
    Broken,
    /// To these endpoints, by this route or none.
    To(Arc<Backend>, Option<Arc<Route>>),
}

#[derive(Debug)]
struct Rule {
    route: Arc<Route>,
    backends: Vec<(u32, Option<Arc<Backend>>)>,
    canary: Option<Arc<Backend>>,
    turn: AtomicUsize,
}

/// All routes at one instant.
#[derive(Debug, Default)]
pub(super) struct Table {
    hosts: HashMap<String, Vec<Rule>>,
    default: Option<Arc<Backend>>,
    by_length: bool,
}

impl Table {
    /// Lays a table of routes and what stands behind each group.
    pub(super) fn lay(routes: &Routes, backends: &HashMap<Group, Arc<Backend>>, ranking: Ranking) -> Self {
        let nobody = Arc::new(Backend::default());
        let behind = |group: &Group| backends.get(group).unwrap_or(&nobody).clone();
        let mut hosts: HashMap<String, Vec<Rule>> = HashMap::new();
        for route in &routes.routes {
            let rule = Rule {
                backends: route.to.iter().map(|(weight, to)| (*weight, to.as_ref().map(behind))).collect(),
                canary: route.canary.as_ref().map(|canary| behind(&canary.to)),
                route: Arc::new(route.clone()),
                turn: AtomicUsize::new(0),
            };
            hosts.entry(route.host.clone()).or_default().push(rule);
        }
        for rules in hosts.values_mut() {
            // Stable: of two alike in rank the older one is asked first.
            rules.sort_by_key(|rule| std::cmp::Reverse(rule.route.rank()));
        }
        Self { hosts, default: routes.default.as_ref().map(behind), by_length: ranking == Ranking::Length }
    }

    /// Where a request leads.
    pub(super) fn find(&self, ask: Ask<'_>) -> Found {
        let host = bare(ask.host);
        let takes = |rule: &&Rule| rule.route.path.covers(ask.path) && holds(&rule.route.conditions, ask);
        let taking = if self.by_length {
            let all = self.lists(&host).into_iter().flatten().flatten().filter(takes);
            // The first of those as long as each other.
            all.rev().max_by_key(|rule| rule.route.length())
        } else {
            self.lists(&host).into_iter().flatten().next().and_then(|rules| rules.iter().find(takes))
        };
        match taking {
            Some(rule) => rule.choose(ask),
            None => self.default.clone().map_or(Found::Nowhere, |backend| Found::To(backend, None)),
        }
    }

    /// The rules of the host named, of a wildcard, and of any host.
    fn lists(&self, host: &str) -> [Option<&Vec<Rule>>; 3] {
        let parent = host.find('.').and_then(|dot| self.hosts.get(&host[dot..]));
        [self.hosts.get(host), parent, self.hosts.get("")]
    }
}

impl Rule {
    fn choose(&self, ask: Ask<'_>) -> Found {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if let (Some(canary), Some(backend)) = (&self.route.canary, &self.canary)
            && flies(canary, ask, turn)
        {
            return Found::To(backend.clone(), Some(self.route.clone()));
        }
        let total: u32 = self.backends.iter().fold(0, |sum, (weight, _)| sum.saturating_add(*weight));
        let mut place = spread(turn, total);
        for (weight, backend) in &self.backends {
            if place < *weight {
                return match backend {
                    Some(backend) => Found::To(backend.clone(), Some(self.route.clone())),
                    None => Found::Broken,
                };
            }
            place -= weight;
        }
        Found::Broken
    }
}

/// A place among `total`, so that turns one after another are spread evenly: real fronts draw lots.
fn spread(turn: usize, total: u32) -> u32 {
    // Steps of the golden ratio of 2^32 never meet the same place twice in a row.
    let turn = u32::try_from(turn & 0xffff_ffff).unwrap_or(0);
    let place = (u64::from(turn.wrapping_mul(0x9e37_79b9)) * u64::from(total)) >> 32;
    u32::try_from(place).unwrap_or(0)
}

/// Whether a user is one of those who are sent to the canary: header before cookie before weight
/// (ingress-nginx, `route_to_alternative_balancer`).
fn flies(canary: &Canary, ask: Ask<'_>, turn: usize) -> bool {
    let decided = |text: &str| match text {
        "always" => Some(true),
        "never" => Some(false),
        _ => None,
    };
    if let Some((name, value)) = &canary.header
        && let Some(told) = ask.headers.get(name).and_then(|value| value.to_str().ok())
    {
        match value {
            Some(value) if value == told => return true,
            Some(_) => {}
            None => {
                if let Some(decided) = decided(told) {
                    return decided;
                }
            }
        }
    }
    let cookie = canary.cookie.as_ref().and_then(|name| cookie(ask.headers, name)).and_then(decided);
    cookie.unwrap_or_else(|| spread(turn, canary.of) < canary.weight)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn holds(conditions: &Conditions, ask: Ask<'_>) -> bool {
    let header = |(name, value): &(String, String)| {
        ask.headers.get_all(name).iter().any(|told| told.as_bytes() == value.as_bytes())
    };
    let query = |(name, value): &(String, String)| {
        let mut pairs = form_urlencoded::parse(ask.query.as_bytes());
        pairs.any(|(key, told)| key == name.as_str() && told == value.as_str())
    };
    conditions.method.as_deref().is_none_or(|method| method == ask.method)
        && conditions.headers.iter().all(header)
        && conditions.queries.iter().all(query)
}

/// A host without its port, in lower case.
fn bare(host: &str) -> Cow<'_, str> {
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => host,
    };
    if host.bytes().any(|letter| letter.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use super::super::route::PathMatch;
    use super::*;
    use std::time::Duration;

    fn group(service: &str) -> Group {
        Group { namespace: "m".to_owned(), service: service.to_owned(), port: String::new() }
    }

    fn route(host: &str, path: PathMatch, to: &[(u32, &str)]) -> Route {
        Route {
            host: host.to_owned(),
            path,
            conditions: Conditions::default(),
            to: to
                .iter()
                .map(|(weight, service)| (*weight, Some(group(service)).filter(|_| !service.is_empty())))
                .collect(),
            canary: None,
            body: None,
            read: Duration::from_secs(60),
        }
    }

    fn elements(path: &str) -> PathMatch {
        PathMatch::Elements(path.to_owned())
    }

    struct Stage {
        table: Table,
        backends: HashMap<Group, Arc<Backend>>,
    }

    impl Stage {
        fn of(routes: Vec<Route>, default: Option<&str>) -> Self {
            let routes = Routes { routes, default: default.map(group) };
            let backends: HashMap<Group, Arc<Backend>> =
                routes.groups().map(|group| (group.clone(), Arc::new(Backend::default()))).collect();
            Self { table: Table::lay(&routes, &backends, Ranking::Specific), backends }
        }

        fn ask(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Option<String> {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
            }
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            match self.table.find(Ask { host, path, method: "GET", query, headers: &map }) {
                Found::Nowhere => None,
                Found::Broken => Some("broken".to_owned()),
                Found::To(found, _) => self
                    .backends
                    .iter()
                    .find(|(_, backend)| Arc::ptr_eq(backend, &found))
                    .map(|(group, _)| group.service.clone()),
            }
        }

        fn counts(&self, headers: &[(&str, &str)], times: usize) -> HashMap<String, usize> {
            let mut counts = HashMap::new();
            for _ in 0..times {
                *counts.entry(self.ask("m.example", "/", headers).unwrap()).or_default() += 1;
            }
            counts
        }
    }

    #[test]
    fn an_exact_path_wins_and_the_most_specific_host_decides_alone() {
        let stage = Stage::of(
            vec![
                route("m.example", elements("/foo"), &[(1, "prefix")]),
                route("m.example", elements("/foo/bar"), &[(1, "longer")]),
                route("m.example", PathMatch::Exact("/foo".to_owned()), &[(1, "exact")]),
                route(".example", elements(""), &[(1, "wildcard")]),
                route("", elements(""), &[(1, "any")]),
            ],
            Some("default"),
        );
        let find = |host, path| stage.ask(host, path, &[]).unwrap();
        assert_eq!(find("m.example", "/foo"), "exact");
        assert_eq!(find("M.Example:8080", "/foo/x"), "prefix");
        assert_eq!(find("m.example", "/foo/bar/baz"), "longer");
        assert_eq!(find("m.example", "/elsewhere"), "default");
        assert_eq!(find("files.example", "/elsewhere"), "wildcard");
        assert_eq!(find("deep.files.example", "/"), "any");
        assert_eq!(find("127.0.0.1:80", "/"), "any");
    }

    #[test]
    fn weights_are_kept_and_what_does_not_exist_is_broken() {
        let stage = Stage::of(
            vec![route("m.example", elements(""), &[(90, "blue"), (9, "green"), (1, ""), (0, "none")])],
            None,
        );
        let counts = stage.counts(&[], 1000);
        assert!((895..=905).contains(&counts["blue"]) && (85..=95).contains(&counts["green"]), "{counts:?}");
        assert!((5..=15).contains(&counts["broken"]) && counts.len() == 3, "{counts:?}");
        let nobody = Stage::of(vec![route("m.example", elements(""), &[(0, "blue")])], None);
        assert_eq!(nobody.ask("m.example", "/", &[]).unwrap(), "broken");
    }

    #[test]
    fn a_canary_takes_its_share_and_those_who_ask_for_it() {
        let mut main = route("m.example", elements(""), &[(1, "blue")]);
        main.canary = Some(Canary {
            to: group("green"),
            weight: 20,
            of: 100,
            header: Some(("x-canary".to_owned(), None)),
            cookie: Some("beta".to_owned()),
        });
        let stage = Stage::of(vec![main], None);
        let share = stage.counts(&[], 1000)["green"];
        assert!((190..=210).contains(&share), "{share}");
        assert_eq!(stage.counts(&[("x-canary", "always")], 50)["green"], 50);
        assert_eq!(stage.counts(&[("x-canary", "never")], 50)["blue"], 50);
        assert_eq!(stage.counts(&[("cookie", "a=b; beta=always")], 50)["green"], 50);
    }

    #[test]
    fn conditions_narrow_a_route_and_narrower_ones_are_asked_first() {
        let mut narrow = route("m.example", elements(""), &[(1, "beta")]);
        narrow.conditions.headers = vec![("x-beta".to_owned(), "1".to_owned())];
        let mut query = route("m.example", elements(""), &[(1, "query")]);
        query.conditions.queries = vec![("to".to_owned(), "a b".to_owned())];
        let mut post = route("m.example", elements(""), &[(1, "post")]);
        post.conditions.method = Some("POST".to_owned());
        let wide = route("m.example", elements(""), &[(1, "wide")]);
        let stage = Stage::of(vec![wide, query, narrow, post], None);
        assert_eq!(stage.ask("m.example", "/", &[("x-beta", "1")]).unwrap(), "beta");
        assert_eq!(stage.ask("m.example", "/", &[("x-beta", "2")]).unwrap(), "wide");
        assert_eq!(stage.ask("m.example", "/?to=a+b", &[]).unwrap(), "query");
    }
}

//! Routes as values: what leads where, before anything is said of connections.

use std::time::Duration;

/// One port of one Service: what endpoints are gathered by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) namespace: String,
    pub(super) service: String,
    /// Name or number; empty for a Service's only port.
    pub(super) port: String,
}

/// How a path is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathMatch {
    /// The whole path.
    Exact(String),
    /// Element by element, without the slash at its end: `/a` covers `/a` and `/a/b`, not `/ab`.
    Elements(String),
    /// Letter by letter: `/a` covers `/ab`.
    Letters(String),
}

impl PathMatch {
    pub(super) fn covers(&self, path: &str) -> bool {
        match self {
            Self::Exact(own) => path == own,
            Self::Elements(own) => {
                path.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Letters(own) => path.starts_with(own.as_str()),
        }
    }

    /// Exact paths are asked first, then longer before shorter.
    pub(super) fn rank(&self) -> (bool, usize) {
        match self {
            Self::Exact(own) => (true, own.len()),
            Self::Elements(own) | Self::Letters(own) => (false, own.len()),
        }
    }
}

/// What a request must have besides host and path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Conditions {
    pub(super) method: Option<String>,
    /// Header names in lower case, and their values.
    pub(super) headers: Vec<(String, String)>,
    pub(super) queries: Vec<(String, String)>,
}

/// Users who are sent to a canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Canary {
    pub(super) to: Group,
    /// Of so many users in a hundred, where nothing else decides.
    pub(super) weight: u32,
    /// `weight` is counted of so many.
    pub(super) of: u32,
    /// A header in lower case; `always` and `never` decide, or the value given.
    pub(super) header: Option<(String, Option<String>)>,
    /// A cookie whose `always` and `never` decide.
    pub(super) cookie: Option<String>,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    /// Empty for any host; with a dot at its beginning, for one label before it.
    pub(super) host: String,
    pub(super) path: PathMatch,
    pub(super) conditions: Conditions,
    /// Where it leads, with weights; no group where what is named does not exist.
    pub(super) to: Vec<(u32, Option<Group>)>,
    pub(super) canary: Option<Canary>,
    /// The largest body carried, in bytes; none without bound.
    pub(super) body: Option<u64>,
    /// How long an endpoint may be silent, in real time.
    pub(super) read: Duration,
}

impl Route {
    /// The order in which routes of one host are asked, that of the Gateway API: exact paths, longer ones, a method, more
    /// headers, more query parameters.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let conditions = &self.conditions;
        (self.path.rank(), conditions.method.is_some(), conditions.headers.len(), conditions.queries.len())
    }

    /// How long the rule is that Traefik makes of the route.
    pub(super) fn length(&self) -> usize {
        let host = match self.host.strip_prefix('.') {
            // HostRegexp(`^[a-zA-Z0-9-]+\.rest\.of\.it$`) &&
            Some(_) => 33 + self.host.len() + self.host.matches('.').count(),
            None if self.host.is_empty() => 0,
            // Host(`…`) &&
            None => 12 + self.host.len(),
        };
        let path = match &self.path {
            // Path(`…`)
            PathMatch::Exact(path) => 8 + path.len(),
            // PathPrefix(`…`)
            PathMatch::Elements(path) | PathMatch::Letters(path) => 14 + path.len(),
        };
        host + path
    }

    /// Whether both ask for the same.
    pub(super) fn claims_as(&self, other: &Self) -> bool {
        self.host == other.host && self.path == other.path && self.conditions == other.conditions
    }

    /// Every group that may be asked.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        let canary = self.canary.iter().map(|canary| &canary.to);
        self.to.iter().filter_map(|(_, group)| group.as_ref()).chain(canary)
    }
}

/// All routes, in the order of their age.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Routes {
    pub(super) routes: Vec<Route>,
    /// Where requests go that no route takes.
    pub(super) default: Option<Group>,
}

impl Routes {
    /// Adds a route; of two alike the one added first stands.
    pub(super) fn add(&mut self, route: Route) {
        if !self.routes.iter().any(|other| other.claims_as(&route)) {
            self.routes.push(route);
        }
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.routes.iter().flat_map(Route::groups).chain(&self.default)
    }
}

//! The table of routes: which backend a host and a path lead to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::pool::Endpoint;

/// The ready endpoints of one port of one Service.
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

    /// The next endpoint in turn.
    pub(super) fn next(&self) -> Option<&Arc<Endpoint>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.endpoints.get(turn.checked_rem(self.endpoints.len())?)
    }
}

/// How a rule's path is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Exact,
    Prefix,
}

/// One path of one host.
#[derive(Debug, Clone)]
struct Rule {
    matches: Match,
    path: String,
    backend: Arc<Backend>,
}

impl Rule {
    fn covers(&self, path: &str) -> bool {
        match self.matches {
            Match::Exact => path == self.path,
            // Element by element: `/a` covers `/a` and `/a/b`, not `/ab`.
            Match::Prefix => path
                .strip_prefix(self.path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// All routes at one instant.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By host; the empty host is for any, one that starts with a dot for any single label before it.
    hosts: HashMap<String, Vec<Rule>>,
    default: Option<Arc<Backend>>,
}

impl Table {
    /// Adds a path. Of two rules alike the one added first stands.
    pub(super) fn add(&mut self, host: &str, path_type: &str, path: &str, backend: Arc<Backend>) {
        let host = host.strip_prefix('*').unwrap_or(host).to_ascii_lowercase();
        let matches = if path_type == "Exact" { Match::Exact } else { Match::Prefix };
        let path = match matches {
            Match::Exact => path,
            // Left to the implementation, `/api/*` means what `/api` does as a prefix.
            Match::Prefix => path.trim_end_matches('*').trim_end_matches('/'),
        };
        let rules = self.hosts.entry(host).or_default();
        if !rules.iter().any(|rule| rule.matches == matches && rule.path == path) {
            rules.push(Rule { matches, path: path.to_owned(), backend });
        }
    }

    /// What answers where no rule does; the first one given stands.
    pub(super) fn set_default(&mut self, backend: Arc<Backend>) {
        self.default.get_or_insert(backend);
    }

    /// Puts the rules into the order in which they are asked: exact ones, then longer before shorter.
    pub(super) fn sort(&mut self) {
        for rules in self.hosts.values_mut() {
            rules.sort_by_key(|rule| (rule.matches != Match::Exact, usize::MAX - rule.path.len()));
        }
    }

    /// Where a request leads. `host` is as the request names it, port and all.
    pub(super) fn find(&self, host: &str, path: &str) -> Option<&Arc<Backend>> {
        self.rules(&bare(host))
            .and_then(|rules| rules.iter().find(|rule| rule.covers(path)))
            .map(|rule| &rule.backend)
            .or(self.default.as_ref())
    }

    /// The rules of the most specific host: named, wildcard, any.
    fn rules(&self, host: &str) -> Option<&Vec<Rule>> {
        let parent = || host.find('.').and_then(|dot| self.hosts.get(&host[dot..]));
        self.hosts.get(host).or_else(parent).or_else(|| self.hosts.get(""))
    }
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
    use super::*;

    fn table(rules: &[(&str, &str, &str)]) -> (Table, Vec<Arc<Backend>>) {
        let mut table = Table::default();
        let backends: Vec<_> = rules.iter().map(|_| Arc::new(Backend::default())).collect();
        for ((host, path_type, path), backend) in rules.iter().zip(&backends) {
            table.add(host, path_type, path, backend.clone());
        }
        table.sort();
        (table, backends)
    }

    fn leads(table: &Table, backends: &[Arc<Backend>], host: &str, path: &str) -> Option<usize> {
        let found = table.find(host, path)?;
        backends.iter().position(|backend| Arc::ptr_eq(backend, found))
    }

    /// The examples of the Ingress documentation: type, paths of the rules, path asked, rule that answers.
    #[test]
    fn paths_are_compared_as_the_ingress_documentation_says() {
        let cases: &[(&str, &[&str], &str, Option<usize>)] = &[
            ("Prefix", &["/"], "/anything/at/all", Some(0)),
            ("Exact", &["/foo"], "/foo", Some(0)),
            ("Exact", &["/foo"], "/bar", None),
            ("Exact", &["/foo"], "/foo/", None),
            ("Exact", &["/foo/"], "/foo", None),
            ("Prefix", &["/foo"], "/foo/", Some(0)),
            ("Prefix", &["/foo/"], "/foo", Some(0)),
            ("Prefix", &["/foo/"], "/foo/", Some(0)),
            ("Prefix", &["/aaa/bb"], "/aaa/bbb", None),
            ("Prefix", &["/aaa/bbb"], "/aaa/bbb", Some(0)),
            ("Prefix", &["/aaa/bbb/"], "/aaa/bbb", Some(0)),
            ("Prefix", &["/aaa/bbb"], "/aaa/bbb/ccc", Some(0)),
            ("Prefix", &["/aaa/bbb"], "/aaa/bbbxyz", None),
            ("Prefix", &["/", "/aaa"], "/aaa/ccc", Some(1)),
            ("Prefix", &["/", "/aaa"], "/ccc", Some(0)),
            ("Prefix", &["/aaa"], "/ccc", None),
            ("ImplementationSpecific", &["/", "/api/v1/streaming/*"], "/api/v1/streaming", Some(1)),
            ("ImplementationSpecific", &["/*"], "/packs/a.js", Some(0)),
        ];
        for (path_type, paths, asked, expected) in cases {
            let rules: Vec<_> = paths.iter().map(|path| ("m.example", *path_type, *path)).collect();
            let (table, backends) = table(&rules);
            let found = leads(&table, &backends, "m.example", asked);
            assert_eq!(found, *expected, "{path_type} {paths:?} asked {asked}");
        }
    }

    #[test]
    fn an_exact_path_wins_and_the_most_specific_host_decides_alone() {
        let (mut table, backends) = table(&[
            ("m.example", "Prefix", "/foo"),
            ("m.example", "Exact", "/foo"),
            ("*.example", "Prefix", "/"),
            ("", "Prefix", "/"),
            ("m.example", "Exact", "/foo"),
        ]);
        let find = |host, path| leads(&table, &backends, host, path);
        assert_eq!(find("m.example", "/foo"), Some(1));
        assert_eq!(find("M.Example:8080", "/foo/bar"), Some(0));
        assert_eq!(find("m.example", "/elsewhere"), None);
        assert_eq!(find("files.example", "/elsewhere"), Some(2));
        assert_eq!(find("deep.files.example", "/"), Some(3));
        assert_eq!(find("127.0.0.1:80", "/"), Some(3));
        let fallback = Arc::new(Backend::default());
        table.set_default(fallback.clone());
        assert!(Arc::ptr_eq(table.find("m.example", "/elsewhere").unwrap(), &fallback));
    }
}

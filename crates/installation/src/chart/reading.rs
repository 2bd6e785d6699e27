//! Values against a table: which chart they are for, and which of their keys do nothing.

use std::collections::HashMap;

use tree::{Node, Origin, Value};

use super::table::{Effect, Holds, OfficialChart};

/// What a chart does with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyReading {
    /// It reads it.
    Read,
    /// It declares or ignores it: nothing it renders depends on it.
    Inert,
    /// The key leads to others.
    Inner,
}

/// A key that a chart never reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadKey {
    /// The way to it, joined with points.
    pub key: String,
    /// Where its value is written.
    pub origin: Option<Origin>,
    /// The key that was probably meant.
    pub meant: Option<&'static str>,
}

/// What is known of keys already: lists repeat them.
struct Known<'a> {
    values: &'a Node,
    readings: HashMap<String, KeyReading>,
}

/// Keys whose children go to a bundled chart, with the key that switches it on.
const SUBCHARTS: [(&str, &str); 3] = [
    ("elasticsearch", "elasticsearch.enabled"),
    ("postgresql", "postgresql.enabled"),
    ("redis", "redis.enabled"),
];
/// The sections by whose keys a chart is recognised; others (`image`, `ingress`) mean the same in every chart.
const TELLING: [&str; 5] = ["mastodon.", "postgresql.", "redis.", "elasticsearch.", "externalAuth."];

impl OfficialChart {
    /// What the chart does with the key at `path`; `values` tell which bundled charts are on.
    #[must_use]
    pub fn reads(self, path: &str, values: &Node) -> KeyReading {
        if let Some(key) = self.key(path) {
            return match key.effect {
                Effect::Inert => KeyReading::Inert,
                Effect::Subchart if !self.passes_on(path, values) => KeyReading::Inert,
                _ => KeyReading::Read,
            };
        }
        let leads = |key: &str, separator: &str| {
            key.strip_prefix(path).is_some_and(|rest| rest.starts_with(separator))
        };
        if self.keys().iter().any(|key| leads(key.path, ".") || leads(key.path, "[].")) {
            return KeyReading::Inner;
        }
        let free = self.keys().iter().any(|key| {
            matches!(key.holds, Holds::Map | Holds::List | Holds::Any)
                && key.effect != Effect::Inert
                && path.strip_prefix(key.path).is_some_and(|rest| rest.starts_with('.'))
        });
        if free || self.passes_on(path, values) { KeyReading::Read } else { KeyReading::Inert }
    }

    /// Whether a bundled chart that is on receives this key.
    fn passes_on(self, path: &str, values: &Node) -> bool {
        if self == Self::HelmCharts {
            return false;
        }
        let switched_on = |switch: &str| {
            let keys: Vec<&str> = switch.split('.').collect();
            match values.at_keys(&keys).map(|node| &node.value) {
                Some(value) => *value == Value::Bool(true),
                None => self.key(switch).and_then(|key| key.default) == Some("true"),
            }
        };
        path == "global"
            || path.starts_with("global.")
            || SUBCHARTS.iter().any(|(section, switch)| {
                path.strip_prefix(section).is_some_and(|rest| rest.starts_with('.')) && switched_on(switch)
            })
    }

    /// The keys of `values` that the chart never reads, each at the highest place where that is true.
    #[must_use]
    pub fn unread_keys(self, values: &Node) -> Vec<UnreadKey> {
        let mut unread = Vec::new();
        self.collect(values, "", &mut Known { values, readings: HashMap::new() }, &mut unread);
        unread
    }

    fn collect(self, node: &Node, path: &str, known: &mut Known<'_>, unread: &mut Vec<UnreadKey>) {
        for (name, child) in node.as_mapping().into_iter().flatten() {
            let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let values = known.values;
            let reading = *known.readings.entry(key.clone()).or_insert_with(|| self.reads(&key, values));
            match reading {
                KeyReading::Read => {}
                KeyReading::Inert => {
                    let meant = self.meant_by(&key);
                    unread.push(UnreadKey { key, origin: child.origin, meant });
                }
                KeyReading::Inner => match &child.value {
                    Value::Sequence(items) => {
                        for item in items {
                            self.collect(item, &format!("{key}[]"), known, unread);
                        }
                    }
                    _ => self.collect(child, &key, known, unread),
                },
            }
        }
    }

    /// Which official chart these values are written for, if one: most of the keys in the sections that tell
    /// must be its own, and more of them than the other chart's; so must half of the sections. Owners' charts speak of
    /// Mastodon in similar words.
    #[must_use]
    pub fn recognise(values: &Node) -> Option<Self> {
        let scored = Self::ALL.map(|chart| (chart, chart.score(values)));
        let (chart, (known, all)) = scored.into_iter().max_by_key(|(_, (known, _))| *known)?;
        let sections = values.as_mapping()?;
        let is_own = |section: &&String| {
            let is_below = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
            chart.keys().iter().any(|key| key.path.strip_prefix(section.as_str()).is_some_and(is_below))
        };
        let own = sections.keys().filter(is_own).count();
        (known >= 2 && known * 5 >= all * 3 && own * 2 >= sections.len()).then_some(chart)
    }

    /// How many of the telling keys are the chart's, and how many there are.
    fn score(self, values: &Node) -> (usize, usize) {
        let mut known = 0;
        let mut all = 0;
        let mut judged: HashMap<String, bool> = HashMap::new();
        for leaf in values.leaves() {
            let path = leaf.path.to_string();
            let mut plain = String::new();
            for piece in path.split_inclusive(['[', ']']) {
                match piece.strip_suffix(']') {
                    Some(_) => plain.push(']'),
                    None => plain.push_str(piece),
                }
            }
            if !TELLING.iter().any(|section| plain.starts_with(section)) {
                continue;
            }
            all += 1;
            let is_own = |plain: &String| {
                self.keys().iter().any(|key| {
                    plain.strip_prefix(key.path).is_some_and(|rest| {
                        rest.is_empty() || (rest.starts_with(['.', '[']) && key.holds != Holds::Text)
                    })
                })
            };
            let own = judged.get(&plain).copied().unwrap_or_else(|| is_own(&plain));
            judged.insert(plain, own);
            known += usize::from(own);
        }
        (known, all)
    }
}

/// Whether a template's `if` takes the value: not for nothing, false, zero, and what is empty.
#[must_use]
pub fn is_true(node: &Node) -> bool {
    match &node.value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Secret(secret) => !secret.is_empty(),
        Value::Sequence(items) => !items.is_empty(),
        Value::Mapping(mapping) => !mapping.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use tree::Files;

    use super::*;

    fn values(text: &str) -> Node {
        let mut files = Files::new();
        let file = files.add("values.yaml", text);
        tree::parse(&files, file).expect("YAML").remove(0)
    }

    fn unread(chart: OfficialChart, text: &str) -> Vec<(String, Option<&'static str>)> {
        chart.unread_keys(&values(text)).into_iter().map(|unread| (unread.key, unread.meant)).collect()
    }

    #[test]
    fn keys_that_do_nothing_are_told_with_what_was_meant() {
        let text = "replicaCount: 2\nmastodon:\n  local_domain: a.example\n  workers: []\n  web: {replicas: 2}\n  \
                    metrics: {prometheus: {enable: true}}\n  sidekiq: {concurrency: 5}\nextraEnvVars: {A: b}\n";
        let expected = [
            ("replicaCount", Some("mastodon.web.replicas")),
            ("mastodon.workers", Some("mastodon.sidekiq.workers")),
            ("mastodon.metrics.prometheus.enable", Some("mastodon.metrics.prometheus.enabled")),
            ("mastodon.sidekiq.concurrency", Some("mastodon.sidekiq.workers[].concurrency")),
            ("extraEnvVars", Some("mastodon.extraEnvVars")),
        ];
        let expected = expected.map(|(key, meant)| (key.to_owned(), meant));
        assert_eq!(unread(OfficialChart::Chart, text), expected);
    }

    #[test]
    fn a_bundled_chart_that_is_off_reads_nothing() {
        let on = "redis:\n  enabled: true\n  replica: {persistence: {enabled: false}}\n";
        assert_eq!(unread(OfficialChart::Chart, on), []);
        let off = "redis:\n  enabled: false\n  replica: {persistence: {enabled: false}}\n";
        assert_eq!(unread(OfficialChart::Chart, off)[0].0, "redis.replica.persistence");
        assert_eq!(unread(OfficialChart::HelmCharts, "redis:\n  enabled: true\n")[0].0, "redis.enabled");
    }

    #[test]
    fn charts_are_told_apart_by_their_keys() {
        let old = "mastodon: {local_domain: a, s3: {enabled: true}}\npostgresql: {postgresqlHostname: b}\n";
        assert_eq!(OfficialChart::recognise(&values(old)), Some(OfficialChart::Chart));
        let new = "mastodon: {localDomain: a, sidekiq: {workers: [{name: b, queues: [pull]}]}}\n";
        assert_eq!(OfficialChart::recognise(&values(new)), Some(OfficialChart::HelmCharts));
        let neither = "mastodon: {domain: a, keys: {b: c}}\nredis: {url: d, pool: 3}\nimage: {tag: x}\n";
        assert_eq!(OfficialChart::recognise(&values(neither)), None);
        let similar =
            "mastodon: {localDomain: a, authorizedFetch: true}\ns3: {}\nsearch: {}\nobservability: {}\n";
        assert_eq!(OfficialChart::recognise(&values(similar)), None);
    }
}

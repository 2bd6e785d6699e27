//! Values of the chart while they are written: what is given, and under it what the chart takes by itself.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use installation::chart::{BadValue, Effect, Holds, OfficialChart, is_true, with_defaults};
use tree::{Node, Origin, Value};

use super::lines::{Line, Lines, When};
use super::model::{Comment, Why};

type Defaults = HashMap<&'static str, Node>;

/// The chart's defaults by their keys. Each chart's are read when they are first asked for.
fn defaults_of(chart: OfficialChart) -> &'static Defaults {
    static HELM_CHARTS: LazyLock<Defaults> = LazyLock::new(|| defaults(OfficialChart::HelmCharts));
    static CHART: LazyLock<Defaults> = LazyLock::new(|| defaults(OfficialChart::Chart));
    match chart {
        OfficialChart::HelmCharts => &HELM_CHARTS,
        OfficialChart::Chart => &CHART,
    }
}

fn defaults(chart: OfficialChart) -> Defaults {
    chart.keys().iter().filter_map(|key| Some((key.path, key.default_value()?))).collect()
}

/// Values, written key by key.
pub(crate) struct Values {
    pub(crate) chart: OfficialChart,
    /// What is known of the chart.
    pub(crate) lines: &'static Lines,
    /// What is written.
    pub(crate) given: Node,
    /// Why what is written without a line of the source behind it.
    pub(crate) comments: Vec<Comment>,
    /// Where a value that equals the chart's default was written.
    stamped: HashMap<String, Origin>,
}

impl Values {
    pub(crate) fn new(chart: OfficialChart) -> Self {
        let lines = Lines::of(chart);
        Self { chart, lines, given: Node::mapping(), comments: Vec::new(), stamped: HashMap::new() }
    }

    fn default_of(&self, path: &str) -> Option<&'static Node> {
        defaults_of(self.chart).get(path)
    }

    /// The value that the chart sees: what is given, else its default; null counts as none.
    pub(crate) fn get(&self, path: &str) -> Option<Node> {
        let keys: Vec<&str> = path.split('.').collect();
        let found = match self.given.at_keys(&keys) {
            Some(node) => Some(node.clone()),
            None => self.default_of(path).map(|node| node.clone().at(self.stamped.get(path).copied())),
        };
        found.filter(|node| node.value != Value::Null)
    }

    /// The value as the text that a template's `quote` makes of it; lists are joined with commas.
    pub(crate) fn text(&self, path: &str) -> Option<Node> {
        let node = self.get(path)?;
        let text = match node.as_sequence() {
            Some(items) => {
                items.iter().map(|item| item.as_text().unwrap_or_default()).collect::<Vec<_>>().join(",")
            }
            None => node.as_text()?,
        };
        let origin = node.origin.or_else(|| node.items().next().and_then(|item| item.origin));
        Some(Node::from(text).at(origin))
    }

    /// Whether a template's `if` takes the value.
    pub(crate) fn is_filled(&self, path: &str) -> bool {
        path.is_empty() || self.get(path).is_some_and(|node| is_true(&node))
    }

    /// Whether the chart reads a value at this key, or below it.
    pub(crate) fn knows(&self, path: &str) -> bool {
        let below = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.chart.keys().iter().any(|key| {
            let is_read = !matches!(key.effect, Effect::Inert | Effect::Refused | Effect::Subchart);
            let is_open = matches!(key.holds, Holds::Map | Holds::Any);
            is_read && (below(key.path, path) || (is_open && below(path, key.path)))
        })
    }

    /// Writes a value, unless the chart takes the same by itself or has no place for it.
    pub(crate) fn set(&mut self, path: &str, value: impl Into<Node>) {
        if !self.knows(path) {
            return;
        }
        let value = value.into();
        let same = self.default_of(path).is_some_and(|default| default.to_json() == value.to_json());
        let keys: Vec<&str> = path.split('.').collect();
        if same {
            if let Some(origin) = value.origin {
                self.stamped.insert(path.to_owned(), origin);
            }
            self.unset(path);
            return;
        }
        *self.given.ensure(&keys) = value;
    }

    /// Writes a value that no line of the source says, and why.
    pub(crate) fn decide(&mut self, path: &str, value: impl Into<Node>, why: Why) {
        let value = value.into();
        if !self.knows(path)
            || self.default_of(path).is_some_and(|default| default.to_json() == value.to_json())
        {
            return;
        }
        *self.given.ensure(&path.split('.').collect::<Vec<_>>()) = value;
        self.comments.push(Comment { path: path.to_owned(), why });
    }

    /// Takes a value back.
    pub(crate) fn unset(&mut self, path: &str) {
        let keys: Vec<&str> = path.split('.').collect();
        for length in (1..=keys.len()).rev() {
            let (parent, last) = (&keys[..length - 1], keys[length - 1]);
            let parent = parent.iter().try_fold(&mut self.given, |node, key| node.get_mut(key));
            let Some(mapping) = parent.and_then(Node::as_mapping_mut) else { return };
            let empty = mapping.get(last).and_then(Node::as_mapping).is_some_and(|inner| inner.is_empty());
            if length == keys.len() || empty {
                mapping.shift_remove(last);
            } else {
                return;
            }
        }
    }

    /// Puts keys in the order in which the chart's own values have them.
    pub(crate) fn sort(&mut self) {
        let mut order: HashMap<&str, usize> = HashMap::new();
        for (position, key) in self.chart.keys().iter().enumerate() {
            for (end, _) in key.path.match_indices('.').chain([(key.path.len(), "")]) {
                order.entry(&key.path[..end]).or_insert(position);
            }
        }
        sort(&mut self.given, "", &order);
    }

    /// All that the chart sees: what is given over its defaults.
    ///
    /// # Errors
    /// A value that the chart's templates cannot walk into.
    pub(crate) fn whole(&self) -> Result<Node, BadValue> {
        let mut defaults = self.chart.default_values();
        for (path, origin) in &self.stamped {
            let keys: Vec<&str> = path.split('.').collect();
            defaults.ensure(&keys).origin = Some(*origin);
        }
        with_defaults(&self.given, &defaults)
    }

    /// The lines that some value carries, those included whose value the chart takes by itself.
    pub(crate) fn origins(&self) -> HashSet<Origin> {
        let leaves = self.given.leaves();
        let given = leaves.iter().filter_map(|leaf| leaf.node.origin);
        given.chain(self.stamped.values().copied()).collect()
    }

    /// What the key holds.
    pub(crate) fn holds(&self, path: &str) -> Option<Holds> {
        self.chart.key(path).map(|key| key.holds)
    }

    /// The text of a line as it would be written now; `None` where it would not.
    pub(crate) fn line(&self, line: &Line) -> Option<Node> {
        let (_, switch, path, when) = line;
        if !self.is_filled(switch) {
            return None;
        }
        let truth = |path: &str, text: &str| Node::from(text).at(self.get(path).and_then(|node| node.origin));
        match when {
            When::Fixed(text) => Some(Node::from(*text)),
            When::True => self.is_filled(path).then(|| truth(path, "true")),
            When::Either => Some(truth(path, if self.is_filled(path) { "true" } else { "false" })),
            When::Filled if !self.is_filled(path) => None,
            When::Filled | When::Always if *path == "elasticsearch.hostname" => {
                let host = self.text(path)?;
                let text = host.as_text().unwrap_or_default();
                let scheme = if self.is_filled("elasticsearch.tls") { "https://" } else { "" };
                Some(Node::from(format!("{scheme}{text}")).at(host.origin))
            }
            When::Or(text) if !self.is_filled(path) => Some(Node::from(*text)),
            When::Filled | When::Always | When::Or(_) => {
                Some(self.text(path).unwrap_or_else(|| Node::from("")))
            }
        }
    }
}

/// Sorts what the chart knows; what its owner chooses (`extraEnvVars`, labels) stays as it is.
fn sort(node: &mut Node, path: &str, order: &HashMap<&str, usize>) {
    let way = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match &mut node.value {
        Value::Mapping(mapping) => {
            let place = |key: &String| order.get(way(key).as_str()).copied().unwrap_or(usize::MAX);
            mapping.sort_by(|one, _, other, _| place(one).cmp(&place(other)));
            for (key, child) in mapping.iter_mut() {
                sort(child, &way(key), order);
            }
        }
        Value::Sequence(items) => {
            for item in items {
                sort(item, &format!("{path}[]"), order);
            }
        }
        _ => {}
    }
}

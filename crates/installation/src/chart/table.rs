//! The tables of both charts, typed.

use std::sync::LazyLock;

use tree::{Node, Value};

const HELM_CHARTS: &str = include_str!("../../data/mastodon-helm-charts-1.0.2.tsv");
const CHART: &str = include_str!("../../data/mastodon-chart-6.9.3.tsv");
const HELM_CHARTS_SHAPE: &str = include_str!("../../data/mastodon-helm-charts-1.0.2.yaml");
const CHART_SHAPE: &str = include_str!("../../data/mastodon-chart-6.9.3.yaml");

/// A Helm chart that the Mastodon project publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OfficialChart {
    /// `mastodon/helm-charts`, the chart of today, known at 1.0.2.
    HelmCharts,
    /// `mastodon/chart`, its predecessor, known at 6.9.3.
    Chart,
}

/// What a key of the values becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Environment variables.
    Setting,
    /// Fields of objects, or whether objects exist.
    Objects,
    /// Both of these.
    Both,
    /// It is handed to a bundled database chart, and has an effect while that is switched on.
    Subchart,
    /// Nothing: no template reads it.
    Inert,
    /// Rendering fails for every value but the default.
    Refused,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A truth value.
    Truth,
    /// A mapping whose keys its owner chooses.
    Map,
    /// A list.
    List,
    /// Anything.
    Any,
}

/// How the text of a variable is made of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// It is not, or not from this value alone.
    None,
    /// As it stands.
    Same,
    /// The members of a list, joined with commas.
    Joined,
    /// With something added before or after it (`https://`, a path).
    Wrapped,
    /// The value switches variables on and off.
    Switch,
    /// Kept in a Secret that the chart makes, and referred to.
    Secret,
    /// In a way of its own.
    Derived,
}

/// Where a secret value can live instead of in the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretPlace {
    /// The value is no secret.
    NotSecret,
    /// Nowhere: the chart writes this secret into a ConfigMap.
    ConfigMapOnly,
    /// In a Secret named by the value `holder`, under the key that the value `key` names.
    Named {
        /// The key of the values that names the Secret.
        holder: &'static str,
        /// The key of the values that names the key.
        key: &'static str,
    },
    /// In a Secret named by the value `holder`, under a key that cannot be chosen.
    Fixed {
        /// The key of the values that names the Secret.
        holder: &'static str,
        /// The key in it.
        key: &'static str,
    },
}

/// A key of a chart's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueKey {
    /// The way to it, joined with points; `[]` stands behind a key that holds a list of mappings.
    pub path: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Its default as JSON, where the chart's own values declare the key.
    pub default: Option<&'static str>,
    /// What it becomes.
    pub effect: Effect,
    /// The environment variables it reaches.
    pub variables: Vec<&'static str>,
    /// The components it reaches: `web`, `sidekiq`, `streaming`, `predeploy` (the database jobs' ConfigMap),
    /// `job/NAME`, or an object's kind in small letters.
    pub reach: Vec<&'static str>,
    /// How the variables' text is made.
    pub form: Form,
    /// Where it can live if it is secret.
    pub secret: SecretPlace,
}

impl OfficialChart {
    /// Both.
    pub const ALL: [Self; 2] = [Self::HelmCharts, Self::Chart];

    /// The repository on GitHub.
    #[must_use]
    pub fn repository(self) -> &'static str {
        match self {
            Self::HelmCharts => "mastodon/helm-charts",
            Self::Chart => "mastodon/chart",
        }
    }

    /// The version that is known.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::HelmCharts => "1.0.2",
            Self::Chart => "6.9.3",
        }
    }

    /// The Mastodon release that version installs where the values name none.
    #[must_use]
    pub fn app_version(self) -> &'static str {
        match self {
            Self::HelmCharts => "v4.6.2",
            Self::Chart => "v4.6.3",
        }
    }

    /// Repository and version: `mastodon/helm-charts 1.0.2`.
    #[must_use]
    pub fn title(self) -> String {
        format!("{} {}", self.repository(), self.version())
    }

    /// What it makes of its values, in the words of [`super::Shape`].
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::HelmCharts => HELM_CHARTS_SHAPE,
            Self::Chart => CHART_SHAPE,
        }
    }

    /// Every key of its values.
    #[must_use]
    pub fn keys(self) -> &'static [ValueKey] {
        static TABLES: LazyLock<[Vec<ValueKey>; 2]> = LazyLock::new(|| [rows(HELM_CHARTS), rows(CHART)]);
        match self {
            Self::HelmCharts => &TABLES[0],
            Self::Chart => &TABLES[1],
        }
    }

    /// The key with this path.
    #[must_use]
    pub fn key(self, path: &str) -> Option<&'static ValueKey> {
        self.keys().iter().find(|key| key.path == path)
    }

    /// The chart's default values as YAML, made of the table: what a `values.yaml` without its comments says.
    #[must_use]
    pub fn defaults(self) -> String {
        tree::to_yaml(&self.default_values()).unwrap_or_default()
    }

    /// The chart's default values. None of them has a place.
    #[must_use]
    pub fn default_values(self) -> Node {
        let mut values = Node::mapping();
        let mut lists: Vec<(&str, Node)> = Vec::new();
        for key in self.keys() {
            let Some(default) = key.default_value() else { continue };
            match key.path.split_once("[].") {
                None => place(&mut values, key.path, default),
                Some((list, rest)) => {
                    if lists.last().is_none_or(|(last, _)| *last != list) {
                        lists.push((list, Node::mapping()));
                    }
                    if let Some((_, item)) = lists.last_mut() {
                        place(item, rest, default);
                    }
                }
            }
        }
        for (list, item) in lists {
            place(&mut values, list, Value::Sequence(vec![item]).into());
        }
        values
    }
}

fn place(node: &mut Node, path: &str, value: Node) {
    let keys: Vec<&str> = path.split('.').collect();
    *node.ensure(&keys) = value;
}

impl ValueKey {
    /// What the chart takes by itself, where that is known. It has no place.
    #[must_use]
    pub fn default_value(&self) -> Option<Node> {
        serde_json::from_str::<serde_json::Value>(self.default?).ok().map(Node::from)
    }
}

fn rows(table: &'static str) -> Vec<ValueKey> {
    table.lines().skip(1).filter_map(row).collect()
}

fn row(line: &'static str) -> Option<ValueKey> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let key = ValueKey {
        path: cell()?,
        holds: match cell()? {
            "text" => Holds::Text,
            "number" => Holds::Number,
            "truth" => Holds::Truth,
            "map" => Holds::Map,
            "list" => Holds::List,
            "any" => Holds::Any,
            _ => return None,
        },
        default: Some(cell()?).filter(|text| !text.is_empty()),
        effect: match cell()? {
            "setting" => Effect::Setting,
            "objects" => Effect::Objects,
            "both" => Effect::Both,
            "subchart" => Effect::Subchart,
            "inert" => Effect::Inert,
            "refused" => Effect::Refused,
            _ => return None,
        },
        variables: list(cell()?),
        reach: list(cell()?),
        form: match cell()? {
            "" => Form::None,
            "same" => Form::Same,
            "joined" => Form::Joined,
            "wrapped" => Form::Wrapped,
            "switch" => Form::Switch,
            "secret" => Form::Secret,
            "derived" => Form::Derived,
            _ => return None,
        },
        secret: secret_place(cell()?)?,
    };
    cell().is_none().then_some(key)
}

fn list(cell: &'static str) -> Vec<&'static str> {
    cell.split(',').filter(|item| !item.is_empty()).collect()
}

fn secret_place(cell: &'static str) -> Option<SecretPlace> {
    match (cell, cell.split_once("#="), cell.split_once('#')) {
        ("", _, _) => Some(SecretPlace::NotSecret),
        ("shown", _, _) => Some(SecretPlace::ConfigMapOnly),
        (_, Some((holder, key)), _) => Some(SecretPlace::Fixed { holder, key }),
        (_, None, Some((holder, key))) => Some(SecretPlace::Named { holder, key }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_both_tables_is_understood() {
        for (chart, table, expected) in
            [(OfficialChart::HelmCharts, HELM_CHARTS, 439), (OfficialChart::Chart, CHART, 427)]
        {
            for line in table.lines().skip(1) {
                assert!(row(line).is_some(), "{chart:?}: {line}");
            }
            assert_eq!(chart.keys().len(), expected, "{chart:?}");
            for key in chart.keys() {
                if let Some(default) = key.default {
                    assert!(key.default_value().is_some(), "{}: {default}", key.path);
                }
                if let SecretPlace::Named { holder, .. } | SecretPlace::Fixed { holder, .. } = key.secret {
                    assert!(chart.key(holder).is_some(), "{}: {holder}", key.path);
                }
                if let SecretPlace::Named { key: named, .. } = key.secret {
                    assert!(chart.key(named).is_some(), "{}: {named}", key.path);
                }
            }
        }
    }

    #[test]
    fn defaults_are_values_as_an_owner_would_write_them() {
        for chart in OfficialChart::ALL {
            let mut files = tree::Files::new();
            let file = files.add("defaults", chart.defaults());
            let values = tree::parse(&files, file).expect("YAML").remove(0);
            assert_eq!(values.at_keys(&["mastodon", "web", "port"]).and_then(Node::as_i64), Some(3000));
            let workers = values.at_keys(&["mastodon", "sidekiq", "workers"]).expect("workers");
            let queues = workers.items().next().and_then(|worker| worker.get("queues")).expect("queues");
            assert_eq!(queues.items().next().and_then(Node::as_str), Some("default,8"));
        }
    }
}

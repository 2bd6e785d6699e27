//! Labels and the selectors that look for them.

use std::collections::BTreeMap;

use tree::{Node, Value};

/// Labels, or the labels that a selector asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(pub BTreeMap<String, String>);

impl Labels {
    /// Reads a mapping of labels; values that are not text count as they are spelt.
    #[must_use]
    pub fn read(node: &Node) -> Self {
        let labels = node.as_mapping().map(|mapping| {
            mapping.iter().filter_map(|(key, value)| Some((key.clone(), value.as_text()?))).collect()
        });
        Self(labels.unwrap_or_default())
    }

    /// Whether these labels, as a selector, match others. An empty selector matches nothing, as in a Service.
    #[must_use]
    pub fn select(&self, labels: &Labels) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(key, value)| labels.0.get(key) == Some(value))
    }
}

/// Whether a `LabelSelector` (`matchLabels` and `matchExpressions` together) asks for anything. An empty one finds every pod.
#[must_use]
pub fn asks_for_labels(selector: &Node) -> bool {
    let filled = |key: &str| match selector.get(key).map(|own| &own.value) {
        Some(Value::Mapping(labels)) => !labels.is_empty(),
        Some(Value::Sequence(rules)) => !rules.is_empty(),
        _ => false,
    };
    filled("matchLabels") || filled("matchExpressions")
}

/// Whether a `LabelSelector` matches labels, as Kubernetes reads it (`LabelSelectorAsSelector`): every label and every rule must
/// hold; `NotIn` holds as well where there is no such label.
#[must_use]
pub fn finds_labels(selector: &Node, labels: &Labels) -> bool {
    let by_labels = selector
        .get("matchLabels")
        .is_none_or(|own| Labels::read(own).0.iter().all(|(key, value)| labels.0.get(key) == Some(value)));
    let mut rules = selector.get("matchExpressions").into_iter().flat_map(Node::items);
    by_labels
        && rules.all(|rule| {
            let value = rule.str_at(&["key"]).and_then(|key| labels.0.get(key));
            let mut listed = rule.get("values").into_iter().flat_map(Node::items).filter_map(Node::as_text);
            let among = listed.any(|text| Some(&text) == value);
            match rule.str_at(&["operator"]) {
                Some("In") => among,
                Some("NotIn") => !among,
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                _ => false,
            }
        })
}

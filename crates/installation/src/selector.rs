//! Labels and the selectors that look for them.

use std::collections::BTreeMap;

use tree::Node;

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

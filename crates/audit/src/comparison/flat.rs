//! Fields as texts that can be laid side by side: what Kubernetes fills in is filled in, what says nothing is left out.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Node, Origin, Path, Value};

/// A scalar, or an empty collection.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// What is compared. It may be a secret.
    text: String,
    /// What may be shown.
    pub(crate) shown: String,
    /// Where it is written; `None` for what Kubernetes fills in.
    pub(crate) origin: Option<Origin>,
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Leaf {
    /// A text of our own words.
    pub(crate) fn said(text: impl Into<String>, origin: Option<Origin>) -> Self {
        let text = text.into();
        Self { shown: text.clone(), text, origin }
    }

    /// A scalar of a document.
    pub(crate) fn read(node: &Node) -> Self {
        let (text, shown) = match (node.as_secret(), node.as_text()) {
            (Some(secret), _) => (secret.reveal().to_owned(), "•••".to_owned()),
            (None, Some(text)) => (text.clone(), text),
            (None, None) => (node.to_json().to_string(), node.to_json().to_string()),
        };
        Self { text, shown, origin: node.origin }
    }
}

/// The leaves of a field by their paths below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Flat(pub(crate) BTreeMap<String, Leaf>);

impl Flat {
    /// Every leaf that says something: nulls and empty collections say nothing, as in Kubernetes.
    pub(crate) fn read(node: &Node) -> Self {
        let leaves = node.leaves();
        let telling = leaves
            .iter()
            .filter(|leaf| !matches!(leaf.node.value, Value::Null | Value::Mapping(_) | Value::Sequence(_)));
        Self(telling.map(|leaf| (leaf.path.to_string(), Leaf::read(leaf.node))).collect())
    }

    /// The same of a field that may be missing.
    pub(crate) fn of(node: Option<&Node>) -> Self {
        node.map(Self::read).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fills in what counts where nothing is written.
    pub(crate) fn or(&mut self, key: &str, text: &str) {
        self.0.entry(key.to_owned()).or_insert_with(|| Leaf::said(text, None));
    }

    /// Takes away what has the value that counts anyway.
    pub(crate) fn drop_default(&mut self, key: &str, text: &str) {
        if self.0.get(key).is_some_and(|leaf| leaf.text == text) {
            self.0.remove(key);
        }
    }

    /// The text that may be shown: `a: 1, b: 2`.
    pub(crate) fn shown(&self) -> String {
        let parts = self.0.iter().map(|(path, leaf)| {
            if path.is_empty() { leaf.shown.clone() } else { format!("{path}: {}", leaf.shown) }
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    /// What only one of both says, or each otherwise: the parts to show, and where they are written here.
    pub(crate) fn differing(&self, other: &Self) -> (Self, Self) {
        let only = |one: &Self, other: &Self| {
            let leaves = one.0.iter().filter(|(path, leaf)| other.0.get(*path) != Some(leaf));
            Self(leaves.map(|(path, leaf)| (path.clone(), leaf.clone())).collect())
        };
        (only(self, other), only(other, self))
    }

    /// Where its leaves are written.
    pub(crate) fn origins(&self) -> impl Iterator<Item = Origin> {
        self.0.values().filter_map(|leaf| leaf.origin)
    }
}

/// The keys of two mappings, each once.
pub(crate) fn keys<'a>(one: Option<&'a Node>, other: Option<&'a Node>) -> BTreeSet<&'a str> {
    let members = [one, other].into_iter().flatten().filter_map(Node::as_mapping);
    members.flat_map(|mapping| mapping.keys().map(String::as_str)).collect()
}

/// A quantity of Kubernetes (`500m`, `1.5Gi`) as a number, where it is one.
pub(crate) fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 13] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
    ];
    let suffix = SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
    let (number, factor) = suffix.unwrap_or((text, 1.0));
    number.trim().parse::<f64>().ok().map(|number| number * factor)
}

/// Whether two texts are the same quantity.
pub(crate) fn is_same_quantity(one: &str, other: &str) -> bool {
    match (quantity(one), quantity(other)) {
        (Some(one), Some(other)) => (one - other).abs() <= one.abs().max(other.abs()) * 1e-9,
        _ => one == other,
    }
}

/// Visits every mapping below a node with the path to it.
pub(crate) fn each_mapping<'a>(node: &'a Node, path: &Path, visit: &mut impl FnMut(&'a Node, &Path)) {
    match &node.value {
        Value::Mapping(mapping) => {
            visit(node, path);
            for (key, child) in mapping {
                each_mapping(child, &path.key(key), visit);
            }
        }
        Value::Sequence(items) => {
            for (index, child) in items.iter().enumerate() {
                each_mapping(child, &path.index(index), visit);
            }
        }
        _ => {}
    }
}

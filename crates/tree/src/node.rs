//! Nodes: values that know where they were written.

use indexmap::IndexMap;

use crate::{Origin, Path, Secret, Segment};

/// A value and where it was written. Nodes made by the program have no origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it was written.
    pub origin: Option<Origin>,
    /// How a plain scalar that is not a string was spelt (`0755`, `yes`, `~`): those who read text,
    /// not YAML, need it.
    pub spelling: Option<Box<str>>,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    String(String),
    /// A text that must not be printed. Parsers never make one: whoever knows what a document is seals it.
    Secret(Secret),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping with text keys, in the order written.
    Mapping(Mapping),
}

/// A mapping in the order written.
pub type Mapping = IndexMap<String, Node>;

/// A scalar, or an empty collection, of a document.
#[derive(Debug, Clone)]
pub struct Leaf<'a> {
    /// The way to it from the document's root.
    pub path: Path,
    /// The node itself.
    pub node: &'a Node,
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, origin: None, spelling: None }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned()).into()
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Value::String(text).into()
    }
}

impl From<bool> for Node {
    fn from(truth: bool) -> Self {
        Value::Bool(truth).into()
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Value::Number(number.into()).into()
    }
}

impl Node {
    /// An empty mapping.
    #[must_use]
    pub fn mapping() -> Self {
        Value::Mapping(Mapping::new()).into()
    }

    /// Seals every text below this node, so that it can be compared and carried but not printed. Numbers and
    /// truth values among them are sealed as they were spelt.
    pub fn seal(&mut self) {
        match &mut self.value {
            Value::Mapping(mapping) => mapping.values_mut().for_each(Node::seal),
            Value::Sequence(items) => items.iter_mut().for_each(Node::seal),
            Value::Null | Value::Secret(_) => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let text = self.as_text().unwrap_or_default();
                self.spelling = None;
                self.value = Value::Secret(Secret::new(text));
            }
        }
    }

    /// The sealed text, if this is one.
    #[must_use]
    pub fn as_secret(&self) -> Option<&Secret> {
        match &self.value {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// The same value with another origin.
    #[must_use]
    pub fn at(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// The same value as if nobody had written it: no node in it has an origin.
    #[must_use]
    pub fn without_places(mut self) -> Self {
        self.forget_places();
        self
    }

    fn forget_places(&mut self) {
        self.origin = None;
        match &mut self.value {
            Value::Mapping(mapping) => mapping.values_mut().for_each(Self::forget_places),
            Value::Sequence(items) => items.iter_mut().for_each(Self::forget_places),
            _ => {}
        }
    }

    /// The child under a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key)
    }

    /// The child under a key, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_mapping_mut()?.get_mut(key)
    }

    /// The node at the end of a way of keys.
    #[must_use]
    pub fn at_keys(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The node at the end of a way of keys, made (as mappings) where it is missing. Anything on the way
    /// that is not a mapping is replaced by one.
    pub fn ensure(&mut self, keys: &[&str]) -> &mut Node {
        let mut node = self;
        for key in keys {
            if !matches!(node.value, Value::Mapping(_)) {
                node.value = Value::Mapping(Mapping::new());
            }
            let Value::Mapping(mapping) = &mut node.value else {
                unreachable!("made a mapping just above");
            };
            node = mapping.entry((*key).to_owned()).or_insert_with(Node::mapping);
        }
        node
    }

    /// Sets a child, making this a mapping if it is not one.
    pub fn set(&mut self, key: &str, child: impl Into<Node>) {
        *self.ensure(&[key]) = child.into();
    }

    /// The node at a path.
    #[must_use]
    pub fn at_path(&self, path: &Path) -> Option<&Node> {
        path.0.iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.as_sequence()?.get(*index),
        })
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the child under a key.
    #[must_use]
    pub fn str_at(&self, keys: &[&str]) -> Option<&str> {
        self.at_keys(keys)?.as_str()
    }

    /// The whole number, if this is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match &self.value {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The sequence, if this is one.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The sequence, to change.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The children of a sequence; none for anything else.
    pub fn items(&self) -> impl Iterator<Item = &Node> {
        self.as_sequence().unwrap_or_default().iter()
    }

    /// The mapping, if this is one.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The mapping, to change.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// A scalar as the text a reader of text (an environment, say) would see: strings as they are, others
    /// as they were spelt. `None` for collections, and for what was sealed.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        if let Some(spelling) = &self.spelling {
            return Some(spelling.to_string());
        }
        match &self.value {
            Value::Null => Some(String::new()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            Value::Secret(_) | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Every scalar and empty collection below this node, in the order written.
    #[must_use]
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        self.collect_leaves(&Path::root(), &mut leaves);
        leaves
    }

    fn collect_leaves<'a>(&'a self, path: &Path, leaves: &mut Vec<Leaf<'a>>) {
        match &self.value {
            Value::Mapping(mapping) if !mapping.is_empty() => {
                for (key, child) in mapping {
                    child.collect_leaves(&path.key(key), leaves);
                }
            }
            Value::Sequence(items) if !items.is_empty() => {
                for (index, child) in items.iter().enumerate() {
                    child.collect_leaves(&path.index(index), leaves);
                }
            }
            _ => leaves.push(Leaf { path: path.clone(), node: self }),
        }
    }
}

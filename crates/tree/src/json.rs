//! Nodes to and from plain JSON.

use crate::{Node, Value};

impl Node {
    /// The value alone, origins left behind. What was sealed becomes an empty text: JSON is for printing.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(truth) => serde_json::Value::Bool(*truth),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::String(text) => serde_json::Value::String(text.clone()),
            Value::Secret(_) => serde_json::Value::String(String::new()),
            Value::Sequence(items) => serde_json::Value::Array(items.iter().map(Node::to_json).collect()),
            Value::Mapping(mapping) => serde_json::Value::Object(
                mapping.iter().map(|(key, child)| (key.clone(), child.to_json())).collect(),
            ),
        }
    }
}

impl From<serde_json::Value> for Node {
    fn from(json: serde_json::Value) -> Self {
        let value = match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(truth) => Value::Bool(truth),
            serde_json::Value::Number(number) => Value::Number(number),
            serde_json::Value::String(text) => Value::String(text),
            serde_json::Value::Array(items) => Value::Sequence(items.into_iter().map(Node::from).collect()),
            serde_json::Value::Object(members) => {
                Value::Mapping(members.into_iter().map(|(key, child)| (key, Node::from(child))).collect())
            }
        };
        value.into()
    }
}

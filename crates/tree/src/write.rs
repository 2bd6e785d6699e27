//! Nodes as YAML text.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::{Node, Value};

/// The text could not be made. Cannot happen for values read from YAML or JSON.
#[derive(Debug, thiserror::Error)]
#[error("writing YAML: {0}")]
pub struct WriteError(#[from] serde_saphyr::ser_error::Error);

/// One YAML document, keys in the order they stand, strings quoted wherever any YAML dialect could read
/// them as something else.
///
/// # Errors
/// If the serialiser refuses the value.
pub fn to_yaml(node: &Node) -> Result<String, WriteError> {
    Ok(serde_saphyr::to_string(&Plain(node))?)
}

/// A node as its value alone. What was sealed becomes an empty text.
struct Plain<'a>(&'a Node);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Number(number) => number.serialize(serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Secret(_) => serializer.serialize_str(""),
            Value::Sequence(items) => serializer.collect_seq(items.iter().map(Plain)),
            Value::Mapping(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, member) in members {
                    map.serialize_entry(key, &Plain(member))?;
                }
                map.end()
            }
        }
    }
}

//! Reading YAML the way Helm does.

use serde_json::Value as Json;
use tree::{Dialect, FileId, Files, ParseError};

use crate::json;
use crate::value::Value;

/// The value of a text's first document, every number a `float64`.
///
/// # Errors
/// If it is not YAML.
pub(crate) fn read(text: &str) -> Result<Value, ParseError> {
    let mut files = Files::new();
    let file = files.add("text", text);
    let documents = tree::parse_as(&files, file, Dialect::Helm)?;
    Ok(documents.first().map_or(Value::Nil, Value::of_node))
}

/// The values of a file: its documents merged, later ones over earlier ones, every number a float.
///
/// # Errors
/// If it is not YAML.
pub(crate) fn values_of(files: &Files, file: FileId) -> Result<Vec<Json>, ParseError> {
    let documents = tree::parse_as(files, file, Dialect::Helm)?;
    Ok(documents.into_iter().map(json::of_node).collect())
}

//! Nodes as YAML text.

use crate::Node;

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
    Ok(serde_saphyr::to_string(&node.to_json())?)
}

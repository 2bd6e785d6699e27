//! The objects after the build, as YAML.

use installation::Object;
use tree::{Node, Value, WriteError};

/// What the tool of the source's form prints: for Compose the normalised project, else the objects of the source as YAML documents, keys sorted as `kustomize build` sorts them; values of Secrets are left
/// out, and so is all that was sealed. The objects are put into that order where they stand.
///
/// # Errors
/// If the serialiser refuses a value.
pub(crate) fn objects(objects: &mut [Object], normalised: Option<&Node>) -> Result<String, WriteError> {
    if let Some(normalised) = normalised {
        return tree::to_yaml(normalised);
    }
    let mut documents = Vec::new();
    for object in objects {
        if object.kind() == "Secret" {
            hide_values(&mut object.node);
        }
        sort_keys(&mut object.node);
        documents.push(tree::to_yaml(&object.node)?);
    }
    Ok(documents.join("---\n"))
}

fn hide_values(secret: &mut Node) {
    for field in ["data", "stringData"] {
        for (_, value) in secret.get_mut(field).and_then(Node::as_mapping_mut).into_iter().flatten() {
            value.value = Value::String(String::new());
        }
    }
}

fn sort_keys(node: &mut Node) {
    match &mut node.value {
        Value::Mapping(mapping) => {
            mapping.sort_keys();
            mapping.values_mut().for_each(sort_keys);
        }
        Value::Sequence(items) => items.iter_mut().for_each(sort_keys),
        _ => {}
    }
}

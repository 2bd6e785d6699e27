//! The `scale` subresource: how many replicas, whatever the kind.

use serde_json::{Value, json};

use super::object;
use super::selectors;

/// The `Scale` of an object.
pub(crate) fn view(of: &Value) -> Value {
    let metadata = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), object::at(of, &["metadata", key])?.clone())));
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": Value::Object(metadata.collect()),
        "spec": {"replicas": object::int(of, &["spec", "replicas"]).unwrap_or_default()},
        "status": {
            "replicas": object::int(of, &["status", "replicas"]).unwrap_or_default(),
            "selector": object::at(of, &["spec", "selector"]).map(selectors::to_text).unwrap_or_default(),
        },
    })
}

/// The object with what a `Scale` asks for.
pub(crate) fn scaled(of: &Value, scale: &Value) -> Value {
    let mut scaled = of.clone();
    object::put(
        &mut scaled,
        &["spec", "replicas"],
        object::int(scale, &["spec", "replicas"]).unwrap_or_default(),
    );
    if let Some(version) = object::at(scale, &["metadata", "resourceVersion"]) {
        object::put(&mut scaled, &["metadata", "resourceVersion"], version.clone());
    }
    scaled
}

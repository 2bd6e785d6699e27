//! Whether an object in the cluster is what the plan says: in every field the plan knows.
//!
//! The API server adds defaults and leaves out what says nothing, so the plan's fields are looked for in
//! what stands, and not the other way round. Differences are told by their path, never by their value.

use std::borrow::Cow;

use serde_json::Value;

use crate::quantity::{is_quantity, is_same};

/// The paths at which what stands is not what is wanted. Statuses, and the metadata other than labels and
/// annotations, are the cluster's own; of a Secret only its type is compared.
#[must_use]
pub fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    let secret = wanted["kind"] == "Secret";
    for (key, value) in wanted.as_object().into_iter().flatten() {
        match key.as_str() {
            "status" => {}
            "data" | "stringData" if secret => {}
            "metadata" => {
                for part in ["labels", "annotations"].into_iter().filter(|part| !value[*part].is_null()) {
                    compare(
                        &value[part],
                        &found[key][part],
                        &format!("metadata.{part}"),
                        ("metadata", part),
                        &mut paths,
                    );
                }
            }
            _ => compare(value, &found[key], key, ("", key), &mut paths),
        }
    }
    paths
}

fn compare(wanted: &Value, found: &Value, path: &str, (holder, name): (&str, &str), paths: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                let found = found.get(key).unwrap_or(&Value::Null);
                compare(value, found, &format!("{path}.{key}"), (name, key), paths);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(wanted, found, &format!("{path}[{index}]"), (holder, name), paths);
            }
        }
        // A null in a manifest says nothing: the API server fills in what it likes.
        (Value::Null, _) => {}
        (wanted, Value::Null) if says_nothing(wanted) => {}
        (Value::Object(wanted), Value::Null) if wanted.values().all(says_nothing) => {}
        (wanted, found) if same_scalar(wanted, found, is_quantity(holder, name)) => {}
        _ => paths.push(path.to_owned()),
    }
}

/// Values the API server leaves out when it writes an object.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(true) => false,
    }
}

/// Numbers may be kept as text, and quantities in another way of writing them.
fn same_scalar(wanted: &Value, found: &Value, quantities: bool) -> bool {
    match (text(wanted), text(found)) {
        (Some(wanted), Some(found)) => wanted == found || quantities && is_same(&wanted, &found),
        _ => wanted == found,
    }
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_are_no_difference_and_changes_are_told_without_their_value() {
        let wanted = json!({"kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"replicas": 2, "paused": false, "template": {"spec": {"containers": [
                {"name": "web", "image": "a:1", "env": [], "resources": {"limits": {"cpu": 1}}}]}}}});
        let mut found = json!({"kind": "Deployment",
            "metadata": {"name": "web", "uid": "u", "labels": {"app": "web", "more": "x"},
                "annotations": {"deployment.kubernetes.io/revision": "1"}},
            "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate"}, "template": {"spec": {"containers": [
                {"name": "web", "image": "a:1", "imagePullPolicy": "IfNotPresent",
                 "resources": {"limits": {"cpu": "1"}}}]}}},
            "status": {"replicas": 2}});
        assert_eq!(differences(&wanted, &found), Vec::<String>::new());
        // A real API server writes quantities its own way, and leaves an environment as it is.
        let container = |cpu: &str, value: &str| {
            let resources = json!({"requests": {"cpu": cpu, "memory": "1024Mi"}});
            json!({"kind": "Deployment", "spec": {"containers": [
                {"env": [{"name": "CPU", "value": value}], "resources": resources}]}})
        };
        assert_eq!(differences(&container("0.5", "0.5"), &container("500m", "0.5")), Vec::<String>::new());
        let env = "spec.containers[0].env[0].value";
        assert_eq!(differences(&container("0.5", "0.5"), &container("500m", "500m")), [env]);
        found["spec"]["template"]["spec"]["containers"][0]["image"] = json!("hush:2");
        assert_eq!(differences(&wanted, &found), ["spec.template.spec.containers[0].image"]);
    }

    #[test]
    fn a_secret_is_compared_without_looking_at_its_values() {
        let wanted = json!({"kind": "Secret", "type": "Opaque", "data": {"KEY": "removed"}});
        let found = json!({"kind": "Secret", "type": "Opaque", "data": {"KEY": "aHVzaA=="}});
        assert_eq!(differences(&wanted, &found), Vec::<String>::new());
    }
}

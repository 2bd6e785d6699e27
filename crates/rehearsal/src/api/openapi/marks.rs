//! What Kubernetes marks schemas with beyond OpenAPI: of which kind they are, and how their lists merge.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tree::schema::{ListKind, apply_keys, merge_keys};

use crate::api::registry::Kind;

/// Says of which kind a schema is.
pub(super) fn name(kind: &Kind, schema: Option<&mut Value>) {
    if let Some(schema) = schema {
        schema["x-kubernetes-group-version-kind"] =
            json!([{"group": kind.group, "version": kind.version, "kind": kind.kind}]);
    }
}

/// Marks the lists of a kind, wherever in its schemas they stand.
pub(super) fn merging(kind: &str, top: &str, schemas: &mut Map<String, Value>) {
    Walk { kind, schemas, seen: BTreeSet::new() }.schema(top, &mut Vec::new());
}

struct Walk<'a> {
    kind: &'a str,
    schemas: &'a mut Map<String, Value>,
    seen: BTreeSet<String>,
}

impl Walk<'_> {
    fn schema(&mut self, name: &str, path: &mut Vec<String>) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let Some(mut schema) = self.schemas.get(name).cloned() else { return };
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for (field, property) in properties {
                path.push(field.clone());
                self.property(name, field, property, path);
                path.pop();
            }
        }
        self.schemas.insert(name.to_owned(), schema);
    }

    fn property(&mut self, of: &str, field: &str, property: &mut Value, path: &mut Vec<String>) {
        if property.get("type").and_then(Value::as_str) == Some("array") {
            self.list(property, path);
        }
        // The two places where a patch replaces the fields of another choice.
        if field == "strategy" && of.ends_with(".DeploymentSpec") {
            property["x-kubernetes-patch-strategy"] = "retainKeys".into();
        }
        if field == "volumes" && of.ends_with(".PodSpec") {
            property["x-kubernetes-patch-strategy"] = "merge,retainKeys".into();
        }
        if let Some(below) = referred(property).or_else(|| referred(property.get("items")?)) {
            self.schema(&below, path);
        }
    }

    fn list(&self, property: &mut Value, path: &[String]) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match merge_keys(self.kind, &path) {
            ListKind::Atomic => {}
            ListKind::Set => property["x-kubernetes-patch-strategy"] = "merge".into(),
            ListKind::Map(keys) => {
                property["x-kubernetes-patch-strategy"] = "merge".into();
                property["x-kubernetes-patch-merge-key"] = keys.first().copied().unwrap_or_default().into();
            }
        }
        property["x-kubernetes-list-type"] = match apply_keys(self.kind, &path) {
            ListKind::Atomic => "atomic".into(),
            ListKind::Set => "set".into(),
            ListKind::Map(keys) => {
                property["x-kubernetes-list-map-keys"] = json!(keys);
                "map".into()
            }
        };
    }
}

/// The schema that a property refers to, alone or beside a description.
fn referred(property: &Value) -> Option<String> {
    let reference = property.get("$ref").or_else(|| property.get("allOf")?.get(0)?.get("$ref"))?;
    reference.as_str()?.strip_prefix("#/components/schemas/").map(str::to_owned)
}

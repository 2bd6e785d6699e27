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

/// Fields that the tables of merging do not speak of, and what Kubernetes' specification marks them with: type and field,
/// list type, keys of the list, patch strategy, merge key.
type Mark = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);
const OTHERS: &[Mark] = &[
    ("v1.JobStatus.conditions", "atomic", &[], "merge", "type"),
    ("v1.PodFailurePolicyOnExitCodesRequirement.values", "set", &[], "", ""),
    ("v1.UncountedTerminatedPods.failed", "set", &[], "", ""),
    ("v1.UncountedTerminatedPods.succeeded", "set", &[], "", ""),
    ("v1.ContainerStatus.allocatedResourcesStatus", "map", &["name"], "merge", "name"),
    ("v1.ContainerStatus.volumeMounts", "map", &["mountPath"], "merge", "mountPath"),
    ("v1.DeploymentSpec.strategy", "", &[], "retainKeys", ""),
    ("v1.PersistentVolumeClaimStatus.conditions", "map", &["type"], "merge", "type"),
    ("v1.PodSpec.resourceClaims", "map", &["name"], "merge,retainKeys", "name"),
    ("v1.PodSpec.volumes", "map", &["name"], "merge,retainKeys", "name"),
    ("v1.PodStatus.hostIPs", "atomic", &[], "merge", "ip"),
    ("v1.PodStatus.resourceClaimStatuses", "map", &["name"], "merge,retainKeys", "name"),
    ("v1.ResourceStatus.resources", "map", &["resourceID"], "", ""),
    ("v1.PodDisruptionBudgetSpec.selector", "", &[], "replace", ""),
    ("v1.CustomResourceDefinitionStatus.conditions", "map", &["type"], "", ""),
    ("v1.JSONSchemaProps.x-kubernetes-validations", "map", &["rule"], "merge", "rule"),
];

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
        let full = format!("{of}.{field}");
        if let Some(mark) = OTHERS.iter().find(|mark| full.ends_with(mark.0)) {
            put(property, mark);
        } else if property.get("type").and_then(Value::as_str) == Some("array") {
            self.list(property, path);
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

fn put(property: &mut Value, (_, kind, keys, strategy, key): &Mark) {
    for (mark, told) in [("list-type", kind), ("patch-strategy", strategy), ("patch-merge-key", key)] {
        if !told.is_empty() {
            property[format!("x-kubernetes-{mark}")] = (*told).into();
        }
    }
    if !keys.is_empty() {
        property["x-kubernetes-list-map-keys"] = json!(keys);
    }
}

/// The schema that a property refers to, alone or beside a description.
fn referred(property: &Value) -> Option<String> {
    let reference = property.get("$ref").or_else(|| property.get("allOf")?.get(0)?.get("$ref"))?;
    reference.as_str()?.strip_prefix("#/components/schemas/").map(str::to_owned)
}

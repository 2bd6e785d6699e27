//! A document: paths and schemas of some kinds.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::answer::{Described, place};
use super::{kinds, marks};
use crate::api::registry::Kind;

/// An OpenAPI 3 document of these kinds.
pub(super) fn new(kinds: &[Described]) -> Value {
    let mut paths = Map::new();
    for (kind, _) in kinds {
        add_paths(kind, &mut paths);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "rehearsal"},
        "paths": paths,
        "components": {"schemas": schemas(kinds)},
    })
}

/// An OpenAPI 2 document of these kinds: schemas alone.
pub(super) fn old(kinds: &[Described]) -> Value {
    let mut definitions = Value::Object(schemas(kinds));
    refer_to_definitions(&mut definitions);
    json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "rehearsal"},
        "paths": {},
        "definitions": definitions,
    })
}

fn refer_to_definitions(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, child) in members {
                match child.as_str().and_then(|text| text.strip_prefix("#/components/schemas/")) {
                    Some(name) if key == "$ref" => *child = format!("#/definitions/{name}").into(),
                    _ => refer_to_definitions(child),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_definitions),
        _ => {}
    }
}

fn schemas(kinds: &[Described]) -> Map<String, Value> {
    let mut generator = SchemaGenerator::new(SchemaSettings::openapi3());
    let named: Vec<Option<String>> =
        kinds.iter().map(|(kind, _)| kinds::describe(kind, &mut generator)).collect();
    let mut schemas = generator.take_definitions(true);
    for ((kind, own), name) in kinds.iter().zip(named) {
        match name {
            Some(name) => {
                marks::merging(&kind.kind, &name, &mut schemas);
                marks::name(kind, schemas.get_mut(&name));
            }
            None => {
                let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
                let mut schema = own.clone().unwrap_or(open);
                complete(&mut schema);
                marks::name(kind, Some(&mut schema));
                schemas.insert(custom_name(kind), schema);
            }
        }
    }
    schemas
}

/// What every custom object has, though its schema need not say so.
fn complete(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    let properties = members.entry("properties").or_insert_with(|| json!({}));
    for name in ["apiVersion", "kind"] {
        properties[name] = json!({"type": "string"});
    }
    if properties.get("metadata").is_none() {
        properties["metadata"] = json!({"type": "object"});
    }
}

/// `com.example.v1.Kind`, as the real server calls it.
fn custom_name(kind: &Kind) -> String {
    let reversed: Vec<&str> = kind.group.rsplit('.').collect();
    format!("{}.{}.{}", reversed.join("."), kind.version, kind.kind)
}

/// The paths of a kind with their verbs: what clients look at to know what can be done.
fn add_paths(kind: &Kind, paths: &mut Map<String, Value>) {
    let base = format!("/{}", place(kind));
    let whole = if kind.namespaced {
        format!("{base}/namespaces/{{namespace}}/{}", kind.plural)
    } else {
        format!("{base}/{}", kind.plural)
    };
    let verb = |action: &str, writes: bool| {
        let mut verb = json!({
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind":
                {"group": kind.group, "version": kind.version, "kind": kind.kind},
            "responses": {"200": {"description": "OK"}},
        });
        if writes {
            verb["parameters"] = parameters();
        }
        verb
    };
    let mut patch = verb("patch", true);
    let merging = if kind.is_custom() { None } else { Some("application/strategic-merge-patch+json") };
    let forms = ["application/json-patch+json", "application/merge-patch+json"];
    let forms = forms.into_iter().chain(merging).chain(["application/apply-patch+yaml"]);
    let content: Map<String, Value> =
        forms.map(|form| (form.to_owned(), json!({"schema": {"type": "object"}}))).collect();
    patch["requestBody"] = json!({ "content": content });
    let one = json!({"get": verb("get", false), "put": verb("put", true), "patch": patch,
        "delete": verb("delete", false)});
    paths.insert(format!("{whole}/{{name}}"), one);
    paths.insert(whole, json!({"get": verb("list", false), "post": verb("post", true)}));
}

fn parameters() -> Value {
    let parameter =
        |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    json!([parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")])
}

//! Definitions of custom kinds: what they make known, and their conditions.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::fields;
use super::object;
use super::registry::Kind;
use super::schema::Custom;
use super::status::ApiError;
use super::store::State;
use super::verbs::Part;

/// What holds a definition until the last of its objects is gone.
const CLEAN_UP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// A definition that is to go stays until its objects are gone.
pub(crate) fn hold(kind: &Kind, definition: &mut Value, now: SystemTime) {
    if kind.kind == "CustomResourceDefinition" && !object::has_finalizer(definition, CLEAN_UP) {
        let mut finalizers = object::items(definition, &["metadata", "finalizers"]).to_vec();
        finalizers.push(CLEAN_UP.into());
        object::put(definition, &["metadata", "finalizers"], finalizers);
        let mut conditions = object::items(definition, &["status", "conditions"]).to_vec();
        conditions.push(json!({"type": "Terminating", "status": "True",
            "lastTransitionTime": object::timestamp(now), "reason": "InstanceDeletionPending",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"}));
        object::put(definition, &["status", "conditions"], conditions);
    }
}

/// Takes the objects of a definition that goes with it; those that are held keep it.
pub(crate) fn clean_up(state: &mut State, kind: &Kind, definition: &Arc<Value>) -> Result<(), ApiError> {
    let mut is_empty = true;
    for custom in kinds(definition) {
        let Some(custom) = state.registry.by_plural(&custom.group, &custom.version, &custom.plural) else {
            continue;
        };
        for object in state.list(&custom, None) {
            if object::is_held(&object) {
                is_empty = false;
            } else {
                state.remove(&custom, &object)?;
            }
        }
    }
    if is_empty {
        state.remove(kind, definition)?;
        state.registry.define(object::name(definition), Vec::new());
    }
    Ok(())
}

/// Looks whether a definition waited for the object that is gone now.
pub(crate) fn last_gone(state: &mut State, definition: &str) -> Result<(), ApiError> {
    let Some(kind) = state.registry.by_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition") else {
        return Ok(());
    };
    match state.find(&kind, "", definition) {
        Ok(found) if object::is_deleting(&found) => clean_up(state, &kind, &found),
        _ => Ok(()),
    }
}

/// Makes the kinds of a definition known and says so in its status, as a controller of the real server does a
/// moment later.
pub(crate) fn establish(
    state: &mut State,
    kind: &Kind,
    definition: &Arc<Value>,
    now: SystemTime,
) -> Result<(), ApiError> {
    state.define(definition);
    if object::holds(definition, "Established") {
        return Ok(());
    }
    let mut established = (**definition).clone();
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": "True", "lastTransitionTime": object::timestamp(now),
            "reason": reason, "message": message})
    };
    let names = object::at(definition, &["spec", "names"]).cloned().unwrap_or_default();
    let stored: Vec<Value> = object::items(definition, &["spec", "versions"])
        .iter()
        .filter(|version| version.get("storage") == Some(&Value::Bool(true)))
        .filter_map(|version| version.get("name").cloned())
        .collect();
    let status = json!({
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "acceptedNames": names,
        "storedVersions": stored,
    });
    object::put(&mut established, &["status"], status);
    fields::track(kind, Some(definition), &mut established, Some("kube-apiserver"), Part::Status, now);
    state.put(kind, established).map(drop)
}

/// The kinds that a definition makes known, one for each version it serves.
pub(crate) fn kinds(definition: &Value) -> Vec<Kind> {
    let text = |path: &[&str]| object::text(definition, path).unwrap_or_default().to_owned();
    let short = object::items(definition, &["spec", "names", "shortNames"]);
    let short: Vec<String> = short.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let served = object::items(definition, &["spec", "versions"]).iter();
    served
        .filter(|version| version.get("served") == Some(&Value::Bool(true)))
        .map(|version| {
            let scale = object::at(version, &["subresources", "scale"]).cloned();
            Kind {
                group: text(&["spec", "group"]),
                version: object::text(version, &["name"]).unwrap_or_default().to_owned(),
                kind: text(&["spec", "names", "kind"]),
                plural: text(&["spec", "names", "plural"]),
                namespaced: text(&["spec", "scope"]) == "Namespaced",
                status: object::at(version, &["subresources", "status"]).is_some(),
                scale: scale.is_some(),
                shelf: 0,
                custom: Some(Arc::new(Custom {
                    schema: object::at(version, &["schema", "openAPIV3Schema"]).cloned().unwrap_or_default(),
                    definition: object::name(definition).to_owned(),
                    scale,
                    singular: text(&["spec", "names", "singular"]),
                    short: short.clone(),
                })),
            }
        })
        .collect()
}

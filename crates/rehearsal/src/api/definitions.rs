//! Definitions of custom kinds: what they make known, and their conditions.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::object;
use super::registry::Kind;
use super::schema::Custom;
use super::status::ApiError;
use super::store::State;

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

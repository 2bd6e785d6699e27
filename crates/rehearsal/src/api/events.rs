//! Events, which two APIs show in two forms: the core's is the one that is kept.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::object;
use super::registry::Kind;

/// What the newer API calls each field of the core's.
const NAMES: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// The group of the newer form.
const GROUP: &str = "events.k8s.io";

/// An object in the form it is kept in.
pub(crate) fn stored(kind: &Kind, object: Value) -> Value {
    // What nobody renames, such as an event in the core's form, stays as it is.
    if kind.group == GROUP && object.get("regarding").is_some() {
        let mut event =
            renamed(object, |name| NAMES.iter().find(|(_, newer)| *newer == name).map(|found| found.0));
        object::put(&mut event, &["apiVersion"], "v1");
        return event;
    }
    object
}

/// An object in the version that was asked for.
pub(crate) fn shown(kind: &Kind, object: &Arc<Value>) -> Arc<Value> {
    let version = kind.api_version();
    if object::text(object, &["apiVersion"]) == Some(&version) {
        return Arc::clone(object);
    }
    let mut converted = if kind.group == GROUP {
        renamed((**object).clone(), |name| NAMES.iter().find(|(core, _)| *core == name).map(|found| found.1))
    } else {
        (**object).clone()
    };
    object::put(&mut converted, &["apiVersion"], version);
    Arc::new(converted)
}

fn renamed(object: Value, other: impl Fn(&str) -> Option<&'static str>) -> Value {
    let Value::Object(members) = object else { return object };
    let renamed: Map<String, Value> =
        members.into_iter().map(|(name, value)| (other(&name).map_or(name, str::to_owned), value)).collect();
    Value::Object(renamed)
}

//! What every object has.

use serde_json::{Map, Value};

use super::names::{self, LABEL, OLD_LABEL, SUBDOMAIN};
use crate::api::object;
use crate::api::registry::Kind;
use crate::api::status::Cause;

/// All annotations of an object together may be this large.
const MOST_ANNOTATIONS: usize = 256 * 1024;

/// The rules of `metadata`.
pub(super) fn check(kind: &Kind, object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if let Some(old) = old {
        update(kind, object, old, causes);
    } else {
        name(kind, object, causes);
    }
    labels(object::labels(object), "metadata.labels", causes);
    annotations(object, causes);
    finalizers(object, causes);
    owners(object, causes);
}

fn update(kind: &Kind, object: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let version = object::text(object, &["metadata", "resourceVersion"]).unwrap_or_default();
    if version.is_empty() && !kind.writes_blindly() {
        let why = "must be specified for an update";
        causes.push(Cause::invalid("metadata.resourceVersion", &0.into(), why));
    }
    if object::is_deleting(old) {
        let had = object::items(old, &["metadata", "finalizers"]);
        let new = object::items(object, &["metadata", "finalizers"]).iter().filter(|one| !had.contains(one));
        let new: Vec<String> = new.map(ToString::to_string).collect();
        if !new.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                new.join(", ")
            );
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
}

fn name(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    let name = object::name(object);
    if name.is_empty() {
        causes.push(Cause::missing("metadata.name", "name or generateName is required"));
        return;
    }
    let wrongs = match (kind.group.as_str(), kind.kind.as_str()) {
        // Role names and their bindings may hold colons, as `system:node` does.
        ("rbac.authorization.k8s.io", _) => segment(name),
        ("", "Service") => OLD_LABEL.wrongs(name),
        ("", "Namespace") | ("apps", "StatefulSet") => LABEL.wrongs(name),
        _ => SUBDOMAIN.wrongs(name),
    };
    causes.extend(wrongs.iter().map(|why| Cause::invalid("metadata.name", &name.into(), why)));
    if kind.kind == "CronJob" && name.len() > 52 {
        causes.push(Cause::invalid("metadata.name", &name.into(), "must be no more than 52 characters"));
    }
}

fn segment(name: &str) -> Vec<String> {
    if [".", ".."].contains(&name) {
        return vec![format!("may not be '{name}'")];
    }
    let found = ["/", "%"].into_iter().filter(|letter| name.contains(letter));
    found.map(|letter| format!("may not contain '{letter}'")).collect()
}

/// The rules of labels.
pub(super) fn labels(labels: Option<&Map<String, Value>>, field: &str, causes: &mut Vec<Cause>) {
    for (key, value) in labels.into_iter().flatten() {
        causes
            .extend(names::qualified(key).iter().map(|why| Cause::invalid(field, &key.as_str().into(), why)));
        let wrongs = names::VALUE.wrongs(value.as_str().unwrap_or_default());
        causes.extend(wrongs.iter().map(|why| Cause::invalid(field, value, why)));
    }
}

fn annotations(object: &Value, causes: &mut Vec<Cause>) {
    let field = "metadata.annotations";
    let all = object::at(object, &["metadata", "annotations"]).and_then(Value::as_object);
    let mut size = 0;
    for (key, value) in all.into_iter().flatten() {
        let wrongs = names::qualified(&key.to_lowercase());
        causes.extend(wrongs.iter().map(|why| Cause::invalid(field, &key.as_str().into(), why)));
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > MOST_ANNOTATIONS {
        causes.push(Cause::too_long(field, MOST_ANNOTATIONS));
    }
}

fn finalizers(object: &Value, causes: &mut Vec<Cause>) {
    let known = ["orphan", "foregroundDeletion", "kubernetes"];
    for finalizer in object::items(object, &["metadata", "finalizers"]) {
        let name = finalizer.as_str().unwrap_or_default();
        let wrongs = names::qualified(name);
        causes.extend(wrongs.iter().map(|why| Cause::invalid("metadata.finalizers", finalizer, why)));
        if wrongs.is_empty() && !name.contains('/') && !known.contains(&name) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid("metadata.finalizers", finalizer, why));
        }
    }
}

fn owners(object: &Value, causes: &mut Vec<Cause>) {
    let field = "metadata.ownerReferences";
    for owner in object::owners(object) {
        for (name, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if object::text(owner, &[name]).is_none_or(str::is_empty) {
                causes.push(Cause::invalid(format!("{field}.{name}"), &"".into(), why));
            }
        }
    }
    let managers =
        object::owners(object).iter().filter(|owner| owner.get("controller") == Some(&Value::Bool(true)));
    let managers: Vec<&str> = managers.filter_map(|owner| object::text(owner, &["name"])).collect();
    if let [first, second, ..] = managers.as_slice() {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        let all = Value::Array(object::owners(object).to_vec());
        causes.push(Cause::invalid(field, &all, &why));
    }
}

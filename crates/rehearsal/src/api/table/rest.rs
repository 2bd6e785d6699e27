//! Everything else that has columns of its own.

use std::time::SystemTime;

use serde_json::Value;

use super::age::{age, since};
use super::network::named;
use super::rows::{count, plain, text_or};
use crate::api::object;

fn size(object: &Value, field: &str) -> usize {
    object.get(field).and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

pub(super) fn config_map(object: &Value, now: SystemTime) -> Vec<Value> {
    let data = size(object, "data") + size(object, "binaryData");
    vec![object::name(object).into(), data.into(), age(object, now).into()]
}

pub(super) fn secret(object: &Value, now: SystemTime) -> Vec<Value> {
    let class = text_or(object, &["type"], "");
    vec![object::name(object).into(), class.into(), size(object, "data").into(), age(object, now).into()]
}

pub(super) fn namespace(object: &Value, now: SystemTime) -> Vec<Value> {
    let phase = text_or(object, &["status", "phase"], "");
    vec![object::name(object).into(), phase.into(), age(object, now).into()]
}

/// The access modes of a volume in their short form.
fn modes(object: &Value, path: &[&str]) -> String {
    let short = |mode: &Value| match mode.as_str().unwrap_or_default() {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    let all: Vec<&str> = object::items(object, path).iter().map(short).collect();
    all.join(",")
}

fn phase_of_volume(object: &Value) -> &str {
    if object::is_deleting(object) { "Terminating" } else { text_or(object, &["status", "phase"], "") }
}

pub(super) fn volume(object: &Value, now: SystemTime) -> Vec<Value> {
    let claim = object::at(object, &["spec", "claimRef"])
        .map(|claim| format!("{}/{}", text_or(claim, &["namespace"], ""), text_or(claim, &["name"], "")));
    vec![
        object::name(object).into(),
        plain(object::at(object, &["spec", "capacity", "storage"]), "0").into(),
        modes(object, &["spec", "accessModes"]).into(),
        text_or(object, &["spec", "persistentVolumeReclaimPolicy"], "").into(),
        phase_of_volume(object).into(),
        claim.unwrap_or_default().into(),
        text_or(object, &["spec", "storageClassName"], "").into(),
        text_or(object, &["spec", "volumeAttributesClassName"], "<unset>").into(),
        text_or(object, &["status", "reason"], "").into(),
        age(object, now).into(),
        text_or(object, &["spec", "volumeMode"], "<unset>").into(),
    ]
}

pub(super) fn claim(object: &Value, now: SystemTime) -> Vec<Value> {
    let volume = text_or(object, &["spec", "volumeName"], "");
    let (capacity, access) = if volume.is_empty() {
        (String::new(), String::new())
    } else {
        let capacity = plain(object::at(object, &["status", "capacity", "storage"]), "0");
        (capacity, modes(object, &["status", "accessModes"]))
    };
    vec![
        object::name(object).into(),
        phase_of_volume(object).into(),
        volume.into(),
        capacity.into(),
        access.into(),
        text_or(object, &["spec", "storageClassName"], "").into(),
        text_or(object, &["spec", "volumeAttributesClassName"], "<unset>").into(),
        age(object, now).into(),
        text_or(object, &["spec", "volumeMode"], "<unset>").into(),
    ]
}

pub(super) fn quota(object: &Value, now: SystemTime) -> Vec<Value> {
    let hard = object::at(object, &["status", "hard"]).and_then(Value::as_object);
    let mut resources: Vec<_> = hard.into_iter().flatten().collect();
    resources.sort_by_key(|(resource, _)| *resource);
    let told = |limits: bool| {
        let fitting = resources.iter().filter(|(resource, _)| resource.starts_with("limits.") == limits);
        let all: Vec<String> = fitting
            .map(|(resource, hard)| {
                let used = plain(object::at(object, &["status", "used", resource]), "0");
                format!("{resource}: {used}/{}", plain(Some(hard), "0"))
            })
            .collect();
        all.join(", ")
    };
    vec![object::name(object).into(), told(false).into(), told(true).into(), age(object, now).into()]
}

/// An event in either of its two forms: the core one, and that of `events.k8s.io`.
pub(super) fn event(object: &Value, now: SystemTime) -> Vec<Value> {
    let first_of = |paths: &[&[&'static str]]| -> Option<Vec<&'static str>> {
        let is_there =
            |path: &&&[&'static str]| object::text(object, path).is_some_and(|text| !text.is_empty());
        paths.iter().find(is_there).map(|path| path.to_vec())
    };
    let ago = |paths: &[&[&'static str]]| {
        first_of(paths).map_or_else(|| "<unknown>".to_owned(), |path| since(object, &path, now))
    };
    let text = |paths: &[&[&'static str]]| {
        first_of(paths).and_then(|path| object::text(object, &path)).unwrap_or_default().to_owned()
    };
    let first: &[&[&str]] = &[&["firstTimestamp"], &["deprecatedFirstTimestamp"], &["eventTime"]];
    let last: &[&[&str]] =
        &[&["series", "lastObservedTime"], &["lastTimestamp"], &["deprecatedLastTimestamp"]];
    let last = if first_of(last).is_some() { ago(last) } else { ago(first) };
    let counts = [
        count(object, &["series", "count"]),
        count(object, &["count"]),
        count(object, &["deprecatedCount"]),
        1,
    ];
    let about = |field: &'static str| text(&[&["involvedObject", field], &["regarding", field]]);
    let (kind, name) = (about("kind").to_lowercase(), about("name"));
    let target = if name.is_empty() { kind } else { format!("{kind}/{name}") };
    let component = text(&[&["source", "component"], &["reportingComponent"], &["reportingController"]]);
    let host = text(&[&["source", "host"], &["reportingInstance"]]);
    let source = if host.is_empty() { component } else { format!("{component}, {host}") };
    vec![
        last.into(),
        text(&[&["type"]]).into(),
        text(&[&["reason"]]).into(),
        target.into(),
        about("fieldPath").into(),
        source.into(),
        text(&[&["message"], &["note"]]).trim().into(),
        ago(first).into(),
        counts.into_iter().find(|count| *count != 0).into(),
        object::name(object).into(),
    ]
}

pub(super) fn lease(object: &Value, now: SystemTime) -> Vec<Value> {
    let holder = text_or(object, &["spec", "holderIdentity"], "");
    vec![object::name(object).into(), holder.into(), age(object, now).into()]
}

pub(super) fn priority(object: &Value, now: SystemTime) -> Vec<Value> {
    vec![
        object::name(object).into(),
        count(object, &["value"]).into(),
        object.get("globalDefault").and_then(Value::as_bool).unwrap_or_default().into(),
        age(object, now).into(),
        text_or(object, &["preemptionPolicy"], "").into(),
    ]
}

pub(super) fn storage(object: &Value, now: SystemTime) -> Vec<Value> {
    vec![
        named(object, "storageclass.kubernetes.io/is-default-class").into(),
        text_or(object, &["provisioner"], "").into(),
        text_or(object, &["reclaimPolicy"], "Delete").into(),
        text_or(object, &["volumeBindingMode"], "Immediate").into(),
        object.get("allowVolumeExpansion").and_then(Value::as_bool).unwrap_or_default().into(),
        age(object, now).into(),
    ]
}

pub(super) fn binding(object: &Value, now: SystemTime) -> Vec<Value> {
    let role = |field: &str| text_or(object, &["roleRef", field], "");
    let subjects = |wanted: &str| {
        let fitting = object::items(object, &["subjects"])
            .iter()
            .filter(|one| object::text(one, &["kind"]) == Some(wanted));
        let all: Vec<String> = fitting
            .map(|one| {
                let name = text_or(one, &["name"], "");
                match object::text(one, &["namespace"]) {
                    Some(namespace) if wanted == "ServiceAccount" => format!("{namespace}/{name}"),
                    _ => name.to_owned(),
                }
            })
            .collect();
        all.join(", ")
    };
    vec![
        object::name(object).into(),
        format!("{}/{}", role("kind"), role("name")).into(),
        age(object, now).into(),
        subjects("User").into(),
        subjects("Group").into(),
        subjects("ServiceAccount").into(),
    ]
}

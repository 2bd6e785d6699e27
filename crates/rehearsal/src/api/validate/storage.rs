//! ConfigMaps, Secrets and claims of storage.

use serde_json::Value;

use super::names::KEY;
use super::rules::keep;
use crate::api::object;
use crate::api::schema::Quantity;
use crate::api::status::Cause;

/// What a Secret or a ConfigMap may hold together.
const MOST: usize = 1024 * 1024;

/// The rules of a ConfigMap.
pub(super) fn config_map(map: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    frozen(map, old, &["data", "binaryData"], causes);
    let mut size = 0;
    for list in ["data", "binaryData"] {
        size += keys(map, list, causes);
    }
    if size > MOST {
        causes.push(Cause::too_long("", MOST));
    }
}

/// The rules of a Secret. Of what it holds no cause tells anything.
pub(super) fn secret(secret: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    keep(old, secret, &["type"], causes);
    frozen(secret, old, &["data"], causes);
    if keys(secret, "data", causes) > MOST {
        causes.push(Cause::too_long("data", MOST));
    }
    let wanted: &[&str] = match object::text(secret, &["type"]).unwrap_or_default() {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    let has = |key: &&&str| object::at(secret, &["data", key]).is_some();
    causes.extend(wanted.iter().filter(|key| !has(key)).map(|key| Cause::required(format!("data[{key}]"))));
    let either = ["username", "password"];
    if object::text(secret, &["type"]) == Some("kubernetes.io/basic-auth")
        && !either.iter().any(|key| has(&key))
    {
        causes.extend(either.iter().map(|key| Cause::required(format!("data[{key}]"))));
    }
}

fn keys(map: &Value, list: &str, causes: &mut Vec<Cause>) -> usize {
    let members = object::at(map, &[list]).and_then(Value::as_object);
    let mut size = 0;
    for (key, value) in members.into_iter().flatten() {
        let wrongs = KEY.wrongs(key);
        let field = || format!("{list}[{key}]");
        causes.extend(wrongs.iter().map(|why| Cause::invalid(field(), &key.as_str().into(), why)));
        size += value.as_str().map_or(0, str::len);
    }
    size
}

/// What says of itself that it does not change does not.
fn frozen(map: &Value, old: Option<&Value>, lists: &[&str], causes: &mut Vec<Cause>) {
    let Some(old) = old.filter(|old| object::at(old, &["immutable"]) == Some(&Value::Bool(true))) else {
        return;
    };
    let why = "field is immutable when `immutable` is set";
    for field in ["immutable"].iter().chain(lists) {
        if object::at(old, &[field]) != object::at(map, &[field]) {
            causes.push(Cause::forbidden(*field, why));
        }
    }
}

/// The rules of a PersistentVolumeClaim.
pub(super) fn claim(claim: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let modes = object::items(claim, &["spec", "accessModes"]);
    if modes.is_empty() {
        causes.push(Cause::missing("spec.accessModes", "at least 1 access mode is required"));
    }
    let all = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for mode in modes.iter().filter(|mode| !mode.as_str().is_some_and(|mode| all.contains(&mode))) {
        causes.push(Cause::unsupported("spec.accessModes", mode, &all));
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        causes.push(Cause::forbidden(
            "spec.accessModes",
            "may not use ReadWriteOncePod with other access modes",
        ));
    }
    match object::at(claim, &["spec", "resources", "requests", "storage"]) {
        None => causes.push(Cause::required("spec.resources[storage]")),
        Some(size) => {
            let read = size.as_str().and_then(Quantity::read);
            if read.is_some_and(|read| read.is_negative() || read.is_zero()) {
                causes.push(Cause::invalid("spec.resources[storage]", size, "must be greater than zero"));
            }
        }
    }
    if let Some(old) = old {
        unmoved(claim, old, causes);
    }
}

fn unmoved(claim: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let bare = |claim: &Value| {
        let mut spec = claim.get("spec").cloned().unwrap_or_default();
        for path in [&["volumeAttributesClassName"][..], &["volumeName"], &["resources", "requests"]] {
            object::take(&mut spec, path);
        }
        spec
    };
    let is_bound = object::text(old, &["status", "phase"]) == Some("Bound");
    let named = |claim: &Value| object::text(claim, &["spec", "volumeName"]).unwrap_or_default().to_owned();
    let renamed = !named(old).is_empty() && named(old) != named(claim);
    let size = |claim: &Value| {
        let size = object::text(claim, &["spec", "resources", "requests", "storage"]);
        size.and_then(Quantity::read).map(Quantity::nanos)
    };
    if bare(claim) != bare(old) || renamed || (size(claim) != size(old) && !is_bound) {
        let why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
                   claims";
        causes.push(Cause::forbidden("spec", why));
    } else if size(claim) < size(old) {
        causes.push(Cause::forbidden(
            "spec.resources.requests.storage",
            "field can not be less than previous value",
        ));
    }
}

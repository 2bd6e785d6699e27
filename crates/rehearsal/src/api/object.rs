//! The parts that every object has, read and written in plain JSON.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

/// The value at a path of member names.
pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |place, step| place.get(step))
}

/// The text at a path, if it is text.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(object, path).and_then(Value::as_str)
}

/// The whole number at a path, if it is one.
pub(crate) fn int(object: &Value, path: &[&str]) -> Option<i64> {
    at(object, path).and_then(Value::as_i64)
}

/// The elements of the list at a path; none where there is no list.
pub(crate) fn items<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    at(object, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `metadata.name`, empty when unset.
pub(crate) fn name(object: &Value) -> &str {
    text(object, &["metadata", "name"]).unwrap_or_default()
}

/// `metadata.namespace`, empty when unset.
pub(crate) fn namespace(object: &Value) -> &str {
    text(object, &["metadata", "namespace"]).unwrap_or_default()
}

/// `metadata.uid`, empty when unset.
pub(crate) fn uid(object: &Value) -> &str {
    text(object, &["metadata", "uid"]).unwrap_or_default()
}

/// `metadata.labels`, if there are any.
pub(crate) fn labels(object: &Value) -> Option<&Map<String, Value>> {
    at(object, &["metadata", "labels"]).and_then(Value::as_object)
}

/// Whether somebody has asked for its deletion.
pub(crate) fn is_deleting(object: &Value) -> bool {
    text(object, &["metadata", "deletionTimestamp"]).is_some()
}

/// Whether something still holds it back from being deleted.
pub(crate) fn is_held(object: &Value) -> bool {
    !items(object, &["metadata", "finalizers"]).is_empty()
        || (object.get("kind").and_then(Value::as_str) == Some("Namespace")
            && !items(object, &["spec", "finalizers"]).is_empty())
}

/// Whether a finalizer of that name is on it.
pub(crate) fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    items(object, &["metadata", "finalizers"]).iter().any(|one| one == finalizer)
}

/// Its owner references.
pub(crate) fn owners(object: &Value) -> &[Value] {
    items(object, &["metadata", "ownerReferences"])
}

/// The owner that manages it, if one does.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    owners(object).iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

/// The reference with which an object names the one that manages it.
pub(crate) fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner.get("apiVersion"),
        "kind": owner.get("kind"),
        "name": name(owner),
        "uid": uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// The place at a path, made (with mappings on the way) where it is missing.
pub(crate) fn place<'a>(object: &'a mut Value, path: &[&str]) -> &'a mut Value {
    let mut place = object;
    for step in path {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[*step];
    }
    place
}

/// Sets the value at a path.
pub(crate) fn put(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    *place(object, path) = value.into();
}

/// Sets the value at a path unless one stands there.
pub(crate) fn put_default(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    let place = place(object, path);
    if place.is_null() {
        *place = value.into();
    }
}

/// Takes the value at a path out, keeping the order of its siblings.
pub(crate) fn take(object: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, ahead) = path.split_last()?;
    let mut place = object;
    for step in ahead {
        place = place.get_mut(step)?;
    }
    place.as_object_mut()?.shift_remove(*last)
}

/// Sets the value at a path, or takes it out when there is none.
pub(crate) fn put_or_take(object: &mut Value, path: &[&str], value: Option<Value>) {
    match value {
        Some(value) => put(object, path, value),
        None => {
            take(object, path);
        }
    }
}

/// A time as the API writes it: whole seconds, UTC.
pub(crate) fn timestamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as the API writes it, read.
pub(crate) fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

/// How long ago the time at a path was; nothing when there is no time or it lies ahead.
pub(crate) fn age(object: &Value, path: &[&str], now: SystemTime) -> Option<Duration> {
    now.duration_since(time(text(object, path)?)?).ok()
}

/// The condition of that type in `status.conditions`.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, &["status", "conditions"]).iter().find(|one| text(one, &["type"]) == Some(kind))
}

/// Whether the condition of that type holds.
pub(crate) fn holds(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|one| text(one, &["status"]) == Some("True"))
}

/// A new identity in the shape of a UUID.
pub(crate) fn fresh_uid() -> String {
    let digits = format!("{:032x}", u128::from(ulid::Ulid::generate()));
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// Five characters that make a generated name its own, from an alphabet that spells no words.
pub(crate) fn fresh_suffix() -> String {
    suffix(u128::from(ulid::Ulid::generate()))
}

/// Five name characters out of a number.
pub(crate) fn suffix(mut number: u128) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..5)
        .map(|_| {
            let index = usize::try_from(number % ALPHABET.len() as u128).unwrap_or_default();
            number /= ALPHABET.len() as u128;
            char::from(ALPHABET[index])
        })
        .collect()
}

/// A number that stays the same while the content does, whatever the order of members.
pub(crate) fn content_hash(value: &Value) -> u32 {
    fn feed(value: &Value, hash: u32) -> u32 {
        match value {
            Value::Object(members) => {
                let mut sorted: Vec<_> = members.iter().filter(|(_, child)| !child.is_null()).collect();
                sorted.sort_by_key(|(key, _)| *key);
                let hash =
                    sorted.into_iter().fold(crc32c::crc32c_append(hash, b"{"), |hash, (key, child)| {
                        feed(child, crc32c::crc32c_append(crc32c::crc32c_append(hash, key.as_bytes()), b":"))
                    });
                crc32c::crc32c_append(hash, b"}")
            }
            Value::Array(children) => {
                let hash = crc32c::crc32c_append(hash, b"[");
                let hash =
                    children.iter().fold(hash, |hash, child| crc32c::crc32c_append(feed(child, hash), b","));
                crc32c::crc32c_append(hash, b"]")
            }
            leaf => crc32c::crc32c_append(hash, leaf.to_string().as_bytes()),
        }
    }
    feed(value, 0)
}

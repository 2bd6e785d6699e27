//! Pods as those who own them see them.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::desk::Desk;
use crate::api::{ApiError, Deletion, Key, Kind, Part, Propagation, Store, Write, matches, object};

/// Whether a pod counts: neither finished nor on its way out.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !object::is_deleting(pod)
}

/// Whether a pod has run to its end.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(object::text(pod, &["status", "phase"]), Some("Succeeded" | "Failed"))
}

/// Whether a pod says it is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    object::holds(pod, "Ready")
}

/// How much longer a pod must stay ready to count as available; none when it is not ready.
pub(super) fn until_available(pod: &Value, min_ready: Duration, now: SystemTime) -> Option<Duration> {
    let ready = object::condition(pod, "Ready").filter(|_| is_ready(pod))?;
    if min_ready.is_zero() {
        return Some(Duration::ZERO);
    }
    let age = object::age(ready, &["lastTransitionTime"], now).unwrap_or_default();
    Some(min_ready.saturating_sub(age))
}

/// The key of the object that manages this one, if it is of that kind.
pub(super) fn managed_by(object: &Value, kind: &str) -> Option<Key> {
    let owner = object::controller_of(object)?;
    (object::text(owner, &["kind"]) == Some(kind))
        .then(|| Key::new(object::namespace(object), object::text(owner, &["name"]).unwrap_or_default()))
}

/// The objects of a kind that an owner manages. Those that match its selector and have no manager are taken
/// on, those that no longer match are let go.
pub(super) fn managed(store: &Store, kind: &Kind, owner: &Value) -> Result<Vec<Arc<Value>>, ApiError> {
    let selector = object::at(owner, &["spec", "selector"]);
    let identity = object::uid(owner);
    let mut managed = Vec::new();
    for one in store.list(kind, Some(object::namespace(owner))) {
        let fits = matches(selector, object::labels(&one));
        let manager = object::controller_of(&one).and_then(|manager| object::text(manager, &["uid"]));
        match manager {
            Some(manager) if manager == identity && (fits || object::is_deleting(&one)) => managed.push(one),
            Some(manager) if manager == identity && !object::is_deleting(owner) => {
                release(store, kind, &one, identity)?
            }
            None if fits && !object::is_deleting(&one) && !object::is_deleting(owner) => {
                managed.push(adopt(store, kind, &one, owner)?);
            }
            _ => {}
        }
    }
    Ok(managed)
}

fn adopt(store: &Store, kind: &Kind, one: &Value, owner: &Value) -> Result<Arc<Value>, ApiError> {
    rewrite_owners(store, kind, one, |owners| owners.push(object::owner_reference(owner)))
}

fn release(store: &Store, kind: &Kind, one: &Value, owner: &str) -> Result<(), ApiError> {
    rewrite_owners(store, kind, one, |owners| {
        owners.retain(|reference| object::text(reference, &["uid"]) != Some(owner));
    })
    .map(drop)
}

fn rewrite_owners(
    store: &Store,
    kind: &Kind,
    one: &Value,
    rewrite: impl FnOnce(&mut Vec<Value>),
) -> Result<Arc<Value>, ApiError> {
    let at = (object::namespace(one), object::name(one));
    store.change(kind, at, Part::Main, &Write::by_cluster(), |live| {
        let mut owners = object::owners(live).to_vec();
        rewrite(&mut owners);
        let mut new = live.clone();
        let owners = (!owners.is_empty()).then_some(Value::Array(owners));
        object::put_or_take(&mut new, &["metadata", "ownerReferences"], owners);
        Ok(new)
    })
}

/// A pod from the owner's template, not yet made.
pub(super) fn drafted(owner: &Value) -> Value {
    let template = object::at(owner, &["spec", "template"]).cloned().unwrap_or_default();
    let mut metadata = json!({"generateName": format!("{}-", object::name(owner))});
    for copied in ["labels", "annotations", "finalizers"] {
        object::put_or_take(&mut metadata, &[copied], object::at(&template, &["metadata", copied]).cloned());
    }
    metadata["ownerReferences"] = json!([object::owner_reference(owner)]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec")})
}

/// Makes a pod for its owner, and says so.
pub(super) fn create(desk: &Desk, kind: &Kind, owner: &Value, pod: Value) -> Result<Arc<Value>, ApiError> {
    match desk.store.create(kind, object::namespace(owner), pod, &Write::by_cluster()) {
        Ok(pod) => {
            desk.note(owner, "SuccessfulCreate", &format!("Created pod: {}", object::name(&pod)));
            Ok(pod)
        }
        Err(refusal) => {
            let is_ending = refusal.to_string().contains("because it is being terminated");
            // In a namespace that ends every creation fails; nobody needs to hear of each.
            if !is_ending {
                desk.warn(owner, "FailedCreate", &format!("Error creating: {refusal}"));
            }
            Err(refusal)
        }
    }
}

/// Makes so many pods, first one, then twice as many each time, until one is refused.
pub(super) fn create_many(desk: &Desk, kind: &Kind, owner: &Value, count: usize) -> Result<(), ApiError> {
    let (mut left, mut batch) = (count, 1);
    while left > 0 {
        let now = batch.min(left);
        let mut refused = None;
        for _ in 0..now {
            refused = create(desk, kind, owner, drafted(owner)).err().or(refused);
        }
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        left -= now;
        batch *= 2;
    }
    Ok(())
}

/// Deletes a pod for its owner, and says so.
pub(super) fn dismiss(desk: &Desk, kind: &Kind, owner: &Value, pod: &Value) -> Result<(), ApiError> {
    let deletion = Deletion { uid: Some(object::uid(pod).to_owned()), ..Deletion::default() };
    match desk.store.delete(kind, (object::namespace(pod), object::name(pod)), &deletion) {
        Ok(_) => {
            desk.note(owner, "SuccessfulDelete", &format!("Deleted pod: {}", object::name(pod)));
            Ok(())
        }
        Err(ApiError::NotFound(_) | ApiError::Conflict { .. }) => Ok(()),
        Err(refusal) => {
            desk.warn(owner, "FailedDelete", &format!("Error deleting: {refusal}"));
            Err(refusal)
        }
    }
}

/// Deletes an object; that it is gone already is as well.
pub(super) fn delete(store: &Store, kind: &Kind, one: &Value) -> Result<(), ApiError> {
    delete_with(store, kind, one, Propagation::Background)
}

/// Deletes an object in the order given; that it is gone already is as well.
pub(super) fn delete_with(
    store: &Store,
    kind: &Kind,
    one: &Value,
    propagation: Propagation,
) -> Result<(), ApiError> {
    let deletion = Deletion { uid: Some(object::uid(one).to_owned()), propagation, ..Deletion::default() };
    match store.delete(kind, (object::namespace(one), object::name(one)), &deletion) {
        Ok(_) | Err(ApiError::NotFound(_) | ApiError::Conflict { .. }) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Writes an object's status.
pub(super) fn set_status(store: &Store, kind: &Kind, one: &Value, status: Value) -> Result<(), ApiError> {
    if one.get("status") == Some(&status) {
        return Ok(());
    }
    let at = (object::namespace(one), object::name(one));
    let written = store.change(kind, at, Part::Status, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        object::put(&mut new, &["status"], status);
        Ok(new)
    });
    match written {
        Ok(_) | Err(ApiError::NotFound(_)) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// The older first; of the same second, by name.
pub(super) fn by_age(one: &Value, other: &Value) -> Ordering {
    let born = |object: &Value| {
        object::text(object, &["metadata", "creationTimestamp"]).unwrap_or_default().to_owned()
    };
    born(one).cmp(&born(other)).then_with(|| object::name(one).cmp(object::name(other)))
}

/// A number of pods, given as such or in per cent of the whole.
pub(super) fn share(given: Option<&Value>, whole: i64, round_up: bool) -> Option<i64> {
    match given? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
            Some((whole * percent + if round_up { 99 } else { 0 }) / 100)
        }
        _ => None,
    }
}

/// Digits in the letters that names are made of, as `rand.SafeEncodeString` writes them.
pub(super) fn safe(text: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    text.bytes().map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])).collect()
}

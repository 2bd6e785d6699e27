//! Server-side apply: an object stated by several managers, each owning the fields it states.

use std::time::SystemTime;

use serde_json::Value;

use super::fields::{self, Claim, Fields, element};
use super::object;
use super::registry::Kind;
use super::schema::{List, Shape};
use super::status::{ApiError, Cause};
use super::verbs::Part;

/// Who applies, and how.
#[derive(Debug)]
pub(crate) struct Applier<'a> {
    pub(crate) manager: &'a str,
    pub(crate) force: bool,
    pub(crate) part: Part,
    pub(crate) now: SystemTime,
}

/// The object after an apply; `live` is none when there is none yet.
pub(crate) fn apply(
    kind: &Kind,
    live: Option<&Value>,
    stated: &Value,
    applier: &Applier<'_>,
) -> Result<Value, ApiError> {
    let at = Shape::of(kind);
    let mut stated = without_nulls(stated);
    if applier.part == Part::Main && kind.status && !kind.is_custom() {
        object::take(&mut stated, &["status"]);
    }
    let mine = Fields::stated(&stated, at).without_identity().of_part(applier.part, kind);
    let subresource = applier.part.name();
    let mut claims = live.map(fields::claims).unwrap_or_default();
    if let Some(live) = live.filter(|_| claims.is_empty()) {
        claims.extend(fields::before_first_apply(kind, live, applier.part, applier.now));
    }
    let own = claims.iter().position(|claim| claim.is_by(applier.manager, "Apply", subresource));
    let own = own.map(|index| claims.remove(index));

    let mut merged = match live {
        Some(live) => merge(live, &stated, at),
        None => stated,
    };
    let mut contested = match live {
        Some(live) => Fields::changed(Some(live), &merged, at).without_identity(),
        None => Fields::default(),
    };
    contested.intersect(&mine);
    settle_conflicts(&mut claims, &contested, applier.force)?;

    if let Some(own) = &own {
        let mut kept = mine.clone();
        claims.iter().for_each(|claim| kept.unite(&claim.fields));
        prune_metadata_apart(&mut merged, &own.fields, &kept, at);
    }
    let all = Fields::places(&merged, at);
    claims.iter_mut().for_each(|claim| claim.fields.intersect(&all));
    let time = match &own {
        Some(own) if own.fields == mine && contested.is_empty() => own.time.clone(),
        _ => object::timestamp(applier.now),
    };
    claims.push(Claim {
        manager: applier.manager.to_owned(),
        operation: "Apply".to_owned(),
        subresource: subresource.to_owned(),
        api_version: kind.api_version(),
        time,
        fields: mine,
    });
    fields::set_claims(&mut merged, &mut claims);
    Ok(merged)
}

/// Whether a statement can be one: of the kind and version that is asked for, and made of fields the kind has.
pub(crate) fn check_stated(kind: &Kind, stated: &Value) -> Result<(), ApiError> {
    let said = |field: &str| object::text(stated, &[field]).unwrap_or_default();
    let (api_version, name) = (said("apiVersion"), said("kind"));
    if api_version != kind.api_version() || name != kind.kind {
        let slash = if api_version.contains('/') { "" } else { "/" };
        return Err(ApiError::BadRequest(format!("invalid object type: {slash}{api_version}, Kind={name}")));
    }
    if !object::items(stated, &["metadata", "managedFields"]).is_empty() {
        return Err(ApiError::BadRequest("metadata.managedFields must be nil".to_owned()));
    }
    let Some(wrong) = undeclared(stated, Shape::of(kind), "") else { return Ok(()) };
    // The core group is said as nothing before the slash.
    let slash = if api_version.contains('/') { "" } else { "/" };
    let (namespace, own) = (object::namespace(stated), object::name(stated));
    Err(ApiError::Internal(format!(
        "failed to create typed patch object ({namespace}/{own}; {slash}{api_version}, Kind={name}): {wrong}"
    )))
}

/// The first thing in a statement that its kind does not have.
fn undeclared(value: &Value, at: Shape, path: &str) -> Option<String> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, child)| {
            let path = format!("{path}.{name}");
            if at.declares(name) {
                undeclared(child, at.enter(name), &path)
            } else {
                Some(format!("{path}: field not declared in schema"))
            }
        }),
        Value::Array(items) => {
            let list = at.list();
            let mut seen = Vec::new();
            items.iter().find_map(|item| {
                let Some(name) = element(item, &list) else { return undeclared(item, at.item(), path) };
                let step = fields::shown(&name);
                if seen.contains(&name) {
                    return Some(format!("{path}: duplicate entries for key {step}"));
                }
                seen.push(name);
                undeclared(item, at.item(), &format!("{path}{step}"))
            })
        }
        Value::Null => None,
        leaf => {
            let wanted = at.leaf()?;
            let (fits, name) = match wanted {
                "string" => (leaf.is_string(), "string"),
                "boolean" => (leaf.is_boolean(), "boolean"),
                _ => (leaf.is_number(), "numeric (int or float)"),
            };
            let got = match leaf {
                Value::String(_) => "string",
                Value::Bool(_) => "boolean",
                Value::Number(number) if number.is_f64() => "float",
                _ => "int",
            };
            (!fits).then(|| format!("{path}: expected {name}, got {got}"))
        }
    }
}

/// Refuses what others own with another value, or takes it from them.
fn settle_conflicts(claims: &mut [Claim], contested: &Fields, force: bool) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    for claim in claims {
        let mut clash = claim.fields.clone();
        clash.intersect(contested);
        if clash.is_empty() {
            continue;
        }
        if force {
            claim.fields.subtract(&clash);
            continue;
        }
        let by = &claim.manager;
        let part = if claim.subresource.is_empty() {
            String::new()
        } else {
            format!(" with subresource \"{}\"", claim.subresource)
        };
        causes.extend(clash.paths().into_iter().map(|field| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with \"{by}\"{part}{}", since(claim)),
            field,
        }));
    }
    if causes.is_empty() { Ok(()) } else { Err(ApiError::ApplyConflict(causes)) }
}

/// How conflicts tell of a claim that was not made by an apply.
fn since(claim: &Claim) -> String {
    if claim.operation != "Update" {
        return String::new();
    }
    format!(" using {}", claim.api_version)
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, child)| !child.is_null())
                .map(|(key, child)| (key.clone(), without_nulls(child)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        leaf => leaf.clone(),
    }
}

fn merge(live: &Value, stated: &Value, at: Shape) -> Value {
    match (live, stated) {
        (Value::Object(live), Value::Object(stated)) if !at.is_atomic() => {
            let mut merged = live.clone();
            for (key, child) in stated {
                let child = match live.get(key) {
                    Some(was) => merge(was, child, at.enter(key)),
                    None => child.clone(),
                };
                merged.insert(key.clone(), child);
            }
            Value::Object(merged)
        }
        (Value::Array(live), Value::Array(stated)) => match at.list() {
            List::Atomic => Value::Array(stated.clone()),
            list => Value::Array(merge_elements(live, stated, &list, at)),
        },
        _ => stated.clone(),
    }
}

/// The elements of both, as `structured-merge-diff` orders them: the statement's order among what it states,
/// the live order among the rest, and what is shared holds the two together.
fn merge_elements(live: &[Value], stated: &[Value], list: &List, at: Shape) -> Vec<Value> {
    let named = |items: &'_ [Value]| -> Vec<Option<String>> {
        items.iter().map(|item| element(item, list)).collect()
    };
    let (left, right) = (named(live), named(stated));
    let both = |name: &Option<String>| {
        let was = left.iter().position(|other| other == name).map(|index| &live[index]);
        let now = right.iter().position(|other| other == name).map(|index| &stated[index]);
        match (was, now) {
            (Some(was), Some(now)) if *list != List::Set => merge(was, now, at.item()),
            (_, Some(one)) | (Some(one), None) => one.clone(),
            (None, None) => Value::Null,
        }
    };
    let mut shared = right.iter().filter(|name| left.contains(name));
    let mut next_shared = shared.next();
    let mut merged: Vec<Value> = Vec::new();
    let mut taken: Vec<&Option<String>> = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if l < left.len() && r < right.len() {
            if left[l] == right[r] {
                taken.push(&left[l]);
                merged.push(both(&left[l]));
                (l, r) = (l + 1, r + 1);
                next_shared = shared.next();
                continue;
            }
            if right.contains(&left[l]) && next_shared.is_some_and(|next| *next != left[l]) {
                l += 1;
                continue;
            }
        }
        if l < left.len() {
            if !right.contains(&left[l]) {
                merged.push(live[l].clone());
                l += 1;
                continue;
            }
            if taken.contains(&&left[l]) {
                l += 1;
            }
        }
        if r < right.len() {
            taken.push(&right[r]);
            merged.push(both(&right[r]));
            if next_shared == Some(&right[r]) {
                next_shared = shared.next();
            }
            r += 1;
        }
    }
    merged
}

/// Takes out what was stated before and is neither stated now nor owned by anybody else. `metadata` itself
/// stays, whatever becomes of its fields.
fn prune_metadata_apart(object: &mut Value, before: &Fields, kept: &Fields, at: Shape) {
    let nothing = Fields::default();
    for (name, fields) in before.below() {
        let field = name.trim_start_matches("f:");
        match kept.below().get(name) {
            None if field != "metadata" => {
                object::take(object, &[field]);
            }
            found => {
                if let Some(child) = object.get_mut(field) {
                    prune(child, fields, found.unwrap_or(&nothing), at.enter(field));
                }
            }
        }
    }
}

fn prune(value: &mut Value, before: &Fields, kept: &Fields, at: Shape) {
    match value {
        Value::Object(members) => {
            for (name, fields) in before.below() {
                let field = name.strip_prefix("f:").unwrap_or(name);
                match (kept.below().get(name), members.get_mut(field)) {
                    (None, Some(_)) => {
                        members.shift_remove(field);
                    }
                    (Some(kept), Some(child)) => prune(child, fields, kept, at.enter(field)),
                    (_, None) => {}
                }
            }
        }
        Value::Array(items) => {
            let list = at.list();
            items.retain_mut(|item| {
                let Some(name) = element(item, &list) else { return true };
                match (before.below().get(&name), kept.below().get(&name)) {
                    (Some(_), None) => false,
                    (Some(before), Some(kept)) => {
                        prune(item, before, kept, at.item());
                        true
                    }
                    (None, _) => true,
                }
            });
        }
        _ => {}
    }
}

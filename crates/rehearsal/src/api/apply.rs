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
    if api_version != kind.api_version() {
        // The real server takes the version apart, and shows none as a lone slash.
        let shown = if api_version.is_empty() { "/" } else { api_version };
        return Err(ApiError::BadRequest(format!(
            "Incorrect version specified in apply patch. Specified patch version: {shown}, expected: {}",
            kind.api_version()
        )));
    }
    if !object::items(stated, &["metadata", "managedFields"]).is_empty() {
        return Err(ApiError::BadRequest("metadata.managedFields must be nil".to_owned()));
    }
    let mut wrongs = Vec::new();
    undeclared(stated, Shape::of(kind), "", &mut wrongs);
    if wrongs.is_empty() {
        return Ok(());
    }
    let (namespace, own) = (object::namespace(stated), object::name(stated));
    let wrongs = match wrongs.as_slice() {
        [only] => only.clone(),
        all => format!("errors:\n  {}", all.join("\n  ")),
    };
    Err(ApiError::Internal(format!(
        "failed to create typed patch object ({namespace}/{own}; {api_version}, Kind={name}): {wrongs}"
    )))
}

fn undeclared(value: &Value, at: Shape, path: &str, wrongs: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, child) in members {
                let path = format!("{path}.{name}");
                if at.declares(name) {
                    undeclared(child, at.enter(name), &path, wrongs);
                } else {
                    wrongs.push(format!("{path}: field not declared in schema"));
                }
            }
        }
        Value::Array(items) => {
            let list = at.list();
            let mut seen = Vec::new();
            for item in items {
                let name = element(item, &list);
                if let Some(name) = name {
                    let step = fields::shown(&name);
                    if seen.contains(&name) {
                        wrongs.push(format!("{path}: duplicate entries for key {step}"));
                    }
                    undeclared(item, at.item(), &format!("{path}{step}"), wrongs);
                    seen.push(name);
                } else {
                    undeclared(item, at.item(), path, wrongs);
                }
            }
        }
        _ => {}
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
    format!(" using {} at {}", claim.api_version, claim.time)
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

/// The live order stands, new elements follow the one they were stated after; where the statement puts
/// shared elements into another order, its order wins.
fn merge_elements(live: &[Value], stated: &[Value], list: &List, at: Shape) -> Vec<Value> {
    let live: Vec<(Option<String>, &Value)> = live.iter().map(|item| (element(item, list), item)).collect();
    let stated: Vec<(Option<String>, &Value)> =
        stated.iter().map(|item| (element(item, list), item)).collect();
    let place_in_live = |name: &Option<String>| live.iter().position(|(other, _)| other == name);
    let shared: Vec<usize> = stated.iter().filter_map(|(name, _)| place_in_live(name)).collect();
    let mut merged: Vec<(Option<String>, Value)> = if shared.is_sorted() {
        live.iter().map(|(name, item)| (name.clone(), (*item).clone())).collect()
    } else {
        let first = stated.iter().filter_map(|(name, _)| place_in_live(name).map(|index| &live[index]));
        let rest = live.iter().filter(|(name, _)| stated.iter().all(|(other, _)| other != name));
        first.chain(rest).map(|(name, item)| (name.clone(), (*item).clone())).collect()
    };
    let mut next = 0;
    for (name, item) in stated {
        if let Some(index) = merged.iter().position(|(other, _)| *other == name) {
            if *list != List::Set {
                merged[index].1 = merge(&merged[index].1, item, at.item());
            }
            next = index + 1;
        } else {
            let index = if next == 0 { merged.len() } else { next };
            merged.insert(index, (name, item.clone()));
            next = index + 1;
        }
    }
    merged.into_iter().map(|(_, item)| item).collect()
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

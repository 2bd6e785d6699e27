//! What a request does to objects.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::address::Spot;
use super::apply::{self, Applier, apply};
use super::lists;
use super::object;
use super::patch::{PatchKind, patched};
use super::reading;
use super::requests::{Asked, Warnings, check_types};
use super::selectors::Selectors;
use super::status::{About, ApiError, Cause, json_response};
use super::store::Store;
use super::verbs::{Deleted, Deletion, Part, Write};
use super::{disruption, events, rights, scale, watch};

/// Does what a request asks.
pub(crate) fn carry_out(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let method = &asked.method;
    if spot.kind.is_review() {
        return review(spot, asked);
    }
    match (&spot.name, spot.part.as_deref()) {
        (_, None) if method == Method::GET && asked.query.is_set("watch") => {
            watch::start(store, spot, &asked.query)
        }
        (None, _) if method == Method::GET => lists::list(store, spot, &asked.query),
        (None, _) if method == Method::POST => create(store, spot, asked),
        (None, _) if method == Method::DELETE => delete_all(store, spot, asked),
        (Some(_), None) if method == Method::DELETE => delete(store, spot, asked),
        (Some(_), Some("eviction")) if method == Method::POST && spot.kind.is_core("Pod") => {
            evict(store, spot, asked)
        }
        (Some(_), Some("binding")) if method == Method::POST && spot.kind.is_core("Pod") => {
            bind(store, spot, asked)
        }
        (Some(_), None) => change(store, spot, asked, Part::Main),
        (Some(_), Some("status")) if spot.kind.status => change(store, spot, asked, Part::Status),
        (Some(_), Some("finalize")) if spot.kind.is_core("Namespace") => {
            change(store, spot, asked, Part::Whole)
        }
        (Some(_), Some("scale")) if spot.kind.scale => rescale(store, spot, asked),
        (Some(_), Some(_)) => Err(ApiError::NoSuchResource),
        (None, _) => Err(no_such_verb(spot, method)),
    }
}

/// Built-in kinds and custom ones say it differently.
fn no_such_verb(spot: &Spot, method: &Method) -> ApiError {
    let verb = match *method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "get",
    };
    if spot.kind.is_custom() {
        ApiError::NotSupported { about: About::new(&spot.kind, ""), verb }
    } else {
        ApiError::MethodNotAllowed
    }
}

fn review(spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    if asked.method != Method::POST || spot.name.is_some() {
        return Err(ApiError::MethodNotAllowed);
    }
    let warnings = Warnings::default();
    let review = asked.object(spot, &warnings)?;
    let answer = rights::answer(&spot.kind, review)?;
    Ok(warnings.dress(json_response(StatusCode::CREATED, &answer)))
}

/// An object as the answer to a request.
fn told(spot: &Spot, code: StatusCode, object: &Arc<Value>, warnings: Warnings) -> Response {
    warnings.dress(json_response(code, &events::shown(&spot.kind, object)))
}

fn create(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    if spot.kind.namespaced && spot.namespace.is_none() {
        return Err(no_such_verb(spot, &asked.method));
    }
    let warnings = Warnings::default();
    let object = asked.object(spot, &warnings)?;
    let created = store.create(&spot.kind, spot.namespace(), object, &asked.write("CreateOptions")?)?;
    Ok(told(spot, StatusCode::CREATED, &created, warnings))
}

fn change(store: &Store, spot: &Spot, asked: &Asked, part: Part) -> Result<Response, ApiError> {
    let warnings = Warnings::default();
    match asked.method {
        Method::GET => {
            let found = store.get(&spot.kind, spot.namespace(), spot.name())?;
            Ok(told(spot, StatusCode::OK, &found, warnings))
        }
        Method::PUT => replace(store, spot, asked, part),
        Method::PATCH => {
            let kind = PatchKind::of(asked.content_type(), spot.kind.is_custom())?;
            if kind == PatchKind::Apply {
                return apply_to(store, spot, asked, part);
            }
            patch(store, spot, asked, (part, kind))
        }
        _ => Err(no_such_verb(spot, &asked.method)),
    }
}

fn replace(store: &Store, spot: &Spot, asked: &Asked, part: Part) -> Result<Response, ApiError> {
    let warnings = Warnings::default();
    let mut object = asked.object(spot, &warnings)?;
    let write = asked.write("UpdateOptions")?;
    let given = object::name(&object);
    if given != spot.name() {
        let name = spot.name();
        return Err(ApiError::BadRequest(format!(
            "the name of the object ({given}{}) does not match the name on the URL ({name})",
            if given.is_empty() { " based on URL" } else { "" }
        )));
    }
    let at = (spot.namespace(), spot.name());
    match store.change(&spot.kind, at, part, &write, |_| Ok(object.clone())) {
        Err(ApiError::NotFound(_)) if part == Part::Main && spot.kind.is_made_by_put() => {
            object::take(&mut object, &["metadata", "resourceVersion"]);
            let created = store.create(&spot.kind, at.0, object, &write)?;
            Ok(told(spot, StatusCode::CREATED, &created, warnings))
        }
        changed => Ok(told(spot, StatusCode::OK, &changed?, warnings)),
    }
}

fn patch(
    store: &Store,
    spot: &Spot,
    asked: &Asked,
    (part, kind): (Part, PatchKind),
) -> Result<Response, ApiError> {
    let warnings = Warnings::default();
    let strictness = asked.strictness("PatchOptions")?;
    if asked.query.is_set("force") {
        let causes = vec![Cause::forbidden("force", "may not be specified for non-apply patch")];
        return Err(ApiError::Invalid { about: About::other("meta.k8s.io", "PatchOptions", ""), causes });
    }
    let write = asked.write("PatchOptions")?;
    let parsed = asked.patch(kind)?;
    let edit = |live: &Value| {
        let patched = patched(&spot.kind, live, &parsed.value, kind)?;
        check_types(&spot.kind, &patched)?;
        let shown = patched.clone();
        let refusal = |why: String| {
            let causes = vec![Cause::invalid("patch", &shown.to_string().into(), &why)];
            ApiError::Invalid { about: About::other("", "", ""), causes }
        };
        let (object, mut wrongs) = reading::as_kind(&spot.kind, patched).map_err(|why| {
            let why = why.to_string();
            refusal(
                why.rsplit_once("handled as a ")
                    .map_or(why.as_str(), |(_, rest)| rest.split_once(": ").map_or(rest, |(_, why)| why))
                    .to_owned(),
            )
        })?;
        wrongs.splice(0..0, parsed.duplicates.iter().cloned());
        asked.judge(wrongs, strictness, &warnings, |wrongs| {
            refusal(format!("strict decoding error: {}", wrongs.join(", ")))
        })?;
        Ok(object)
    };
    let changed = store.change(&spot.kind, (spot.namespace(), spot.name()), part, &write, edit)?;
    Ok(told(spot, StatusCode::OK, &changed, warnings))
}

fn apply_to(store: &Store, spot: &Spot, asked: &Asked, part: Part) -> Result<Response, ApiError> {
    let warnings = Warnings::default();
    let strictness = asked.strictness("PatchOptions")?;
    let Some(manager) = asked.query.get("fieldManager") else {
        let causes = vec![Cause::missing("fieldManager", "is required for apply patch")];
        return Err(ApiError::Invalid { about: About::other("meta.k8s.io", "PatchOptions", ""), causes });
    };
    let write = Write { fields_settled: true, ..asked.write("PatchOptions")? };
    let parsed = asked.patch(PatchKind::Apply)?;
    let mut stated = parsed.value;
    apply::check_stated(&spot.kind, &stated)?;
    if object::name(&stated).is_empty() {
        object::put(&mut stated, &["metadata", "name"], spot.name());
    }
    asked.judge(parsed.duplicates, strictness, &warnings, |wrongs| {
        ApiError::BadRequest(format!("error strict decoding YAML: {}", wrongs.join(", ")))
    })?;
    let applier = Applier { manager, force: asked.query.is_set("force"), part, now: store.clock().now() };
    let at = (spot.namespace(), spot.name());
    let edit = |live: &Value| apply(&spot.kind, Some(live), &stated, &applier);
    match store.change(&spot.kind, at, part, &write, edit) {
        Err(ApiError::NotFound(_)) if part == Part::Main => {
            let given = object::name(&stated);
            if given != at.1 {
                let why =
                    format!("the name of the object ({given}) does not match the name on the URL ({})", at.1);
                return Err(ApiError::BadRequest(why));
            }
            if let Some(uid) = object::text(&stated, &["metadata", "uid"]).filter(|uid| !uid.is_empty()) {
                let why = format!(
                    "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                );
                return Err(ApiError::Conflict { about: About::new(&spot.kind, at.1), why });
            }
            let object = apply(&spot.kind, None, &stated, &applier)?;
            let created = store.create(&spot.kind, at.0, object, &write)?;
            Ok(told(spot, StatusCode::CREATED, &created, warnings))
        }
        changed => Ok(told(spot, StatusCode::OK, &changed?, warnings)),
    }
}

fn rescale(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let at = (spot.namespace(), spot.name());
    let kind = &spot.kind;
    let edited: Arc<Value> = match asked.method {
        Method::GET => store.get(kind, at.0, at.1)?,
        Method::PUT => {
            let scale = asked.plain()?;
            scale::check(&scale, at)?;
            let write = asked.write("UpdateOptions")?;
            store.change(kind, at, Part::Scale, &write, |live| scale::scaled(kind, live, &scale))?
        }
        Method::PATCH => {
            let patch_kind = PatchKind::of(asked.content_type(), kind.is_custom())?;
            let patch = asked.patch(patch_kind)?.value;
            let write = asked.write("PatchOptions")?;
            store.change(kind, at, Part::Scale, &write, |live| {
                // Nothing in a Scale is a list, so that every merging patch does the same to it.
                let merging = if patch_kind == PatchKind::Json { PatchKind::Json } else { PatchKind::Merge };
                scale::scaled(kind, live, &patched(kind, &scale::view(kind, live), &patch, merging)?)
            })?
        }
        _ => return Err(no_such_verb(spot, &asked.method)),
    };
    Ok(json_response(StatusCode::OK, &scale::view(kind, &edited)))
}

fn deleted(spot: &Spot, outcome: &Deleted) -> Response {
    // The real server returns these as they were when they are gone, and tells of everything else in a Status.
    let returns = spot.kind.group.is_empty()
        && ["Pod", "Service", "PersistentVolume", "PersistentVolumeClaim", "ServiceAccount", "ResourceQuota"]
            .contains(&spot.kind.kind.as_str());
    match outcome {
        Deleted::Going(object) => json_response(StatusCode::OK, &events::shown(&spot.kind, object)),
        Deleted::Gone(object) if returns => json_response(StatusCode::OK, object),
        Deleted::Gone(object) => {
            let mut details = json!({"name": object::name(object)});
            if !spot.kind.group.is_empty() {
                details["group"] = spot.kind.group.as_str().into();
            }
            details["kind"] = spot.kind.plural.as_str().into();
            details["uid"] = object::uid(object).into();
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": details});
            json_response(StatusCode::OK, &status)
        }
    }
}

fn delete(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let outcome = store.delete(&spot.kind, (spot.namespace(), spot.name()), &asked.deletion()?)?;
    Ok(deleted(spot, &outcome))
}

fn evict(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let deletion: Deletion = asked.eviction(spot.name())?;
    disruption::evict(store, &spot.kind, (spot.namespace(), spot.name()), &deletion)?;
    Ok(success())
}

/// A scheduler puts a pod on a node.
fn bind(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let binding = asked.plain()?;
    let node = object::text(&binding, &["target", "name"]).unwrap_or_default().to_owned();
    let now = object::timestamp(store.clock().now());
    let write = asked.write("CreateOptions")?;
    store.change(&spot.kind, (spot.namespace(), spot.name()), Part::Whole, &write, |pod| {
        let placed = object::text(pod, &["spec", "nodeName"]).unwrap_or_default();
        if !placed.is_empty() {
            let why = format!("pod {} is already assigned to node {placed:?}", object::name(pod));
            let about = About::other("", "pods/binding", object::name(pod));
            return Err(ApiError::Conflict { about, why });
        }
        let mut bound = pod.clone();
        object::put(&mut bound, &["spec", "nodeName"], node.as_str());
        let mut conditions = object::items(&bound, &["status", "conditions"]).to_vec();
        conditions.retain(|one| object::text(one, &["type"]) != Some("PodScheduled"));
        conditions.push(json!({"type": "PodScheduled", "status": "True", "lastTransitionTime": now}));
        object::put(&mut bound, &["status", "conditions"], conditions);
        Ok(bound)
    })?;
    Ok(success())
}

fn success() -> Response {
    let status =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    json_response(StatusCode::CREATED, &status)
}

fn delete_all(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let selectors =
        Selectors::parse(&spot.kind, asked.query.get("labelSelector"), asked.query.get("fieldSelector"))?;
    let deletion = asked.deletion()?;
    let mut items = Vec::new();
    for object in store.list(&spot.kind, spot.namespace.as_deref()) {
        if !selectors.select(&object) {
            continue;
        }
        match store.delete(&spot.kind, (object::namespace(&object), object::name(&object)), &deletion) {
            Ok(Deleted::Gone(object) | Deleted::Going(object)) => items.push((*object).clone()),
            // Somebody else was faster, which is as well.
            Err(ApiError::NotFound(_)) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let version = store.version().to_string();
    let kind = format!("{}List", spot.kind.kind);
    let list = json!({"kind": kind, "apiVersion": spot.kind.api_version(),
        "metadata": {"resourceVersion": version}, "items": items});
    Ok(([(header::CONTENT_TYPE, "application/json")], list.to_string()).into_response())
}

//! The API server's front door: requests in, objects out.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::address::{Place, Query, Spot};
use super::apply::{Applier, apply};
use super::object;
use super::patch::{PatchKind, patched};
use super::proxy::{self, Passed};
use super::selectors::Selectors;
use super::status::{ApiError, json_response};
use super::store::Store;
use super::verbs::{Deleted, Deletion, Part, Propagation, Write};
use super::{scale, watch};

/// No object may be larger than this; the real server's limit.
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// The API server over a store.
pub fn router(store: Store) -> Router {
    Router::new().fallback(serve).with_state(store)
}

/// A client of the API server over a store, in this process and without a socket.
#[must_use]
pub fn client(store: &Store, namespace: &str) -> kube::Client {
    kube::Client::new(router(store.clone()), namespace)
}

/// A request, taken apart.
struct Asked {
    method: Method,
    query: Query,
    raw_query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

async fn serve(Shared(store): Shared<Store>, request: Request<Body>) -> Response {
    answer(&store, request).await.unwrap_or_else(ApiError::into_response)
}

async fn answer(store: &Store, request: Request<Body>) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let place = Place::find(&store.lock().registry, head.uri.path())?;
    let spot = match place {
        Place::Objects(spot) => spot,
        about if head.method == Method::GET => return announce(store, &about),
        _ => return Err(ApiError::MethodNotAllowed),
    };
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| ApiError::TooLarge)?;
    let asked = Asked {
        method: head.method,
        query: Query::of(&head.uri),
        raw_query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body,
    };
    if spot.part.as_deref() == Some("proxy") && (spot.kind.is_core("Pod") || spot.kind.is_core("Service")) {
        let Asked { method, headers, raw_query: query, body, .. } = asked;
        return Box::pin(proxy::pass(store, &spot, Passed { method, headers, query, body })).await;
    }
    carry_out(store, &spot, &asked)
}

fn announce(store: &Store, place: &Place) -> Result<Response, ApiError> {
    let state = store.lock();
    let found = match place {
        Place::Root("version") => Some(json!({
            "major": "1", "minor": "33", "gitVersion": "v1.33.0+rehearsal", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "rehearsal",
        })),
        Place::Root("api") => Some(json!({"kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": []})),
        Place::Root("apis") => Some(state.registry.groups()),
        Place::Root(_) => return Ok("ok".into_response()),
        Place::Group(group) => state.registry.group(group),
        Place::Version(group, version) => state.registry.resources(group, version),
        Place::Objects(_) => None,
    };
    found.map(|found| json_response(StatusCode::OK, &found)).ok_or(ApiError::NoSuchResource)
}

fn carry_out(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let method = &asked.method;
    match (&spot.name, spot.part.as_deref()) {
        (None, _) if method == Method::GET && asked.query.is_set("watch") => {
            watch::start(store, spot, &asked.query)
        }
        (None, _) if method == Method::GET => list(store, spot, &asked.query),
        (None, _) if method == Method::POST => create(store, spot, asked),
        (None, _) if method == Method::DELETE => delete_all(store, spot, asked),
        (Some(_), None) if method == Method::GET && asked.query.is_set("watch") => {
            watch::start(store, spot, &asked.query)
        }
        (Some(_), None) if method == Method::DELETE => delete(store, spot, asked),
        (Some(_), Some("eviction")) if method == Method::POST && spot.kind.is_core("Pod") => {
            evict(store, spot, asked)
        }
        (Some(_), None) => change(store, spot, asked, Part::Main),
        (Some(_), Some("status")) if spot.kind.status => change(store, spot, asked, Part::Status),
        (Some(_), Some("scale")) if spot.kind.scale => rescale(store, spot, asked),
        (Some(_), Some("status" | "scale")) => Err(ApiError::NoSuchResource),
        (None, _) => Err(ApiError::MethodNotAllowed),
        (Some(_), Some(_)) => Err(ApiError::NoSuchResource),
    }
}

impl Asked {
    fn json(&self) -> Result<Value, ApiError> {
        let read = serde_json::from_slice(&self.body);
        read.map_err(|why| ApiError::BadRequest(format!("the body cannot be read as JSON: {why}")))
    }

    /// A whole object, which must come as JSON.
    fn object(&self, spot: &Spot) -> Result<Value, ApiError> {
        let given = self.content_type();
        if !given.is_empty() && !given.starts_with("application/json") {
            return Err(ApiError::UnsupportedMediaType("application/json"));
        }
        let object = self.json()?;
        check_types(spot, &object)?;
        Ok(object)
    }

    fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn manager(&self) -> String {
        let agent = || {
            let agent = self.headers.get(header::USER_AGENT)?.to_str().ok()?;
            agent.split('/').next().filter(|agent| !agent.is_empty())
        };
        self.query.get("fieldManager").or_else(agent).unwrap_or("unknown").to_owned()
    }

    fn write(&self) -> Result<Write, ApiError> {
        let dry_run = self.is_dry_run(None)?;
        Ok(Write { dry_run, manager: Some(self.manager()), fields_settled: false })
    }

    fn is_dry_run(&self, options: Option<&Value>) -> Result<bool, ApiError> {
        let in_body = options.map(|options| object::items(options, &["dryRun"])).unwrap_or_default();
        match self.query.get("dryRun").or_else(|| in_body.first().and_then(Value::as_str)) {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => Err(ApiError::BadRequest(format!("invalid dryRun: {other:?}"))),
        }
    }

    fn deletion(&self) -> Result<Deletion, ApiError> {
        let options = if self.body.is_empty() { json!({}) } else { self.json()? };
        let word =
            self.query.get("propagationPolicy").or_else(|| object::text(&options, &["propagationPolicy"]));
        let propagation = match word {
            None | Some("Background") => Propagation::Background,
            Some("Foreground") => Propagation::Foreground,
            Some("Orphan") => Propagation::Orphan,
            Some(other) => return Err(ApiError::BadRequest(format!("invalid propagationPolicy: {other:?}"))),
        };
        let grace = self.query.number("gracePeriodSeconds")?.and_then(|seconds| i64::try_from(seconds).ok());
        let text = |path: &[&str]| object::text(&options, path).map(str::to_owned);
        Ok(Deletion {
            grace: grace.or_else(|| object::int(&options, &["gracePeriodSeconds"])),
            propagation,
            uid: text(&["preconditions", "uid"]),
            version: text(&["preconditions", "resourceVersion"]),
            dry_run: self.is_dry_run(Some(&options))?,
        })
    }
}

fn check_types(spot: &Spot, object: &Value) -> Result<(), ApiError> {
    let expected = [("apiVersion", spot.kind.api_version()), ("kind", spot.kind.kind.clone())];
    for (field, expected) in expected {
        match object::text(object, &[field]) {
            Some(given) if given != expected => {
                return Err(ApiError::BadRequest(format!(
                    "the {field} in the data ({given}) does not match the expected {field} ({expected})"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The object in the version that was asked for.
fn as_asked(spot: &Spot, object: &Arc<Value>) -> Arc<Value> {
    let version = spot.kind.api_version();
    if object::text(object, &["apiVersion"]) == Some(&version) {
        return Arc::clone(object);
    }
    let mut converted = (**object).clone();
    object::put(&mut converted, &["apiVersion"], version);
    Arc::new(converted)
}

fn list(store: &Store, spot: &Spot, query: &Query) -> Result<Response, ApiError> {
    let selectors = Selectors::parse(query.get("labelSelector"), query.get("fieldSelector"))?;
    query.number("resourceVersion")?;
    let (objects, version) = {
        let state = store.lock();
        (state.list(&spot.kind, spot.namespace.as_deref()), state.version)
    };
    let mut text = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"items\":[",
        spot.kind.kind,
        spot.kind.api_version()
    );
    let selected = objects.iter().filter(|object| selectors.select(object));
    for (index, object) in selected.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&as_asked(spot, object).to_string());
    }
    text.push_str("]}");
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn create(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    if spot.kind.namespaced && spot.namespace.is_none() {
        return Err(ApiError::MethodNotAllowed);
    }
    let object = asked.object(spot)?;
    let created = store.create(&spot.kind, spot.namespace(), object, &asked.write()?)?;
    Ok(json_response(StatusCode::CREATED, &created))
}

fn change(store: &Store, spot: &Spot, asked: &Asked, part: Part) -> Result<Response, ApiError> {
    let at = (spot.namespace(), spot.name());
    let changed = match asked.method {
        Method::GET => store.get(&spot.kind, at.0, at.1)?,
        Method::PUT => {
            let object = asked.object(spot)?;
            store.change(&spot.kind, at, part, &asked.write()?, |_| Ok(object))?
        }
        Method::PATCH => match PatchKind::of(asked.content_type())? {
            PatchKind::Apply => return apply_to(store, spot, asked, part),
            patch_kind => {
                let patch = asked.json()?;
                let edit = |live: &Value| {
                    let patched = patched(&spot.kind, live, &patch, patch_kind)?;
                    check_types(spot, &patched).map(|()| patched)
                };
                store.change(&spot.kind, at, part, &asked.write()?, edit)?
            }
        },
        _ => return Err(ApiError::MethodNotAllowed),
    };
    Ok(json_response(StatusCode::OK, &as_asked(spot, &changed)))
}

fn apply_to(store: &Store, spot: &Spot, asked: &Asked, part: Part) -> Result<Response, ApiError> {
    let Some(manager) = asked.query.get("fieldManager") else {
        return Err(ApiError::BadRequest("fieldManager is required for apply patch".to_owned()));
    };
    let mut stated = asked.json()?;
    check_types(spot, &stated)?;
    if object::name(&stated).is_empty() {
        object::put(&mut stated, &["metadata", "name"], spot.name());
    }
    let applier = Applier { manager, force: asked.query.is_set("force"), part, now: store.clock().now() };
    let write = Write { fields_settled: true, ..asked.write()? };
    let at = (spot.namespace(), spot.name());
    let edit = |live: &Value| apply(&spot.kind, Some(live), &stated, &applier);
    match store.change(&spot.kind, at, part, &write, edit) {
        Err(ApiError::NotFound(_)) if part == Part::Main => {
            let object = apply(&spot.kind, None, &stated, &applier)?;
            let created = store.create(&spot.kind, at.0, object, &write)?;
            Ok(json_response(StatusCode::CREATED, &created))
        }
        changed => Ok(json_response(StatusCode::OK, &*changed?)),
    }
}

fn rescale(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let at = (spot.namespace(), spot.name());
    let edited: Arc<Value> = match asked.method {
        Method::GET => store.get(&spot.kind, at.0, at.1)?,
        Method::PUT => {
            let scale = asked.json()?;
            store
                .change(&spot.kind, at, Part::Main, &asked.write()?, |live| Ok(scale::scaled(live, &scale)))?
        }
        Method::PATCH => {
            let patch_kind = PatchKind::of(asked.content_type())?;
            let patch = asked.json()?;
            store.change(&spot.kind, at, Part::Main, &asked.write()?, |live| {
                // Nothing in a Scale is a list, so that every merging patch does the same to it.
                let kind = if patch_kind == PatchKind::Json { PatchKind::Json } else { PatchKind::Merge };
                Ok(scale::scaled(live, &patched(&spot.kind, &scale::view(live), &patch, kind)?))
            })?
        }
        _ => return Err(ApiError::MethodNotAllowed),
    };
    Ok(json_response(StatusCode::OK, &scale::view(&edited)))
}

fn deleted(spot: &Spot, outcome: &Deleted) -> Response {
    match outcome {
        Deleted::Going(object) => json_response(StatusCode::OK, object),
        // The real server returns a pod that is gone, and tells of everything else in a Status.
        Deleted::Gone(object) if spot.kind.is_core("Pod") => json_response(StatusCode::OK, object),
        Deleted::Gone(object) => {
            let details = json!({"name": object::name(object), "group": spot.kind.group, "kind": spot.kind.plural,
                "uid": object::uid(object)});
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
    let eviction = asked.json()?;
    let options = eviction.get("deleteOptions");
    let deletion = Deletion {
        grace: options.and_then(|options| object::int(options, &["gracePeriodSeconds"])),
        dry_run: asked.is_dry_run(options)?,
        ..Deletion::default()
    };
    store.delete(&spot.kind, (spot.namespace(), spot.name()), &deletion)?;
    let status =
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(json_response(StatusCode::CREATED, &status))
}

fn delete_all(store: &Store, spot: &Spot, asked: &Asked) -> Result<Response, ApiError> {
    let selectors = Selectors::parse(asked.query.get("labelSelector"), asked.query.get("fieldSelector"))?;
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
    Ok(json_response(StatusCode::OK, &list))
}

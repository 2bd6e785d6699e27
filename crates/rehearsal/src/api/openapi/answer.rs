//! What is answered under `/openapi`.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::document;
use crate::api::object;
use crate::api::registry::Kind;
use crate::api::status::{ApiError, json_response};
use crate::api::store::{State, Store};

/// Answers what a path asks about schemas; none when it is not about them.
pub(crate) fn describe(store: &Store, path: &str, headers: &HeaderMap) -> Option<Result<Response, ApiError>> {
    let rest = path.strip_prefix("/openapi/")?.trim_end_matches('/');
    let state = store.lock();
    Some(match rest {
        "v3" => Ok(json_response(StatusCode::OK, &index(&state))),
        "v2" if wants_protobuf(headers) => Err(ApiError::NotAcceptable),
        "v2" => Ok(json_response(StatusCode::OK, &document::old(&all(&state)))),
        _ => match rest.strip_prefix("v3/") {
            Some(of) => one(&state, of),
            None => Err(ApiError::NoSuchResource),
        },
    })
}

/// Whether a client takes nothing else.
fn wants_protobuf(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("protobuf") && !accept.contains("json") && !accept.contains("*/*")
}

/// A kind with the schema that its definition gives it, if it is a custom one.
pub(super) type Described = (Kind, Option<Value>);

fn all(state: &State) -> Vec<Described> {
    let kinds = state.registry.kinds().filter(|kind| !kind.is_review());
    kinds.map(|kind| ((**kind).clone(), schema(kind))).collect()
}

/// The schema that its definition gives a custom kind.
fn schema(kind: &Kind) -> Option<Value> {
    kind.custom.as_ref().map(|custom| custom.schema.clone()).filter(Value::is_object)
}

/// `api/v1` or `apis/apps/v1`.
pub(super) fn place(kind: &Kind) -> String {
    if kind.group.is_empty() { "api/v1".to_owned() } else { format!("apis/{}/{}", kind.group, kind.version) }
}

/// Where the documents are. The hash lets clients keep them.
fn index(state: &State) -> Value {
    let mut hashes: Map<String, Value> = Map::new();
    for (kind, schema) in all(state) {
        let place = place(&kind);
        let about = json!([env!("CARGO_PKG_VERSION"), kind.kind, kind.namespaced, kind.scale, schema]);
        let before = hashes.get(&place).and_then(Value::as_u64).unwrap_or_default();
        let hash = object::content_hash(&json!([before, about]));
        hashes.insert(place, hash.into());
    }
    let paths: Map<String, Value> = hashes
        .into_iter()
        .map(|(place, hash)| {
            let at = format!("/openapi/v3/{place}?hash={:08X}", hash.as_u64().unwrap_or_default());
            (place, json!({"serverRelativeURL": at}))
        })
        .collect();
    json!({ "paths": paths })
}

fn one(state: &State, of: &str) -> Result<Response, ApiError> {
    let kinds: Vec<Described> = all(state).into_iter().filter(|(kind, _)| place(kind) == of).collect();
    if kinds.is_empty() {
        return Err(ApiError::NoSuchResource);
    }
    let document = document::new(&kinds);
    Ok(([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response())
}

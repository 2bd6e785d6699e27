//! A request's body, turned into JSON.

use axum::body::{Body, to_bytes};
use http::{HeaderValue, Request, header};
use serde_json::Value;

use super::decode::{self, Malformed, Wire, inner};
use crate::api::status::ApiError;

/// The first bytes of every object in this form.
const MAGIC: &[u8] = b"k8s\0";

/// No object may be larger than this; the real server's limit.
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// A request in JSON: as it is, or made out of Protobuf.
///
/// # Errors
/// When the body is too large, or no object that is known in this form.
pub(crate) async fn as_json(request: Request<Body>) -> Result<Request<Body>, ApiError> {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    if !media.is_some_and(|media| media.starts_with("application/vnd.kubernetes.protobuf")) {
        return Ok(request);
    }
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| ApiError::TooLarge)?;
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    head.headers.remove(header::CONTENT_LENGTH);
    let body = if body.is_empty() { Body::empty() } else { Body::from(object(&body)?.to_string()) };
    Ok(Request::from_parts(head, body))
}

fn object(body: &[u8]) -> Result<Value, ApiError> {
    let refused = |Malformed| {
        let message =
            "the object provided cannot be read from Protobuf, or its kind is not known in that form";
        ApiError::BadRequest(message.to_owned())
    };
    let rest = body.strip_prefix(MAGIC).ok_or(Malformed).map_err(refused)?;
    read(rest).map_err(refused)
}

/// `runtime.Unknown`: the types, then the object.
fn read(unknown: &[u8]) -> Result<Value, Malformed> {
    let Some(Wire::Bytes(types)) = inner(unknown, 1)? else { return Err(Malformed) };
    let text = |number| inner(types, number)?.map_or(Ok(String::new()), decode::text);
    let (api_version, kind) = (text(1)?, text(2)?);
    let raw = match inner(unknown, 2)? {
        Some(Wire::Bytes(raw)) => raw,
        _ => &[],
    };
    let mut object = decode::message(&message_name(&api_version, &kind), raw)?;
    object.shift_insert(0, "apiVersion".to_owned(), api_version.into());
    object.shift_insert(1, "kind".to_owned(), kind.into());
    Ok(Value::Object(object))
}

/// `networking.k8s.io/v1` and `Ingress` are `networking.v1.Ingress`. Options of deletions belong to every group.
fn message_name(api_version: &str, kind: &str) -> String {
    if kind == "DeleteOptions" {
        return "meta.v1.DeleteOptions".to_owned();
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
    let group = group.split('.').next().unwrap_or_default();
    format!("{group}.{version}.{kind}")
}

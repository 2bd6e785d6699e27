//! The API server's front door: requests in, objects out.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::Request;

use super::actions;
use super::address::{Place, Query};
use super::proxy::{self, Passed};
use super::requests::Asked;
use super::status::ApiError;
use super::store::Store;

/// No object may be larger than this; the real server's limit.
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// Does to objects what a request asks.
pub(super) async fn serve(store: &Store, request: Request<Body>) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let Place::Objects(spot) = Place::find(&store.lock().registry, head.uri.path())? else {
        return Err(ApiError::MethodNotAllowed);
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
    actions::carry_out(store, &spot, &asked)
}

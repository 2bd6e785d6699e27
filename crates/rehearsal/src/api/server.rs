//! The API server's front door: requests in, objects out.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{Method, Request, StatusCode};
use serde_json::json;

use super::actions;
use super::address::{Place, Query};
use super::proxy::{self, Passed};
use super::requests::Asked;
use super::status::{ApiError, json_response};
use super::store::Store;

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
    actions::carry_out(store, &spot, &asked)
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

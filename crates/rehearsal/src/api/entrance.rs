//! What stands between a client and the objects: the server's word about itself, the parts of pods that are no
//! objects, and the form in which objects are wanted.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{Method, Request};

use super::address::{Place, Query, Spot};
use super::status::ApiError;
use super::store::Store;
use super::table::View;
use super::{discovery, exec, log, openapi, protobuf, reviews, server};
use crate::standin::Logbook;

/// A cluster as its clients meet it.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    pub(crate) store: Store,
    pub(crate) logbook: Logbook,
}

/// The API server over a store of which no pod ever runs.
pub fn router(store: Store) -> Router {
    router_of(Entrance { store, logbook: Logbook::default() })
}

/// A client of the API server over a store, in this process and without a socket.
#[must_use]
pub fn client(store: &Store, namespace: &str) -> kube::Client {
    kube::Client::new(router(store.clone()), namespace)
}

/// The API server over a store and what its containers write.
pub(crate) fn router_of(entrance: Entrance) -> Router {
    Router::new().fallback(enter).with_state(entrance)
}

async fn enter(Shared(entrance): Shared<Entrance>, request: Request<Body>) -> Response {
    answer(&entrance, request).await.unwrap_or_else(ApiError::into_response)
}

async fn answer(entrance: &Entrance, request: Request<Body>) -> Result<Response, ApiError> {
    let store = &entrance.store;
    let request = protobuf::as_json(request).await?;
    let query = Query::of(request.uri());
    if request.method() == Method::GET {
        let path = request.uri().path();
        let announced = discovery::announce(&store.lock().registry, path, &query, request.headers());
        if let Some(answer) = announced.or_else(|| openapi::describe(store, path, request.headers())) {
            return answer;
        }
    }
    if reviews::asks_who(request.method(), request.uri().path()) {
        return reviews::say_who(request.into_body()).await;
    }
    let place = Place::find(&store.lock().registry, request.uri().path());
    let Ok(Place::Objects(spot)) = place else { return server::serve(store, request).await };
    if spot.kind.is_core("Pod") {
        match spot.part.as_deref() {
            Some("log") => return log::read(entrance, &spot, &query),
            Some("exec") => return exec::begin(entrance, &spot, request),
            Some(part @ ("attach" | "portforward")) => return Err(not_here(&spot, part)),
            Some("proxy") => return server::serve(store, request).await,
            _ => {}
        }
    }
    let view = View::asked(request.headers(), &query)?;
    let is_watch = request.method() == Method::GET && query.is_set("watch");
    let answer = server::serve(store, request).await?;
    view.dress(Arc::clone(&spot.kind), store.clock(), is_watch, answer).await
}

/// What a real node would do and the stand-ins have nothing for.
fn not_here(spot: &Spot, part: &str) -> ApiError {
    let instead = match part {
        "attach" => "read its log instead",
        _ => "its address is on this machine's loopback: go there instead (kubectl get pod -o wide)",
    };
    let name = spot.name();
    ApiError::BadRequest(format!("{part} is not there in a rehearsal: pod {name} is a stand-in; {instead}"))
}

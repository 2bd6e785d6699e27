//! Faults on the way between the program and the API server. The cluster's own controllers and its node speak to the server
//! by another way, and are spared.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use clock::Clock;
use futures::StreamExt;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::{Effect, FaultBook};
use crate::api::{Store, router};
use crate::standin::World;

/// What a busy server asks its clients to wait: what API Priority and Fairness says when it sheds load.
const RETRY_AFTER_S: u64 = 1;
/// The largest request that an API server takes (`MaxRequestBodyBytes` of k8s.io/apiserver).
const LIMIT: usize = 3 * 1024 * 1024;

/// A client of the API server over a store, by the way on which the faults of a world lie.
#[must_use]
pub fn operator_client(store: &Store, namespace: &str, world: &World) -> kube::Client {
    bitten(router(store.clone()), namespace, world, store.clock())
}

/// A client of the same API server as another, whichever that is, by a way on which the faults of a world lie.
#[must_use]
pub fn operator_client_of(
    client: kube::Client,
    namespace: &str,
    world: &World,
    clock: Clock,
) -> kube::Client {
    bitten(Router::new().fallback(pass_on).with_state(client), namespace, world, clock)
}

fn bitten(server: Router, namespace: &str, world: &World, clock: Clock) -> kube::Client {
    let means = (world.clone(), clock);
    kube::Client::new(server.layer(middleware::from_fn_with_state(means, bite)), namespace)
}

async fn pass_on(State(client): State<kube::Client>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match client.send(Request::from_parts(head, kube::client::Body::from(body.to_vec()))).await {
        Ok(answer) => answer.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bite {
    Answered(StatusCode),
    LostAnswer,
    Hangs,
    CutAfter(Duration),
}

async fn bite(State((world, clock)): State<(World, Clock)>, request: Request, next: Next) -> Response {
    match fate(world.faults(), &request) {
        None => next.run(request).await,
        Some(Bite::Answered(status)) => refusal(status),
        Some(Bite::LostAnswer) => {
            next.run(request).await;
            refusal(StatusCode::GATEWAY_TIMEOUT)
        }
        Some(Bite::Hangs) => std::future::pending().await,
        Some(Bite::CutAfter(span)) => {
            let until = tokio::time::sleep(clock.on_the_wall(span));
            let cut = |body: Body| Body::from_stream(body.into_data_stream().take_until(until));
            next.run(request).await.map(cut)
        }
    }
}

/// The first fault that strikes a request.
fn fate(faults: &FaultBook, request: &Request) -> Option<Bite> {
    let watches = request.uri().query().is_some_and(|query| query.contains("watch="));
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    // A creation conflicts with what exists, which is another thing, and a deletion with nothing.
    let may_conflict = matches!(*request.method(), Method::PUT | Method::PATCH);
    faults.all().into_iter().filter(|(_, fault)| faults.is_in_force(fault)).find_map(|(_, fault)| {
        let falls = |percent| faults.falls_on(percent);
        match fault.effect {
            Effect::ApiConflict { percent } if may_conflict && falls(percent) => {
                Some(Bite::Answered(StatusCode::CONFLICT))
            }
            Effect::ApiBusy { percent } if falls(percent) => {
                Some(Bite::Answered(StatusCode::TOO_MANY_REQUESTS))
            }
            Effect::ApiError { percent } if falls(percent) => {
                Some(Bite::Answered(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Effect::ApiLostAnswer { percent } if changes && falls(percent) => Some(Bite::LostAnswer),
            Effect::ApiHang { percent } if falls(percent) => Some(Bite::Hangs),
            Effect::WatchDrop { after } if watches => Some(Bite::CutAfter(after)),
            _ => None,
        }
    })
}

/// The words of the real server (`k8s.io/apimachinery/pkg/api/errors`).
fn refusal(status: StatusCode) -> Response {
    let (reason, message) = match status {
        StatusCode::CONFLICT => (
            "Conflict",
            "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
        ),
        StatusCode::TOO_MANY_REQUESTS => ("TooManyRequests", "too many requests, please try again later"),
        StatusCode::GATEWAY_TIMEOUT => {
            ("Timeout", "the server did not answer in time, though it may have acted")
        }
        _ => ("InternalError", "an error on the server has prevented the request from succeeding"),
    };
    let mut body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status.as_u16(),
    });
    let busy = status == StatusCode::TOO_MANY_REQUESTS;
    if busy {
        body["details"] = json!({"retryAfterSeconds": RETRY_AFTER_S});
    }
    let mut answer = (status, axum::Json(body)).into_response();
    if busy {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    }
    answer
}

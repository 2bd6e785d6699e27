//! Questions about the one who asks.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::object;
use super::status::{ApiError, json_response};

/// The most bytes a question may have.
const MOST_BYTES: usize = 64 * 1024;

/// Whether a request asks who it comes from, as `kubectl auth whoami` does.
pub(crate) fn asks_who(method: &Method, path: &str) -> bool {
    method == Method::POST && path == "/apis/authentication.k8s.io/v1/selfsubjectreviews"
}

/// Says who it is: whoever is let in is the one user, who may do everything.
///
/// # Errors
/// When the question cannot be read.
pub(crate) async fn say_who(body: Body) -> Result<Response, ApiError> {
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| ApiError::TooLarge)?;
    let read = serde_json::from_slice::<Value>(&body);
    let mut review =
        read.map_err(|why| ApiError::BadRequest(format!("the body cannot be read as JSON: {why}")))?;
    let groups = ["system:masters", "system:authenticated"];
    let status = json!({"userInfo": {"username": "mastoferry", "groups": groups}});
    object::put(&mut review, &["status"], status);
    Ok(json_response(StatusCode::CREATED, &review))
}

//! Questions about the one who asks.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::object;
use super::status::{ApiError, json_response};

/// The most bytes a question may have.
const MOST_BYTES: usize = 64 * 1024;

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Review {
    /// `kubectl auth whoami`.
    Subject,
    /// `kubectl auth can-i VERB RESOURCE`.
    Access,
    /// `kubectl auth can-i --list`.
    Rules,
}

impl Review {
    /// The question that a request puts, if it does.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        match path {
            _ if method != Method::POST => None,
            "/apis/authentication.k8s.io/v1/selfsubjectreviews" => Some(Self::Subject),
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => Some(Self::Access),
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => Some(Self::Rules),
            _ => None,
        }
    }

    /// Whoever is let in may do everything, as the first user of a cluster does.
    ///
    /// # Errors
    /// When the question cannot be read.
    pub(crate) async fn answer(self, body: Body) -> Result<Response, ApiError> {
        let body = to_bytes(body, MOST_BYTES).await.map_err(|_| ApiError::TooLarge)?;
        let read = serde_json::from_slice::<Value>(&body);
        let mut review =
            read.map_err(|why| ApiError::BadRequest(format!("the body cannot be read as JSON: {why}")))?;
        let status = match self {
            Self::Subject => {
                let groups = ["system:masters", "system:authenticated"];
                json!({"userInfo": {"username": "mastoferry", "groups": groups}})
            }
            Self::Access => json!({"allowed": true}),
            Self::Rules => json!({
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                "incomplete": false,
            }),
        };
        object::put(&mut review, &["status"], status);
        Ok(json_response(StatusCode::CREATED, &review))
    }
}

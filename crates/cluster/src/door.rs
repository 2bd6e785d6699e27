//! The side door: a pod asked through the API server, before any user's request can reach it.

use http::Request;
use http_body_util::BodyExt;
use kube::core::Status;

use crate::patience::insist;
use crate::{Cluster, ClusterError};

/// What a pod answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The text, read as UTF-8 as far as it is.
    pub text: String,
}

impl Cluster {
    /// Asks a pod for a path as the front would: for `host`, over HTTPS as far as the pod can tell.
    ///
    /// # Errors
    /// When the API server cannot be asked. What the pod answers is an answer, whatever its status.
    pub async fn ask_pod(
        &self,
        pod: &str,
        port: u16,
        path: &str,
        host: &str,
    ) -> Result<Answer, ClusterError> {
        let doing = format!("ask Pod/{pod} for {path}");
        let uri = format!("/api/v1/namespaces/{}/pods/{pod}:{port}/proxy{path}", self.namespace());
        insist(self.clock(), &doing, || async {
            let request = Request::get(&uri)
                .header("x-forwarded-host", host)
                .header("x-forwarded-proto", "https")
                .body(kube::client::Body::empty())
                .map_err(kube::Error::HttpError)?;
            let answer = self.client().send(request).await?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await?.to_bytes();
            if let Some(refusal) = servers_own(status, &body) {
                return Err(kube::Error::Api(refusal));
            }
            Ok(Answer { status, text: String::from_utf8_lossy(&body).into_owned() })
        })
        .await
    }
}

/// The API server's own refusal, which says nothing about the pod. That it could not reach the pod (503) does.
fn servers_own(status: u16, body: &[u8]) -> Option<Box<Status>> {
    if !matches!(status, 429 | 500 | 504) {
        return None;
    }
    let kind: serde_json::Value = serde_json::from_slice(body).ok()?;
    let is_status = kind["kind"] == "Status" && kind["apiVersion"] == "v1";
    is_status.then(|| serde_json::from_value(kind).ok()).flatten().map(Box::new)
}

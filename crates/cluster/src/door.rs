//! The side door: a pod asked through the API server, before any user's request can reach it.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::core::Status;

use crate::patience::{insist, once};
use crate::{Cluster, ClusterError};

/// What a pod answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The text, read as UTF-8 as far as it is.
    pub text: String,
    /// When to ask again (`Retry-After`), where it says so.
    pub retry_after: Option<String>,
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
            let retry_after = answer.headers().get(http::header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
            let body = answer.into_body().collect().await?.to_bytes();
            if let Some(refusal) = servers_own(status, &body) {
                return Err(kube::Error::Api(refusal));
            }
            Ok(Answer { status, text: String::from_utf8_lossy(&body).into_owned(), retry_after })
        })
        .await
    }

    /// Passes a request on to a Service through the API server, which picks one of the pods that are ready. Asked once:
    /// whoever sends the request decides whether it may be sent again.
    ///
    /// # Errors
    /// When the API server cannot be asked. What it or the pod answers is an answer, whatever its status.
    pub async fn ask_service(
        &self,
        service: &str,
        port: u16,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ClusterError> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let doing = format!("ask Service/{service}");
        let uri = format!("/api/v1/namespaces/{}/services/{service}:{port}/proxy{path}", self.namespace());
        let asked = async {
            head.uri = uri.parse().map_err(|error| kube::Error::HttpError(http::Error::from(error)))?;
            let request = Request::from_parts(head, kube::client::Body::from(body.to_vec()));
            let (head, body) = self.client().send(request).await?.into_parts();
            Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
        };
        once(self.clock(), &doing, asked).await
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

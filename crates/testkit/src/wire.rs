//! Requests as they are, so that every code and reason can be seen.

use http::Method;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use crate::failure::Failure;

/// What the API server answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// `409 Conflict`; the reason as the server words it.
    pub(crate) fn verdict(&self) -> String {
        match self.body["reason"].as_str() {
            Some(reason) if !self.is_good() => format!("{} {reason}", self.code),
            _ => self.code.to_string(),
        }
    }
}

/// Sends one request.
pub(crate) async fn send(
    client: &Client,
    method: Method,
    path: &str,
    content: Option<(&str, &Value)>,
) -> Result<Reply, Failure> {
    let mut request = http::Request::builder().method(method).uri(path);
    let mut body = Vec::new();
    if let Some((content_type, content)) = content {
        request = request.header(http::header::CONTENT_TYPE, content_type);
        body = content.to_string().into_bytes();
    }
    let request = request.body(Body::from(body)).map_err(|error| Failure::Unsent(error.to_string()))?;
    let answer = client.send(request).await.map_err(|error| Failure::Unsent(error.to_string()))?;
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(|error| Failure::Unsent(error.to_string()))?;
    let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
    Ok(Reply { code, body })
}

/// Watches until the server ends it, and tells each event; or the refusal.
pub(crate) async fn watch(client: &Client, path: &str) -> Result<(Option<Reply>, Vec<String>), Failure> {
    let request =
        http::Request::get(path).body(Body::empty()).map_err(|error| Failure::Unsent(error.to_string()))?;
    let answer = client.send(request).await.map_err(|error| Failure::Unsent(error.to_string()))?;
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(|error| Failure::Unsent(error.to_string()))?;
    let body = body.to_bytes();
    if code != 200 {
        return Ok((
            Some(Reply { code, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }),
            Vec::new(),
        ));
    }
    let events =
        body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let events = events.map(|event| {
        let (kind, object) = (event["type"].as_str().unwrap_or_default(), &event["object"]);
        match kind {
            "ERROR" => format!("ERROR {} {}", object["code"], object["reason"].as_str().unwrap_or_default()),
            _ => format!("{kind} {}", object["metadata"]["name"].as_str().unwrap_or_default()),
        }
    });
    Ok((None, events.filter(|event| !event.ends_with("kube-root-ca.crt")).collect()))
}

//! One request and its answer.

use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HOST, InvalidHeaderName, InvalidHeaderValue, RETRY_AFTER, USER_AGENT};
use http::uri::{InvalidUri, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use crate::account::Durations;
use crate::connection::{Connection, Pool};
use crate::failure::FailureKind;
use crate::target::{Method, Target};

/// Who gave an answer, where it says so.
const COMPONENT: HeaderName = HeaderName::from_static("x-stand-in-component");

/// By which Mastodon knows a request that is sent again.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How much of a body is looked at.
const BODY_LOOKED_AT: usize = 1 << 20;

/// Why a target cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("path: {0}")]
    Path(#[from] InvalidUri),
    #[error("header: {0}")]
    Header(#[from] InvalidHeaderValue),
    #[error("header: {0}")]
    HeaderName(#[from] InvalidHeaderName),
}

/// A request made once and sent many times.
#[derive(Debug)]
pub(crate) struct Template {
    method: http::Method,
    uri: http::Uri,
    headers: HeaderMap,
    body: Bytes,
    status: u16,
    contains: Option<String>,
    component: Option<String>,
    records_id: bool,
    has_key: bool,
}

/// How many keys were given out, and what tells them from those of other processes.
static KEYS_GIVEN: AtomicU64 = AtomicU64::new(0);
static KEYS_OF_PROCESS: LazyLock<u128> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()));

impl Template {
    pub(crate) fn new(target: &Target) -> Result<Self, TemplateError> {
        let path: PathAndQuery = target.path.parse()?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(&target.host)?);
        headers.insert(USER_AGENT, HeaderValue::from_static("mastoferry-prober"));
        let (method, body) = match &target.method {
            Method::Get => (http::Method::GET, Bytes::new()),
            Method::Post { body, content_type } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type)?);
                (http::Method::POST, body.clone())
            }
        };
        for (name, value) in &target.headers {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        let expect = target.expect.clone();
        Ok(Self {
            method,
            uri: http::Uri::from(path),
            headers,
            body,
            status: expect.status,
            contains: expect.contains,
            component: expect.component,
            records_id: target.records_id,
            has_key: target.has_key,
        })
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if self.has_key {
            let key = format!("{:032x}-{}", *KEYS_OF_PROCESS, KEYS_GIVEN.fetch_add(1, Ordering::Relaxed));
            if let Ok(key) = HeaderValue::try_from(key) {
                request.headers_mut().insert(IDEMPOTENCY_KEY, key);
            }
        }
        request
    }

    fn judge_head(&self, response: &Response<Incoming>, announced: bool) -> Result<(), FailureKind> {
        if announced
            && response.status() == StatusCode::SERVICE_UNAVAILABLE
            && response.headers().contains_key(RETRY_AFTER)
        {
            return Err(FailureKind::Maintenance);
        }
        if response.status().as_u16() != self.status {
            return Err(FailureKind::Status(response.status().as_u16()));
        }
        match (&self.component, response.headers().get(COMPONENT)) {
            (Some(expected), Some(found)) if found.as_bytes() != expected.as_bytes() => {
                Err(FailureKind::WrongComponent)
            }
            _ => Ok(()),
        }
    }

    /// The acknowledged id, where one is asked for.
    fn judge_body(&self, body: &[u8]) -> Result<Option<String>, FailureKind> {
        if let Some(text) = &self.contains
            && !String::from_utf8_lossy(body).contains(text.as_str())
        {
            return Err(FailureKind::WrongBody);
        }
        if !self.records_id {
            return Ok(None);
        }
        let value: serde_json::Value = serde_json::from_slice(body).map_err(|_| FailureKind::WrongBody)?;
        match value.get("id") {
            Some(serde_json::Value::String(id)) => Ok(Some(id.clone())),
            Some(serde_json::Value::Number(id)) => Ok(Some(id.to_string())),
            _ => Err(FailureKind::WrongBody),
        }
    }
}

/// What is known of an exchange so far; it stays when the exchange is cut off by a timeout.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) durations: Durations,
    pub(crate) retries: u64,
}

/// Asks once (twice if an idle connection had been closed), and judges the answer.
pub(crate) async fn exchange(
    template: &Template,
    pool: &Pool,
    progress: &mut Progress,
    announced: &AtomicBool,
) -> Result<Option<String>, FailureKind> {
    let mut connection = pool.take(&mut progress.durations).await?;
    let response = match send(template, &mut connection, progress).await {
        Ok(response) => response,
        Err(Unanswered { stale: true, .. }) => {
            progress.retries += 1;
            connection = pool.fresh(&mut progress.durations).await?;
            send(template, &mut connection, progress).await.map_err(|unanswered| unanswered.kind)?
        }
        Err(unanswered) => return Err(unanswered.kind),
    };
    let verdict = template.judge_head(&response, announced.load(Ordering::Relaxed));
    let body = read(response.into_body()).await;
    if body.is_ok() {
        pool.put_back(connection);
    }
    // A wrong answer is wrong even if it also broke off.
    verdict?;
    template.judge_body(&body?)
}

/// A request without the head of an answer.
struct Unanswered {
    kind: FailureKind,
    /// Whether the connection had lain idle and was closed before it could serve this request, so that
    /// sending the request again does it only once.
    stale: bool,
}

async fn send(
    template: &Template,
    connection: &mut Connection,
    progress: &mut Progress,
) -> Result<Response<Incoming>, Unanswered> {
    let sent_at = Instant::now();
    match connection.sender.try_send_request(template.request()).await {
        Ok(response) => {
            progress.durations.first_byte = Some(sent_at.elapsed());
            Ok(response)
        }
        Err(mut error) => {
            let unwritten = error.take_message().is_some();
            let kind = kind_before_answer(error.error());
            let repeatable =
                unwritten || (kind == FailureKind::ResetBeforeAnswer && template.method == http::Method::GET);
            Err(Unanswered { kind, stale: connection.was_used() && repeatable })
        }
    }
}

fn kind_before_answer(error: &hyper::Error) -> FailureKind {
    if error.is_parse() { FailureKind::Protocol } else { FailureKind::ResetBeforeAnswer }
}

/// Reads a whole body, and keeps the part that is looked at.
async fn read(mut body: Incoming) -> Result<Bytes, FailureKind> {
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| kind_within_answer(&error))?;
        if let Ok(data) = frame.into_data() {
            let room = BODY_LOOKED_AT - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(kept.freeze())
}

/// hyper reports a broken chunk as an I/O error of its own; all others are the connection's end.
fn kind_within_answer(error: &hyper::Error) -> FailureKind {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => FailureKind::Protocol,
        _ => FailureKind::ResetMidBody,
    }
}

//! What web's pages hold: enough to look like what was asked for, and about as large.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use serde_json::json;

pub(super) type Answer = Response<Full<Bytes>>;

const JSON: &str = "application/json; charset=utf-8";

/// Statuses on one page of a timeline: Mastodon's default.
const STATUSES: usize = 20;

/// The letters of a stand-in status: with them a timeline takes some 30 kB, as one with accounts and media does.
const LETTERS: usize = 1_400;

static TIMELINE: LazyLock<Bytes> = LazyLock::new(|| {
    let text = "la ".repeat(LETTERS / 3);
    let status = |number: usize| {
        json!({
            "id": format!("{}", 1_000 + number),
            "visibility": "public",
            "account": {"id": "1", "username": "sailor", "acct": "sailor"},
            "content": format!("<p>{text}</p>"),
        })
    };
    json!((0..STATUSES).map(status).collect::<Vec<_>>()).to_string().into()
});

/// What a GET of this path gives; `query` decides nothing.
pub(super) fn page(path: &str, headers: &HeaderMap) -> Answer {
    match path {
        "/health" => text(StatusCode::OK, "OK"),
        "/api/v1/instance" | "/api/v2/instance" => typed(JSON, instance(headers)),
        "/.well-known/webfinger" => {
            typed("application/jrd+json; charset=utf-8", json!({"subject": "acct:sailor"}).to_string().into())
        }
        "/.well-known/nodeinfo" | "/nodeinfo/2.0" => {
            typed(JSON, json!({"version": "2.0", "software": {"name": "mastodon"}}).to_string().into())
        }
        "/" | "/about" | "/explore" | "/public" | "/home" => typed("text/html; charset=utf-8", html()),
        path if path.starts_with("/@") => typed("text/html; charset=utf-8", html()),
        path if path.starts_with("/api/v1/timelines/") || path.starts_with("/api/v1/trends/") => {
            typed(JSON, TIMELINE.clone())
        }
        "/api/v1/notifications" | "/api/v2/search" => typed(JSON, Bytes::from_static(b"[]")),
        path if path.starts_with("/users/") => typed("application/activity+json; charset=utf-8", actor()),
        path if ["/packs/", "/assets/", "/emoji/"].iter().any(|under| path.starts_with(under)) => {
            typed("application/octet-stream", Bytes::from_static(b"asset"))
        }
        _ => not_found(),
    }
}

fn html() -> Bytes {
    Bytes::from_static(b"<!DOCTYPE html><html><head><title>Mastodon</title></head><body></body></html>")
}

fn actor() -> Bytes {
    json!({"type": "Person", "preferredUsername": "sailor"}).to_string().into()
}

fn instance(headers: &HeaderMap) -> Bytes {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let body = json!({"uri": host, "domain": host, "title": "Mastodon", "version": "4.5.0"});
    body.to_string().into()
}

/// What a POST that stored a row is answered with.
pub(super) fn stored(row: u64) -> Answer {
    typed(JSON, format!("{{\"id\":\"{row}\"}}").into())
}

pub(super) fn typed(kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

pub(super) fn text(status: StatusCode, body: &'static str) -> Answer {
    let mut answer = typed("text/plain; charset=utf-8", Bytes::from_static(body.as_bytes()));
    *answer.status_mut() = status;
    answer
}

pub(super) fn not_found() -> Answer {
    text(StatusCode::NOT_FOUND, "not found")
}

//! What the stand-ins answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, CONTENT_TYPE, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

use super::component::Component;
use super::logbook::Pen;
use super::process::{ProcessSpec, patient};
use super::speech;
use super::world::World;
use crate::fault::{Ailment, Patient};

type Answer = Response<Full<Bytes>>;

/// The largest body a post may have; Mastodon's web takes media elsewhere.
const LARGEST_POST: usize = 1 << 20;

/// One process's way of answering.
#[derive(Debug)]
pub(crate) struct Answerer {
    manner: Manner,
    patient: Option<Patient>,
    release: Option<String>,
    component: HeaderValue,
    pod: HeaderValue,
    world: World,
    alive: CancellationToken,
    pen: Arc<Pen>,
}

#[derive(Debug, Clone, Copy)]
enum Manner {
    Web,
    Streaming,
    Neighbour,
}

impl Answerer {
    pub(crate) fn of(spec: &ProcessSpec, world: World, alive: CancellationToken, pen: &Arc<Pen>) -> Self {
        let (manner, name) = match spec.component {
            Component::Web => (Manner::Web, "web"),
            Component::Streaming => (Manner::Streaming, "streaming"),
            _ => (Manner::Neighbour, spec.identity.owner.as_str()),
        };
        // Names of Kubernetes objects are always fit for a header.
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unnamed"));
        Self {
            manner,
            patient: patient(&spec.component),
            release: spec.identity.release.clone(),
            component: value(name),
            pod: value(&spec.identity.pod),
            world,
            alive,
            pen: Arc::clone(pen),
        }
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let asked = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
        let ailment = self.ailment(request.headers());
        if let Some(late) = ailment.late {
            tokio::time::sleep(late).await;
        }
        let mut answer = if ailment.fails {
            text(StatusCode::INTERNAL_SERVER_ERROR, "We're sorry, but something went wrong.")
        } else {
            match self.manner {
                Manner::Web => self.web(request).await,
                Manner::Streaming => self.streaming(request),
                Manner::Neighbour => neighbour(&request),
            }
        };
        self.tell(&asked, answer.status());
        let headers = answer.headers_mut();
        headers.insert("x-stand-in-component", self.component.clone());
        headers.insert("x-stand-in-pod", self.pod.clone());
        answer
    }

    /// Writes of a request in the log, as far as such a program does.
    fn tell(&self, (method, path, since): &(Method, String, Instant), status: StatusCode) {
        match self.manner {
            Manner::Web => speech::requested(&self.pen, method, path, status.as_u16(), since.elapsed()),
            Manner::Streaming if status == StatusCode::SWITCHING_PROTOCOLS => {
                speech::streaming(&self.pen, "info", "WebSocket connected");
            }
            Manner::Streaming | Manner::Neighbour => {}
        }
    }

    fn ailment(&self, headers: &HeaderMap) -> Ailment {
        let probe = headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"kube-probe/"));
        match self.patient {
            Some(patient) if !probe => self.world.faults().ailment(patient, self.release.as_deref()),
            _ => Ailment::default(),
        }
    }

    async fn web(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        if request.method() == Method::POST {
            return if path == "/api/v1/statuses" { self.post(request).await } else { not_found() };
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return not_found();
        }
        match path {
            "/" => typed(
                "text/html; charset=utf-8",
                Bytes::from_static(
                    b"<!DOCTYPE html><html><head><title>Mastodon</title></head><body></body></html>",
                ),
            ),
            "/health" => text(StatusCode::OK, "OK"),
            "/api/v1/instance" => instance(request.headers()),
            path if ["/packs/", "/assets/", "/emoji/"].iter().any(|under| path.starts_with(under)) => {
                typed("application/octet-stream", Bytes::from_static(b"asset"))
            }
            _ => not_found(),
        }
    }

    /// A post is acknowledged only when its row is stored and its jobs are enqueued.
    async fn post(&self, request: Request<Incoming>) -> Answer {
        if Limited::new(request.into_body(), LARGEST_POST).collect().await.is_err() {
            return text(StatusCode::BAD_REQUEST, "the body broke off or is too large");
        }
        match self.world.post() {
            Ok(row) => typed("application/json; charset=utf-8", format!("{{\"id\":\"{row}\"}}").into()),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the row could not be stored"),
        }
    }

    fn streaming(&self, mut request: Request<Incoming>) -> Answer {
        match request.uri().path().trim_end_matches('/') {
            "/api/v1/streaming/health" => text(StatusCode::OK, "OK"),
            "/api/v1/streaming" => match request.headers().get(SEC_WEBSOCKET_KEY) {
                Some(key) => {
                    let accept = derive_accept_key(key.as_bytes());
                    let upgrade = hyper::upgrade::on(&mut request);
                    tokio::spawn(self.alive.clone().run_until_cancelled_owned(stream(upgrade)));
                    switching(&accept)
                }
                None => text(StatusCode::UPGRADE_REQUIRED, "a WebSocket is expected"),
            },
            _ => not_found(),
        }
    }
}

/// Holds a WebSocket: a small message each second, an answer to each ping.
async fn stream(upgrade: hyper::upgrade::OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count = 0_u64;
    loop {
        let told = tokio::select! {
            _ = second.tick() => {
                count += 1;
                let event = format!("{{\"stream\":[\"public\"],\"event\":\"tick\",\"payload\":\"{count}\"}}");
                socket.send(Message::text(event)).await
            }
            heard = socket.next() => match heard {
                // Pings and closing frames are answered while writing.
                Some(Ok(_)) => socket.flush().await,
                Some(Err(_)) | None => return,
            },
        };
        if told.is_err() {
            return;
        }
    }
}

fn neighbour(request: &Request<Incoming>) -> Answer {
    if request.method() == Method::GET || request.method() == Method::HEAD {
        text(StatusCode::OK, "OK")
    } else {
        text(StatusCode::METHOD_NOT_ALLOWED, "")
    }
}

fn instance(headers: &HeaderMap) -> Answer {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let body = serde_json::json!({"uri": host, "title": "Mastodon", "version": "4.5.0"});
    typed("application/json; charset=utf-8", body.to_string().into())
}

fn switching(accept: &str) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    answer
}

fn typed(kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn text(status: StatusCode, body: &'static str) -> Answer {
    let mut answer = typed("text/plain; charset=utf-8", Bytes::from_static(body.as_bytes()));
    *answer.status_mut() = status;
    answer
}

fn not_found() -> Answer {
    text(StatusCode::NOT_FOUND, "not found")
}

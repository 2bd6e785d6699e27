//! What the stand-ins answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use super::component::Component;
use super::logbook::Pen;
use super::notice::Notice;
use super::pages::{Answer, not_found, page, stored, text};
use super::process::{ProcessSpec, patient};
use super::speech;
use super::world::World;
use crate::fault::{Ailment, Patient, Who};

/// The largest body a post may have, and an upload: Mastodon's own limit for videos is 99 MB.
const LARGEST_POST: u64 = 1 << 20;
const LARGEST_UPLOAD: u64 = 100 << 20;

/// One process's way of answering.
#[derive(Debug)]
pub(crate) struct Answerer {
    manner: Manner,
    patient: Option<Patient>,
    release: Option<String>,
    name: String,
    component: HeaderValue,
    pod: HeaderValue,
    world: World,
    alive: CancellationToken,
    pen: Arc<Pen>,
    notice: Notice,
}

#[derive(Debug, Clone, Copy)]
enum Manner {
    Web,
    Streaming,
    Notice,
    Neighbour,
}

impl Answerer {
    pub(crate) fn of(spec: &ProcessSpec, world: World, alive: CancellationToken, pen: &Arc<Pen>) -> Self {
        let (manner, name) = match spec.component {
            Component::Web => (Manner::Web, "web"),
            Component::Streaming => (Manner::Streaming, "streaming"),
            Component::Notice => (Manner::Notice, spec.identity.owner.as_str()),
            _ => (Manner::Neighbour, spec.identity.owner.as_str()),
        };
        // Names of Kubernetes objects are always fit for a header.
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unnamed"));
        Self {
            manner,
            patient: patient(&spec.component),
            release: spec.identity.release.clone(),
            name: spec.identity.pod.clone(),
            component: value(name),
            pod: value(&spec.identity.pod),
            world,
            alive,
            pen: Arc::clone(pen),
            notice: spec.notice.clone(),
        }
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let asked = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
        let ailment = self.ailment(&request);
        if ailment.wrong {
            // Somebody else's answer carries nobody's name.
            return text(StatusCode::OK, "default backend");
        }
        if let Some(late) = ailment.late {
            tokio::time::sleep(late).await;
        }
        let mut answer = if ailment.fails {
            text(StatusCode::INTERNAL_SERVER_ERROR, "We're sorry, but something went wrong.")
        } else {
            match self.manner {
                Manner::Web => self.web(request).await,
                Manner::Streaming => self.streaming(request, ailment.cut),
                Manner::Notice => self.notice.answer(request.uri().path(), request.headers()),
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
            Manner::Streaming | Manner::Notice | Manner::Neighbour => {}
        }
    }

    fn ailment(&self, request: &Request<Incoming>) -> Ailment {
        let agent = request.headers().get(USER_AGENT);
        let probe = agent.is_some_and(|agent| agent.as_bytes().starts_with(b"kube-probe/"));
        match self.patient {
            Some(patient) if !probe => {
                let who = Who { patient, release: self.release.as_deref(), pod: &self.name };
                self.world.faults().ailment(&who, request.method(), request.uri().path())
            }
            _ => Ailment::default(),
        }
    }

    async fn web(&self, request: Request<Incoming>) -> Answer {
        match *request.method() {
            Method::GET | Method::HEAD => page(request.uri().path(), request.headers()),
            Method::POST => self.post(request).await,
            _ => not_found(),
        }
    }

    async fn post(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        let largest = if path == "/api/v2/media" { LARGEST_UPLOAD } else { LARGEST_POST };
        let is_inbox = path == "/inbox" || (path.starts_with("/users/") && path.ends_with("/inbox"));
        if is_inbox {
            if !request.headers().contains_key("signature") {
                return text(StatusCode::UNAUTHORIZED, "Request not signed");
            }
        } else if !matches!(path, "/api/v1/statuses" | "/api/v2/media") {
            return not_found();
        }
        let key =
            request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        if !is_whole(request.into_body(), largest).await {
            return text(StatusCode::BAD_REQUEST, "the body broke off or is too large");
        }
        // What is acknowledged is stored, and its jobs are enqueued.
        let done = if is_inbox {
            self.world.deliver().map(|()| text(StatusCode::ACCEPTED, ""))
        } else {
            self.world.post_once(key.as_deref()).map(stored)
        };
        done.unwrap_or_else(|_| text(StatusCode::INTERNAL_SERVER_ERROR, "the row could not be stored"))
    }

    fn streaming(&self, mut request: Request<Incoming>, cut: Option<Duration>) -> Answer {
        match request.uri().path().trim_end_matches('/') {
            "/api/v1/streaming/health" => text(StatusCode::OK, "OK"),
            "/api/v1/streaming" => match request.headers().get(SEC_WEBSOCKET_KEY) {
                Some(key) => {
                    let accept = derive_accept_key(key.as_bytes());
                    let is_public = request.uri().query().is_some_and(|query| {
                        form_urlencoded::parse(query.as_bytes())
                            .any(|(key, value)| key == "stream" && value.starts_with("public"))
                    });
                    let posts = is_public.then(|| self.world.published());
                    let upgrade = hyper::upgrade::on(&mut request);
                    let held = async move {
                        match cut {
                            Some(after) => drop(tokio::time::timeout(after, stream(upgrade, posts)).await),
                            None => stream(upgrade, posts).await,
                        }
                    };
                    tokio::spawn(self.alive.clone().run_until_cancelled_owned(held));
                    switching(&accept)
                }
                None => text(StatusCode::UPGRADE_REQUIRED, "a WebSocket is expected"),
            },
            _ => not_found(),
        }
    }
}

/// Reads a body to its end, without keeping it.
async fn is_whole(mut body: Incoming, largest: u64) -> bool {
    let mut read = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        read += frame.data_ref().map_or(0, |data| data.len() as u64);
        if read > largest {
            return false;
        }
    }
    true
}

/// Holds a WebSocket: a small message each second, those of posts where they are listened for, an answer to each
/// ping.
async fn stream(upgrade: hyper::upgrade::OnUpgrade, mut posts: Option<broadcast::Receiver<Utf8Bytes>>) {
    let Ok(upgraded) = upgrade.await else { return };
    let config = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
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
            Some(post) = next_post(&mut posts) => socket.send(Message::Text(post)).await,
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

/// The next post; none where nobody listens for any, or the world has ended.
async fn next_post(posts: &mut Option<broadcast::Receiver<Utf8Bytes>>) -> Option<Utf8Bytes> {
    let posts = posts.as_mut()?;
    loop {
        match posts.recv().await {
            Ok(post) => return Some(post),
            // One that reads too slowly misses posts, as it would with Mastodon.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
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

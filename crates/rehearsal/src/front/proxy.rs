//! Carrying one request to a pod and its answer back.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use futures::FutureExt;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Profile;
use super::manner::Manner;
use super::pool::{Endpoint, Sender};
use super::route::Route;
use super::table::{Ask, Backend, Found};
use super::watching::Stand;

type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// No body is larger, whatever a front carries: memory is bounded.
const LARGEST_BODY: u64 = 128 << 20;

/// What carrying requests needs.
#[derive(Clone)]
pub(super) struct House {
    pub(super) stand: watch::Receiver<Arc<Stand>>,
    pub(super) profile: Profile,
    pub(super) clock: Clock,
    pub(super) visited: Arc<AtomicBool>,
    pub(super) cancel: CancellationToken,
}

pub(super) async fn serve(listener: TcpListener, house: House) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = house.cancel.cancelled() => break,
            accepted = listener.accept() => {
                // Out of descriptors, or a peer gone before it was greeted: the next one may fare better.
                let Ok((stream, peer)) = accepted else { tokio::task::yield_now().await; continue };
                house.visited.store(true, Ordering::Relaxed);
                connections.spawn(converse(stream, peer.ip(), house.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

async fn converse(stream: TcpStream, peer: IpAddr, house: House) {
    // Nagle's algorithm would show up as latency; a socket without the option still works.
    let _ = stream.set_nodelay(true);
    let workers = Workers { reloads: house.stand.borrow().reloads, stand: house.stand.clone() };
    let manner = Manner::of(house.profile);
    let forward = Arc::new(Forward { house, manner, peer: forwarded_for(peer), workers: workers.clone() });
    let (asking, asked) = watch::channel(false);
    let service = service_fn(move |request| {
        let forward = forward.clone();
        asking.send_replace(true);
        async move { Ok::<_, Infallible>(forward.carry(request).await) }
    });
    let talk = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut talk = pin!(talk);
    tokio::select! {
        // A user who breaks off is no error of the front's.
        _ = &mut talk => return,
        () = workers.replaced().then(|()| has_been(asked)) => {}
    }
    // Old workers end what they are at, and are asked nothing more.
    talk.as_mut().graceful_shutdown();
    let _ = talk.await;
}

/// Waits for a connection's first request: old workers close connections that are idle between requests, and wait for those
/// that have asked nothing yet (nginx: `ngx_http_set_keepalive` marks a connection idle, `ngx_http_init_connection` does not).
async fn has_been(mut asked: watch::Receiver<bool>) {
    if asked.wait_for(|asked| *asked).await.is_err() {
        // The connection has ended: whoever waits for that as well goes on.
        std::future::pending::<()>().await;
    }
}

/// The worker processes that a connection came to.
#[derive(Clone)]
struct Workers {
    reloads: u64,
    stand: watch::Receiver<Arc<Stand>>,
}

impl Workers {
    /// Waits until new ones have taken their place.
    async fn replaced(&self) {
        let mut stand = self.stand.clone();
        if stand.wait_for(|stand| stand.reloads != self.reloads).await.is_err() {
            // The watching has ended: nothing is replaced any more.
            std::future::pending::<()>().await;
        }
    }
}

/// What carrying the requests of one user's connection needs.
struct Forward {
    house: House,
    manner: Manner,
    peer: HeaderValue,
    workers: Workers,
}

/// How an attempt at one endpoint ended.
enum Attempt {
    Answered(Response<Incoming>),
    /// The endpoint never saw the request.
    Unsent,
    /// The endpoint may have seen it.
    Broken,
    TimedOut,
}

impl Forward {
    async fn carry(&self, mut request: Request<Incoming>) -> Answer {
        let host = host_of(&request);
        let ask = Ask {
            host: &host,
            path: request.uri().path(),
            method: request.method().as_str(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
        };
        let found = self.house.stand.borrow().table.find(ask);
        let (backend, route) = match found {
            Found::To(backend, route) => (backend, route),
            Found::Nowhere => return plain(StatusCode::NOT_FOUND, "no route leads there"),
            Found::Broken => return plain(StatusCode::INTERNAL_SERVER_ERROR, "the backend does not exist"),
        };
        if backend.is_empty() {
            return plain(self.manner.nobody, "no endpoint is ready");
        }
        let user = wants_upgrade(request.headers()).then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let body = match whole(body, self.largest(route.as_deref())).await {
            Ok(body) => body,
            Err(status) => return plain(status, "the body cannot be taken"),
        };
        let mut outgoing = Request::new(());
        *outgoing.method_mut() = parts.method;
        *outgoing.uri_mut() = path_only(&parts.uri);
        *outgoing.headers_mut() = parts.headers;
        *outgoing.version_mut() = Version::HTTP_11;
        self.mark(outgoing.headers_mut(), &host, user.is_some());
        let read = route.map_or(self.manner.read, |route| route.read);
        self.offer(&backend, &Wish { request: outgoing, body, read }, user).await
    }

    fn largest(&self, route: Option<&Route>) -> usize {
        let told = route.map_or(self.manner.body, |route| route.body);
        usize::try_from(told.map_or(LARGEST_BODY, |told| told.min(LARGEST_BODY))).unwrap_or(usize::MAX)
    }

    /// Offers the request to endpoints in turn until one answers or the front gives up.
    async fn offer(&self, backend: &Backend, wish: &Wish, user: Option<OnUpgrade>) -> Answer {
        let retries = self.manner.retries;
        let repeatable = retries.seen && wish.request.method().is_idempotent();
        for _ in 0..retries.tries.min(backend.len().max(2)) {
            let Some(endpoint) = backend.next() else { break };
            match self.attempt(endpoint, wish, user.is_some()).await {
                Attempt::Answered(answer) => return self.deliver(answer, user, endpoint),
                Attempt::Unsent => {}
                Attempt::Broken if repeatable => {}
                Attempt::Broken => break,
                Attempt::TimedOut => return plain(StatusCode::GATEWAY_TIMEOUT, "the endpoint is silent"),
            }
        }
        plain(retries.exhausted, "no endpoint answered")
    }

    /// One endpoint's turn. A kept connection that its pod has closed meanwhile is no failure of the endpoint's.
    async fn attempt(&self, endpoint: &Endpoint, wish: &Wish, upgrade: bool) -> Attempt {
        let kept = if upgrade { None } else { endpoint.kept() };
        if let Some(sender) = kept {
            match send(endpoint, sender, wish, upgrade).await {
                Attempt::Unsent if self.manner.retries.renew => {}
                Attempt::Broken if self.manner.retries.renew && wish.request.method().is_idempotent() => {}
                ended => return ended,
            }
        }
        match endpoint.connect(self.manner.connect).await {
            Some(sender) => send(endpoint, sender, wish, upgrade).await,
            None => Attempt::Unsent,
        }
    }

    fn deliver(
        &self,
        mut answer: Response<Incoming>,
        user: Option<OnUpgrade>,
        endpoint: &Endpoint,
    ) -> Answer {
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(user) = user else {
                return plain(StatusCode::BAD_GATEWAY, "the endpoint switched protocols unasked");
            };
            let pod = hyper::upgrade::on(&mut answer);
            let end = self.end(endpoint);
            tokio::spawn(async move {
                tokio::select! {
                    () = join(user, pod) => {}
                    () = end => {}
                }
            });
        } else {
            drop_hop_by_hop(answer.headers_mut());
        }
        answer.map(Either::Left)
    }

    /// When a WebSocket ends although both ends would go on: with the front, with the endpoint's time to drain, or with the
    /// old workers.
    fn end(&self, endpoint: &Endpoint) -> impl Future<Output = ()> + Send + use<> {
        let (house, cut) = (self.house.clone(), endpoint.ends());
        let (workers, old_workers) = (self.workers.clone(), self.manner.old_workers);
        async move {
            let old = async {
                workers.replaced().await;
                match old_workers {
                    Some(patience) => house.clock.sleep(patience).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = house.cancel.cancelled() => {}
                () = cut.cancelled() => {}
                () = old => {}
            }
        }
    }

    /// The headers an ingress controller adds and takes away.
    fn mark(&self, headers: &mut HeaderMap, host: &str, upgrade: bool) {
        let asked = headers.get(UPGRADE).cloned();
        drop_hop_by_hop(headers);
        if upgrade && let Some(asked) = asked {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, asked);
        }
        if let Ok(host) = HeaderValue::from_str(host) {
            headers.insert(X_FORWARDED_HOST, host.clone());
            headers.insert(HOST, host);
        }
        headers.insert(X_REAL_IP, self.peer.clone());
        headers.insert(X_FORWARDED_FOR, self.peer.clone());
        // The front stands where TLS ends, in the cluster as in a rehearsal without certificates.
        headers.entry(X_FORWARDED_PROTO).or_insert(HeaderValue::from_static("https"));
    }
}

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// A request as it is offered, and how long an endpoint may be silent over it.
struct Wish {
    request: Request<()>,
    body: Bytes,
    read: Duration,
}

async fn send(endpoint: &Endpoint, mut sender: Sender, wish: &Wish, upgrade: bool) -> Attempt {
    let Wish { request, body, read } = wish;
    let mut copy = Request::new(Full::new(body.clone()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    match tokio::time::timeout(*read, sender.try_send_request(copy)).await {
        Err(_) => Attempt::TimedOut,
        Ok(Err(mut error)) => {
            if error.take_message().is_some() {
                Attempt::Unsent
            } else {
                Attempt::Broken
            }
        }
        Ok(Ok(answer)) => {
            if !upgrade {
                endpoint.keep(sender);
            }
            Attempt::Answered(answer)
        }
    }
}

/// Lets a user and a pod talk until either has had enough.
async fn join(user: OnUpgrade, pod: OnUpgrade) {
    if let (Ok(user), Ok(pod)) = tokio::join!(user, pod) {
        // A reset is how many a conversation ends; dropping both ends closes them.
        let _ = copy_bidirectional(&mut TokioIo::new(user), &mut TokioIo::new(pod)).await;
    }
}

/// Buffers a body, as ingress-nginx does, so that the request can be offered again.
async fn whole(body: Incoming, largest: usize) -> Result<Bytes, StatusCode> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match Limited::new(body, largest).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

fn host_of<B>(request: &Request<B>) -> String {
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| request.uri().authority().map(|host| host.as_str())).unwrap_or_default().to_owned()
}

/// The target without scheme and host, which a user may have sent as to a proxy.
fn path_only(uri: &http::Uri) -> http::Uri {
    match uri.path_and_query() {
        Some(path) if uri.authority().is_some() => http::Uri::from(path.clone()),
        _ => uri.clone(),
    }
}

fn wants_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        && headers
            .get(CONNECTION)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade")))
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in [CONNECTION, KEEP_ALIVE, TE, TRAILER, UPGRADE] {
        headers.remove(name);
    }
    // A chunked body was read whole or is framed anew.
    if headers.remove(TRANSFER_ENCODING).is_some() {
        headers.remove(CONTENT_LENGTH);
    }
}

fn forwarded_for(peer: IpAddr) -> HeaderValue {
    let canonical = SocketAddr::new(peer, 0).ip().to_canonical().to_string();
    HeaderValue::from_str(&canonical).unwrap_or(HeaderValue::from_static("unknown"))
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Response::new(Either::Right(Full::new(Bytes::from_static(text.as_bytes()))));
    *answer.status_mut() = status;
    answer
}

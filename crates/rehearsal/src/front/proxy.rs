//! Carrying one request to a pod and its answer back.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
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

use super::pool::Endpoint;
use super::table::{Backend, Table};

type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// How often a request is offered to endpoints: ingress-nginx's `proxy-next-upstream-tries`.
const TRIES: usize = 3;

/// How long an endpoint may take to answer, in real time: ingress-nginx's `proxy-read-timeout`.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest body carried; Mastodon's own limit for media, with room to spare.
const LARGEST_BODY: usize = 128 << 20;

pub(super) async fn serve(
    listener: TcpListener,
    table: watch::Receiver<Arc<Table>>,
    cancel: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            accepted = listener.accept() => {
                // Out of descriptors, or a peer gone before it was greeted: the next one may fare better.
                let Ok((stream, peer)) = accepted else { tokio::task::yield_now().await; continue };
                connections.spawn(converse(stream, peer.ip(), table.clone(), cancel.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

async fn converse(
    stream: TcpStream,
    peer: IpAddr,
    table: watch::Receiver<Arc<Table>>,
    cancel: CancellationToken,
) {
    // Nagle's algorithm would show up as latency; a socket without the option still works.
    let _ = stream.set_nodelay(true);
    let forward = Arc::new(Forward { table, peer: forwarded_for(peer), cancel });
    let service = service_fn(move |request| {
        let forward = forward.clone();
        async move { Ok::<_, Infallible>(forward.carry(request).await) }
    });
    // A user who breaks off is no error of the front's.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// What carrying the requests of one user's connection needs.
struct Forward {
    table: watch::Receiver<Arc<Table>>,
    peer: HeaderValue,
    cancel: CancellationToken,
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
        let backend = self.table.borrow().find(&host, request.uri().path()).cloned();
        let Some(backend) = backend else { return plain(StatusCode::NOT_FOUND, "no route leads there") };
        if backend.is_empty() {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "no endpoint is ready");
        }
        let user = wants_upgrade(request.headers()).then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let body = match whole(body).await {
            Ok(body) => body,
            Err(status) => return plain(status, "the body cannot be taken"),
        };
        let mut outgoing = Request::new(());
        *outgoing.method_mut() = parts.method;
        *outgoing.uri_mut() = path_only(&parts.uri);
        *outgoing.headers_mut() = parts.headers;
        *outgoing.version_mut() = Version::HTTP_11;
        self.mark(outgoing.headers_mut(), &host, user.is_some());
        self.offer(&backend, &outgoing, &body, user).await
    }

    /// Offers the request to endpoints in turn until one answers or trying again could do harm.
    async fn offer(
        &self,
        backend: &Backend,
        request: &Request<()>,
        body: &Bytes,
        user: Option<OnUpgrade>,
    ) -> Answer {
        let repeatable = is_idempotent(request.method());
        for _ in 0..TRIES {
            let Some(endpoint) = backend.next() else { break };
            match attempt(endpoint, request, body, user.is_some()).await {
                Attempt::Answered(answer) => return self.deliver(answer, user),
                Attempt::Unsent => {}
                Attempt::Broken if repeatable => {}
                Attempt::Broken => break,
                Attempt::TimedOut => return plain(StatusCode::GATEWAY_TIMEOUT, "the endpoint is silent"),
            }
        }
        plain(StatusCode::BAD_GATEWAY, "no endpoint answered")
    }

    fn deliver(&self, mut answer: Response<Incoming>, user: Option<OnUpgrade>) -> Answer {
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let Some(user) = user else {
                return plain(StatusCode::BAD_GATEWAY, "the endpoint switched protocols unasked");
            };
            let pod = hyper::upgrade::on(&mut answer);
            tokio::spawn(self.cancel.clone().run_until_cancelled_owned(join(user, pod)));
        } else {
            drop_hop_by_hop(answer.headers_mut());
        }
        answer.map(Either::Left)
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

async fn attempt(endpoint: &Endpoint, request: &Request<()>, body: &Bytes, upgrade: bool) -> Attempt {
    let kept = if upgrade { None } else { endpoint.kept() };
    let mut sender = match kept {
        Some(sender) => sender,
        None => match endpoint.connect().await {
            Some(sender) => sender,
            None => return Attempt::Unsent,
        },
    };
    let mut copy = Request::new(Full::new(body.clone()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    match tokio::time::timeout(PATIENCE, sender.try_send_request(copy)).await {
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
async fn whole(body: Incoming) -> Result<Bytes, StatusCode> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    match Limited::new(body, LARGEST_BODY).collect().await {
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

fn is_idempotent(method: &Method) -> bool {
    method.is_idempotent()
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

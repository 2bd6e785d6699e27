//! Users of a namespace that no front leads to: a port on loopback, behind it the API server's way to Services.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cluster::Cluster;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use plan::Route;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The largest body passed on: what the API server itself takes is less for some.
const LARGEST: usize = 100 << 20;

/// The port. It closes when this is dropped.
pub(crate) struct Bridge {
    address: SocketAddr,
    _open: DropGuard,
}

impl Bridge {
    /// Opens a port for these routes.
    ///
    /// # Errors
    /// When no port can be had.
    pub(crate) async fn open(cluster: Cluster, routes: Vec<Route>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let closed = CancellationToken::new();
        let crossing = Arc::new(Crossing { cluster, routes });
        let serving = serve(listener, crossing, closed.clone());
        tokio::spawn(closed.clone().run_until_cancelled_owned(serving));
        Ok(Self { address, _open: closed.drop_guard() })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

struct Crossing {
    cluster: Cluster,
    routes: Vec<Route>,
}

async fn serve(listener: TcpListener, crossing: Arc<Crossing>, closed: CancellationToken) {
    loop {
        // Out of file descriptors, or a peer gone before it was greeted: the next one may fare better.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        tokio::spawn(closed.clone().run_until_cancelled_owned(converse(stream, crossing.clone())));
    }
}

async fn converse(stream: TcpStream, crossing: Arc<Crossing>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let crossing = crossing.clone();
        async move { Ok::<_, Infallible>(crossing.carry(request).await) }
    });
    // A user who breaks off is no error of ours.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Crossing {
    async fn carry(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let host =
            request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
        let Some(route) = self.route(&host, request.uri().path()) else {
            return plain(StatusCode::NOT_FOUND, "no route leads there");
        };
        let (mut head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LARGEST).collect().await else {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body cannot be taken");
        };
        for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            head.headers.remove(name);
        }
        if let Ok(host) = HeaderValue::from_str(&host) {
            head.headers.insert("x-forwarded-host", host);
        }
        head.headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let request = Request::from_parts(head, body.to_bytes());
        match self.cluster.ask_service(&route.service, route.port, request).await {
            Ok(answer) => {
                let (mut head, body) = answer.into_parts();
                for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
                    head.headers.remove(name);
                }
                head.version = http::Version::HTTP_11;
                Response::from_parts(head, Full::new(body))
            }
            Err(_) => plain(StatusCode::BAD_GATEWAY, "the API server gave no answer"),
        }
    }

    /// The route of the longest path that leads there, element by element.
    fn route(&self, host: &str, path: &str) -> Option<&Route> {
        let covers = |route: &&Route| {
            let prefix = route.path.trim_end_matches('/');
            let rest = path.strip_prefix(prefix);
            route.host == host && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.routes.iter().filter(covers).max_by_key(|route| route.path.len())
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *answer.status_mut() = status;
    answer
}

//! An open door: who knocks is let in with the token, and not without.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ring::digest::{Digest, SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto, version};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::{certificate, kubeconfig};
use crate::api::json_response;
use crate::doors;

/// How long a client may take to shake hands, and to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// What anybody may ask, as a real cluster's `system:public-info-viewer` allows.
const PUBLIC: &[&str] = &["/healthz", "/livez", "/readyz", "/version"];

/// Why a door could not be opened.
#[derive(Debug, Error)]
pub enum DoorError {
    /// Others than this machine could reach it.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The port cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The certificate or the token of the run cannot be made.
    #[error("no key or certificate could be made")]
    Keys,
}

/// The API server on a loopback port, over TLS. Dropped, it is closed, connections and all.
pub struct Door {
    address: SocketAddr,
    authority: String,
    token: String,
    _listening: AbortOnDropHandle<Option<()>>,
}

/// The token is for its owner alone.
impl fmt::Debug for Door {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Door").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Door {
    /// Opens a door before a router; port 0 is any port. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address is not a loopback one, is taken, or no key can be made.
    pub fn open(inside: Router, listen: SocketAddr, cancel: &CancellationToken) -> Result<Self, DoorError> {
        if !listen.ip().is_loopback() {
            return Err(DoorError::NotLoopback(listen));
        }
        let refused = |cause| DoorError::Listen { address: listen, cause };
        let listener = doors::open(listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let identity = certificate::identity(jiff::Timestamp::now()).map_err(|_| DoorError::Keys)?;
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![identity.certificate], identity.key)
            });
        let mut config = config.map_err(|_| DoorError::Keys)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let token = token().ok_or(DoorError::Keys)?;
        let guard = Arc::new(Guard { token: digest(&SHA256, token.as_bytes()), inside });
        let listening = keep(listener, TlsAcceptor::from(Arc::new(config)), guard);
        let listening = tokio::spawn(cancel.clone().run_until_cancelled_owned(listening));
        Ok(Self {
            address,
            authority: identity.authority,
            token,
            _listening: AbortOnDropHandle::new(listening),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A kubeconfig that leads here, for work in a namespace. It holds the token: keep it from others.
    #[must_use]
    pub fn kubeconfig(&self, namespace: &str) -> String {
        kubeconfig::kubeconfig(self.address, &self.authority, &self.token, namespace)
    }
}

/// 256 random bits as text.
fn token() -> Option<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Accepts for as long as it is not dropped.
async fn keep(listener: TcpListener, tls: TlsAcceptor, guard: Arc<Guard>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Out of file descriptors, or a peer gone before it was greeted: the next one may fare better.
                let Ok((stream, _)) = accepted else { tokio::task::yield_now().await; continue };
                connections.spawn(converse(stream, tls.clone(), Arc::clone(&guard)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, tls: TlsAcceptor, guard: Arc<Guard>) {
    // Nagle's algorithm would hold back the small pieces that a followed log comes in.
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, tls.accept(stream)).await else { return };
    let service = service_fn(move |request| Arc::clone(&guard).answer(request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE * 6);
    // A peer that breaks off is its own affair.
    let _ = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// Who asks for the token before anybody is let in.
struct Guard {
    token: Digest,
    inside: Router,
}

impl Guard {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Infallible> {
        let path = request.uri().path();
        let public = PUBLIC.iter().any(|open| path == *open || path.starts_with(&format!("{open}/")));
        if !public && !self.knows(request.headers()) {
            return Ok(unauthorized());
        }
        hyper::service::Service::call(&TowerToHyperService::new(self.inside.clone()), request.map(Body::new))
            .await
    }

    /// Digests are compared, so that the time it takes tells nothing of the token.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer "));
        given.is_some_and(|given| digest(&SHA256, given.as_bytes()).as_ref() == self.token.as_ref())
    }
}

fn unauthorized() -> Response {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "Unauthorized", "reason": "Unauthorized", "code": 401});
    json_response(StatusCode::UNAUTHORIZED, &status)
}

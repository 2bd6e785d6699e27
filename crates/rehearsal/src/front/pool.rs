//! Kept connections to one endpoint.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// A connection on which requests can be sent.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// A pod's port, and the connections to it that wait for a request.
#[derive(Debug)]
pub(super) struct Endpoint {
    address: SocketAddr,
    idle: Mutex<Vec<Sender>>,
    cut: CancellationToken,
}

impl Endpoint {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::new(Vec::new()), cut: CancellationToken::new() }
    }

    /// Ends what is held open to it: its time to drain is over.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// Cancelled when what is held open to it ends.
    pub(super) fn ends(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// A kept connection whose last answer has been read to its end, the most recently used first.
    pub(super) fn kept(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = idle.len();
        while at > 0 {
            at -= 1;
            if idle[at].is_closed() {
                idle.swap_remove(at);
            } else if idle[at].is_ready() {
                return Some(idle.swap_remove(at));
            }
        }
        None
    }

    /// Keeps a connection for later; its present answer may still be on its way.
    pub(super) fn keep(&self, sender: Sender) {
        if !sender.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
    }

    /// A new connection; none when it is refused or takes longer than this, in real time.
    pub(super) async fn connect(&self, within: Duration) -> Option<Sender> {
        let stream = tokio::time::timeout(within, TcpStream::connect(self.address)).await.ok()?.ok()?;
        // Nagle's algorithm would only add latency here; a socket without the option still works.
        let _ = stream.set_nodelay(true);
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(async move {
            // How a connection ended is told to whoever waits on it.
            let _ = connection.with_upgrades().await;
        });
        Some(sender)
    }
}

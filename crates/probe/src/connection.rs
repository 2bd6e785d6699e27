//! Connections to one address: made, kept for a while, retired.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::either::Either;

use crate::account::Durations;
use crate::failure::FailureKind;
use crate::target::Address;
use crate::tls::{self, Secured};

/// A connection idle for longer is not used again.
const IDLE_AT_MOST: Duration = Duration::from_secs(2);

/// A connection, plain or by TLS.
pub(crate) type Stream = Either<TcpStream, Secured>;

/// Opens a connection; where it is by TLS, that is part of connecting.
pub(crate) async fn open(address: &Address, durations: &mut Durations) -> Result<Stream, FailureKind> {
    let Address::Secure { at, name } = address else {
        return plain(address, durations).await.map(Either::Left);
    };
    let stream = plain(at, durations).await?;
    let began = Instant::now();
    let secured = tls::secure(stream, name).await?;
    durations.connect = durations.connect.map(|connect| connect + began.elapsed());
    Ok(Either::Right(secured))
}

/// Opens a TCP connection, the looking up of the name told apart.
async fn plain(address: &Address, durations: &mut Durations) -> Result<TcpStream, FailureKind> {
    let looked_up: Vec<SocketAddr> = match address {
        // Nobody speaks TLS within TLS.
        Address::Secure { .. } => return Err(FailureKind::Connect),
        Address::Socket(address) => vec![*address],
        Address::Name(name) => {
            let began = Instant::now();
            let found = tokio::net::lookup_host(name.as_str()).await;
            durations.dns = Some(began.elapsed());
            found.map_err(|_| FailureKind::Dns)?.collect()
        }
    };
    let began = Instant::now();
    let mut failure = FailureKind::Dns;
    for address in looked_up {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                durations.connect = Some(began.elapsed());
                // Without it a request may wait for an acknowledgement; with it set there is nothing lost.
                stream.set_nodelay(true).map_err(|_| FailureKind::Connect)?;
                return Ok(stream);
            }
            Err(error) if is_own_shortage(&error) => return Err(FailureKind::Overload),
            Err(_) => failure = FailureKind::Connect,
        }
    }
    Err(failure)
}

/// Whether this machine has no file descriptor or port left: nothing the server can be blamed for.
fn is_own_shortage(error: &io::Error) -> bool {
    const NO_FILES_IN_SYSTEM: i32 = 23;
    const NO_FILES_IN_PROCESS: i32 = 24;
    error.kind() == io::ErrorKind::AddrNotAvailable
        || matches!(error.raw_os_error(), Some(NO_FILES_IN_SYSTEM | NO_FILES_IN_PROCESS))
}

/// A connection between requests.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Full<Bytes>>,
    used: u32,
}

impl Connection {
    /// Whether it carried a request before, and thus lay idle.
    pub(crate) fn was_used(&self) -> bool {
        self.used > 0
    }
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// The connections to one address.
pub(crate) struct Pool {
    address: Address,
    requests_per_connection: u32,
    idle: Mutex<VecDeque<Idle>>,
}

impl Pool {
    pub(crate) fn new(address: Address, requests_per_connection: u32) -> Self {
        Self { address, requests_per_connection, idle: Mutex::default() }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The connection used last that is still alive, or a fresh one.
    pub(crate) async fn take(&self, durations: &mut Durations) -> Result<Connection, FailureKind> {
        while let Some(mut connection) = self.take_idle() {
            if connection.sender.ready().await.is_ok() {
                return Ok(connection);
            }
        }
        self.fresh(durations).await
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = idle.pop_back()?;
        if newest.since.elapsed() > IDLE_AT_MOST {
            // The others lie there for longer.
            idle.clear();
            return None;
        }
        Some(newest.connection)
    }

    pub(crate) async fn fresh(&self, durations: &mut Durations) -> Result<Connection, FailureKind> {
        let stream = open(&self.address, durations).await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|_| FailureKind::Connect)?;
        // What goes wrong on the connection is told to the request that is on it.
        tokio::spawn(connection);
        Ok(Connection { sender, used: 0 })
    }

    /// Takes a connection back after a complete answer, unless it has served its time.
    pub(crate) fn put_back(&self, mut connection: Connection) {
        connection.used += 1;
        if connection.used >= self.requests_per_connection || connection.sender.is_closed() {
            return;
        }
        let now = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while idle.front().is_some_and(|oldest| now.duration_since(oldest.since) > IDLE_AT_MOST) {
            idle.pop_front();
        }
        idle.push_back(Idle { connection, since: now });
    }

    /// Closes what lies idle.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

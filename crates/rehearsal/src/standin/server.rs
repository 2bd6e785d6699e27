//! The HTTP server of a stand-in: real sockets, kept connections, two ways of saying goodbye.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::future::join_all;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answer::Answerer;
use crate::doors;

/// What a server does when it hears SIGTERM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// Closes its port, answers what it has begun, then ends: Puma.
    Finishes,
    /// Ends at once, connections and all: Mastodon's streaming.
    Hangs,
}

/// Opens all the ports, or none.
pub(crate) fn listen(address: Ipv4Addr, ports: &[u16]) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(ports.len());
    for port in ports {
        listeners.push(doors::open(SocketAddr::from((address, *port)))?);
    }
    Ok(listeners)
}

/// Serves until told to end; without a port, merely waits for that.
pub(crate) async fn serve(
    listeners: Vec<TcpListener>,
    answerer: &Arc<Answerer>,
    term: &CancellationToken,
    farewell: Farewell,
) {
    // The ports are held by this very task, so that they are free the instant it is gone.
    let doors = join_all(listeners.into_iter().map(|listener| door(listener, answerer, term, farewell)));
    let (_, ()) = tokio::join!(doors, term.cancelled());
}

/// One port: accepts until told to end, then sees its connections off.
async fn door(listener: TcpListener, answerer: &Arc<Answerer>, term: &CancellationToken, farewell: Farewell) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = term.cancelled() => break,
            accepted = listener.accept() => {
                // Out of file descriptors, or a peer gone before it was greeted: the next one may fare better.
                let Ok((stream, _)) = accepted else { tokio::task::yield_now().await; continue };
                connections.spawn(converse(stream, answerer.clone(), term.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if farewell == Farewell::Finishes {
        while connections.join_next().await.is_some() {}
    }
}

async fn converse(stream: TcpStream, answerer: Arc<Answerer>, term: CancellationToken) {
    // Nagle's algorithm would show up as latency that no Mastodon has.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let answerer = answerer.clone();
        async move { Ok::<_, Infallible>(answerer.answer(request).await) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // A peer that breaks off is its own affair; either way this connection is over.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = term.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

//! Small servers on loopback.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body.to_owned())));
    *response.status_mut() = status.try_into().expect("a status");
    response
}

/// A server that counts what it was asked.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicU64>,
}

impl Server {
    /// `handle` is given each request and its number.
    pub(crate) async fn start<F, A>(handle: F) -> Self
    where
        F: Fn(u64, Request<Incoming>) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let asked = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&asked);
        let handle = Arc::new(handle);
        let address = accept(move |stream| {
            let (handle, counter) = (Arc::clone(&handle), Arc::clone(&counter));
            async move {
                let service = service_fn(|request| {
                    let answered = handle(counter.fetch_add(1, Ordering::SeqCst), request);
                    async move { Ok::<_, Infallible>(answered.await) }
                });
                // A client may leave at any time.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        })
        .await;
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Hands each connection to `serve`.
pub(crate) async fn accept<F, S>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Answers the requests of a connection, one read each, with these bytes, then closes it.
pub(crate) async fn recite(mut stream: TcpStream, answers: &[&str]) {
    let mut request = [0; 4096];
    for answer in answers {
        match stream.read(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => stream.write_all(answer.as_bytes()).await.unwrap_or_default(),
        }
    }
}

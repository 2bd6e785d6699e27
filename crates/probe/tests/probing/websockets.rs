//! WebSockets are held open, and opened again when lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use probe::{Config, Prober, Sockets, StartError};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::sync::CancellationToken;

use crate::server::{accept, recite};
use crate::until;

fn hold(count: usize, address: SocketAddr) -> Prober {
    let sockets = Sockets::new(count, address, "m.example", "/api/v1/streaming");
    Prober::start(Config::new(Vec::new(), Some(sockets)), CancellationToken::new()).expect("a prober")
}

/// Greets, then holds the connection until the client leaves.
async fn greet(mut socket: WebSocketStream<TcpStream>) {
    socket.send(Message::text("welcome")).await.unwrap_or_default();
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn each_client_comes_back_once_when_all_are_dropped_once() {
    let (dropped, _) = watch::channel(false);
    let watched = dropped.clone();
    let address = accept(move |stream| {
        let mut watch = watched.subscribe();
        async move {
            let Ok(socket) = accept_async(stream).await else { return };
            tokio::select! {
                () = greet(socket) => {}
                // As Mastodon's streaming server ends: at once, without a word.
                _ = watch.changed() => {}
            }
        }
    })
    .await;
    let prober = hold(20, address);
    until("sockets", || prober.live().sockets_open == 20).await;
    until("greetings", || prober.report().streaming.messages == 20).await;
    dropped.send(true).unwrap();
    until("sockets again", || prober.report().streaming.messages == 40).await;
    assert_eq!(prober.live().sockets_open, 20);
    let report = prober.finish().await.streaming;
    assert_eq!((report.connections, report.reconnects), (20, 20));
    assert_eq!((report.max_reconnects_per_connection, report.failed_attempts), (1, 0));
    // That the prober itself left at the end is no loss.
    assert_eq!((report.losses, report.drops.len()), (20, 20));
    assert!(report.longest_gap_ms < 5_000, "{report:?}");
    assert_eq!(prober.live().sockets_open, 0);
}

#[tokio::test]
async fn a_front_without_a_backend_is_asked_again_until_there_is_one() {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let address = accept(move |stream| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < 6 {
                recite(stream, &["HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"]).await;
            } else if let Ok(socket) = accept_async(stream).await {
                greet(socket).await;
            }
        }
    })
    .await;
    let prober = hold(2, address);
    until("sockets", || prober.live().sockets_open == 2).await;
    let report = prober.finish().await.streaming;
    assert_eq!((report.connections, report.failed_attempts, report.reconnects), (2, 6, 0));
    assert_eq!((report.losses, report.longest_gap_ms), (0, 0));
}

#[tokio::test]
async fn a_server_that_says_goodbye_is_left_at_once() {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let address = accept(move |stream| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            let Ok(mut socket) = accept_async(stream).await else { return };
            if number == 0 {
                socket.close(None).await.unwrap_or_default();
            }
            greet(socket).await;
        }
    })
    .await;
    let prober = hold(1, address);
    until("a second connection", || prober.report().streaming.reconnects == 1).await;
    let report = prober.finish().await.streaming;
    assert_eq!((report.losses, report.max_reconnects_per_connection), (1, 1));
}

#[tokio::test]
async fn a_connection_on_which_nothing_arrives_is_lost() {
    let address = accept(|stream| async {
        if let Ok(socket) = accept_async(stream).await {
            std::future::pending::<()>().await;
            drop(socket);
        }
    })
    .await;
    let mut sockets = Sockets::new(1, address, "m.example", "/");
    sockets.silence = Duration::from_millis(50);
    let config = Config::new(Vec::new(), Some(sockets));
    let prober = Prober::start(config, CancellationToken::new()).unwrap();
    until("a loss", || prober.report().streaming.reconnects >= 2).await;
    assert!(prober.finish().await.streaming.losses >= 2);
}

#[tokio::test]
async fn a_path_that_is_none_is_refused_at_once() {
    let sockets = Sockets::new(1, SocketAddr::from(([127, 0, 0, 1], 1)), "m.example", "/a b");
    let config = Config::new(Vec::new(), Some(sockets));
    let started = Prober::start(config, CancellationToken::new());
    assert!(matches!(started.err().unwrap(), StartError::Sockets { .. }));
}

//! A user's WebSocket: opened, listened to, opened again when lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;

use crate::account::Durations;
use crate::connection::{Stream, open};
use crate::delivery::post_told;
use crate::engine::Engine;
use crate::target::Sockets;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A connection that lived shorter was none: the next attempt waits.
const BARELY_ALIVE: Duration = Duration::from_millis(500);

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_millis(100);

/// Between the first attempts of one client and the next, so that they do not all come in one instant.
const STAGGER: Duration = Duration::from_millis(2);

/// The request that opens a WebSocket; fails where host or path cannot stand in one.
pub(crate) fn upgrade_request(sockets: &Sockets) -> Result<Request, Box<Error>> {
    format!("ws://{}{}", sockets.host, sockets.path).into_client_request().map_err(Box::new)
}

/// Keeps one client connected until `stop`.
pub(crate) async fn keep(engine: Arc<Engine>, sockets: Arc<Sockets>, client: usize, stop: CancellationToken) {
    let place = u32::try_from(client).unwrap_or(u32::MAX);
    stop.run_until_cancelled(tokio::time::sleep(STAGGER.saturating_mul(place))).await;
    let mut failures = 0_u32;
    while !stop.is_cancelled() {
        let Some(attempt) = stop.run_until_cancelled(timeout(HANDSHAKE, connect(&sockets))).await else {
            return;
        };
        let mut lived = Duration::ZERO;
        if let Ok(Some(mut socket)) = attempt {
            engine.sockets().opened(client, engine.elapsed_ms());
            if sockets.listens {
                engine.sockets().listens();
            }
            let counted = engine.open_socket();
            let opened_at = Instant::now();
            let listening = listen(&engine, &mut socket, &sockets);
            let stopped = stop.run_until_cancelled(listening).await.is_none();
            drop(counted);
            if stopped {
                // The server hears that it was us; whether it answers changes nothing any more.
                let _ = timeout(GOODBYE, socket.close(None)).await;
                return;
            }
            engine.sockets().lost(client, engine.elapsed_ms());
            lived = opened_at.elapsed();
            // Answers the server's closing, if it did close.
            let _ = timeout(GOODBYE, socket.flush()).await;
        } else {
            engine.sockets().attempt_failed();
        }
        if lived > BARELY_ALIVE {
            failures = 0;
            continue;
        }
        failures += 1;
        stop.run_until_cancelled(tokio::time::sleep(backoff(client, failures))).await;
    }
}

async fn connect(sockets: &Sockets) -> Option<WebSocketStream<Stream>> {
    let request = upgrade_request(sockets).ok()?;
    let stream = open(&sockets.address, &mut Durations::default()).await.ok()?;
    // The default buffers take 128 KiB for each connection.
    let config = WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(1 << 20))
        .max_frame_size(Some(1 << 20));
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await.ok()?;
    Some(socket)
}

/// Returns when the connection is lost.
async fn listen(engine: &Engine, socket: &mut WebSocketStream<Stream>, sockets: &Sockets) {
    while let Ok(Some(Ok(message))) = timeout(sockets.silence, socket.next()).await {
        match message {
            Message::Text(text) => {
                let told = sockets.listens.then(|| post_told(&text)).flatten();
                let mut account = engine.sockets();
                account.received();
                if let Some(id) = told {
                    account.heard(&id, engine.elapsed());
                }
            }
            Message::Binary(_) => engine.sockets().received(),
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// From 50 to 500 ms: twice as long after each failure, and different for each client, so that they do not
/// come back as a herd.
fn backoff(client: usize, failures: u32) -> Duration {
    const SHORTEST_MS: u64 = 50;
    const LONGEST_MS: u64 = 500;
    let most = SHORTEST_MS.saturating_mul(1 << failures.min(10)).min(LONGEST_MS);
    // Any spread will do; that of the multiples of a large odd number can be repeated.
    let seed = (client as u64).wrapping_mul(31).wrapping_add(u64::from(failures));
    let spread = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    Duration::from_millis(SHORTEST_MS + spread % (most - SHORTEST_MS + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_bounded_and_differs_by_client() {
        let waits = |failures| (0..200).map(move |client| backoff(client, failures).as_millis());
        for failures in [1, 2, 3, 10, 1_000_000] {
            assert!(waits(failures).all(|ms| (50..=500).contains(&ms)));
        }
        assert!(waits(1).all(|ms| ms <= 100));
        let mut different: Vec<_> = waits(10).collect();
        different.sort_unstable();
        different.dedup();
        assert!(different.len() > 100, "{}", different.len());
    }
}

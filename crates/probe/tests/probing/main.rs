//! The prober against servers that behave, and servers that do not.

mod books;
mod breakage;
mod open_loop;
mod server;
mod websockets;

use std::time::Duration;

use probe::{Config, Prober, Target, TrafficReport};
use tokio_util::sync::CancellationToken;

/// Starts a prober of these targets.
fn start(targets: Vec<Target>) -> Prober {
    Prober::start(Config::new(targets, None), CancellationToken::new()).expect("a prober")
}

/// Probes until so many requests ended.
async fn probe(targets: Vec<Target>, requests: u64) -> TrafficReport {
    let prober = start(targets);
    until("requests", || prober.live().requests >= requests).await;
    prober.finish().await
}

/// Waits for something to become true, within half a minute.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no {what} in half a minute");
}

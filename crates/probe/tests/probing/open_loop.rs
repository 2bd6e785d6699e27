//! A slow server slows nothing down, and cannot hide.

use std::sync::Arc;
use std::time::Duration;

use probe::{Config, Prober, Target};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use crate::server::{Server, answer};
use crate::until;

const RATE: f64 = 200.0;

#[tokio::test]
async fn requests_are_sent_whatever_became_of_the_ones_before() {
    // Nobody is answered before fifty ask at once: a client that waits for answers would wait for ever.
    let gate = Arc::new(Barrier::new(50));
    let server = Server::start(move |number, _| {
        let gate = Arc::clone(&gate);
        async move {
            if number < 50 {
                gate.wait().await;
            }
            answer(200, "")
        }
    })
    .await;
    let prober = crate::start(vec![Target::get("web", server.address, "m.example", "/", RATE)]);
    until("answers", || prober.live().requests >= 60).await;
    let report = prober.finish().await;
    assert_eq!((report.failed, report.longest_outage_ms), (0, 0));
    // The first waited for the fiftieth, which was due 49 intervals later.
    assert!(report.phases.total.max_ms >= 244.0, "{:?}", report.phases);
    assert!(report.longest_silence_ms >= 240, "{report:?}");
}

#[tokio::test]
async fn latency_counts_from_the_instant_a_request_was_due() {
    let server = Server::start(|_, _| async { answer(200, "") }).await;
    let prober = crate::start(vec![Target::get("web", server.address, "m.example", "/", RATE)]);
    until("answers", || prober.live().requests >= 10).await;
    // All of this runs on this thread: while it is blocked, requests come due and nothing is sent.
    let before = prober.elapsed_ms();
    std::thread::sleep(Duration::from_millis(300));
    let after = prober.elapsed_ms();
    until("the missed requests", || prober.live().requests as f64 >= after as f64 / 1000.0 * RATE).await;
    let report = prober.finish().await;
    assert_eq!(report.failed, 0);
    assert!(report.phases.lateness.max_ms >= 290.0, "{:?}", report.phases);
    assert!(report.phases.total.max_ms >= report.phases.lateness.max_ms * 0.99, "{:?}", report.phases);
    // They are accounted for where they were due, not where they were sent.
    let whole = report.buckets.iter().filter(|bucket| bucket.at_ms > before && bucket.at_ms + 100 < after);
    let counts: Vec<u32> = whole.map(|bucket| bucket.answered).collect();
    assert!(!counts.is_empty() && counts.iter().all(|count| *count == 20), "{counts:?}");
}

#[tokio::test]
async fn too_many_in_flight_is_the_probers_own_failure() {
    let server = Server::start(|_, _| std::future::pending()).await;
    let mut target = Target::get("web", server.address, "m.example", "/", RATE);
    target.timeout = Duration::from_millis(500);
    let mut config = Config::new(vec![target], None);
    config.max_in_flight = 7;
    let prober = Prober::start(config, CancellationToken::new()).unwrap();
    until("overload", || prober.live().failed >= 60).await;
    let window = prober.window(Duration::from_secs(60));
    let report = prober.finish().await;
    assert_eq!(report.failures["overload"] + report.failures["timeout"], report.requests);
    assert_eq!(report.failures["timeout"], server.asked());
    assert!(window.server_errors <= server.asked() && window.failed >= 60, "{window:?}");
}

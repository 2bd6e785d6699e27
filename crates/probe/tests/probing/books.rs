//! Every request is accounted for, and judged by who answered and what.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use probe::{Arrival, Config, Expectation, Method, Prober, StartError, Target};
use tokio_util::sync::CancellationToken;

use crate::server::{Server, answer};
use crate::{probe, start, until};

#[tokio::test]
async fn what_was_sent_is_what_was_answered_and_what_failed() {
    let server = Server::start(|number, _| async move {
        if number % 5 == 0 { answer(503, "") } else { answer(200, "OK") }
    })
    .await;
    let targets = vec![
        Target::get("web", server.address, "mastodon.example", "/health", 300.0),
        Target::get("streaming", server.address, "mastodon.example", "/api/v1/streaming/health", 100.0),
    ];
    let report = probe(targets, 400).await;
    assert_eq!(report.requests, server.asked());
    assert_eq!(report.failed, server.asked().div_ceil(5));
    assert_eq!(report.failures["status-503"], report.failed);
    let components = report.components.values();
    assert_eq!(components.map(|component| component.requests).sum::<u64>(), report.requests);
    let buckets = report.buckets.iter();
    assert_eq!(buckets.map(|b| u64::from(b.answered + b.failed)).sum::<u64>(), report.requests);
    assert_eq!(report.phases.total.count, report.requests - report.failed);
}

#[tokio::test]
async fn a_healthy_server_has_no_downtime_and_sees_new_connections_all_along() {
    let server = Server::start(|_, _| async { answer(200, "<title>Mastodon</title>") }).await;
    let mastodon = Expectation::status(200).containing("<title>Mastodon</title>");
    let target = Target::get("web", server.address, "mastodon.example", "/", 400.0).expecting(mastodon);
    let report = probe(vec![target], 320).await;
    assert_eq!((report.failed, report.downtime_ms, report.longest_outage_ms), (0, 0, 0));
    assert!(report.phases.connect.count >= report.requests / 16, "{:?}", report.phases);
    assert_eq!(report.phases.dns.count, 0);
    assert!(report.p50_ms > 0.0 && report.p50_ms <= report.p99_ms);
}

#[tokio::test]
async fn another_component_answering_200_is_a_failure() {
    let server = Server::start(|_, request| async move {
        let mut response = answer(200, "OK");
        if request.uri().path() != "/silent" {
            response.headers_mut().insert("x-stand-in-component", "default-backend".parse().unwrap());
        }
        response
    })
    .await;
    let from_web = || Expectation::status(200).from_component("web");
    let target = |name, path| Target::get(name, server.address, "m.example", path, 100.0);
    let prober = start(vec![
        target("web", "/").expecting(from_web()),
        target("one that does not say who it is", "/silent").expecting(from_web()),
    ]);
    until("requests", || prober.live().requests >= 50).await;
    let window = prober.window_of("web", Duration::from_secs(60));
    assert!(window.failed > 0 && window.failed == window.requests, "{window:?}");
    assert_eq!(window.server_errors, window.requests, "somebody answered, and not who should have");
    let report = prober.finish().await;
    assert_eq!(report.components["web"].failures["wrong-component"], report.components["web"].requests);
    assert_eq!(report.components["one that does not say who it is"].failed, 0);
}

#[tokio::test]
async fn a_maintenance_page_answering_200_is_a_failure() {
    let server = Server::start(|_, _| async { answer(200, "back soon") }).await;
    let expect = Expectation::status(200).containing("<title>Mastodon</title>");
    let report =
        probe(vec![Target::get("web", server.address, "m.example", "/", 100.0).expecting(expect)], 20).await;
    assert_eq!(report.failures["wrong-body"], report.requests);
}

#[tokio::test]
async fn the_ids_kept_are_those_the_server_acknowledged() {
    let stored = Arc::new(Mutex::new(BTreeSet::new()));
    let store = Arc::clone(&stored);
    let server = Server::start(move |number, request| {
        let store = Arc::clone(&store);
        async move {
            let right = request.method() == "POST" && request.headers()["content-type"] == "application/json";
            if !right || number % 3 == 2 {
                return answer(500, r#"{"id": "never stored"}"#);
            }
            store.lock().unwrap().insert(number.to_string());
            // Mastodon's ids are strings; one that is a number is an id as well.
            let quote = if number % 3 == 0 { "\"" } else { "" };
            answer(200, &format!("{{\"id\": {quote}{number}{quote}}}"))
        }
    })
    .await;
    let mut target = Target::get("web", server.address, "m.example", "/api/v1/statuses", 100.0);
    let (body, content_type) = (r#"{"status": "hello"}"#.into(), "application/json".to_owned());
    target.method = Method::Post { body, content_type };
    target.records_id = true;
    let report = probe(vec![target], 60).await;
    assert_eq!(report.acknowledged_ids.len() as u64, report.requests - report.failed);
    assert_eq!(report.acknowledged_ids.into_iter().collect::<BTreeSet<_>>(), *stored.lock().unwrap());
}

#[tokio::test]
async fn an_outage_is_seen_while_it_lasts_and_told_when_it_is_over() {
    let broken = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&broken);
    let server = Server::start(move |_, _| {
        let status = if switch.load(Ordering::SeqCst) { 502 } else { 200 };
        async move { answer(status, "") }
    })
    .await;
    let prober = start(vec![Target::get("web", server.address, "m.example", "/", 200.0)]);
    until("answers", || prober.live().requests >= 40).await;
    assert_eq!(prober.failures_between(0, prober.elapsed_ms()), None);

    let broken_at = prober.mark("broken");
    broken.store(true, Ordering::SeqCst);
    until("failures", || prober.live().failed >= 80).await;
    assert!(prober.window(Duration::from_secs(60)).server_errors >= 80);
    broken.store(false, Ordering::SeqCst);
    let mended_at = prober.mark("mended");
    let seen = prober.live().requests;
    until("answers again", || prober.live().requests >= seen + 40).await;

    let span = prober.failures_between(0, u64::MAX).unwrap();
    let report = prober.finish().await;
    assert_eq!(span.count, report.failed);
    assert!(span.last_ms <= mended_at + 5, "{span:?}, mended at {mended_at}");
    // From the first failure to the next good answer, 5 ms after the last failure.
    assert!(report.longest_outage_ms.abs_diff(span.last_ms + 5 - span.first_ms) <= 2, "{span:?} {report:?}");
    assert!(report.downtime_ms >= 200 && report.downtime_ms <= report.longest_outage_ms + 2, "{report:?}");
    let labels: Vec<_> = report.marks.iter().map(|mark| (mark.label.as_str(), mark.at_ms)).collect();
    assert_eq!(labels, [("broken", broken_at), ("mended", mended_at)]);
}

#[tokio::test]
async fn the_report_has_the_names_that_scripts_rely_on() {
    let server = Server::start(|_, _| async { answer(200, "") }).await;
    let report = probe(vec![Target::get("web", server.address, "m.example", "/", 100.0)], 5).await;
    let json = serde_json::to_value(&report).unwrap();
    for name in ["requests", "failed", "downtime_ms", "longest_outage_ms", "p50_ms", "p99_ms"] {
        assert!(json[name].is_number(), "{name}");
        assert!(json["components"]["web"][name].is_number(), "{name}");
    }
    for name in ["connections", "reconnects", "longest_gap_ms"] {
        assert!(json["streaming"][name].is_number(), "{name}");
    }
    assert!(json.get("acknowledged_ids").is_none());
}

#[tokio::test]
async fn cancelling_stops_the_sending_and_leaves_the_account() {
    let server = Server::start(|_, _| async { answer(200, "") }).await;
    let cancel = CancellationToken::new();
    let targets = vec![Target::get("web", server.address, "m.example", "/", 100.0)];
    let prober = Prober::start(Config::new(targets, None), cancel.clone()).unwrap();
    until("requests", || prober.live().requests >= 5).await;
    cancel.cancel();
    let report = prober.finish().await;
    assert_eq!((report.requests, report.failed), (server.asked(), 0));
    assert_eq!(prober.finish().await, report);
}

#[tokio::test]
async fn a_target_that_cannot_be_asked_is_refused_at_once() {
    let address = ([127, 0, 0, 1], 1);
    let refused = |target: Target| {
        Prober::start(Config::new(vec![target], None), CancellationToken::new()).err().unwrap()
    };
    let target = |path, host, rate| {
        let address: std::net::SocketAddr = address.into();
        Target::get("web", address, host, path, rate)
    };
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(refused(target("/", "m.example", rate)), StartError::Rate { .. }));
    }
    assert!(matches!(refused(target("/a b", "m.example", 1.0)), StartError::Target { .. }));
    assert!(matches!(refused(target("/", "m\nexample", 1.0)), StartError::Target { .. }));
}

#[tokio::test]
async fn every_request_has_its_own_key_and_is_told_by_class_and_by_component() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let server = Server::start(move |_, request| {
        let header =
            |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let (Some(key), Some(signature)) = (header("idempotency-key"), header("signature")) {
            assert_eq!(signature, "made up");
            seen.lock().unwrap().push(key);
        }
        async move { answer(200, "OK") }
    })
    .await;
    let mut posting = Target::get("web", server.address, "m.example", "/api/v1/statuses", 200.0);
    posting.class = Some("posting".to_owned());
    posting.headers = vec![("Signature".to_owned(), "made up".to_owned())];
    posting.has_key = true;
    let mut browsing = Target::get("web", server.address, "m.example", "/", 400.0);
    browsing.class = Some("browsing".to_owned());
    let mut config = Config::new(vec![posting, browsing], None);
    config.arrival = Arrival::Poisson { seed: 3 };
    let prober = Prober::start(config, CancellationToken::new()).unwrap();
    until("requests", || prober.report().requests > 300).await;
    let report = prober.finish().await;
    let mut keys = keys.lock().unwrap().clone();
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
    assert_eq!(report.classes["posting"].requests, u64::try_from(count).unwrap());
    let by_class = report.classes["posting"].requests + report.classes["browsing"].requests;
    assert_eq!((by_class, report.failed), (report.components["web"].requests, 0));
}

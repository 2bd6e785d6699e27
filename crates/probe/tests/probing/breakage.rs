//! What breaks is told apart.

use std::time::Duration;

use probe::{Address, Method, Target};

use crate::probe;
use crate::server::{Server, accept, answer, recite};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK";

fn target(address: impl Into<Address>) -> Target {
    Target::get("web", address, "m.example", "/", 100.0)
}

#[tokio::test]
async fn nobody_listening_is_a_failure_to_connect() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let report = probe(vec![target(address)], 20).await;
    assert_eq!(report.failures["connect"], report.requests);
    assert_eq!(report.downtime_ms, 100 * report.buckets.len() as u64);
}

#[tokio::test]
async fn a_name_is_looked_up_for_each_connection() {
    let server = Server::start(|_, _| async { answer(200, "") }).await;
    let name: Address = format!("localhost:{}", server.address.port()).parse().unwrap();
    let report = probe(vec![target(name)], 20).await;
    assert_eq!(report.failed, 0);
    assert!(report.phases.dns.count >= report.phases.connect.count, "{:?}", report.phases);
    assert!(report.phases.connect.count > 0);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_apart_from_a_dead_server() {
    // A label of more than 63 bytes is refused by the resolver itself: nothing leaves this machine.
    let name: Address = format!("{}:80", "x".repeat(70)).parse().unwrap();
    let report = probe(vec![target(name)], 5).await;
    assert_eq!(report.failures["dns"], report.requests);
}

#[tokio::test]
async fn a_connection_that_ends_within_the_answer_is_a_reset() {
    let address = accept(|stream| async {
        recite(stream, &["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"]).await;
    })
    .await;
    let report = probe(vec![target(address)], 20).await;
    assert_eq!(report.failures["reset-mid-body"], report.requests);
}

#[tokio::test]
async fn a_fresh_connection_that_ends_before_the_answer_is_a_reset_and_not_retried() {
    let address = accept(|stream| async { recite(stream, &[""]).await }).await;
    let report = probe(vec![target(address)], 20).await;
    assert_eq!(report.failures["reset-before-answer"], report.requests);
    assert_eq!(report.retries, 0);
}

#[tokio::test]
async fn what_is_not_http_is_told_as_such() {
    let address = accept(|stream| async { recite(stream, &["220 mail.example ESMTP\r\n\r\n"]).await }).await;
    let report = probe(vec![target(address)], 20).await;
    assert_eq!(report.failures["protocol"], report.requests);
}

#[tokio::test]
async fn an_idle_connection_closed_by_the_server_costs_a_get_nothing() {
    // Each connection serves one request, and dies with the second in its hands.
    let address = accept(|stream| async { recite(stream, &[OK, ""]).await }).await;
    let report = probe(vec![target(address)], 40).await;
    assert_eq!(report.failed, 0, "{:?}", report.failures);
    assert!(report.retries > 0);
    assert_eq!(report.components["web"].retries, report.retries);
}

#[tokio::test]
async fn a_post_that_may_have_arrived_is_never_sent_again() {
    let address = accept(|stream| async { recite(stream, &[OK, ""]).await }).await;
    let mut post = target(address);
    post.method = Method::Post { body: bytes::Bytes::new(), content_type: "text/plain".to_owned() };
    let report = probe(vec![post], 40).await;
    assert!(report.failures["reset-before-answer"] > 0);
    assert_eq!(report.retries, 0);
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_without_a_word_loses_nothing() {
    let address = accept(|stream| async { recite(stream, &[OK]).await }).await;
    let report = probe(vec![target(address)], 40).await;
    assert_eq!(report.failed, 0, "{:?}", report.failures);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_timeout() {
    let server = Server::start(|_, _| std::future::pending()).await;
    let mut slow = target(server.address);
    slow.timeout = Duration::from_millis(100);
    let report = probe(vec![slow], 10).await;
    assert_eq!(report.failures["timeout"], report.requests);
    assert_eq!(report.requests, server.asked());
}

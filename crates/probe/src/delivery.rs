//! Posts on their way: acknowledged by web, heard of on WebSockets.
//!
//! Either may become known first: a post can be on a WebSocket before its author's answer has been read.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::Deserialize;

use crate::latency::Latencies;
use crate::report::DeliveryReport;

/// Posts followed at once; the oldest are let go, with what is known of them by then.
const FOLLOWED: usize = 100_000;

#[derive(Debug, Default)]
struct Post {
    acknowledged: Option<Duration>,
    heard: u64,
}

/// Follows posts by their ids.
#[derive(Debug)]
pub(crate) struct Deliveries {
    within: Duration,
    posts: HashMap<String, Post>,
    order: VecDeque<String>,
    report: DeliveryReport,
    delay: Latencies<u64>,
}

impl Deliveries {
    pub(crate) fn new(within: Duration) -> Self {
        Self {
            within,
            posts: HashMap::new(),
            order: VecDeque::new(),
            report: DeliveryReport::default(),
            delay: Latencies::fine(),
        }
    }

    /// A post was acknowledged at this instant of the run.
    pub(crate) fn acknowledged(&mut self, id: &str, at: Duration) {
        self.report.posts += 1;
        let post = self.post(id);
        post.acknowledged = Some(at);
        let heard = post.heard;
        self.report.delivered += u64::from(heard > 0);
        for _ in 0..heard {
            self.arrived(Duration::ZERO);
        }
    }

    /// A WebSocket heard of a post at this instant.
    pub(crate) fn heard(&mut self, id: &str, at: Duration) {
        let post = self.post(id);
        post.heard += 1;
        let is_first = post.heard == 1;
        if let Some(acknowledged) = post.acknowledged {
            self.report.delivered += u64::from(is_first);
            self.arrived(at.saturating_sub(acknowledged));
        }
    }

    fn arrived(&mut self, delay: Duration) {
        self.report.arrivals += 1;
        self.report.late += u64::from(delay > self.within);
        self.delay.record(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
    }

    fn post(&mut self, id: &str) -> &mut Post {
        if !self.posts.contains_key(id) {
            if self.order.len() >= FOLLOWED
                && let Some(oldest) = self.order.pop_front()
            {
                self.posts.remove(&oldest);
            }
            self.order.push_back(id.to_owned());
        }
        self.posts.entry(id.to_owned()).or_default()
    }

    pub(crate) fn report(&self) -> DeliveryReport {
        DeliveryReport { delay: self.delay.quantiles(), ..self.report.clone() }
    }
}

/// The id of the post that a message of Mastodon's streaming tells of; none where it tells of something else.
pub(crate) fn post_told(message: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Message {
        event: String,
        payload: String,
    }
    #[derive(Deserialize)]
    struct Payload {
        id: String,
    }
    // Most messages tell of something else; those are not taken apart.
    if !message.contains("\"update\"") {
        return None;
    }
    let told: Message = serde_json::from_str(message).ok()?;
    let payload: Payload = serde_json::from_str(&told.payload).ok()?;
    (told.event == "update").then_some(payload.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn delays_count_from_the_acknowledgement_whichever_is_known_first() {
        let mut deliveries = Deliveries::new(at(500));
        deliveries.acknowledged("1", at(100));
        deliveries.heard("1", at(104));
        deliveries.heard("1", at(1_100));
        deliveries.heard("2", at(199));
        deliveries.acknowledged("2", at(200));
        deliveries.acknowledged("3", at(300));
        deliveries.heard("of another server", at(400));
        let report = deliveries.report();
        assert_eq!((report.posts, report.delivered, report.arrivals, report.late), (3, 2, 3, 1));
        assert!((report.delay.max_ms - 1_000.0).abs() < 2.0, "{report:?}");
    }

    #[test]
    fn an_endless_stream_of_posts_stays_small() {
        let mut deliveries = Deliveries::new(at(500));
        for id in 0..300_000 {
            deliveries.heard(&id.to_string(), at(id));
        }
        assert_eq!((deliveries.posts.len(), deliveries.order.len()), (FOLLOWED, FOLLOWED));
    }

    #[test]
    fn only_updates_tell_of_posts() {
        let update =
            r#"{"stream":["public"],"event":"update","payload":"{\"id\":\"12\",\"content\":\"x\"}"}"#;
        assert_eq!(post_told(update).as_deref(), Some("12"));
        for other in ["", "{", r#"{"event":"delete","payload":"12"}"#, r#"{"event":"update","payload":"12"}"#]
        {
            assert_eq!(post_told(other), None, "{other}");
        }
    }
}

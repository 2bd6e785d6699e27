//! Those who write while the keys move, as Mastodon does, and go to the new side when the old one no longer lets them in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::ground::{Client, Server};

/// 500 writes a second.
const BEAT: Duration = Duration::from_millis(2);

/// What was written and answered with success.
#[derive(Default)]
pub(crate) struct Written {
    /// Ids of jobs.
    pub(crate) jobs: BTreeSet<String>,
    /// What keys hold; none where they were deleted last.
    pub(crate) keys: BTreeMap<String, Option<String>>,
    /// How many.
    pub(crate) count: usize,
    /// The longest time between two successes.
    pub(crate) longest: Duration,
    /// How often it was told to go elsewhere.
    pub(crate) sent_away: usize,
}

/// One that writes until it is told to stop.
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    may_change: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Written>,
}

impl Writer {
    pub(crate) async fn begin(source: &Server, target: &Server) -> Self {
        let (stop, may_change) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
        let sides = [source.client().await, target.client().await];
        let task = tokio::spawn(write(sides, Arc::clone(&stop), Arc::clone(&may_change)));
        Self { stop, may_change, task }
    }

    /// Whether it may go to the new side by itself when the old one refuses it.
    pub(crate) fn may_change(&self, may: bool) {
        self.may_change.store(may, Ordering::SeqCst);
    }

    pub(crate) async fn stop(self) -> Written {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

async fn write(sides: [Client; 2], stop: Arc<AtomicBool>, may_change: Arc<AtomicBool>) -> Written {
    let mut written = Written::default();
    let mut side = 0;
    let mut last = Instant::now();
    let mut beat = tokio::time::interval(BEAT);
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        beat.tick().await;
        number += 1;
        let (key, value) = change(number);
        loop {
            match one(&sides[side], number, key.as_deref(), value.as_deref()).await {
                Ok(()) => break,
                // Refused for certain: written nowhere.
                Err(error)
                    if matches!(error.code(), Some("READONLY" | "NOREPLICAS")) || is_read_only(&error) =>
                {
                    written.sent_away += 1;
                    side = usize::from(may_change.load(Ordering::SeqCst));
                    assert!(written.sent_away < 10_000, "nobody lets us write: {error}");
                    tokio::time::sleep(BEAT).await;
                }
                Err(error) => panic!("a write failed: {error:?}"),
            }
        }
        match key {
            Some(key) => drop(written.keys.insert(key, value)),
            None => drop(written.jobs.insert(id(number))),
        }
        written.count += 1;
        written.longest = written.longest.max(last.elapsed());
        last = Instant::now();
    }
    written
}

/// A transaction is refused as a whole.
fn is_read_only(error: &redis::RedisError) -> bool {
    let text = error.to_string();
    ["READONLY", "ReadOnly", "NOREPLICAS", "read only", "EXECABORT"].iter().any(|word| text.contains(word))
}

fn id(number: usize) -> String {
    format!("{number:024x}")
}

/// What is written: a job, a counter with a time of expiry, a key that comes, or one that goes.
fn change(number: usize) -> (Option<String>, Option<String>) {
    match number % 4 {
        0 => (None, None),
        1 => (Some(format!("activity:{}", number % 97)), Some(number.to_string())),
        2 => (Some(format!("delivery:{number}")), Some(number.to_string())),
        _ => (Some(format!("delivery:{}", number.saturating_sub(201))), None),
    }
}

async fn one(
    client: &Client,
    number: usize,
    key: Option<&str>,
    value: Option<&str>,
) -> redis::RedisResult<()> {
    let mut pipe = redis::pipe();
    match (key, value) {
        (None, _) => {
            let job =
                format!(r#"{{"class":"W","args":[{number}],"jid":"{}","queue":"default"}}"#, id(number));
            pipe.atomic();
            pipe.cmd("SADD").arg("queues").arg("default").ignore();
            pipe.cmd("LPUSH").arg("queue:default").arg(job).ignore();
        }
        (Some(key), Some(value)) => {
            pipe.cmd("SET").arg(key).arg(value).arg("EX").arg(600).ignore();
        }
        (Some(key), None) => {
            pipe.cmd("DEL").arg(key).ignore();
        }
    }
    client.pipe(&pipe).await
}

impl Written {
    /// Every success is on this side, once.
    pub(crate) async fn is_all_on(&self, client: &Client) {
        let there = client.job_ids("queue:default").await;
        assert!(there.values().all(|count| *count == 1), "a job is there twice");
        let there: BTreeSet<String> = there.into_keys().collect();
        let lost = self.jobs.difference(&there).count();
        let strange = there.difference(&self.jobs).count();
        assert_eq!((lost, strange), (0, 0), "of {} jobs", self.jobs.len());
        for (key, value) in &self.keys {
            let there: Option<String> = client.say(&["GET", key]).await;
            assert_eq!(&there, value, "{key}");
        }
        assert!(self.count > 50, "only {} writes", self.count);
    }
}

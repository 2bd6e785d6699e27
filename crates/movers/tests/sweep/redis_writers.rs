//! Who writes meanwhile: jobs and keys, 500 times a second, to one side until it refuses and another is the one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::ground::{Client, Server};

const BEAT: Duration = Duration::from_millis(2);

/// What was written.
#[derive(Default)]
pub(crate) struct Written {
    jobs: BTreeSet<String>,
    /// Nobody knows whether these were taken in: the answer was lost.
    perhaps: BTreeSet<String>,
    keys: BTreeMap<String, Option<String>>,
    pub(crate) count: usize,
}

/// Those who write.
pub(crate) struct Writers {
    told: Arc<Told>,
    task: tokio::task::JoinHandle<Written>,
}

/// What they are told, and tell.
#[derive(Default)]
struct Told {
    stop: AtomicBool,
    /// The side to which they go when the one they are at refuses.
    the_one: AtomicUsize,
    /// How much each side has taken in.
    taken: [AtomicUsize; 2],
}

impl Writers {
    pub(crate) fn begin(source: &Server, target: &Server) -> Self {
        let told = Arc::new(Told::default());
        let task = tokio::spawn(write([source.url(0), target.url(0)], Arc::clone(&told)));
        Self { told, task }
    }

    /// A side is the one from now on; waits until they have gone there by themselves.
    pub(crate) async fn change_to(&self, side: usize, bound: Duration) -> Result<(), String> {
        let began = Instant::now();
        let before = self.told.taken[side].load(Ordering::SeqCst);
        self.told.the_one.store(side, Ordering::SeqCst);
        while self.told.taken[side].load(Ordering::SeqCst) < before + 20 {
            if began.elapsed() > bound {
                return Err("the other side goes on letting writers in, or this one does not".to_owned());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    pub(crate) async fn stop(self) -> Written {
        self.told.stop.store(true, Ordering::SeqCst);
        self.task.await.expect("the writer does not panic")
    }
}

async fn write(urls: [String; 2], told: Arc<Told>) -> Written {
    let mut written = Written::default();
    let mut clients: [Option<Client>; 2] = [None, None];
    let (mut side, mut number) = (0, 0);
    let mut beat = tokio::time::interval(BEAT);
    while !told.stop.load(Ordering::SeqCst) {
        beat.tick().await;
        if clients[side].is_none() {
            clients[side] = Client::open(&urls[side]).await.ok();
        }
        let Some(client) = &clients[side] else { continue };
        number += 1;
        match one(client, number).await {
            Ok(()) => {
                written.done(number);
                told.taken[side].fetch_add(1, Ordering::SeqCst);
            }
            // Refused for certain.
            Err(error) if !error.is_io_error() && !error.is_timeout() => {
                side = told.the_one.load(Ordering::SeqCst);
            }
            Err(_) => {
                written.perhaps(number);
                clients[side] = None;
            }
        }
    }
    written
}

fn id(number: usize) -> String {
    format!("{number:024x}")
}

/// Every third writes a job; of the others every key is written once, and deleted later where its number is odd.
async fn one(client: &Client, number: usize) -> redis::RedisResult<()> {
    let mut pipe = redis::pipe();
    match number % 3 {
        0 => {
            let job = format!(r#"{{"class":"W","args":[],"jid":"{}","queue":"default"}}"#, id(number));
            pipe.atomic();
            pipe.cmd("SADD").arg("queues").arg("default").ignore();
            pipe.cmd("LPUSH").arg("queue:default").arg(job).ignore();
        }
        1 => {
            pipe.cmd("SET").arg(format!("delivery:{number}")).arg(number).arg("EX").arg(600).ignore();
        }
        _ => {
            pipe.cmd("DEL").arg(format!("delivery:{}", number.saturating_sub(301))).ignore();
        }
    }
    client.pipe(&pipe).await
}

impl Written {
    fn done(&mut self, number: usize) {
        self.count += 1;
        match number % 3 {
            0 => drop(self.jobs.insert(id(number))),
            1 => drop(self.keys.insert(format!("delivery:{number}"), Some(number.to_string()))),
            _ => drop(self.keys.insert(format!("delivery:{}", number.saturating_sub(301)), None)),
        }
    }

    fn perhaps(&mut self, number: usize) {
        match number % 3 {
            0 => drop(self.perhaps.insert(id(number))),
            1 => drop(self.keys.remove(&format!("delivery:{number}"))),
            _ => drop(self.keys.remove(&format!("delivery:{}", number.saturating_sub(301)))),
        }
    }

    /// Everything that was answered is on this side, once.
    pub(crate) async fn judge(&self, client: &Client) -> Result<(), String> {
        let there = client.job_ids("queue:default").await;
        let twice = there.values().filter(|count| **count > 1).count();
        let there: BTreeSet<String> = there.into_keys().collect();
        let lost = self.jobs.difference(&there).count();
        let strange =
            there.iter().filter(|id| !self.jobs.contains(*id) && !self.perhaps.contains(*id)).count();
        if (lost, twice, strange) != (0, 0, 0) {
            return Err(format!(
                "of {} jobs {lost} are lost, {twice} twice, {strange} strange",
                self.jobs.len()
            ));
        }
        let mut wrong = 0;
        for (key, value) in &self.keys {
            let there: Option<String> = client.say(&["GET", key]).await;
            wrong += usize::from(there != *value);
        }
        let feeds: Vec<String> = client.say(&["KEYS", "feed:home:*"]).await;
        if wrong > 0 || feeds.len() != super::KEYS {
            return Err(format!("{wrong} of {} keys are wrong, {} feeds", self.keys.len(), feeds.len()));
        }
        Ok(())
    }
}

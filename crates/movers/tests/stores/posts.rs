//! Users who post as Mastodon does it: the file, then the row that names it, then the job.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::town::Town;
use super::{ground, keys};

/// People at their screens, led to one side or the other.
pub(crate) struct Users {
    side: Arc<AtomicUsize>,
    leave: Arc<AtomicBool>,
    posted: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<BTreeSet<String>>>,
}

impl Users {
    pub(crate) fn of(town: &Town, count: usize) -> Self {
        let (side, leave) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let posted = Arc::new(AtomicU64::new(0));
        let tasks = (0..count).map(|user| {
            let one = One {
                user,
                database: town.rows.database.clone(),
                ports: town.ports,
                redis: [town.redis[0].url(0), town.redis[1].url(0)],
                media: [town.media(0), town.media(1)],
                side: Arc::clone(&side),
                leave: Arc::clone(&leave),
                posted: Arc::clone(&posted),
            };
            tokio::spawn(one.posts())
        });
        let tasks = tasks.collect();
        Self { side, leave, posted, tasks }
    }

    /// The front leads them there from now on.
    pub(crate) fn led_to(&self, side: usize) {
        self.side.store(side, Ordering::SeqCst);
    }

    pub(crate) async fn post(&self, more: u64) {
        let (began, from) = (Instant::now(), self.posted.load(Ordering::SeqCst));
        while self.posted.load(Ordering::SeqCst) < from + more {
            assert!(began.elapsed() < ground::PATIENCE, "nobody can post any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// They go to bed. What was promised to them.
    pub(crate) async fn leave(self) -> BTreeSet<String> {
        self.leave.store(true, Ordering::SeqCst);
        let mut all = BTreeSet::new();
        for task in self.tasks {
            all.extend(task.await.unwrap());
        }
        all
    }
}

struct One {
    user: usize,
    database: String,
    ports: [u16; 2],
    redis: [String; 2],
    media: [PathBuf; 2],
    side: Arc<AtomicUsize>,
    leave: Arc<AtomicBool>,
    posted: Arc<AtomicU64>,
}

impl One {
    async fn posts(self) -> BTreeSet<String> {
        let mut promised = BTreeSet::new();
        let mut open: Option<(usize, tokio_postgres::Client, keys::Client)> = None;
        let mut number = 0;
        while !self.leave.load(Ordering::SeqCst) {
            number += 1;
            let side = self.side.load(Ordering::SeqCst);
            if open.as_ref().is_none_or(|(at, ..)| *at != side) {
                open = self.comes_to(side).await;
            }
            let token = format!("u{}n{number}", self.user);
            if let Some((_, rows, jobs)) = &open {
                if self.post(&token, side, rows, jobs).await {
                    promised.insert(token);
                    self.posted.fetch_add(1, Ordering::SeqCst);
                } else {
                    open = None;
                }
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        promised
    }

    async fn comes_to(&self, side: usize) -> Option<(usize, tokio_postgres::Client, keys::Client)> {
        let rows = ground::connect(self.ports[side], &self.database, "mastodon", "app").await.ok()?;
        let jobs = keys::Client::open(&self.redis[side]).await.ok()?;
        Some((side, rows, jobs))
    }

    /// Whether the server said that all of it is done. What failed half-way was promised to nobody.
    async fn post(
        &self,
        token: &str,
        side: usize,
        rows: &tokio_postgres::Client,
        jobs: &keys::Client,
    ) -> bool {
        std::fs::write(self.media[side].join(format!("{token}.png")), token).unwrap();
        let insert = format!(
            "INSERT INTO public.statuses (account_id, uri, text) VALUES (1, 'https://town.example/{token}', '{token}')"
        );
        if rows.batch_execute(&insert).await.is_err() {
            return false;
        }
        let job = format!("{{\"jid\":\"{token}\"}}");
        let words = [&["SADD", "queues", "default"][..], &["LPUSH", "queue:default", &job][..]];
        for words in words {
            if jobs.try_say::<i64>(words).await.is_err() {
                return false;
            }
        }
        true
    }
}

/// Everything that was promised is on a side, once: row, job and file.
pub(crate) async fn are_kept(town: &Town, side: usize, promised: &BTreeSet<String>, files: bool) {
    assert!(promised.len() > 20, "hardly anybody posted: {}", promised.len());
    let client = town.rows(side).await;
    let sql = "SELECT text, count(*) FROM public.statuses WHERE uri LIKE 'https://town.example/%' GROUP BY 1";
    let rows = client.query(sql, &[]).await.unwrap();
    let rows: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(rows.iter().all(|(_, count)| *count == 1), "rows are there twice");
    let rows: BTreeSet<String> = rows.into_iter().map(|(text, _)| text).collect();
    let lost: Vec<&String> = promised.difference(&rows).collect();
    assert!(lost.is_empty(), "{} rows are lost, such as {:?}", lost.len(), lost.first());
    let jobs = town.redis[side].client().await.job_ids("queue:default").await;
    let lost = promised.iter().filter(|token| jobs.get(*token) != Some(&1)).count();
    assert_eq!(lost, 0, "jobs are lost or there twice");
    let missing = |token: &&String| !town.media(side).join(format!("{token}.png")).is_file();
    if files {
        let lost: Vec<&String> = promised.iter().filter(missing).collect();
        assert!(lost.is_empty(), "{} files are lost, such as {:?}", lost.len(), lost.first());
    }
}

//! The world the stand-ins of one rehearsal share: their stores, their faults, their accounts.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Clock;
use thiserror::Error;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::component::Workers;
use super::journal::{Journal, Record};
use super::ledger::{Job, Ledger};
use super::logbook::Logbook;
use crate::fault::{Fault, FaultBook};
use crate::gauges::Gauges;

/// Why a world could not be opened.
#[derive(Debug, Error)]
#[error("the stand-in stores at {} cannot be opened", path.display())]
pub struct WorldError {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

/// What must hold however a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Invariants {
    /// The most Sidekiq processes that served the `scheduler` queue at one instant.
    pub max_schedulers: u32,
    /// Jobs ever enqueued.
    pub jobs_enqueued: u64,
    /// Jobs done.
    pub jobs_done: u64,
    /// Jobs that died with a worker that was killed.
    pub jobs_lost: u64,
    /// Jobs done more than once.
    pub jobs_duplicated: u64,
    /// Jobs waiting or in hand.
    pub jobs_pending: u64,
    /// Rows in the stand-in database.
    pub rows: u64,
}

/// One rehearsal's stand-in PostgreSQL and Redis, its faults and its counters. Copies share them.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stores: Mutex<Stores>,
    work: Notify,
    settled: Notify,
    faults: FaultBook,
    gauges: Gauges,
    job_time: AtomicU64,
    running: watch::Sender<usize>,
    logbook: Logbook,
    stands: AtomicBool,
    /// What streaming tells those who listen: a message for each row whose first job is done.
    published: broadcast::Sender<Utf8Bytes>,
}

#[derive(Debug)]
struct Stores {
    ledger: Ledger,
    journal: Option<Journal>,
    processes: Vec<(u64, SidekiqProcess)>,
    next_process: u64,
    /// Keys of posts with the rows they led to, and in what order they came.
    keys: HashMap<String, u64>,
    keys_in_order: VecDeque<String>,
}

/// How many messages a WebSocket may be behind before it misses some, as with Redis's own limit for subscribers.
const BACKLOG: usize = 4096;

/// How many keys of posts are remembered. Mastodon remembers each for an hour.
const KEYS: usize = 4096;

impl Stores {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.write(record)?;
        }
        self.ledger.apply(record);
        Ok(())
    }
}

/// A Sidekiq process as it registers itself in Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SidekiqProcess {
    /// The pod it runs in.
    pub pod: String,
    /// The queues it serves.
    pub queues: Vec<String>,
    /// Whether it has stopped taking jobs.
    pub quiet: bool,
}

impl World {
    /// Opens a world. With a directory, rows and outstanding jobs are kept in it and found again, even after
    /// this process was killed; without one they live as long as the world does.
    ///
    /// # Errors
    /// When the directory cannot be made or its file not read.
    pub fn open(dir: Option<&Path>) -> Result<Self, WorldError> {
        let mut ledger = Ledger::default();
        let faults = FaultBook::default();
        let mut journal = None;
        if let Some(dir) = dir {
            let path = dir.join("stores.log");
            let opened = std::fs::create_dir_all(dir).and_then(|()| Journal::open(&path));
            let (file, records) = opened.map_err(|cause| WorldError { path, cause })?;
            for record in &records {
                ledger.apply(record);
                if let Record::Active { yes } = record {
                    faults.set_active(*yes);
                }
            }
            ledger.settle_queues();
            journal = Some(file);
        }
        let stores = Mutex::new(Stores {
            ledger,
            journal,
            processes: Vec::new(),
            next_process: 0,
            keys: HashMap::new(),
            keys_in_order: VecDeque::new(),
        });
        Ok(Self(Arc::new(Inner {
            stores,
            work: Notify::new(),
            settled: Notify::new(),
            faults,
            gauges: Gauges::default(),
            job_time: AtomicU64::new(3),
            running: watch::Sender::new(0),
            logbook: Logbook::default(),
            stands: AtomicBool::new(false),
            published: broadcast::Sender::new(BACKLOG),
        })))
    }

    /// What the containers have written.
    pub(crate) fn logbook(&self) -> &Logbook {
        &self.0.logbook
    }

    /// Injects a fault.
    pub fn inject(&self, fault: Fault) {
        self.0.faults.inject(fault);
    }

    /// Tells which release is green, pods whose label `app.kubernetes.io/instance` is this one, and by which clock
    /// faults come and go.
    pub fn set_green(&self, release: &str, clock: Clock) {
        self.0.faults.begin(release, clock);
    }

    /// Tells that a step of the plan begins: faults may wait for it.
    pub fn step_begins(&self, step: &str) {
        self.0.faults.step_begins(step);
    }

    /// Tells that the move is over, one way or the other: whoever fought it rests.
    pub fn move_ended(&self) {
        self.0.faults.end();
    }

    /// Tells what a repository says of the cluster, for a controller that keeps it so.
    pub fn declare(&self, objects: Vec<serde_json::Value>) {
        self.0.faults.declare(objects);
    }

    /// Tells that users are sent to green from now on, so that faults of answers are felt.
    pub fn users_arrived(&self) {
        self.set_active(true);
    }

    /// Whether faults of answers are felt. Outlives this process where the world is kept in a directory.
    pub fn set_active(&self, active: bool) {
        self.0.faults.set_active(active);
        // A fault switch that is not kept merely has to be thrown again: nothing of the user's is at stake.
        let _ = self.stores().record(&Record::Active { yes: active });
    }

    /// Whether processes started from now on are taken as running for long: they do not boot. So stands what is
    /// there before a move begins, and what is put there afterwards does not.
    pub fn set_stands(&self, stands: bool) {
        self.0.stands.store(stands, Ordering::Relaxed);
    }

    pub(crate) fn stands(&self) -> bool {
        self.0.stands.load(Ordering::Relaxed)
    }

    /// How long each job takes from now on, in real time; 3 ms unless told otherwise.
    pub fn set_job_time(&self, lasts: Duration) {
        self.0.job_time.store(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The account so far.
    #[must_use]
    pub fn invariants(&self) -> Invariants {
        let stores = self.stores();
        let ledger = &stores.ledger;
        Invariants {
            max_schedulers: ledger.max_schedulers,
            jobs_enqueued: ledger.enqueued,
            jobs_done: ledger.done,
            jobs_lost: ledger.lost,
            jobs_duplicated: ledger.duplicated,
            jobs_pending: ledger.pending(),
            rows: ledger.rows.len() as u64,
        }
    }

    /// Whether an acknowledged post is in the database. The id is the one a post was answered with.
    #[must_use]
    pub fn has_row(&self, id: u64) -> bool {
        self.stores().ledger.rows.contains(&id)
    }

    /// The ids of all rows, ascending.
    #[must_use]
    pub fn row_ids(&self) -> Vec<u64> {
        self.stores().ledger.rows.iter().copied().collect()
    }

    /// The Sidekiq processes that are registered now.
    #[must_use]
    pub fn sidekiq_processes(&self) -> Vec<SidekiqProcess> {
        self.stores().processes.iter().map(|(_, process)| process.clone()).collect()
    }

    /// Waits until no job waits or is in hand; false when that took longer than `timeout` of real time.
    pub async fn drained(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        loop {
            let settled = self.0.settled.notified();
            if self.stores().ledger.pending() == 0 {
                return true;
            }
            if tokio::time::timeout_at(deadline, settled).await.is_err() {
                return false;
            }
        }
    }

    /// Stores a row, enqueues its jobs, and gives the row's id.
    ///
    /// # Errors
    /// When the record cannot be written; then nothing was stored.
    pub fn post(&self) -> io::Result<u64> {
        self.post_once(None)
    }

    /// The same; a key that was given before leads to the row of then, as Mastodon's `Idempotency-Key` does.
    ///
    /// # Errors
    /// When the record cannot be written; then nothing was stored.
    pub fn post_once(&self, key: Option<&str>) -> io::Result<u64> {
        let mut stores = self.stores();
        if let Some(key) = key
            && let Some(row) = stores.keys.get(key)
        {
            return Ok(*row);
        }
        let record = stores.ledger.post();
        stores.record(&record)?;
        let Record::Posted { row, .. } = record else {
            return Err(io::Error::other("a post was recorded as something else"));
        };
        if let Some(key) = key {
            if stores.keys_in_order.len() >= KEYS
                && let Some(oldest) = stores.keys_in_order.pop_front()
            {
                stores.keys.remove(&oldest);
            }
            stores.keys.insert(key.to_owned(), row);
            stores.keys_in_order.push_back(key.to_owned());
        }
        drop(stores);
        self.0.work.notify_waiters();
        Ok(row)
    }

    /// Takes what another server delivers: a job on the `ingress` queue.
    ///
    /// # Errors
    /// When the record cannot be written; then nothing was enqueued.
    pub fn deliver(&self) -> io::Result<()> {
        let mut stores = self.stores();
        let record = stores.ledger.deliver();
        stores.record(&record)?;
        drop(stores);
        self.0.work.notify_waiters();
        Ok(())
    }

    /// What streaming tells from now on of posts whose distribution is done.
    pub(crate) fn published(&self) -> broadcast::Receiver<Utf8Bytes> {
        self.0.published.subscribe()
    }

    /// Counts a process as running until the guard is dropped.
    pub(crate) fn running(&self) -> RunningGuard {
        self.0.running.send_modify(|count| *count += 1);
        RunningGuard(self.clone())
    }

    /// Waits until no process runs.
    pub(crate) async fn still(&self) {
        // The sender lives as long as the world does, so the wait cannot fail.
        let _ = self.0.running.subscribe().wait_for(|count| *count == 0).await;
    }

    /// How busy workloads are, as it is told to autoscalers. Copies share what is told.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.0.gauges.clone()
    }

    pub(crate) fn faults(&self) -> &FaultBook {
        &self.0.faults
    }

    pub(crate) fn job_time(&self) -> Duration {
        Duration::from_millis(self.0.job_time.load(Ordering::Relaxed))
    }

    /// Resolves when jobs may have arrived since this was called.
    pub(crate) fn work(&self) -> Notified<'_> {
        self.0.work.notified()
    }

    pub(crate) fn take(&self, workers: &Workers) -> Option<Job> {
        self.stores().ledger.take(workers)
    }

    pub(crate) fn finish(&self, job: &Job) {
        let told = self.stores().ledger.told_by(job.id);
        self.settle(&Record::Done { job: job.id });
        if let Some(row) = told {
            let payload = serde_json::json!({"id": row.to_string(), "visibility": "public"}).to_string();
            let message = serde_json::json!({"stream": ["public"], "event": "update", "payload": payload});
            // Nobody listening is no failure: so it is with Redis.
            let _ = self.0.published.send(Utf8Bytes::from(message.to_string()));
        }
    }

    pub(crate) fn lose(&self, job: &Job) {
        self.settle(&Record::Lost { job: job.id });
    }

    pub(crate) fn put_back(&self, job: &Job) {
        self.stores().ledger.put_back(job);
        self.0.work.notify_waiters();
    }

    /// Counts a process that serves the `scheduler` queue, until the guard is dropped.
    pub(crate) fn scheduler(&self) -> SchedulerGuard {
        let mut stores = self.stores();
        stores.ledger.schedulers += 1;
        let at_once = stores.ledger.schedulers;
        if at_once > stores.ledger.max_schedulers {
            // The count in memory stands even if the file is full.
            stores.ledger.max_schedulers = at_once;
            let _ = stores.record(&Record::Schedulers { at_once });
        }
        SchedulerGuard(self.clone())
    }

    pub(crate) fn register(&self, pod: &str, workers: &Workers) -> Registration {
        let queues = workers.queues.iter().map(|(queue, _)| queue.clone()).collect();
        let mut stores = self.stores();
        stores.next_process += 1;
        let id = stores.next_process;
        stores.processes.push((id, SidekiqProcess { pod: pod.to_owned(), queues, quiet: false }));
        Registration { world: self.clone(), id }
    }

    #[cfg(test)]
    pub(crate) fn stores_waiting(&self) -> usize {
        self.stores().ledger.waiting()
    }

    fn settle(&self, record: &Record) {
        let mut stores = self.stores();
        if stores.record(record).is_err() {
            // What could not be written is still true in memory; a later reload would do the job again,
            // which the account of that run shows as pending work, never as loss.
            stores.ledger.apply(record);
        }
        let pending = stores.ledger.pending();
        drop(stores);
        if pending == 0 {
            self.0.settled.notify_waiters();
        }
    }

    fn stores(&self) -> MutexGuard<'_, Stores> {
        self.0.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running process.
#[derive(Debug)]
pub(crate) struct RunningGuard(World);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.0.running.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// One running scheduler.
#[derive(Debug)]
pub(crate) struct SchedulerGuard(World);

impl Drop for SchedulerGuard {
    fn drop(&mut self) {
        let mut stores = self.0.stores();
        stores.ledger.schedulers = stores.ledger.schedulers.saturating_sub(1);
    }
}

/// One registered Sidekiq process.
#[derive(Debug)]
pub(crate) struct Registration {
    world: World,
    id: u64,
}

impl Registration {
    pub(crate) fn quiet(&self) {
        let mut stores = self.world.stores();
        for (_, process) in stores.processes.iter_mut().filter(|(id, _)| *id == self.id) {
            process.quiet = true;
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let id = self.id;
        self.world.stores().processes.retain(|(other, _)| *other != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Workers {
        Workers {
            queues: super::super::component::QUEUES.iter().map(|queue| ((*queue).to_owned(), 1)).collect(),
            strict: false,
            concurrency: 5,
        }
    }

    #[test]
    fn rows_and_outstanding_jobs_are_found_again_after_a_crash() {
        let dir = std::env::temp_dir().join(format!("world-{}", ulid::Ulid::generate()));
        let world = World::open(Some(&dir)).unwrap();
        let rows = [world.post().unwrap(), world.post().unwrap()];
        let done = world.take(&all()).unwrap();
        world.finish(&done);
        let in_hand = world.take(&all()).unwrap();
        drop(world.scheduler());
        // No farewell: the world is forgotten as by SIGKILL, in the middle of a further write.
        std::mem::forget(world);
        let log = dir.join("stores.log");
        let mut torn = std::fs::read(&log).unwrap();
        torn.extend_from_slice(b"posted 3 9 defa");
        std::fs::write(&log, torn).unwrap();

        let world = World::open(Some(&dir)).unwrap();
        assert!(rows.iter().all(|row| world.has_row(*row)));
        let account = world.invariants();
        assert_eq!((account.rows, account.jobs_enqueued, account.jobs_done), (2, 8, 1));
        assert_eq!((account.jobs_pending, account.max_schedulers), (7, 1));
        let mut again = Vec::new();
        while let Some(job) = world.take(&all()) {
            world.finish(&job);
            again.push(job.id);
        }
        assert!(again.contains(&in_hand.id) && !again.contains(&done.id));
        let account = world.invariants();
        assert_eq!((account.jobs_done, account.jobs_lost, account.jobs_duplicated), (8, 0, 0));
        assert_eq!(world.post().unwrap(), 3);
        std::fs::remove_dir_all(dir).unwrap();
    }
}

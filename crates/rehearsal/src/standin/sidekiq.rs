//! Sidekiq: takes jobs while it has hands free, goes quiet on SIGTERM, pushes back what it cannot finish.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clock::Clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::component::Workers;
use super::ledger::Job;
use super::logbook::Pen;
use super::process::Signals;
use super::speech;
use super::world::World;

/// How long running jobs get after SIGTERM, in cluster time: Sidekiq's own `-t` default.
const PATIENCE: Duration = Duration::from_secs(25);

/// Works until SIGTERM, then until its hands are empty.
pub(crate) async fn work(world: &World, clock: &Clock, workers: &Workers, pod: &str, signals: &Signals) {
    let registration = world.register(pod, workers);
    // Held by this very task: when it ends or is dropped, so are they, at that instant.
    let mut hands = FuturesUnordered::new();
    loop {
        let more = world.work();
        while hands.len() < workers.concurrency
            && let Some(job) = world.take(workers)
        {
            hands.push(hold(JobInHand::new(world.clone(), job, signals.kill.clone()), &signals.pen));
        }
        tokio::select! {
            () = signals.term.cancelled() => break,
            () = more, if hands.len() < workers.concurrency => {}
            Some(()) = hands.next() => {}
        }
    }
    registration.quiet();
    let emptied = async { while hands.next().await.is_some() {} };
    // Workers that are interrupted then push their jobs back as they are dropped.
    let _ = tokio::time::timeout_at(clock.after(PATIENCE), emptied).await;
}

async fn hold(mut job: JobInHand, pen: &Pen) {
    let lasts = job.world.job_time();
    tokio::time::sleep(lasts).await;
    speech::job_done(pen, job.job.as_ref().map_or(0, |job| job.id), lasts);
    job.finish();
}

/// A job that is being done. Dropped before its end it goes back to its queue, unless its process was killed:
/// then it is lost, as Sidekiq's basic fetch loses it.
struct JobInHand {
    world: World,
    job: Option<Job>,
    killed: Arc<AtomicBool>,
}

impl JobInHand {
    fn new(world: World, job: Job, killed: Arc<AtomicBool>) -> Self {
        Self { world, job: Some(job), killed }
    }

    fn finish(&mut self) {
        if let Some(job) = self.job.take() {
            self.world.finish(&job);
        }
    }
}

impl Drop for JobInHand {
    fn drop(&mut self) {
        let Some(job) = self.job.take() else { return };
        if self.killed.load(Ordering::Relaxed) {
            self.world.lose(&job);
        } else {
            self.world.put_back(&job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::component::Component;
    use super::super::process::{Identity, Process, ProcessSpec};
    use super::*;
    use std::net::Ipv4Addr;

    const BOUND: Duration = Duration::from_secs(10);

    fn start(world: &World, queues: &[&str], speed: f64) -> Process {
        let workers = Workers {
            queues: queues.iter().map(|queue| ((*queue).to_owned(), 1)).collect(),
            strict: false,
            concurrency: 3,
        };
        let spec = ProcessSpec {
            component: Component::Sidekiq(workers),
            address: Ipv4Addr::LOCALHOST,
            ports: Vec::new(),
            boot: Duration::from_secs(1),
            identity: Identity { pod: "pod".into(), owner: "sidekiq".into(), release: None },
            notice: crate::standin::Notice::default(),
        };
        Process::start(spec, world.clone(), Clock::faster(speed))
    }

    async fn until(mut met: impl FnMut() -> bool) {
        let deadline = tokio::time::Instant::now() + BOUND;
        while !met() {
            assert!(tokio::time::Instant::now() < deadline, "not met in time");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    const ALL: [&str; 5] = ["default", "push", "ingress", "pull", "mailers"];

    #[tokio::test]
    async fn two_processes_share_the_queues_and_do_each_job_once() {
        let world = World::open(None).unwrap();
        let _both = [start(&world, &ALL, 1000.0), start(&world, &ALL, 1000.0)];
        for _ in 0..100 {
            world.post().unwrap();
        }
        assert!(world.drained(BOUND).await);
        let account = world.invariants();
        assert_eq!((account.jobs_enqueued, account.jobs_done), (410, 410));
        assert_eq!((account.jobs_lost, account.jobs_duplicated, account.max_schedulers), (0, 0, 0));
    }

    #[tokio::test]
    async fn sigterm_pushes_unfinished_jobs_back_and_the_next_process_does_them() {
        let world = World::open(None).unwrap();
        world.set_job_time(Duration::from_secs(3600));
        world.post().unwrap();
        let first = start(&world, &ALL, 1000.0);
        until(|| world.stores_waiting() == 1).await;
        first.terminate();
        assert_eq!(tokio::time::timeout(BOUND, first.exited()).await.unwrap(), 0);
        assert_eq!((world.stores_waiting(), world.invariants().jobs_pending), (4, 4));
        assert!(world.sidekiq_processes().is_empty());

        world.set_job_time(Duration::from_millis(1));
        let _second = start(&world, &ALL, 1000.0);
        assert!(world.drained(BOUND).await);
        let account = world.invariants();
        assert_eq!((account.jobs_done, account.jobs_lost, account.jobs_duplicated), (4, 0, 0));
    }

    #[tokio::test]
    async fn a_killed_process_loses_what_it_held() {
        let world = World::open(None).unwrap();
        world.set_job_time(Duration::from_secs(3600));
        world.post().unwrap();
        let process = start(&world, &ALL, 1000.0);
        until(|| world.stores_waiting() == 1).await;
        assert_eq!(process.kill().await, 137);
        assert_eq!((world.invariants().jobs_lost, world.invariants().jobs_pending), (3, 1));
    }

    #[tokio::test]
    async fn schedulers_that_overlap_are_counted_and_those_in_turn_are_not() {
        let world = World::open(None).unwrap();
        for _ in 0..2 {
            let alone = start(&world, &["scheduler"], 1000.0);
            until(|| alone.is_up()).await;
            alone.terminate();
            alone.exited().await;
        }
        assert_eq!(world.invariants().max_schedulers, 1);
        let both = [start(&world, &["scheduler"], 1000.0), start(&world, &["scheduler", "pull"], 1000.0)];
        until(|| both.iter().all(Process::is_up)).await;
        assert_eq!(world.invariants().max_schedulers, 2);
    }
}

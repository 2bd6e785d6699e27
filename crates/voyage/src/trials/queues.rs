//! The queues handed over with a real Redis and a real Sidekiq in each worker's pod.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cluster::{Cluster, Kind};
use movers::SCHEDULER;
use tokio::task::JoinHandle;

use super::sidekiq::{Client, Server, has_all, until};
use super::world::World;
use crate::event::QueueWay;
use crate::machine::child::Running;
use crate::{Outcome, Voyage, VoyageEvent};

const FAST: f64 = 200.0;

/// Starts and ends a Sidekiq with each pod of a worker, as a kubelet does.
fn kubelet(cluster: Cluster, server: Arc<Server>, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut running: BTreeMap<String, Running> = BTreeMap::new();
        while !stop.load(Ordering::SeqCst) {
            let pods = cluster.list(&Kind::pod(), None).await.unwrap();
            let names = pods.iter().filter_map(|pod| pod["metadata"]["name"].as_str());
            let workers: Vec<&str> = names.filter(|name| name.contains("worker-")).collect();
            let gone: Vec<String> =
                running.keys().filter(|name| !workers.contains(&name.as_str())).cloned().collect();
            for name in gone {
                if let Some(mut ended) = running.remove(&name) {
                    tokio::task::spawn_blocking(move || ended.terminate()).await.unwrap();
                }
            }
            for name in workers {
                if !running.contains_key(name) {
                    let worker = server.worker(name, &["default", SCHEDULER], None).await;
                    running.insert(name.to_owned(), worker);
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

/// A world whose workers' pods run Sidekiq.
struct Manned {
    world: World,
    server: Arc<Server>,
    client: Client,
    stop: Arc<AtomicBool>,
    kubelet: JoinHandle<()>,
}

impl Manned {
    async fn new() -> Self {
        let mut world = World::new(FAST, 1).await;
        world.plan.handover.queues = vec!["default".to_owned(), SCHEDULER.to_owned()];
        let server = Arc::new(Server::start().await);
        let stop = Arc::new(AtomicBool::new(false));
        let kubelet = kubelet(world.cluster(), Arc::clone(&server), Arc::clone(&stop));
        let manned = Self { client: server.client().await, world, server, stop, kubelet };
        manned.registered("worker-").await;
        manned
    }

    async fn registered(&self, prefix: &str) {
        let sidekiq = self.server.sidekiq().await;
        until(&format!("a process on {prefix}"), async || {
            sidekiq.roster().await.unwrap().alive.iter().any(|process| process.hostname.starts_with(prefix))
        })
        .await;
    }

    async fn voyage(&self) -> Voyage {
        let mut voyage = self.world.voyage();
        voyage.reach_queues(self.server.sidekiq().await);
        voyage
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.kubelet.await.unwrap();
    }
}

fn seen(events: &mut tokio::sync::broadcast::Receiver<VoyageEvent>) -> Vec<VoyageEvent> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voyage_hands_real_queues_over_and_back_without_losing_a_job() {
    if !has_all() {
        return;
    }
    let manned = Manned::new().await;
    for number in 0..40 {
        manned.client.push("", "default", "BriefJob", &format!(r#"["job-{number}",100]"#)).await;
    }
    let mut voyage = manned.voyage().await;
    let mut events = voyage.events();
    assert_eq!(voyage.run().await.unwrap(), Outcome::Completed);
    let told = seen(&mut events);
    let drained = told.iter().find_map(|event| match event {
        VoyageEvent::QueuesDrained { way, processes, outlasted, .. } => {
            Some((*way, *processes, outlasted.len()))
        }
        _ => None,
    });
    assert_eq!(drained, Some((QueueWay::Redis, 1, 0)));
    assert!(told.iter().any(|event| matches!(event, VoyageEvent::QueuesStarted { .. })), "{told:?}");
    let roster = manned.server.sidekiq().await.roster().await.unwrap();
    assert!(roster.alive.iter().all(|process| process.hostname.starts_with("green-worker-")), "{roster:?}");
    for number in 40..80 {
        manned.client.push("", "default", "BriefJob", &format!(r#"["job-{number}",100]"#)).await;
    }
    let back = voyage.roll_back("a test wants it").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    until("all jobs", async || manned.client.list("test:ended").await.len() >= 80).await;
    let mut began = manned.client.list("test:began").await;
    began.sort_unstable();
    began.dedup();
    assert_eq!((began.len(), manned.client.list("test:began").await.len()), (80, 80), "each job once");
    manned.world.assert_nobody_suffered("real queues");
    manned.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_were_told_to_be_quiet_work_again_after_going_back() {
    if !has_all() {
        return;
    }
    let manned = Manned::new().await;
    manned.client.push("", "default", "EndlessJob", r#"["endless"]"#).await;
    until("the job to begin", async || manned.client.list("test:began").await.len() == 1).await;
    let mut voyage = manned.voyage().await;
    let sailing = tokio::spawn(async move { voyage.run().await });
    let sidekiq = manned.server.sidekiq().await;
    until("the worker to be quiet", async || sidekiq.roster().await.unwrap().alive[0].quiet).await;
    // The program is killed while it waits for the job.
    sailing.abort();
    assert!(sailing.await.unwrap_err().is_cancelled());
    // Without the Redis at hand, as from another machine.
    let back = manned.world.voyage().roll_back("enough").await.unwrap();
    assert!(matches!(back, Outcome::RolledBack { .. }), "{back:?}");
    manned.client.run(&["SET", "test:end", "yes"]).await;
    until("the job after going back", async || manned.client.list("test:ended").await.len() == 1).await;
    manned.world.assert_nobody_suffered("a quiet worker");
    manned.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_redis_is_refused_before_anybody_is_told() {
    if !has_all() {
        return;
    }
    let manned = Manned::new().await;
    let elsewhere = Server::start().await;
    let mut voyage = manned.world.voyage();
    voyage.reach_queues(elsewhere.sidekiq().await);
    let outcome = voyage.run().await.unwrap();
    let Outcome::RolledBack { reason } = &outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("is registered in this Redis"), "{reason}");
    let roster = manned.server.sidekiq().await.roster().await.unwrap();
    assert!(roster.alive.iter().all(|process| !process.quiet), "{roster:?}");
    manned.world.assert_blue_as_before("another Redis").await;
    drop(voyage);
    manned.end().await;
}

//! Blue's processes end their work and green's go on with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use movers::{Coverage, Departure, Drained, Hosts, SCHEDULER, Sidekiq};

use super::ground::{Client, Server, has_all, until};
use crate::machine::program::has;

const BOUND: Duration = Duration::from_secs(90);

fn hosts(names: &[&str]) -> Hosts {
    names.iter().collect()
}

fn counted(names: Vec<String>) -> BTreeMap<String, usize> {
    names.into_iter().fold(BTreeMap::new(), |mut all, name| {
        *all.entry(name).or_default() += 1;
        all
    })
}

/// Watches for two that keep the schedule, until told to stop; gives the most that were seen at once.
fn watch_schedulers(sidekiq: Sidekiq, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<usize> {
    tokio::spawn(async move {
        let mut most = 0;
        while !stop.load(Ordering::SeqCst) {
            let roster = sidekiq.roster().await.unwrap();
            let keeps = |queues: &[String]| queues.iter().any(|queue| queue == SCHEDULER);
            // Also those that are quiet: the program starts none before the last of the old ones is gone.
            most = most.max(roster.alive.iter().filter(|process| keeps(&process.queues)).count());
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        most
    })
}

/// Puts jobs into two queues, one after the other, until told to stop; gives how many.
fn keep_pushing(client: Client, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<usize> {
    tokio::spawn(async move {
        let pushed = AtomicUsize::new(0);
        while !stop.load(Ordering::SeqCst) {
            let number = pushed.fetch_add(1, Ordering::SeqCst);
            let queue = if number.is_multiple_of(2) { "default" } else { "push" };
            // Most are brief; some take longer than a heartbeat.
            let lasts = if number.is_multiple_of(50) { 6000 } else { 40 };
            client.push("", queue, "BriefJob", &format!(r#"["job-{number}",{lasts}]"#)).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        pushed.into_inner()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_runs_once_and_the_schedule_is_kept_by_one_at_a_time() {
    if !has_all() {
        return;
    }
    let server = Server::start().await;
    let (client, sidekiq) = (server.client().await, server.sidekiq().await);
    let mut first = server.worker("blue-1", &["default", "scheduler"], None).await;
    let mut second = server.worker("blue-2", &["push"], None).await;
    let stop = Arc::new(AtomicBool::new(false));
    let watching = watch_schedulers(server.sidekiq().await, Arc::clone(&stop));
    let pushing = keep_pushing(client.clone(), Arc::clone(&stop));
    until("jobs to run", async || client.list("test:ended").await.len() > 20).await;

    let expected = ["default", "push", "scheduler"].map(str::to_owned).to_vec();
    let before = sidekiq.roster().await.unwrap();
    assert!(Coverage::of(&before, &expected, &[]).is_whole(), "{before:?}");
    let blue = hosts(&["blue-1", "blue-2"]);
    let drained = sidekiq.drain(&blue, BOUND).await.unwrap();
    assert_eq!(drained, Drained::All { processes: 2 });
    // Nothing of blue's runs, while users go on making jobs.
    assert_eq!(client.list("test:began").await.len(), client.list("test:ended").await.len());
    assert!(sidekiq.roster().await.unwrap().on(&blue).all(|process| process.quiet));
    let quiet = Coverage::of(&sidekiq.roster().await.unwrap(), &expected, &[]);
    assert_eq!((quiet.missing.len(), quiet.schedulers.len()), (3, 0));

    first.terminate();
    second.terminate();
    assert_eq!(sidekiq.await_gone(&blue, BOUND).await.unwrap(), Departure::Gone);
    let _green = server.worker("green-1", &["default", "push", "scheduler"], None).await;
    let after = sidekiq.roster().await.unwrap();
    assert!(Coverage::of(&after, &expected, &[]).is_whole(), "{after:?}");
    assert_eq!(after.elsewhere(&hosts(&["green-1"])).count(), 0);

    until("green to run jobs", async || client.list("test:ended").await.len() > 100).await;
    stop.store(true, Ordering::SeqCst);
    let (pushed, most) = (pushing.await.unwrap(), watching.await.unwrap());
    until("the last job", async || client.list("test:ended").await.len() >= pushed).await;
    assert_eq!(most, 1, "processes on the schedule at once");
    for list in ["test:began", "test:ended"] {
        let counts = counted(client.list(list).await);
        assert_eq!(counts.len(), pushed, "jobs in {list}");
        assert!(counts.values().all(|times| *times == 1), "{list}: a job ran more than once");
    }
    let jobs = sidekiq.jobs().await.unwrap();
    assert_eq!((jobs.waiting(), jobs.retries, jobs.dead), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_outlasts_the_bound_is_told_and_put_back_for_green() {
    if !has_all() {
        return;
    }
    let server = Server::start().await;
    let (client, sidekiq) = (server.client().await, server.sidekiq().await);
    let mut blue = server.worker("blue-1", &["default"], None).await;
    client.push("", "default", "EndlessJob", r#"["what a user wrote"]"#).await;
    until("the job to begin", async || client.list("test:began").await.len() == 1).await;
    let side = hosts(&["blue-1"]);
    let still = until_told(&sidekiq, &side).await;
    assert_eq!(still.running[0].class, "EndlessJob");
    assert!(!format!("{still:?}").contains("wrote"), "arguments are nobody's business");

    // As Kubernetes ends a container: what runs after the process's own patience (-t 3) goes back to its queue.
    blue.terminate();
    assert_eq!(sidekiq.await_gone(&side, BOUND).await.unwrap(), Departure::Gone);
    assert_eq!(sidekiq.jobs().await.unwrap().queues["default"], 1, "{}", server.log("blue-1"));
    client.run(&["SET", "test:end", "yes"]).await;
    let _green = server.worker("green-1", &["default"], None).await;
    until("green to end the job", async || client.list("test:ended").await.len() == 1).await;
    assert_eq!(sidekiq.jobs().await.unwrap().waiting(), 0);
}

/// The process that still runs something once it is quiet, as a short bound tells.
async fn until_told(sidekiq: &Sidekiq, side: &Hosts) -> movers::Process {
    for _ in 0..40 {
        match sidekiq.drain(side, Duration::from_secs(1)).await.unwrap() {
            Drained::Outlasted { still } if still[0].quiet && !still[0].running.is_empty() => {
                return still[0].clone();
            }
            Drained::Outlasted { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("it never became quiet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_killed_counts_until_its_heartbeat_expires() {
    if !has_all() {
        return;
    }
    let server = Server::start().await;
    let (client, sidekiq) = (server.client().await, server.sidekiq().await);
    let blue = server.worker("blue-1", &["default"], None).await;
    let side = hosts(&["blue-1"]);
    let identity = sidekiq.roster().await.unwrap().alive[0].identity.clone();
    drop(blue);
    let here = sidekiq.await_gone(&side, Duration::ZERO).await.unwrap();
    assert!(matches!(here, Departure::Here { still } if still[0].identity == identity));
    let left: i64 = client.say(&["TTL", &identity]).await;
    assert!((1..=60).contains(&left), "Sidekiq lets it expire after {left} s");
    // The minute passes.
    client.run(&["PEXPIRE", &identity, "1"]).await;
    assert_eq!(sidekiq.await_gone(&side, BOUND).await.unwrap(), Departure::Gone);
    assert_eq!(sidekiq.roster().await.unwrap().expired, [identity]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_namespace_every_key_has_it() {
    if !has_all() || !has("ruby", "Debian: ruby-redis-namespace") {
        return;
    }
    let server = Server::start().await;
    let client = server.client().await;
    let mut blue = server.worker("blue-1", &["default"], Some("fleet")).await;
    client.push("fleet:", "default", "BriefJob", r#"["one",1]"#).await;
    until("the job", async || client.list("fleet:test:ended").await.len() == 1).await;
    let side = hosts(&["blue-1"]);
    let without = server.sidekiq().await;
    assert_eq!(without.drain(&side, BOUND).await.unwrap(), Drained::NobodyThere);
    let within = Sidekiq::open(server.address(), Some("fleet")).await.unwrap();
    assert_eq!(within.drain(&side, BOUND).await.unwrap(), Drained::All { processes: 1 });
    client.push("fleet:", "default", "BriefJob", r#"["two",1]"#).await;
    assert_eq!(within.jobs().await.unwrap().waiting(), 1);
    blue.terminate();
    assert_eq!(within.await_gone(&side, BOUND).await.unwrap(), Departure::Gone);
    assert_eq!(client.list("fleet:test:ended").await, ["one"]);
}

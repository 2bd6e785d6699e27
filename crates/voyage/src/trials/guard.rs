//! The usual rules, each with users who suffer in the way that it watches for, in their own time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clock::Clock;
use cluster::Cluster;
use plan::{Metric, NoData, Plan, Rule};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use super::sidekiq::until;
use super::watched::Watched;
use super::world::World;
use crate::guard::{Arming, Guard, Watchman};
use crate::interrupt::Alarm;
use crate::{Outcome, Traffic, TrafficSource};

const SPEED: f64 = 10.0;
/// What an alarm may take beyond its window and its tolerance, on a busy machine.
const SLACK: Duration = Duration::from_secs(3);
const BOUND: Duration = Duration::from_secs(60);

/// What each request came to: when it was answered, how late, and whether well.
#[derive(Default)]
struct Answers {
    seen: Mutex<Vec<(Instant, u64, bool)>>,
    /// How many in a hundred fail.
    failing: AtomicU64,
    latency_ms: AtomicU64,
}

impl Answers {
    /// Users who ask so often a second, until the test is over.
    fn at(rate: u64) -> (Arc<Self>, JoinHandle<()>) {
        let answers = Arc::new(Self { latency_ms: AtomicU64::new(100), ..Self::default() });
        let asking = Arc::clone(&answers);
        let task = tokio::spawn(async move {
            if rate == 0 {
                return;
            }
            let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).unwrap());
            for number in 0_u64.. {
                tick.tick().await;
                let fails = number * 37 % 100 < asking.failing.load(Ordering::SeqCst);
                let latency = asking.latency_ms.load(Ordering::SeqCst);
                asking.seen.lock().unwrap().push((Instant::now(), latency, fails));
            }
        });
        (answers, task)
    }
}

impl TrafficSource for Answers {
    fn window(&self, wall: Duration) -> Traffic {
        let seen = self.seen.lock().unwrap();
        let within: Vec<_> = seen.iter().filter(|(at, ..)| at.elapsed() <= wall).collect();
        let mut latencies: Vec<u64> = within.iter().map(|(_, latency, _)| *latency).collect();
        latencies.sort_unstable();
        Traffic {
            requests: within.len() as u64,
            server_errors: within.iter().filter(|(.., fails)| *fails).count() as u64,
            p95_us: latencies.get(latencies.len() * 95 / 100).copied().unwrap_or(0) * 1000,
        }
    }

    fn users_moved(&self) {}
}

fn rule(id: &str) -> Rule {
    Rule::defaults().into_iter().find(|rule| rule.id == id).unwrap()
}

/// One rule's guard, armed as while users are on green.
fn guarding(plan: &Plan, cluster: Cluster, answers: &Arc<Answers>, rule: Rule) -> Watched {
    let plan = Plan { rules: vec![rule], ..plan.clone() };
    let (alarm, (told, events)) = (Alarm::new(), broadcast::channel(64));
    let before = Traffic { requests: 1000, server_errors: 0, p95_us: 300_000 };
    let baseline = watch::Sender::new(Some(before)).subscribe();
    let traffic = Arc::clone(answers) as _;
    let guard = Guard::start(Watchman::new(&plan, cluster, traffic, baseline, alarm.clone(), told));
    guard.arm(Arming::All);
    Watched { _guard: guard, alarm, events, since: Instant::now() }
}

/// The rule's window as it passes here, and the looks that its tolerance takes.
fn bound(rule: &Rule) -> Duration {
    let window = Duration::from_secs(rule.window_s).div_f64(SPEED).max(Duration::from_secs(1));
    window + Duration::from_millis(250) * rule.tolerance
}

/// What users suffer that a rule about traffic watches for, twice as bad as it allows.
fn worsen(answers: &Answers, rule: &Rule) {
    match rule.id.as_str() {
        "errors-50" => answers.failing.store(100, Ordering::SeqCst),
        "errors-5" => answers.failing.store(10, Ordering::SeqCst),
        "latency-2x" => answers.latency_ms.store(1300, Ordering::SeqCst),
        other => panic!("{other}"),
    }
}

const ABOUT_TRAFFIC: [&str; 3] = ["errors-50", "errors-5", "latency-2x"];

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_fires_within_its_window_once_users_suffer() {
    let world = World::new(SPEED, 1).await;
    for id in ABOUT_TRAFFIC {
        let rule = rule(id);
        let (answers, asking) = Answers::at(100);
        let armed = guarding(&world.plan, world.cluster(), &answers, rule.clone());
        until("users to be served well for a while", async || {
            answers.seen.lock().unwrap().len() as u64 > rule.minimum_samples
        })
        .await;
        assert_eq!(armed.alarm.raised(), None, "{id}: nobody suffers yet");
        worsen(&answers, &rule);
        let since = Instant::now();
        let (breach, _) = armed.fires(BOUND).await;
        assert_eq!(breach.rule, id);
        assert!(since.elapsed() < bound(&rule) + SLACK, "{id}: {:?}", since.elapsed());
        asking.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_bad_nothing_is_said_before_the_samples_are_enough() {
    let world = World::new(SPEED, 1).await;
    for id in ABOUT_TRAFFIC {
        let rule = rule(id);
        let (answers, asking) = Answers::at(100);
        worsen(&answers, &rule);
        let armed = guarding(&world.plan, world.cluster(), &answers, rule.clone());
        let (breach, took) = armed.fires(BOUND).await;
        let seen = answers.seen.lock().unwrap().len() as u64;
        assert!(seen >= rule.minimum_samples, "{breach}: after {seen} samples, {took:?}");
        asking.abort();
        // Ten a second are never enough in any window.
        let (few, asking) = Answers::at(10);
        worsen(&few, &rule);
        let mut armed = guarding(&world.plan, world.cluster(), &few, rule.clone());
        assert_eq!(armed.stays_silent(bound(&rule) * 2).await, Vec::<String>::new(), "{id}");
        asking.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_data_is_no_reason_unless_the_rule_says_so() {
    let world = World::new(SPEED, 1).await;
    let (nobody, _) = Answers::at(0);
    for id in ABOUT_TRAFFIC {
        let mut armed = guarding(&world.plan, world.cluster(), &nobody, rule(id));
        assert_eq!(
            armed.stays_silent(bound(&rule(id)) + Duration::from_secs(1)).await,
            ["cannot measure: there are no samples"],
            "{id}"
        );
        let wary = Rule { no_data: NoData::Breach, ..rule(id) };
        let (breach, took) = guarding(&world.plan, world.cluster(), &nobody, wary.clone()).fires(BOUND).await;
        assert_eq!(breach.to_string(), format!("{id}: no data: there are no samples"));
        let window = Duration::from_secs(wary.window_s).div_f64(SPEED).max(Duration::from_secs(1));
        assert!(took >= window && took < bound(&wary) + SLACK, "{id}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_that_are_not_ready_have_their_ten_minutes_and_an_unreachable_server_is_no_data() {
    const FAST: f64 = 200.0;
    let world = World::new(FAST, 1).await;
    let (nobody, _) = Answers::at(0);
    let rule = rule("not-ready");
    assert_eq!(rule.metric, Metric::NotReady);
    // Green is not there: nothing of it is ready.
    let (_, took) = guarding(&world.plan, world.cluster(), &nobody, rule.clone()).fires(BOUND).await;
    let ten_minutes = Duration::from_secs(600).div_f64(FAST);
    assert!(took >= ten_minutes && took < ten_minutes + SLACK, "{took:?}");
    let nowhere = kube::Config::new("http://127.0.0.1:9".parse().unwrap());
    let client = kube::Client::try_from(nowhere).unwrap();
    let cluster = Cluster::new(client, "mast", Clock::faster(FAST));
    let mut armed = guarding(&world.plan, cluster, &nobody, rule);
    assert_eq!(armed.stays_silent(ten_minutes * 2).await, ["cannot measure: there are no samples"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_keeps_no_rule_from_speaking() {
    let sufferings: BTreeMap<&str, (u64, u64)> =
        [("errors-50", (80, 20)), ("errors-5", (8, 20)), ("latency-2x", (0, 5000))].into();
    for (id, (failing, latency_ms)) in sufferings {
        let world = World::new(20.0, 1).await;
        let mut voyage = world.voyage();
        let (desk, mut questions) = mpsc::channel(1);
        voyage.pause_before(vec![plan::StepId("observe".to_owned())], Some(desk));
        let users = Arc::clone(&world.users);
        let asked = tokio::spawn(async move {
            let question = questions.recv().await.unwrap();
            users.latency_ms.store(latency_ms, Ordering::SeqCst);
            users.failing.store(failing, Ordering::SeqCst);
            std::future::pending::<()>().await;
            drop(question);
        });
        let outcome = tokio::time::timeout(BOUND, voyage.run()).await.unwrap().unwrap();
        assert!(
            matches!(&outcome, Outcome::RolledBack { reason } if reason.starts_with(id)),
            "{id}: {outcome:?}"
        );
        asked.abort();
        world.assert_blue_as_before(id).await;
    }
}

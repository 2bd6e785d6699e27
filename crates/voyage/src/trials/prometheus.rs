//! The guard with a real Prometheus (Debian: `prometheus`) that scrapes a little endpoint of the test's own.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use plan::{Comparison, Metric, NoData, Query, Rule, RuleAction};
use probe::Prometheus;
use tempfile::TempDir;
use tokio::sync::{broadcast, watch};

use super::sidekiq::until;
use super::watched::Watched;
use super::world::World;
use crate::guard::{Arming, Guard, Watchman};
use crate::interrupt::Alarm;
use crate::machine::port::free_port;
use crate::machine::program::has;
use crate::{Breach, Outcome, VoyageEvent};

/// How long an alarm may take that has to come: the rule's window, two scrapes, two answers, and a busy machine.
const BOUND: Duration = Duration::from_secs(15);
const WINDOW_S: u64 = 3;

/// Requests as a server counts them, half of them bad from when `bad` is not 0.
#[derive(Default)]
struct Counted {
    good: AtomicU64,
    failed: AtomicU64,
    bad: AtomicU64,
    latency: AtomicU64,
}

struct Monitored {
    counted: Arc<Counted>,
    prometheus: Prometheus,
    child: Child,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    _folder: TempDir,
}

impl Drop for Monitored {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
        let _already_gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Monitored {
    async fn new() -> Self {
        let counted = Arc::new(Counted::default());
        counted.latency.store(100, Ordering::SeqCst);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap();
        let scraped = Arc::clone(&counted);
        let router = Router::new().route(
            "/metrics",
            get(move || {
                let counted = Arc::clone(&scraped);
                async move {
                    let (good, failed) = (counted.good.load(Ordering::SeqCst), counted.failed.load(Ordering::SeqCst));
                    let latency = counted.latency.load(Ordering::SeqCst);
                    format!(
                        "requests_total{{code=\"200\"}} {good}\nrequests_total{{code=\"500\"}} {failed}\nlatency_ms {latency}\n"
                    )
                }
            }),
        );
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let users = Arc::clone(&counted);
        let using = tokio::spawn(async move {
            loop {
                users.good.fetch_add(5, Ordering::SeqCst);
                if users.bad.load(Ordering::SeqCst) != 0 {
                    users.failed.fetch_add(5, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let folder = TempDir::new().unwrap();
        let (child, prometheus) = start(&folder, &target.to_string());
        let monitored = Self { counted, prometheus, child, tasks: vec![serving, using], _folder: folder };
        until("Prometheus to have scraped", async || {
            let scrapes = monitored.prometheus.query("count_over_time(latency_ms[1m])").await;
            scrapes.is_ok_and(|scrapes| scrapes.is_some_and(|scrapes| scrapes > 4.0))
        })
        .await;
        monitored
    }
}

fn start(folder: &TempDir, target: &str) -> (Child, Prometheus) {
    let port = free_port();
    let itself = format!("127.0.0.1:{port}");
    let config = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n- {{job_name: test, static_configs: [{{targets: ['{target}', '{itself}']}}]}}\n"
    );
    std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address={itself}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, Prometheus::new(&format!("http://{itself}"), None).unwrap())
}

fn has_prometheus() -> bool {
    has("prometheus", "prometheus")
}

fn errors() -> Rule {
    let requests = "sum(rate(requests_total[$window]))";
    Rule {
        id: "prometheus-errors".to_owned(),
        metric: Metric::Prometheus,
        query: Some(Query {
            promql: format!("100 * sum(rate(requests_total{{code=\"500\"}}[$window])) / {requests}"),
            samples: Some("sum(increase(requests_total[$window]))".to_owned()),
        }),
        comparison: Comparison::Above { value: 20.0 },
        window_s: WINDOW_S,
        minimum_samples: 50,
        tolerance: 2,
        no_data: NoData::Note,
        action: RuleAction::RollBack,
    }
}

/// A guard that is armed although no step runs, as while a human is asked.
struct Armed {
    watched: Watched,
    _world: World,
}

impl Armed {
    async fn with(monitored: &Monitored, rule: Rule, baselines: &[(&str, f64)]) -> Self {
        let mut world = World::new(1.0, 1).await;
        world.plan.rules = vec![rule];
        let (alarm, (told, events)) = (Alarm::new(), broadcast::channel(64));
        let baselines: BTreeMap<String, f64> =
            baselines.iter().map(|(rule, value)| ((*rule).to_owned(), *value)).collect();
        let watchman = Watchman::new(
            &world.plan,
            world.cluster(),
            Arc::clone(&world.users) as _,
            watch::Sender::new(None).subscribe(),
            alarm.clone(),
            told,
        );
        let baselines = watch::Sender::new(baselines).subscribe();
        let guard = Guard::start(watchman.listening(&world.plan, monitored.prometheus.clone(), baselines));
        guard.arm(Arming::All);
        Self { watched: Watched { _guard: guard, alarm, events, since: Instant::now() }, _world: world }
    }

    /// The breach, and how long it took.
    async fn fires(&self) -> (Breach, Duration) {
        self.watched.fires(BOUND).await
    }

    /// Waits for more than twice as long as another rule needed to fire, and says what was told instead.
    async fn stays_silent(&mut self) -> Vec<String> {
        self.watched.stays_silent(Duration::from_secs(3 * WINDOW_S)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_prometheus_counts_raise_the_alarm_while_nobody_does_anything() {
    if !has_prometheus() {
        return;
    }
    let monitored = Monitored::new().await;
    monitored.counted.bad.store(1, Ordering::SeqCst);
    let armed = Armed::with(&monitored, errors(), &[]).await;
    let (breach, took) = armed.fires().await;
    assert_eq!((breach.rule.as_str(), breach.bound), ("prometheus-errors", 20.0));
    assert!((30.0..=60.0).contains(&breach.value), "half of the requests fail: {breach}");
    assert!(took < BOUND, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_healthy_server_nor_too_few_samples_raise_it() {
    if !has_prometheus() {
        return;
    }
    let monitored = Monitored::new().await;
    let mut healthy = Armed::with(&monitored, errors(), &[]).await;
    assert_eq!(healthy.stays_silent().await, Vec::<String>::new());
    monitored.counted.bad.store(1, Ordering::SeqCst);
    let rule = Rule { minimum_samples: 1_000_000, ..errors() };
    let mut few = Armed::with(&monitored, rule, &[]).await;
    assert_eq!(few.stays_silent().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_data_is_noted_unless_the_rule_says_that_it_breaks_it() {
    if !has_prometheus() {
        return;
    }
    let monitored = Monitored::new().await;
    let nothing = Query { promql: "sum(rate(nowhere_total[$window]))".to_owned(), samples: None };
    let noting = Rule { query: Some(nothing.clone()), ..errors() };
    let mut armed = Armed::with(&monitored, noting.clone(), &[]).await;
    assert_eq!(armed.stays_silent().await, ["cannot measure: the query gives no number"]);
    let breaking = Rule { no_data: NoData::Breach, ..noting };
    let (breach, took) = Armed::with(&monitored, breaking, &[]).await.fires().await;
    assert_eq!(breach.to_string(), "prometheus-errors: no data: the query gives no number");
    assert!(took >= Duration::from_secs(WINDOW_S), "what is not there yet is not missing: {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_grew_is_held_against_what_was_recorded_before() {
    if !has_prometheus() {
        return;
    }
    let monitored = Monitored::new().await;
    let rule = Rule {
        id: "slower".to_owned(),
        query: Some(Query { promql: "avg_over_time(latency_ms[$window])".to_owned(), samples: None }),
        comparison: Comparison::TimesBaseline { factor: 2.0, floor: 50.0 },
        minimum_samples: 2,
        ..errors()
    };
    let mut world = World::new(1.0, 1).await;
    world.plan.rules = vec![rule.clone()];
    let clock = world.clock;
    let (found, missing) =
        crate::guard::baselines(&world.plan, &monitored.prometheus, clock, Duration::from_secs(2)).await;
    assert_eq!((found.get("slower"), missing.len()), (Some(&100.0), 0));
    monitored.counted.latency.store(500, Ordering::SeqCst);
    let (breach, _) = Armed::with(&monitored, rule.clone(), &[("slower", 100.0)]).await.fires().await;
    assert_eq!(breach.bound, 200.0);
    let mut blind = Armed::with(&monitored, rule, &[]).await;
    assert_eq!(blind.stays_silent().await, ["cannot measure: there is no baseline"]);
}

/// What the three exporters say of themselves, as their sources have it: one request in ten fails; half of them take a
/// second. A live connection lasted an hour, another namespace fails altogether.
fn exported(seconds: u64) -> String {
    let (good, bad) = (seconds * 90, seconds * 10);
    let mut text = String::new();
    for (metric, labels, is_bad) in [
        ("nginx_ingress_controller_request", "host=\"h.example\",status=\"200\"", false),
        ("nginx_ingress_controller_request", "host=\"h.example\",status=\"502\"", true),
        (
            "traefik_service_request",
            "service=\"mast-web-3000@kubernetes\",protocol=\"http\",code=\"200\"",
            false,
        ),
        (
            "traefik_service_request",
            "service=\"mast-web-3000@kubernetes\",protocol=\"http\",code=\"502\"",
            true,
        ),
    ] {
        let count = if is_bad { bad } else { good };
        let total = if metric.starts_with("nginx") { "s" } else { "s_total" };
        text += &format!("{metric}{total}{{{labels}}} {count}\n");
        for (edge, within) in [("0.5", count / 2), ("1.0", count), ("+Inf", count)] {
            text += &format!("{metric}_duration_seconds_bucket{{{labels},le=\"{edge}\"}} {within}\n");
        }
    }
    for labels in [
        "nginx_ingress_controller_request_duration_seconds_bucket{host=\"h.example\",status=\"101\"",
        "traefik_service_request_duration_seconds_bucket{service=\"mast-streaming-4000@kubernetes\",protocol=\"websocket\",code=\"101\"",
    ] {
        text += &format!(
            "{labels},le=\"0.5\"}} 0\n{labels},le=\"1.0\"}} 0\n{labels},le=\"+Inf\"}} {}\n",
            seconds * 100
        );
    }
    let ruby = |namespace: &str, status: &str, count: u64| {
        format!(
            "ruby_http_requests_total{{namespace=\"{namespace}\",controller=\"x\",action=\"y\",status=\"{status}\"}} {count}\n"
        )
    };
    text += &(ruby("mast", "200", good) + &ruby("mast", "500", bad / 2) + &ruby("mast", "-1", bad / 2));
    text += &(ruby("other", "500", 100 * seconds) + &ruby("plain", "", 100 * seconds));
    let summary = "ruby_http_request_duration_seconds";
    let labels = "namespace=\"mast\",controller=\"x\",action=\"y\"";
    text + &format!(
        "{summary}{{{labels},quantile=\"0.99\"}} 9\n{summary}_sum{{{labels}}} {}\n{summary}_count{{{labels}}} {}\n",
        seconds * 40,
        seconds * 100
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_known_rules_say_what_the_exporters_counted() {
    if !has_prometheus() {
        return;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let began = Instant::now();
    let router = Router::new()
        .route("/metrics", get(move || async move { exported(began.elapsed().as_millis() as u64 / 10) }));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let folder = TempDir::new().unwrap();
    let (mut child, prometheus) = start(&folder, &target);
    let asked = async |query: &str| prometheus.query(&query.replace("$window", "5s")).await.ok().flatten();
    until("Prometheus to have scraped", async || {
        asked("sum(count_over_time(traefik_service_requests_total[1m]))")
            .await
            .is_some_and(|seen| seen > 30.0)
    })
    .await;
    for (name, exporter) in plan::Exporter::ALL {
        for rule in exporter.rules("h.example", "mast") {
            let query = rule.query.unwrap();
            let (value, samples) = (asked(&query.promql).await, asked(&query.samples.unwrap()).await);
            let value = value.unwrap_or_else(|| panic!("{} gives no number", rule.id));
            let wanted = match (name, rule.id.ends_with("errors")) {
                (_, true) => 9.0..=11.0,
                ("mastodon", _) => 390.0..=410.0,
                _ => 900.0..=1000.0,
            };
            assert!(wanted.contains(&value), "{}: {value}", rule.id);
            assert!(samples.is_some_and(|samples| samples > 1000.0), "{}: {samples:?}", rule.id);
        }
    }
    // Requests whose status nobody told are no proof that all is well.
    for rule in plan::Exporter::Mastodon.rules("h.example", "plain") {
        assert_eq!(asked(&rule.query.unwrap().promql).await, None, "{}", rule.id);
    }
    let (_already_gone, _waited) = (child.kill(), child.wait());
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_is_listened_to_while_somebody_is_asked() {
    if !has_prometheus() {
        return;
    }
    let monitored = Monitored::new().await;
    let mut world = World::new(20.0, 1).await;
    world.plan.rules = vec![Rule { window_s: 60, ..errors() }];
    let mut voyage = world.voyage();
    voyage.ask_prometheus(monitored.prometheus.clone());
    let (desk, mut questions) = tokio::sync::mpsc::channel(1);
    voyage.pause_before(vec![plan::StepId("observe".to_owned())], Some(desk));
    let counted = Arc::clone(&monitored.counted);
    let asked = tokio::spawn(async move {
        let question: crate::Question = questions.recv().await.unwrap();
        counted.bad.store(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
        drop(question);
    });
    let outcome = tokio::time::timeout(Duration::from_secs(90), voyage.run()).await.unwrap().unwrap();
    asked.abort();
    assert!(
        matches!(&outcome, Outcome::RolledBack { reason } if reason.starts_with("prometheus-errors")),
        "{outcome:?}"
    );
    world.assert_blue_as_before("while asked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voyage_goes_back_when_prometheus_says_so_and_users_are_back_within_two_seconds() {
    if !has_prometheus() {
        return;
    }
    let monitored = Monitored::new().await;
    let mut world = World::new(20.0, 72_000).await;
    world.plan.rules = vec![Rule { window_s: 60, ..errors() }];
    let mut voyage = world.voyage();
    voyage.ask_prometheus(monitored.prometheus.clone());
    let mut events = voyage.events();
    let (users, counted) = (Arc::clone(&world.users), Arc::clone(&monitored.counted));
    let suffering = tokio::spawn(async move {
        until("users to be moved", async || users.moved.load(Ordering::SeqCst)).await;
        counted.bad.store(1, Ordering::SeqCst);
    });
    let outcome = tokio::time::timeout(Duration::from_secs(90), voyage.run()).await.unwrap().unwrap();
    suffering.await.unwrap();
    assert!(
        matches!(&outcome, Outcome::RolledBack { reason } if reason.starts_with("prometheus-errors: Prometheus says")),
        "{outcome:?}"
    );
    let restored = std::iter::from_fn(|| events.try_recv().ok()).find_map(|event| match event {
        VoyageEvent::TrafficRestored { ms, .. } => Some(ms),
        _ => None,
    });
    let restored = restored.expect("users were moved, and moved back");
    assert!(restored < 2000, "users were back on the old side {restored} ms after the verdict");
    world.assert_blue_as_before("after Prometheus spoke").await;
}

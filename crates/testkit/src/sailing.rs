//! A whole voyage as one step of a scenario: planned from the objects given, carried out under real traffic.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use cluster::Cluster;
use installation::{Installation, Object};
use plan::{Action, Circumstances, Comparison, PageOptions, Plan, RouteComponent, Strategy};
use probe::{Config, Expectation, Method, Prober, Sockets, Target};
use rehearsal::fault::{Effect, Fault, act};
use rehearsal::{Front, FrontOptions, Profile, World};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use voyage::{Event, Outcome, Traffic, TrafficSource, Voyage};

use crate::failure::Failure;
use crate::stage::{GREEN, Stage};

/// How long users are watched on green, and before anything changes, in cluster seconds: scenarios are short.
const OBSERVED: u64 = 30;
const BASELINE: u64 = 10;
/// How long green may take to be ready, in cluster seconds.
const READY: u64 = 100;
/// Latency below this is no reason to go back, in milliseconds: many scenarios may share few processors.
const LATENCY_FLOOR: f64 = 2000.0;
/// Requests a second.
const RATE: f64 = 100.0;
/// WebSockets that are held open.
const SOCKETS: usize = 4;
/// How long the last jobs may take, in real time.
const LAST_JOBS: Duration = Duration::from_secs(10);

/// How a voyage is to be.
pub(crate) struct Means<'a> {
    pub(crate) faults: &'a [Fault],
    /// How the move is made.
    pub(crate) strategy: Strategy,
    /// How long users are watched on green, where a scenario says.
    pub(crate) observing: Option<Duration>,
}

/// A voyage under way.
pub(crate) struct Sailing {
    voyage: Voyage,
    prober: Prober,
    world: World,
    _front: Option<Front>,
    _state: tempfile::TempDir,
    cancel: CancellationToken,
}

impl Drop for Sailing {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// The prober as the guard sees it.
pub(crate) struct Watched {
    pub(crate) prober: Prober,
    pub(crate) world: World,
}

impl TrafficSource for Watched {
    fn window(&self, wall: Duration) -> Traffic {
        let stats = self.prober.window(wall);
        Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn announced(&self, maintenance: bool) {
        self.prober.announce_maintenance(maintenance);
    }

    fn users_moved(&self) {
        self.world.users_arrived();
    }

    fn step_begins(&self, step: &plan::StepId) {
        self.world.step_begins(&step.0);
    }
}

impl Sailing {
    /// Plans the move of what is given, and lets users in.
    pub(crate) async fn prepare(stage: &Stage, given: &[Value], means: &Means<'_>) -> Result<Self, Failure> {
        let mut plan = plan_of(given, &stage.namespace, means.strategy)?;
        if let Some(span) = means.observing {
            Self::observing(&mut plan, span);
        }
        let cancel = CancellationToken::new();
        stage.world.declare(plan.blue.clone());
        let actors = act(stage.client.clone(), stage.namespace.clone(), stage.world.clone(), stage.clock);
        tokio::spawn(cancel.clone().run_until_cancelled_owned(actors));
        let no_voyage = |why: String| Failure::NoVoyage(why);
        let (address, front) = match stage.front() {
            Some(address) => (address, None),
            None => {
                let listen = (Ipv4Addr::LOCALHOST, 0).into();
                let options = FrontOptions { listen, profile: Profile::IngressNginx, seed: 0 };
                let front = Front::start(stage.client.clone(), options, stage.clock, cancel.clone());
                let front = front.map_err(|error| no_voyage(error.to_string()))?;
                for route in &plan.routes {
                    front.routes(&route.host, &route.path).await;
                }
                (front.address(), Some(front))
            }
        };
        let prober = Prober::start(traffic(&plan, address, RATE), cancel.clone());
        let prober = prober.map_err(|error| no_voyage(error.to_string()))?;
        let state = tempfile::tempdir().map_err(|error| no_voyage(error.to_string()))?;
        let watched = Arc::new(Watched { prober: prober.clone(), world: stage.world.clone() });
        let cluster =
            Cluster::new(stage.operator_client(), &stage.namespace, operators(stage.clock, means.faults));
        let voyage = Voyage::open(plan, cluster, state.path(), watched);
        let voyage = voyage.map_err(|error| no_voyage(error.to_string()))?;
        Ok(Self { voyage, prober, world: stage.world.clone(), _front: front, _state: state, cancel })
    }

    /// How long users are watched on green, where it is to be longer than scenarios usually do.
    fn observing(plan: &mut Plan, span: Duration) {
        for step in &mut plan.steps {
            if let Action::Observe { seconds } = &mut step.action {
                *seconds = span.as_secs();
            }
        }
    }

    /// Goes on, or back, until there is an outcome; tells the steps, the outcome and what users and queues suffered.
    pub(crate) async fn sail(&mut self, back: bool) -> Result<String, Failure> {
        let known = self.voyage.records().len();
        let outcome = match back {
            false => Box::pin(self.voyage.resume()).await,
            true => Box::pin(self.voyage.roll_back("asked for")).await,
        };
        let outcome = outcome.map_err(|error| Failure::NoVoyage(error.to_string()))?;
        let mut told: Vec<String> =
            self.voyage.records().iter().skip(known).filter_map(|record| step(&record.event)).collect();
        told.push(match &outcome {
            Outcome::Completed => "outcome: completed".to_owned(),
            Outcome::RolledBack { reason } => format!("outcome: rolled back ({})", first_words(reason)),
            Outcome::Stopped { reason } => format!("outcome: stopped ({})", first_words(reason)),
            Outcome::Failed { reason } => format!("outcome: failed ({})", first_words(reason)),
        });
        self.world.move_ended();
        self.world.drained(LAST_JOBS).await;
        let invariants = self.world.invariants();
        told.push(format!(
            "schedulers at once: {}, jobs lost: {}, jobs done twice: {}",
            invariants.max_schedulers, invariants.jobs_lost, invariants.jobs_duplicated
        ));
        let window = self.prober.window(Duration::from_secs(600));
        told.push(format!("requests failed: {}", if window.failed == 0 { "none" } else { "some" }));
        Ok(told.join("\n"))
    }
}

/// The clock of the machine that a voyage runs on, which may not agree with the cluster's.
fn operators(clock: Clock, faults: &[Fault]) -> Clock {
    faults.iter().fold(clock, |clock, fault| match fault.effect {
        Effect::ClockAhead { by } => clock.ahead(by),
        Effect::ClockBehind { by } => clock.behind(by),
        _ => clock,
    })
}

/// Reasons may hold measurements; what comes before them is the same on every run.
fn first_words(reason: &str) -> &str {
    let words = reason.split([':', '(']).next().unwrap_or(reason).trim_end();
    // Which of the rules on errors strikes first depends on the instant of the first error.
    if words.starts_with("errors-") { "errors" } else { words }
}

fn step(event: &Event) -> Option<String> {
    Some(match event {
        Event::StepDone { id } => format!("{id} done"),
        Event::StepFailed { id, .. } => format!("{id} failed"),
        Event::UndoDone { id } => format!("{id} taken back"),
        Event::UndoFailed { id, .. } => format!("{id} could not be taken back"),
        _ => return None,
    })
}

/// The plan that the program itself would make.
pub(crate) fn plan_of(given: &[Value], namespace: &str, strategy: Strategy) -> Result<Plan, Failure> {
    let no_voyage = |why: String| Failure::NoVoyage(why);
    let mut files = tree::Files::new();
    let mut objects = Vec::new();
    for object in given {
        let file = files.add("given", object.to_string());
        let nodes = tree::parse(&files, file).map_err(|error| no_voyage(error.to_string()))?;
        objects.extend(nodes.into_iter().map(Object::new));
    }
    let installation =
        Installation::understand(objects, None).map_err(|error| no_voyage(error.to_string()))?;
    let target =
        target::write_manifests(&installation, Some(GREEN)).map_err(|error| no_voyage(error.to_string()))?;
    let circumstances = Circumstances {
        source: "scenario".to_owned(),
        namespace: Some(namespace.to_owned()),
        ledger: BTreeMap::new(),
        helm: None,
        front: Profile::IngressNginx.name().to_owned(),
        front_by: None,
        hold_overlap_s: 0,
        strategy: Some(strategy),
        page: PageOptions::default(),
        stores: plan::StoresMove::default(),
    };
    let plan = plan::decide(&installation, &target, circumstances);
    let mut plan = plan.map_err(|error| no_voyage(error.to_string()))?;
    for rule in &mut plan.rules {
        if let Comparison::TimesBaseline { floor, .. } = &mut rule.comparison {
            *floor = LATENCY_FLOOR;
        }
    }
    for step in &mut plan.steps {
        match &mut step.action {
            Action::Observe { seconds } => *seconds = OBSERVED,
            Action::RecordBaseline { seconds } => *seconds = BASELINE,
            Action::AwaitReady { timeout_s, .. } | Action::DrainQueues { timeout_s, .. } => {
                *timeout_s = READY
            }
            _ => {}
        }
    }
    Ok(plan)
}

/// What users do: they read pages, post, are asked for their health as by a monitor, and hold WebSockets.
pub(crate) fn traffic(plan: &Plan, front: SocketAddr, rate: f64) -> Config {
    let (mut targets, mut sockets) = (Vec::new(), Vec::new());
    for route in &plan.routes {
        let mut ask = |component: &str, path: &str, method: Method, holds: &str| {
            let mut target = Target::get(component, front, &route.host, path, rate / 4.0);
            target.method = method;
            target.expect = Expectation::status(200).from_component(component).containing(holds);
            targets.push(target);
        };
        match &route.component {
            RouteComponent::Web if route.path == "/" => {
                ask("web", "/", Method::Get, "<title>Mastodon</title>");
                ask("web", "/health", Method::Get, "");
                ask("web", "/api/v1/statuses", post(), "id");
            }
            RouteComponent::Streaming => {
                ask("streaming", "/api/v1/streaming/health", Method::Get, "OK");
                let path = "/api/v1/streaming?stream=public";
                sockets.push(Sockets::new(SOCKETS, front, &route.host, path));
            }
            _ => {}
        }
    }
    Config::new(targets, sockets)
}

fn post() -> Method {
    Method::Post { body: "{\"status\":\"ahoy\"}".into(), content_type: "application/json".to_owned() }
}

//! A whole voyage as one step of a scenario: planned from the objects given, carried out under real traffic.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cluster::Cluster;
use installation::{Installation, Object};
use plan::{Action, Circumstances, Plan, RouteComponent};
use probe::{Config, Expectation, Prober, Target};
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
const READY: u64 = 150;
/// Requests a second.
const RATE: f64 = 100.0;
/// How long the last jobs may take, in real time.
const LAST_JOBS: Duration = Duration::from_secs(10);

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
struct Watched {
    prober: Prober,
    world: World,
}

impl TrafficSource for Watched {
    fn window(&self, wall: Duration) -> Traffic {
        let stats = self.prober.window(wall);
        Traffic { requests: stats.requests, server_errors: stats.server_errors, p95_us: stats.p95_us }
    }

    fn users_moved(&self) {
        self.world.users_arrived();
    }
}

impl Sailing {
    /// Plans the blue-green move of what is given, and lets users in.
    pub(crate) fn prepare(stage: &Stage, given: &[Value]) -> Result<Self, Failure> {
        let plan = plan_of(given, &stage.namespace)?;
        let cancel = CancellationToken::new();
        let no_voyage = |why: String| Failure::NoVoyage(why);
        let (address, front) = match stage.front() {
            Some(address) => (address, None),
            None => {
                let listen = (Ipv4Addr::LOCALHOST, 0).into();
                let options = FrontOptions { listen, profile: Profile::IngressNginx, seed: 0 };
                let front = Front::start(stage.client.clone(), options, stage.clock, cancel.clone());
                let front = front.map_err(|error| no_voyage(error.to_string()))?;
                (front.address(), Some(front))
            }
        };
        let prober = Prober::start(traffic(&plan, address), cancel.clone());
        let prober = prober.map_err(|error| no_voyage(error.to_string()))?;
        let state = tempfile::tempdir().map_err(|error| no_voyage(error.to_string()))?;
        let watched = Arc::new(Watched { prober: prober.clone(), world: stage.world.clone() });
        let cluster = Cluster::new(stage.client.clone(), &stage.namespace, stage.clock);
        let voyage = Voyage::open(plan, cluster, state.path(), watched);
        let voyage = voyage.map_err(|error| no_voyage(error.to_string()))?;
        Ok(Self { voyage, prober, world: stage.world.clone(), _front: front, _state: state, cancel })
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
        self.world.drained(LAST_JOBS).await;
        let invariants = self.world.invariants();
        told.push(format!(
            "schedulers at once: {}, jobs lost: {}, jobs done twice: {}",
            invariants.max_schedulers, invariants.jobs_lost, invariants.jobs_duplicated
        ));
        let window = self.prober.window(Duration::from_secs(600));
        told.push(format!("requests failed: {}", if window.server_errors == 0 { "none" } else { "some" }));
        Ok(told.join("\n"))
    }
}

/// Reasons may hold measurements; what comes before them is the same on every run.
fn first_words(reason: &str) -> &str {
    reason.split([':', '(']).next().unwrap_or(reason).trim_end()
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
fn plan_of(given: &[Value], namespace: &str) -> Result<Plan, Failure> {
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
    };
    let plan = plan::blue_green(&installation, &target, circumstances);
    let mut plan = plan.map_err(|error| no_voyage(error.to_string()))?;
    for step in &mut plan.steps {
        match &mut step.action {
            Action::Observe { seconds } => *seconds = OBSERVED,
            Action::RecordBaseline { seconds } => *seconds = BASELINE,
            Action::AwaitReady { timeout_s, .. } => *timeout_s = READY,
            _ => {}
        }
    }
    Ok(plan)
}

/// Every route is asked, evenly.
fn traffic(plan: &Plan, front: SocketAddr) -> Config {
    let asked = plan.routes.iter().filter_map(|route| match &route.component {
        RouteComponent::Web if route.path == "/" => Some((route, "web", "/health")),
        RouteComponent::Streaming => Some((route, "streaming", "/api/v1/streaming/health")),
        _ => None,
    });
    let asked: Vec<_> = asked.collect();
    let share = u32::try_from(asked.len().max(1)).map_or(1.0, f64::from);
    let targets = asked.into_iter().map(|(route, component, path)| {
        let target = Target::get(component, front, &route.host, path, RATE / share);
        target.expecting(Expectation::status(200).from_component(component))
    });
    Config::new(targets.collect(), None)
}

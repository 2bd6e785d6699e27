//! Where a run takes place: a cluster inside with blue in it, users, and the directory of a voyage.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use cluster::Cluster;
use plan::{Action, Plan, Strategy};
use probe::Prober;
use rehearsal::ClusterInside;
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};
use voyage::{Course, Journal, Voyage, VoyageError};

use super::accident::{self, Accident, Wake};
use crate::failure::Failure;
use crate::sailing::{Watched, plan_of, traffic};
use crate::scenario::Scenario;
use crate::stage::GREEN;

const NAMESPACE: &str = "sweep";
/// How long blue may take to stand, in cluster time.
const BLUE_STANDS: Duration = Duration::from_secs(1800);
/// Requests a second: enough to see a gap of a pod's length.
const RATE: f64 = 40.0;
/// How long a request may take, in real time: a machine that stands still for some seconds fails nobody.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster with blue in it, and users.
pub(crate) struct Sea {
    pub(crate) inside: ClusterInside,
    pub(crate) plan: Plan,
    pub(crate) prober: Prober,
    clock: Clock,
    state: tempfile::TempDir,
    users: DropGuard,
}

fn lost(error: impl std::fmt::Display) -> Failure {
    Failure::NoVoyage(error.to_string())
}

impl Sea {
    /// Blue stands, users come; the cluster is `speed` times as fast as life.
    pub(crate) async fn calm(strategy: Strategy, speed: f64) -> Result<Self, Failure> {
        let scenario = Scenario::parse("sea.scenario", include_str!("sea.scenario")).map_err(lost)?;
        let given: Vec<Value> = scenario.given.iter().map(|given| given.0.clone()).collect();
        let clock = Clock::faster(speed);
        let inside = ClusterInside::start(rehearsal::Options {
            state_dir: None,
            clock,
            namespace: NAMESPACE.to_owned(),
            release: GREEN.to_owned(),
            faults: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            front: rehearsal::Profile::IngressNginx,
        })
        .map_err(lost)?;
        let mut plan = plan_of(&given, NAMESPACE, strategy)?;
        patient(&mut plan);
        inside.world().declare(plan.blue.clone());
        inside.world().set_stands(true);
        inside.load(&given).await.map_err(lost)?;
        let routes: Vec<(String, String)> =
            plan.routes.iter().map(|route| (route.host.clone(), route.path.clone())).collect();
        let ready = inside.ready(&routes, BLUE_STANDS).await;
        ready.map_err(|missing| Failure::NoCluster(missing.join(", ")))?;
        inside.world().set_stands(false);
        let cancel = CancellationToken::new();
        let mut users = traffic(&plan, inside.front().address(), RATE);
        users.targets.iter_mut().for_each(|target| target.timeout = PATIENCE);
        let prober = Prober::start(users, cancel.clone()).map_err(lost)?;
        let state = tempfile::tempdir().map_err(lost)?;
        Ok(Self { inside, plan, prober, clock, state, users: cancel.drop_guard() })
    }

    /// How the voyage stands and how long its journal is, while no process is on it.
    pub(crate) fn course(&self) -> Result<(Course, usize), VoyageError> {
        let journal = Journal::open(&self.state.path().join("journal"))?;
        Ok((journal.course().clone(), journal.records().len()))
    }

    /// The voyage as a new process finds it, on whose way an accident may lie; what it asks for is noted.
    pub(crate) fn voyage(
        &self,
        accident: Option<&Accident>,
        wake: &Arc<Wake>,
    ) -> Result<Voyage, VoyageError> {
        let journal = self.state.path().join("journal");
        let client = accident::client_through(&self.inside.client(), NAMESPACE, journal, accident, wake);
        let watched = Watched { prober: self.prober.clone(), world: self.inside.world().clone() };
        let cluster = Cluster::new(client, NAMESPACE, self.clock);
        let mut voyage = Voyage::open(self.plan.clone(), cluster, self.state.path(), Arc::new(watched))?;
        if let Some(Accident::Crash(crash)) = accident {
            voyage.crash_at(*crash);
        }
        Ok(voyage)
    }

    /// Everything ends: a sweep has many of these in one process.
    pub(crate) async fn ends(self) {
        let Self { inside, users, .. } = self;
        drop(users);
        inside.stop().await;
    }

    /// Another operator that took the Lease gives it back.
    pub(crate) async fn clears_up(&self) -> Result<(), Failure> {
        accident::thief_leaves(&self.inside.client(), NAMESPACE).await
    }

    /// Everything that stands, as it is compared: what people make, without what the server counts and stamps.
    pub(crate) async fn standing(&self) -> Result<Vec<Value>, Failure> {
        let cluster = Cluster::new(self.inside.client(), NAMESPACE, self.clock);
        let snapshot = cluster.snapshot().await.map_err(lost)?;
        Ok(super::laws::essence(&snapshot.objects))
    }
}

/// Limits for a machine that plays many runs at once.
fn patient(plan: &mut Plan) {
    for step in &mut plan.steps {
        match &mut step.action {
            Action::AwaitReady { timeout_s, .. }
            | Action::DrainQueues { timeout_s, .. }
            | Action::StartQueues { timeout_s, .. }
            | Action::StopBlue { timeout_s, .. } => *timeout_s = 1800,
            _ => {}
        }
    }
}

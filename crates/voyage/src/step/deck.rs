//! What every step works with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cluster::{Cluster, Condition, Holder, Kind, ObjectRef, Selector};
use plan::{Action, Plan, Replicas, Step};
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use crate::copy::UNDER_WAY;
use crate::event::now_ms;
use crate::interrupt::Alarm;
use crate::keeper::Keeper;
use crate::step::StoresAboard;
use crate::{Copyist, Locker, StepError, Traffic, TrafficSource, VoyageEvent};

/// No wait is given up sooner, on the wall: however fast the cluster's clock runs, controllers run on a machine that may be
/// busy.
const AT_LEAST: Duration = Duration::from_secs(10);
/// Limit for what the API server and its controllers do by themselves, in cluster time.
pub(crate) const CONTROLLERS: Duration = Duration::from_secs(120);
/// Limit for pods to be gone or ready again when something is taken back, in cluster time.
pub(crate) const GOING_BACK: Duration = Duration::from_secs(600);

/// A voyage's means, as a step sees them.
pub(crate) struct Deck<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) cluster: &'a Cluster,
    pub(crate) locker: &'a Locker,
    pub(crate) traffic: &'a Arc<dyn TrafficSource>,
    pub(crate) holder: &'a Holder,
    /// The voyage's own name: on everything it makes.
    pub(crate) voyage: &'a str,
    /// Who keeps the copy of the state in the cluster, where there is one.
    pub(crate) copyist: Option<&'a Copyist>,
    pub(crate) alarm: &'a Alarm,
    /// Going back is not interrupted: there is nowhere else to go.
    pub(crate) interruptible: bool,
    pub(crate) baseline: &'a watch::Sender<Option<Traffic>>,
    pub(crate) keeper: &'a Mutex<Option<Keeper>>,
    pub(crate) events: &'a broadcast::Sender<VoyageEvent>,
    /// The queues' own Redis, where it is within reach.
    pub(crate) sidekiq: Option<&'a movers::Sidekiq>,
    /// The stores that pass over, where any do.
    pub(crate) stores: &'a StoresAboard,
    /// Whether somebody has agreed to lose what going back would lose.
    pub(crate) accepts_loss: bool,
    /// Who judges what users get besides the prober, where there is one.
    pub(crate) prometheus: Option<&'a probe::Prometheus>,
    /// What Prometheus said before the change, by rule.
    pub(crate) asked: &'a watch::Sender<BTreeMap<String, f64>>,
}

/// An object of a plan, on either side.
pub(crate) fn planned<'a>(plan: &'a Plan, kind: &str, name: &str) -> Result<&'a Value, StepError> {
    let mut objects = plan.blue.iter().chain(&plan.green).chain(&plan.adopted).chain(&plan.page);
    objects
        .find(|object| object["kind"] == *kind && object["metadata"]["name"] == *name)
        .ok_or_else(|| StepError::NotInPlan(format!("{kind}/{name}")))
}

impl Deck<'_> {
    /// Waits for a condition, unless something more important comes up.
    pub(crate) async fn wait(&self, condition: &Condition, limit: Duration) -> Result<(), StepError> {
        let limit = limit.max(AT_LEAST.mul_f64(self.cluster.clock().speed()));
        tokio::select! {
            biased;
            interrupt = self.alarm.wait(), if self.interruptible => Err(StepError::Interrupted(interrupt)),
            waited = self.cluster.wait(condition, limit) => Ok(waited?),
        }
    }

    /// Does something that waits, unless something more important comes up.
    pub(crate) async fn unless_interrupted<T>(&self, work: impl Future<Output = T>) -> Result<T, StepError> {
        tokio::select! {
            biased;
            interrupt = self.alarm.wait(), if self.interruptible => Err(StepError::Interrupted(interrupt)),
            done = work => Ok(done),
        }
    }

    /// Lets time of the wall pass, unless something more important comes up.
    pub(crate) async fn pause(&self, wall: Duration) -> Result<(), StepError> {
        tokio::select! {
            biased;
            interrupt = self.alarm.wait(), if self.interruptible => Err(StepError::Interrupted(interrupt)),
            () = tokio::time::sleep(wall) => Ok(()),
        }
    }

    /// What was noted is in the cluster too, before what it speaks of is changed: another machine may have to take it back.
    pub(crate) async fn copied(&self) -> Result<(), StepError> {
        match self.copyist {
            Some(copyist) => copyist.keep(self.voyage, UNDER_WAY).await,
            None => Ok(()),
        }
    }

    pub(crate) fn tell_baseline(&self, traffic: Traffic) {
        self.baseline.send_replace(Some(traffic));
        let _nobody_listens = self.events.send(VoyageEvent::BaselineRecorded { traffic, at_ms: now_ms() });
    }

    /// Keeps, or stops keeping, whoever renews the Lease.
    pub(crate) fn set_keeper(&self, keeper: Option<Keeper>) {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = keeper;
    }

    /// The plan's object of a kind and name, on either side.
    pub(crate) fn planned(&self, kind: &str, name: &str) -> Result<&Value, StepError> {
        planned(self.plan, kind, name)
    }

    /// Where an object of the plan stands, by kind and name.
    pub(crate) fn place(&self, kind: &str, name: &str) -> Result<ObjectRef, StepError> {
        Ok(ObjectRef::of(self.planned(kind, name)?)?)
    }

    /// No pod of a Deployment is left. Its pods are known from the plan, so that this can be asked of one
    /// that does not exist any more.
    pub(crate) fn idle(&self, deployment: &str) -> Result<Condition, StepError> {
        let selector = Selector::of_workload(self.planned("Deployment", deployment)?)?;
        Ok(Condition::Idle { deployment: deployment.to_owned(), selector })
    }

    /// Blue's workers that must be gone before these of green's begin: those drained before.
    pub(crate) fn blue_workers_before(&self, starting: &[Replicas]) -> Vec<Replicas> {
        let own =
            |step: &Step| matches!(&step.action, Action::StartQueues { workers, .. } if workers == starting);
        let before = self.plan.steps.iter().position(own).unwrap_or(self.plan.steps.len());
        let drained = self.plan.steps.iter().take(before).filter_map(|step| match &step.action {
            Action::DrainQueues { workers, .. } => Some(workers),
            _ => None,
        });
        drained.flatten().cloned().collect()
    }

    /// Green's workers that must be gone before these of blue's come back: those started after they were drained.
    pub(crate) fn green_workers_after(&self, drained: &[Replicas]) -> Vec<Replicas> {
        let own =
            |step: &Step| matches!(&step.action, Action::DrainQueues { workers, .. } if workers == drained);
        let after = self.plan.steps.iter().position(own).unwrap_or(0);
        let started = self.plan.steps.iter().skip(after).filter_map(|step| match &step.action {
            Action::StartQueues { workers, .. } => Some(workers),
            _ => None,
        });
        started.flatten().cloned().collect()
    }

    /// The workers of both sides.
    pub(crate) fn workers(&self) -> Vec<Replicas> {
        let workers = self.plan.steps.iter().filter_map(|step| match &step.action {
            Action::DrainQueues { workers, .. } | Action::StartQueues { workers, .. } => Some(workers),
            _ => None,
        });
        workers.flatten().cloned().collect()
    }

    /// All of green that users, their requests or their jobs meet.
    pub(crate) fn green_deployments(&self) -> Vec<Replicas> {
        let mut wanted: BTreeMap<&str, &Replicas> = BTreeMap::new();
        for step in &self.plan.steps {
            let own = match &step.action {
                Action::AwaitReady { deployments, .. } | Action::RaiseGreen { deployments, .. } => {
                    deployments
                }
                Action::StartQueues { workers, .. } => workers,
                // Its first pod was raised before.
                Action::ShiftPods(shift) => &shift.green,
                _ => continue,
            };
            wanted.extend(own.iter().map(|own| (own.deployment.as_str(), own)));
        }
        wanted.into_values().cloned().collect()
    }

    /// Whether a Deployment exists.
    pub(crate) async fn exists(&self, deployment: &str) -> Result<bool, StepError> {
        Ok(self.cluster.get(&ObjectRef::new(Kind::deployment(), deployment)).await?.is_some())
    }
}

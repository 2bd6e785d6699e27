//! What every step works with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cluster::{Cluster, Condition, Holder, Kind, ObjectRef, Selector};
use plan::{Action, Plan, Replicas};
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use crate::event::now_ms;
use crate::interrupt::Alarm;
use crate::keeper::Keeper;
use crate::{Locker, StepError, Traffic, TrafficSource, VoyageEvent};

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
    pub(crate) alarm: &'a Alarm,
    /// Going back is not interrupted: there is nowhere else to go.
    pub(crate) interruptible: bool,
    pub(crate) baseline: &'a watch::Sender<Option<Traffic>>,
    pub(crate) keeper: &'a Mutex<Option<Keeper>>,
    pub(crate) events: &'a broadcast::Sender<VoyageEvent>,
}

impl Deck<'_> {
    /// Waits for a condition, unless something more important comes up.
    pub(crate) async fn wait(&self, condition: &Condition, limit: Duration) -> Result<(), StepError> {
        tokio::select! {
            biased;
            interrupt = self.alarm.wait(), if self.interruptible => Err(StepError::Interrupted(interrupt)),
            waited = self.cluster.wait(condition, limit) => Ok(waited?),
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
        let objects = self.plan.blue.iter().chain(&self.plan.green).chain(&self.plan.adopted);
        objects
            .into_iter()
            .find(|object| object["kind"] == *kind && object["metadata"]["name"] == *name)
            .ok_or_else(|| StepError::NotInPlan(format!("{kind}/{name}")))
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

    pub(crate) fn blue_workers(&self) -> Vec<Replicas> {
        self.workers(|action| match action {
            Action::DrainQueues { workers, .. } => Some(workers),
            _ => None,
        })
    }

    pub(crate) fn green_workers(&self) -> Vec<Replicas> {
        self.workers(|action| match action {
            Action::StartQueues { workers, .. } => Some(workers),
            _ => None,
        })
    }

    /// All of green that users, their requests or their jobs meet.
    pub(crate) fn green_deployments(&self) -> Vec<Replicas> {
        self.workers(|action| match action {
            Action::AwaitReady { deployments, .. } => Some(deployments),
            Action::StartQueues { workers, .. } => Some(workers),
            _ => None,
        })
    }

    fn workers<'p>(&'p self, of: impl Fn(&'p Action) -> Option<&'p Vec<Replicas>>) -> Vec<Replicas> {
        self.plan.steps.iter().filter_map(|step| of(&step.action)).flatten().cloned().collect()
    }

    /// Whether a Deployment exists.
    pub(crate) async fn exists(&self, deployment: &str) -> Result<bool, StepError> {
        Ok(self.cluster.get(&ObjectRef::new(Kind::deployment(), deployment)).await?.is_some())
    }
}

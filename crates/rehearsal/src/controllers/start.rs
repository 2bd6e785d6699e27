//! Starting the controllers.

use clock::Clock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::worker::Duty;
use super::{
    autoscaler, balancer, claims, cronjob, daemonset, deployment, disruption, endpointslice, garbage, job,
    lifecycle, replicaset, scheduler, statefulset, worker,
};
use crate::api::Store;
use crate::gauges::Gauges;

/// Every controller that works by looking at one object after another.
const DUTIES: [Duty; 11] = [
    deployment::DUTY,
    replicaset::DUTY,
    statefulset::DUTY,
    daemonset::DUTY,
    job::DUTY,
    cronjob::DUTY,
    endpointslice::DUTY,
    scheduler::DUTY,
    claims::DUTY,
    disruption::DUTY,
    balancer::DUTY,
];

/// Starts the controllers. They end when cancelled, or when the set is dropped. Autoscalers find no metrics.
#[must_use = "dropping the set stops the controllers"]
pub fn start_controllers(store: &Store, clock: Clock, cancel: CancellationToken) -> JoinSet<()> {
    start_controllers_with(store, clock, Gauges::default(), cancel)
}

/// Starts the controllers, with what is told of loads. They end when cancelled, or when the set is dropped.
#[must_use = "dropping the set stops the controllers"]
pub fn start_controllers_with(
    store: &Store,
    clock: Clock,
    gauges: Gauges,
    cancel: CancellationToken,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let desk = |name| Desk::new(store.clone(), gauges.clone(), name);
    for duty in DUTIES {
        tasks.spawn(worker::work(desk(duty.name), clock, duty, cancel.clone()));
    }
    tasks.spawn(autoscaler::scale(desk("horizontal-pod-autoscaler"), clock, cancel.clone()));
    let (nodes, eviction) = (desk("node-controller"), desk("taint-eviction-controller"));
    tasks.spawn(lifecycle::watch(nodes, eviction, clock, cancel.clone()));
    tasks.spawn(garbage::collect(store.clone(), cancel));
    tasks
}

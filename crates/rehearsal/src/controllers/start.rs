//! Starting the controllers.

use clock::Clock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::{deployment, endpointslice, garbage, job, replicaset, scheduler, worker};
use crate::api::Store;
use crate::gauges::Gauges;

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
    for duty in [deployment::DUTY, replicaset::DUTY, job::DUTY, endpointslice::DUTY, scheduler::DUTY] {
        let desk = Desk::new(store.clone(), gauges.clone(), duty.name);
        tasks.spawn(worker::work(desk, clock, duty, cancel.clone()));
    }
    tasks.spawn(garbage::collect(store.clone(), cancel));
    tasks
}

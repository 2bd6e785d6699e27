//! Starting the controllers.

use super::{deployment, endpointslice, garbage, job, replicaset, scheduler, worker};
use clock::Clock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::Store;

/// Starts the controllers: Deployment, ReplicaSet, Job, EndpointSlice, scheduler and garbage collection. They
/// end when cancelled, or when the set is dropped.
#[must_use = "dropping the set stops the controllers"]
pub fn start_controllers(store: &Store, clock: Clock, cancel: CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for duty in [deployment::DUTY, replicaset::DUTY, job::DUTY, endpointslice::DUTY, scheduler::DUTY] {
        tasks.spawn(worker::work(store.clone(), clock, duty, cancel.clone()));
    }
    tasks.spawn(garbage::collect(store.clone(), cancel));
    tasks
}

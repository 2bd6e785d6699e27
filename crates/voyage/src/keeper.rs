//! Who renews the Lease while the voyage runs.

use std::time::Duration;

use cluster::{Cluster, ClusterError, Holder};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::interrupt::{Alarm, Interrupt};

/// Renews a Lease until dropped.
pub(crate) struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Keeper {
    pub(crate) fn start(cluster: Cluster, lease: String, holder: Holder, alarm: Alarm) -> Self {
        Self(tokio::spawn(async move {
            let every = holder.duration / 4;
            let mut renewed = Instant::now();
            loop {
                cluster.clock().sleep(every).await;
                match Box::pin(cluster.acquire_lease(&lease, &holder)).await {
                    Ok(()) => renewed = Instant::now(),
                    Err(error @ ClusterError::Held { .. }) => {
                        return alarm.raise(Interrupt::LeaseLost(error.to_string()));
                    }
                    Err(error) if renewed.elapsed() > cluster.clock().on_the_wall(holder.duration) => {
                        return alarm.raise(Interrupt::LeaseLost(error.to_string()));
                    }
                    Err(_) => {}
                }
            }
        }))
    }
}

/// How long a Lease lasts without a word: a minute of cluster time, but not less on the wall than a busy
/// machine may need to come round to renewing it.
pub(crate) fn lasts(speed: f64) -> Duration {
    Duration::from_secs(60).max(Duration::from_secs(15).mul_f64(speed))
}

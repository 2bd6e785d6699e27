//! What stands in the cluster, and waiting until it does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::cluster::{ClusterInside, namespace_of};

/// How often the cluster is looked at while it boots; objects change many times a second then.
const LOOK: Duration = Duration::from_millis(20);

impl ClusterInside {
    /// An object as it stands now: of the kind, namespace and name of the one given.
    #[must_use]
    pub fn standing(&self, like: &Value) -> Option<Arc<Value>> {
        let kind = self.store.kind(like["apiVersion"].as_str()?, like["kind"].as_str()?).ok()?;
        let namespace = if kind.namespaced { namespace_of(like, &self.namespace) } else { "" };
        self.store.get(&kind, namespace, like["metadata"]["name"].as_str()?).ok()
    }

    /// Waits until every Deployment has as many ready pods as it wants and every route, a host and a path, leads
    /// to a ready pod. The time is the cluster's.
    ///
    /// # Errors
    /// The Deployments or the route that were not ready in time.
    pub async fn ready(&self, routes: &[(String, String)], within: Duration) -> Result<(), Vec<String>> {
        let deadline = self.store.clock().after(within);
        loop {
            let unready = self.unready();
            if unready.is_empty() {
                return self.led(routes, deadline).await;
            }
            if Instant::now() >= deadline {
                return Err(unready);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until every route leads to a ready pod, whatever else is not ready.
    ///
    /// # Errors
    /// The first route that led nowhere in time.
    pub async fn reachable(&self, routes: &[(String, String)], within: Duration) -> Result<(), Vec<String>> {
        self.led(routes, self.store.clock().after(within)).await
    }

    async fn led(&self, routes: &[(String, String)], deadline: Instant) -> Result<(), Vec<String>> {
        for (host, path) in routes {
            let led = tokio::time::timeout_at(deadline, self.front.routes(host, path)).await;
            led.map_err(|_| vec![format!("{host}{path}")])?;
        }
        Ok(())
    }

    fn unready(&self) -> Vec<String> {
        let Ok(kind) = self.store.kind("apps/v1", "Deployment") else { return Vec::new() };
        let unready = self.store.list(&kind, None).into_iter().filter(|deployment| {
            let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
            let observed = deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"];
            !observed || deployment["status"]["readyReplicas"].as_i64().unwrap_or(0) < wanted
        });
        unready
            .filter_map(|deployment| deployment["metadata"]["name"].as_str().map(ToOwned::to_owned))
            .collect()
    }
}

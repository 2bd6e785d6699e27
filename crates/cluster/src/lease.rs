//! The Lease that keeps a second operator out.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::{Cluster, ClusterError, Kind, ObjectRef};

/// Who holds a Lease, and for how long without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The holder's identity: the same after a crash, never the same for two voyages.
    pub identity: String,
    /// Cluster time after which a Lease that was not renewed may be taken.
    pub duration: Duration,
}

/// Who holds a Lease, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// The holder's identity.
    pub holder: String,
    /// When it runs out unless renewed.
    pub until: String,
    /// How long that is from now; nothing where it has run out.
    pub left: Option<Duration>,
}

impl Cluster {
    /// Takes a Lease that is free, ours, or run out; or renews it.
    ///
    /// # Errors
    /// [`ClusterError::Held`] when somebody else holds it; or when the API server refuses.
    pub async fn acquire_lease(&self, lease: &str, holder: &Holder) -> Result<(), ClusterError> {
        let place = ObjectRef::new(Kind::lease(), lease);
        // Between reading and writing another may come first; then it is read again, once per turn.
        for _ in 0..4 {
            let Some(found) = self.get(&place).await? else {
                match self.create(&self.fresh_lease(lease, holder)).await {
                    Err(error) if error.code() == Some(409) => continue,
                    other => return other.map(|_| ()),
                }
            };
            let holds_it = found["spec"]["holderIdentity"].as_str().unwrap_or_default();
            if !holds_it.is_empty() && holds_it != holder.identity {
                let until = expiry(&found);
                if until > self.clock().now() {
                    return Err(ClusterError::Held {
                        lease: lease.to_owned(),
                        holder: holds_it.to_owned(),
                        until: stamp(until),
                    });
                }
            }
            match self.write_lease(&found, holder).await {
                Err(error) if error.code() == Some(409) => {}
                other => return other,
            }
        }
        Err(ClusterError::Held {
            lease: lease.to_owned(),
            holder: "somebody who keeps writing it".to_owned(),
            until: stamp(self.clock().now()),
        })
    }

    /// Who holds a Lease, if anybody does.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn tenure_of(&self, lease: &str) -> Result<Option<Tenure>, ClusterError> {
        let found = self.get(&ObjectRef::new(Kind::lease(), lease)).await?;
        Ok(found.and_then(|found| {
            let holder = found["spec"]["holderIdentity"].as_str().filter(|holder| !holder.is_empty())?;
            let until = expiry(&found);
            let left = until.duration_since(self.clock().now()).ok();
            Some(Tenure { holder: holder.to_owned(), until: stamp(until), left })
        }))
    }

    /// Gives a Lease back if it is ours; one that is gone or another's is left as it is.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn release_lease(&self, lease: &str, holder: &Holder) -> Result<(), ClusterError> {
        let place = ObjectRef::new(Kind::lease(), lease);
        match self.get(&place).await? {
            Some(found) if found["spec"]["holderIdentity"] == *holder.identity => {
                self.delete(&found, crate::Propagation::Background).await
            }
            _ => Ok(()),
        }
    }

    /// Whether a Lease is held by this holder.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn holds_lease(&self, lease: &str, holder: &Holder) -> Result<bool, ClusterError> {
        let found = self.get(&ObjectRef::new(Kind::lease(), lease)).await?;
        Ok(found.is_some_and(|found| found["spec"]["holderIdentity"] == *holder.identity))
    }

    fn fresh_lease(&self, lease: &str, holder: &Holder) -> Value {
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": lease, "namespace": self.namespace()},
            "spec": self.tenure(holder),
        })
    }

    fn tenure(&self, holder: &Holder) -> Value {
        let now = stamp(self.clock().now());
        json!({
            "holderIdentity": holder.identity,
            "leaseDurationSeconds": holder.duration.as_secs().max(1),
            "acquireTime": now,
            "renewTime": now,
        })
    }

    /// Writes the tenure onto the Lease as read: its resource version makes a race lose with 409.
    async fn write_lease(&self, found: &Value, holder: &Holder) -> Result<(), ClusterError> {
        let mut tenure = self.tenure(holder);
        if found["spec"]["holderIdentity"] == *holder.identity {
            tenure["acquireTime"] = found["spec"]["acquireTime"].clone();
        }
        let patch = json!({
            "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
            "spec": tenure,
        });
        self.patch_merge(&ObjectRef::of(found)?, &patch).await.map(|_| ())
    }
}

/// When a Lease runs out. One whose times cannot be read has run out: nobody renews it in a form that
/// anyone could honour.
fn expiry(lease: &Value) -> SystemTime {
    let renewed = lease["spec"]["renewTime"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let seconds = lease["spec"]["leaseDurationSeconds"].as_u64().unwrap_or(0);
    renewed.map_or(SystemTime::UNIX_EPOCH, |renewed| SystemTime::from(renewed) + Duration::from_secs(seconds))
}

/// A time as the API writes microtimes.
fn stamp(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at)
        .map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
        .unwrap_or_default()
}

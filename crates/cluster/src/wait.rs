//! Waiting for conditions: values that can be shown, with an explicit limit.
//!
//! A condition is judged by reading afresh; watches only say when it is worth reading again. A watch that
//! breaks or lags therefore delays an answer by a heartbeat, and never falsifies it.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::Value;

use crate::{Cluster, ClusterError, Kind, ObjectRef, Selector};

/// How long to wait for a watch's word before reading anyway, in cluster time.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The same on the wall, however fast the cluster's clock runs.
const HEARTBEAT_AT_LEAST: Duration = Duration::from_millis(100);

/// Something that comes true in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A Deployment was asked for this many pods and has them, updated and ready.
    Ready {
        /// The Deployment's name.
        deployment: String,
        /// How many pods.
        replicas: u32,
    },
    /// No pod is left that could run anything; and its Deployment, if it exists, wants none and has seen it.
    Idle {
        /// The Deployment's name.
        deployment: String,
        /// Its pods.
        selector: Selector,
    },
    /// No pod is left that could run anything.
    PodsGone(Selector),
    /// No more pods than this are left that could run anything, those that are ending included.
    AtMost {
        /// The pods.
        pods: Selector,
        /// How many.
        count: usize,
    },
    /// Behind the Service stand all ready pods of these, and there are some.
    ReachesAll {
        /// The Service's name.
        service: String,
        /// The pods that must be there.
        pods: Selector,
    },
    /// Behind the Service stand ready pods, and all of them are of these.
    ReachesOnly {
        /// The Service's name.
        service: String,
        /// The only pods that may be there.
        pods: Selector,
    },
    /// The object does not exist any more.
    Gone(ObjectRef),
}

impl std::fmt::Display for Condition {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ready { deployment, replicas } => {
                write!(formatter, "Deployment/{deployment} to have {replicas} ready pods")
            }
            Self::Idle { deployment, .. } => write!(formatter, "Deployment/{deployment} to have no pod left"),
            Self::PodsGone(selector) => write!(formatter, "pods {selector} to be gone"),
            Self::AtMost { pods, count } => write!(formatter, "at most {count} of pods {pods} to be left"),
            Self::ReachesAll { service, pods } => {
                write!(formatter, "Service/{service} to reach all ready pods of {pods}")
            }
            Self::ReachesOnly { service, pods } => {
                write!(formatter, "Service/{service} to reach ready pods of {pods} and no others")
            }
            Self::Gone(place) => write!(formatter, "{place} to be gone"),
        }
    }
}

/// What reading showed.
enum Seen {
    Holds,
    Not(String),
}

impl Cluster {
    /// Waits until a condition holds.
    ///
    /// # Errors
    /// [`ClusterError::Timeout`] after `limit` of cluster time, or when the API server refuses for good.
    pub async fn wait(&self, condition: &Condition, limit: Duration) -> Result<(), ClusterError> {
        let deadline = self.clock().after(limit);
        let heartbeat = self.clock().on_the_wall(HEARTBEAT).max(HEARTBEAT_AT_LEAST);
        let mut changes = self.changes(condition);
        loop {
            let seen = match Box::pin(self.look(condition)).await? {
                Seen::Holds => return Ok(()),
                Seen::Not(seen) => seen,
            };
            if tokio::time::Instant::now() >= deadline {
                return Err(ClusterError::Timeout { condition: condition.to_string(), limit, seen });
            }
            // The last look is always after the deadline: what came true in time is never called late.
            let pause = (tokio::time::Instant::now() + heartbeat).min(deadline);
            let word = tokio::time::timeout_at(pause, changes.next()).await;
            if matches!(word, Ok(None)) {
                tokio::time::sleep_until(pause).await;
            }
        }
    }

    /// Whether a condition holds now.
    ///
    /// # Errors
    /// When the API server refuses or cannot be asked.
    pub async fn holds(&self, condition: &Condition) -> Result<bool, ClusterError> {
        Ok(matches!(Box::pin(self.look(condition)).await?, Seen::Holds))
    }

    /// Something that concerns the condition changed. Broken watches are begun anew by the stream itself.
    fn changes(&self, condition: &Condition) -> BoxStream<'static, ()> {
        let labels = |selector: &Selector| watcher::Config::default().labels(selector.as_str());
        let named = |name: &str| watcher::Config::default().fields(&format!("metadata.name={name}"));
        let (kind, config) = match condition {
            Condition::Ready { deployment, .. } => (Kind::deployment(), named(deployment)),
            Condition::Idle { selector, .. }
            | Condition::PodsGone(selector)
            | Condition::AtMost { pods: selector, .. } => (Kind::pod(), labels(selector)),
            Condition::ReachesAll { service, .. } | Condition::ReachesOnly { service, .. } => {
                (Kind::endpoint_slice(), labels(&slices_of(service)))
            }
            Condition::Gone(place) => (place.kind.clone(), named(&place.name)),
        };
        let events = watcher(self.api(&kind), config).default_backoff();
        // The first listing is read by `look` itself; only what comes after is news.
        let news = events.filter_map(|event| {
            let is_news = matches!(event, Ok(watcher::Event::Apply(_) | watcher::Event::Delete(_)));
            std::future::ready(is_news.then_some(()))
        });
        news.boxed()
    }

    async fn look(&self, condition: &Condition) -> Result<Seen, ClusterError> {
        match condition {
            Condition::Ready { deployment, replicas } => {
                let found = self.get(&ObjectRef::new(Kind::deployment(), deployment)).await?;
                Ok(found
                    .map_or_else(|| Seen::Not("no such Deployment".to_owned()), |it| ready(&it, *replicas)))
            }
            Condition::Idle { deployment, selector } => {
                let found = self.get(&ObjectRef::new(Kind::deployment(), deployment)).await?;
                match found.map(|it| wants_none(&it)) {
                    Some(Seen::Not(seen)) => Ok(Seen::Not(seen)),
                    Some(Seen::Holds) | None => self.at_most(selector, 0).await,
                }
            }
            Condition::PodsGone(selector) => self.at_most(selector, 0).await,
            Condition::AtMost { pods, count } => self.at_most(pods, *count).await,
            Condition::ReachesAll { service, pods } => {
                let behind = self.behind(service, pods).await?;
                let all = behind.theirs > 0 && behind.missing == 0;
                Ok(if all { Seen::Holds } else { Seen::Not(behind.to_string()) })
            }
            Condition::ReachesOnly { service, pods } => {
                let behind = self.behind(service, pods).await?;
                let only = behind.theirs > 0 && behind.others == 0;
                Ok(if only { Seen::Holds } else { Seen::Not(behind.to_string()) })
            }
            Condition::Gone(place) => Ok(match self.get(place).await? {
                None => Seen::Holds,
                Some(_) => Seen::Not("it exists".to_owned()),
            }),
        }
    }

    async fn at_most(&self, selector: &Selector, count: usize) -> Result<Seen, ClusterError> {
        let pods = self.list(&Kind::pod(), Some(selector)).await?;
        let names: Vec<&str> = pods
            .iter()
            .filter(|pod| !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")))
            .filter_map(|pod| pod["metadata"]["name"].as_str())
            .collect();
        if names.len() <= count { Ok(Seen::Holds) } else { Ok(Seen::Not(names.join(", "))) }
    }

    /// Who stands behind a Service, as seen from the pods of a selector.
    async fn behind(&self, service: &str, pods: &Selector) -> Result<Behind, ClusterError> {
        let slices = self.list(&Kind::endpoint_slice(), Some(&slices_of(service))).await?;
        let pods = self.list(&Kind::pod(), Some(pods)).await?;
        let mut behind = Behind::default();
        let mut found = BTreeSet::new();
        let mut addresses = BTreeSet::new();
        let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
        for endpoint in endpoints.filter(|endpoint| endpoint["conditions"]["ready"] != Value::Bool(false)) {
            // A Service with several ports may have a pod in several slices: it counts once.
            if !addresses.insert(endpoint["addresses"][0].as_str()) {
                continue;
            }
            match pods.iter().find(|pod| is_endpoint(pod, endpoint)) {
                Some(pod) => {
                    behind.theirs += 1;
                    found.insert(pod["metadata"]["name"].as_str());
                }
                None => behind.others += 1,
            }
        }
        let ready = pods.iter().filter(|pod| is_ready(pod));
        behind.missing = ready.filter(|pod| !found.contains(&pod["metadata"]["name"].as_str())).count();
        Ok(behind)
    }
}

/// Who stands behind a Service.
#[derive(Default)]
struct Behind {
    /// Ready endpoints that are pods of the selector.
    theirs: usize,
    /// Ready endpoints that are not.
    others: usize,
    /// Ready pods of the selector that are no endpoints.
    missing: usize,
}

impl std::fmt::Display for Behind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { theirs, others, missing } = self;
        write!(formatter, "{theirs} of them and {others} others behind it, {missing} missing")
    }
}

fn is_endpoint(pod: &Value, endpoint: &Value) -> bool {
    match endpoint["targetRef"]["name"].as_str() {
        Some(name) => pod["metadata"]["name"] == *name,
        None => !endpoint["addresses"][0].is_null() && pod["status"]["podIP"] == endpoint["addresses"][0],
    }
}

/// Whether a pod is ready and nobody has asked for its end.
#[must_use]
pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    pod["metadata"].get("deletionTimestamp").is_none()
        && conditions.into_iter().flatten().any(|it| it["type"] == "Ready" && it["status"] == "True")
}

fn slices_of(service: &str) -> Selector {
    Selector::labels(&[("kubernetes.io/service-name".to_owned(), service.to_owned())].into())
}

/// Whether the controller has seen the latest wish.
fn observed(deployment: &Value) -> bool {
    let generation = deployment["metadata"]["generation"].as_i64().unwrap_or(0);
    deployment["status"]["observedGeneration"].as_i64().is_none_or(|seen| seen >= generation)
}

fn ready(deployment: &Value, replicas: u32) -> Seen {
    let count = |field: &str| deployment["status"][field].as_u64().unwrap_or(0);
    let asked = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let replicas = u64::from(replicas);
    // A pod of the old template that is still there may be the ready one.
    let enough = count("readyReplicas") >= replicas
        && count("updatedReplicas") >= replicas
        && count("replicas") <= count("updatedReplicas");
    if observed(deployment) && asked == replicas && enough {
        return Seen::Holds;
    }
    Seen::Not(format!(
        "asked for {asked}, updated {} of {}, ready {}",
        count("updatedReplicas"),
        count("replicas"),
        count("readyReplicas")
    ))
}

fn wants_none(deployment: &Value) -> Seen {
    let asked = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let has = deployment["status"]["replicas"].as_u64().unwrap_or(0);
    if asked == 0 && has == 0 && observed(deployment) {
        return Seen::Holds;
    }
    Seen::Not(format!("asked for {asked}, has {has}"))
}

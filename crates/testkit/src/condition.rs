//! What a scenario waits for.

use serde_json::Value;

use crate::deed::{Labels, labels, number, unreadable};
use crate::kinds::{Kinds, Target};
use crate::text::ScenarioErrorKind;

/// Something that comes true in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// As the steps wait for it: this many pods, updated and ready.
    Ready { deployment: String, replicas: u32 },
    /// As the steps wait for it: no pod left, and none wanted.
    Idle { deployment: String },
    /// As the steps wait for it.
    PodsGone(Labels),
    /// As the steps wait for it.
    ReachesAll { service: String, pods: Labels },
    /// As the steps wait for it.
    ReachesOnly { service: String, pods: Labels },
    /// As the steps wait for it.
    Gone(Target),
    /// A condition in the object's status is as said.
    Is { target: Target, condition: String, holds: bool },
    /// A field of an object reads so.
    Has { target: Target, path: String, value: String },
    /// So many pods are ready, and there are no others.
    Pods { pods: Labels, count: u32 },
    /// A container of some pod waits, for this reason.
    Waits { pods: Labels, reason: String },
    /// An object exists.
    Exists(Target),
}

impl Condition {
    pub(crate) fn read(text: &str, kinds: &Kinds) -> Result<Self, ScenarioErrorKind> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let target = |text: &str| Target::read(text, kinds);
        let named = |text: &str| Target::read(text, kinds).map(|target| target.name);
        Ok(match words[..] {
            [place, "has", count, "ready", "pod" | "pods"] => {
                Self::Ready { deployment: named(place)?, replicas: number(count)? }
            }
            [place, "is", "idle"] => Self::Idle { deployment: named(place)? },
            ["pods", pods, "are", "gone"] => Self::PodsGone(labels(pods)?),
            [place, "reaches", "all", "of", pods] => {
                Self::ReachesAll { service: named(place)?, pods: labels(pods)? }
            }
            [place, "reaches", "only", pods] => {
                Self::ReachesOnly { service: named(place)?, pods: labels(pods)? }
            }
            [place, "is", "gone"] => Self::Gone(target(place)?),
            [place, "exists"] => Self::Exists(target(place)?),
            [count, "pod" | "pods", pods, "is" | "are", "ready"] => {
                Self::Pods { pods: labels(pods)?, count: number(count)? }
            }
            ["a", "pod", pods, "waits", "for", reason] => {
                Self::Waits { pods: labels(pods)?, reason: reason.to_owned() }
            }
            [place, "is", "not", condition] => {
                Self::Is { target: target(place)?, condition: condition.to_owned(), holds: false }
            }
            [place, "is", condition] => {
                Self::Is { target: target(place)?, condition: condition.to_owned(), holds: true }
            }
            [place, "has", path, value] => {
                Self::Has { target: target(place)?, path: path.to_owned(), value: value.to_owned() }
            }
            _ => return Err(unreadable(text, "something to wait for")),
        })
    }
}

/// Whether a condition of an object's status is as said, and about its latest wish.
pub(crate) fn is(object: &Value, condition: &str, holds: bool) -> bool {
    let generation = object["metadata"]["generation"].as_i64();
    let observed = object["status"]["observedGeneration"].as_i64();
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed < generation
    {
        return false;
    }
    let wanted = if holds { "True" } else { "False" };
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == condition && one["status"] == wanted)
}

/// The text of a field by its path (`spec.minReplicas`), if it is there.
pub(crate) fn field(object: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(object, |value, key| match key.parse::<usize>() {
        Ok(index) if value.is_array() => value.get(index),
        _ => value.get(key),
    })?;
    Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}

/// Whether a pod is ready and stays.
pub(crate) fn ready(pod: &Value) -> bool {
    pod["metadata"].get("deletionTimestamp").is_none() && is(pod, "Ready", true)
}

/// Whether a container of the pod waits for this reason.
pub(crate) fn waits(pod: &Value, reason: &str) -> bool {
    let containers = ["initContainerStatuses", "containerStatuses"];
    let mut statuses = containers.iter().flat_map(|kind| pod["status"][kind].as_array()).flatten();
    statuses.any(|status| status["state"]["waiting"]["reason"] == reason)
}

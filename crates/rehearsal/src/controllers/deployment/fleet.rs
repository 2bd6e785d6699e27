//! A Deployment with its ReplicaSets: which is of today's template, their revisions and their sizes.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::{ApiError, Kind, Part, Store, Write, object};
use crate::controllers::conditions::Finding;
use crate::controllers::desk::Desk;
use crate::controllers::pods;

/// The label that tells the pods of one template from those of another.
const HASH: &str = "pod-template-hash";
/// The annotations that the controller writes on ReplicaSets; the first stands on the Deployment as well.
const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations that are not passed on from a Deployment to its ReplicaSet.
const OWN: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
    "deprecated.deployment.rollback.to",
];
/// How long the annotation of earlier revisions may become.
const LONGEST_HISTORY: usize = 2000;

/// A Deployment with its ReplicaSets, and what it takes to change them.
pub(super) struct Fleet<'a> {
    pub(super) desk: &'a Desk,
    pub(super) kind: &'a Kind,
    pub(super) sets: Arc<Kind>,
    pub(super) deployment: Arc<Value>,
    /// The one of today's template.
    pub(super) new: Option<Arc<Value>>,
    /// The others, oldest first.
    pub(super) old: Vec<Arc<Value>>,
}

/// `spec.replicas`.
pub(super) fn replicas(object: &Value) -> i64 {
    object::int(object, &["spec", "replicas"]).unwrap_or(1)
}

/// A number in `status`.
pub(super) fn counted(object: &Value, what: &str) -> i64 {
    object::int(object, &["status", what]).unwrap_or_default()
}

/// The revision an object is annotated with; nothing where it has none that can be read.
pub(super) fn revision(object: &Value) -> i64 {
    annotated(object, REVISION).unwrap_or_default()
}

/// A number that an annotation holds.
pub(super) fn annotated(object: &Value, annotation: &str) -> Option<i64> {
    object::text(object, &["metadata", "annotations", annotation])?.parse().ok()
}

/// Whether two values say the same, where empty and absent are one.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) => {
            left.iter().all(|(key, value)| alike(value, right.get(key).unwrap_or(&Value::Null)))
                && right.iter().all(|(key, value)| left.contains_key(key) || is_nothing(value))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| alike(left, right))
        }
        (left, right) => left == right || (is_nothing(left) && is_nothing(right)),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

/// Whether a ReplicaSet's template is the Deployment's, but for the hash.
fn is_of(set: &Value, template: &Value) -> bool {
    let Some(own) = object::at(set, &["spec", "template"]) else { return false };
    let mut own = own.clone();
    object::take(&mut own, &["metadata", "labels", HASH]);
    alike(&own, template)
}

impl<'a> Fleet<'a> {
    /// Reads the fleet, taking on and letting go what the selector says.
    pub(super) fn gather(desk: &'a Desk, kind: &'a Kind, deployment: Arc<Value>) -> Result<Self, ApiError> {
        let sets = desk.store.kind("apps/v1", "ReplicaSet")?;
        let mut old = pods::managed(&desk.store, &sets, &deployment)?;
        old.sort_by(|one, other| pods::by_age(one, other));
        let template = object::at(&deployment, &["spec", "template"]).unwrap_or(&Value::Null);
        let new = old.iter().position(|set| is_of(set, template)).map(|index| old.remove(index));
        Ok(Self { desk, kind, sets, deployment, new, old })
    }

    pub(super) fn store(&self) -> &Store {
        &self.desk.store
    }

    /// Every ReplicaSet, the new one last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    /// The pods that are wished for.
    pub(super) fn wanted(&self) -> i64 {
        replicas(&self.deployment)
    }

    /// The time as conditions write it.
    pub(super) fn now(&self) -> String {
        object::timestamp(self.store().clock().now())
    }

    /// Brings the revisions in order and, when asked to, makes the ReplicaSet of today's template.
    pub(super) fn sync_revision(&mut self, create: bool) -> Result<(), ApiError> {
        let newest = self.old.iter().map(|set| revision(set)).max().unwrap_or_default();
        match self.new.clone() {
            Some(new) => self.keep(&new, newest + 1),
            None if create => self.create(newest + 1),
            None => Ok(()),
        }
    }

    /// Keeps the annotations of the new ReplicaSet as they should be, and the Deployment's revision.
    fn keep(&mut self, new: &Value, next: i64) -> Result<(), ApiError> {
        let deployment = Arc::clone(&self.deployment);
        let ready = object::int(&deployment, &["spec", "minReadySeconds"]).unwrap_or_default();
        let mut wished = new.clone();
        annotate(&deployment, &mut wished, next);
        let is_same = wished == *new;
        if !is_same || object::int(new, &["spec", "minReadySeconds"]).unwrap_or_default() != ready {
            let at = (object::namespace(new), object::name(new));
            let kept = self.store().change(&self.sets, at, Part::Main, &Write::by_cluster(), |live| {
                let mut live = live.clone();
                annotate(&deployment, &mut live, next);
                object::put(&mut live, &["spec", "minReadySeconds"], ready);
                Ok(live)
            })?;
            self.new = Some(kept);
            return Ok(());
        }
        let is_unknown = object::condition(&deployment, "Progressing").is_none();
        let found = (super::progress::deadline(&deployment).is_some() && is_unknown).then(|| {
            let message = format!("Found new replica set \"{}\"", object::name(new));
            Finding::new("Progressing", "True", "FoundNewReplicaSet", message)
        });
        self.number(revision(new), found)
    }

    /// Writes the revision on the Deployment and, with it, what `Progressing` says.
    fn number(&mut self, number: i64, finding: Option<Finding>) -> Result<(), ApiError> {
        if revision(&self.deployment) == number && finding.is_none() {
            return Ok(());
        }
        let now = self.now();
        let at = (object::namespace(&self.deployment), object::name(&self.deployment));
        let changed = self.store().change(self.kind, at, Part::Whole, &Write::by_cluster(), |live| {
            let mut new = live.clone();
            object::put(&mut new, &["metadata", "annotations", REVISION], number.to_string());
            if let Some(finding) = &finding {
                super::progress::note(&mut new, finding, &now);
            }
            Ok(new)
        })?;
        self.deployment = changed;
        Ok(())
    }

    fn create(&mut self, number: i64) -> Result<(), ApiError> {
        let size = super::rolling::grown(self, 0);
        let collisions = counted(&self.deployment, "collisionCount");
        let set = made(&self.deployment, size, number, collisions, super::rolling::surge(self));
        let name = object::name(&set).to_owned();
        let namespace = object::namespace(&self.deployment).to_owned();
        let has_deadline = super::progress::deadline(&self.deployment).is_some();
        match self.store().create(&self.sets, &namespace, set, &Write::by_cluster()) {
            Ok(new) => {
                if size > 0 {
                    let message = format!("Scaled up replica set {name} from 0 to {size}");
                    self.desk.note(&self.deployment, "ScalingReplicaSet", &message);
                }
                self.new = Some(new);
                let message = format!("Created new replica set \"{name}\"");
                let finding = Finding::new("Progressing", "True", "NewReplicaSetCreated", message);
                self.number(number, has_deadline.then_some(finding))
            }
            Err(ApiError::AlreadyExists(about)) => {
                // Another template has the same hash, or somebody else's ReplicaSet the name: count on.
                self.write_status(|status| status["collisionCount"] = (collisions + 1).into())?;
                Err(ApiError::AlreadyExists(about))
            }
            Err(refusal) => {
                let message = format!("Failed to create new replica set \"{name}\": {refusal}");
                self.desk.warn(&self.deployment, "ReplicaSetCreateError", &message);
                if has_deadline {
                    let now = self.now();
                    let finding = Finding::new("Progressing", "False", "ReplicaSetCreateError", message);
                    let at = (namespace.as_str(), object::name(&self.deployment));
                    self.store().change(self.kind, at, Part::Status, &Write::by_cluster(), |live| {
                        let mut new = live.clone();
                        super::progress::note(&mut new, &finding, &now);
                        Ok(new)
                    })?;
                }
                Err(refusal)
            }
        }
    }

    fn write_status(&self, edit: impl FnOnce(&mut Value)) -> Result<(), ApiError> {
        let mut status = self.deployment.get("status").cloned().unwrap_or(json!({}));
        edit(&mut status);
        pods::set_status(self.store(), self.kind, &self.deployment, status)
    }

    /// Gives a ReplicaSet its size, and notes on it what the Deployment wants in all. Tells whether the size
    /// changed. Unless forced, one that has its size already is left alone.
    pub(super) fn scale(&self, set: &Value, size: i64, force: bool) -> Result<bool, ApiError> {
        let from = replicas(set);
        if !force && from == size {
            return Ok(false);
        }
        let (wanted, most) = (self.wanted(), self.wanted() + super::rolling::surge(self));
        let is_noted = annotated(set, DESIRED) == Some(wanted) && annotated(set, MOST) == Some(most);
        if from == size && is_noted {
            return Ok(false);
        }
        let at = (object::namespace(set), object::name(set));
        self.store().change(&self.sets, at, Part::Main, &Write::by_cluster(), |live| {
            let mut new = live.clone();
            object::put(&mut new, &["spec", "replicas"], size);
            object::put(&mut new, &["metadata", "annotations", DESIRED], wanted.to_string());
            object::put(&mut new, &["metadata", "annotations", MOST], most.to_string());
            Ok(new)
        })?;
        if from == size {
            return Ok(false);
        }
        let way = if from < size { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {from} to {size}", object::name(set));
        self.desk.note(&self.deployment, "ScalingReplicaSet", &message);
        Ok(true)
    }

    /// Deletes the oldest ReplicaSets that nobody would go back to.
    pub(super) fn forget(&self) -> Result<(), ApiError> {
        let Some(limit) = object::int(&self.deployment, &["spec", "revisionHistoryLimit"]) else {
            return Ok(());
        };
        let mut left: Vec<_> = self.old.iter().filter(|set| !object::is_deleting(set)).collect();
        left.sort_by(|one, other| revision(one).cmp(&revision(other)).then(pods::by_age(one, other)));
        let surplus = left.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        for set in left.into_iter().take(surplus) {
            let observed = counted(set, "observedGeneration");
            let generation = object::int(set, &["metadata", "generation"]).unwrap_or_default();
            if replicas(set) == 0 && counted(set, "replicas") == 0 && generation <= observed {
                pods::delete(self.store(), &self.sets, set)?;
            }
        }
        Ok(())
    }
}

/// Passes the Deployment's annotations on to its new ReplicaSet and numbers it, remembering the numbers it
/// had when its template was today's before.
fn annotate(deployment: &Value, set: &mut Value, next: i64) {
    let given = object::at(deployment, &["metadata", "annotations"]).and_then(Value::as_object);
    for (key, value) in given.into_iter().flatten().filter(|(key, _)| !OWN.contains(&key.as_str())) {
        object::put(set, &["metadata", "annotations", key], value.clone());
    }
    let had = annotated(set, REVISION);
    if had.unwrap_or_default() >= next {
        return;
    }
    object::put(set, &["metadata", "annotations", REVISION], next.to_string());
    let Some(had) = had else { return };
    let before = object::text(set, &["metadata", "annotations", HISTORY]).unwrap_or_default();
    let history = if before.is_empty() { had.to_string() } else { format!("{before},{had}") };
    let mut rest = history.as_str();
    while rest.len() > LONGEST_HISTORY
        && let Some((_, later)) = rest.split_once(',')
    {
        rest = later;
    }
    let rest = rest.to_owned();
    object::put(set, &["metadata", "annotations", HISTORY], rest);
}

fn made(deployment: &Value, size: i64, number: i64, collisions: i64, surge: i64) -> Value {
    let mut template = object::at(deployment, &["spec", "template"]).cloned().unwrap_or_default();
    let hashed = if collisions == 0 { template.clone() } else { json!([template, collisions]) };
    let hash = pods::safe(&object::content_hash(&hashed).to_string());
    object::put(&mut template, &["metadata", "labels", HASH], hash.as_str());
    let mut selector = object::at(deployment, &["spec", "selector"]).cloned().unwrap_or_default();
    object::put(&mut selector, &["matchLabels", HASH], hash.as_str());
    let stem: String = object::name(deployment).chars().take(252 - hash.len()).collect();
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{stem}-{hash}"),
            "labels": object::at(&template, &["metadata", "labels"]),
            "ownerReferences": [object::owner_reference(deployment)],
        },
        "spec": {"replicas": size, "selector": selector, "template": template},
    });
    if let Some(seconds) =
        object::int(deployment, &["spec", "minReadySeconds"]).filter(|seconds| *seconds > 0)
    {
        set["spec"]["minReadySeconds"] = seconds.into();
    }
    annotate(deployment, &mut set, number);
    let wanted = replicas(deployment);
    object::put(&mut set, &["metadata", "annotations", DESIRED], wanted.to_string());
    object::put(&mut set, &["metadata", "annotations", MOST], (wanted + surge).to_string());
    set
}

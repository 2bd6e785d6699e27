//! One step for one StatefulSet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::ordinal;
use super::revision::{self, Revisions};
use crate::api::{ApiError, Key, Kind, Store, Write, object};
use crate::controllers::conditions;
use crate::controllers::desk::Desk;
use crate::controllers::worker::Duty;
use crate::controllers::{pods, replicaset};

/// What this controller does.
pub(in crate::controllers) const DUTY: Duty = Duty {
    name: "statefulset-controller",
    kind: ("apps/v1", "StatefulSet"),
    hears: &[("v1", "Pod")],
    concerns: |store, pod| match pods::managed_by(pod, "StatefulSet") {
        Some(key) => vec![key],
        None if object::controller_of(pod).is_none() => of_namespace(store, pod),
        None => Vec::new(),
    },
    step,
};

fn of_namespace(store: &Store, pod: &Value) -> Vec<Key> {
    let Ok(kind) = store.kind("apps/v1", "StatefulSet") else { return Vec::new() };
    store.list(&kind, Some(object::namespace(pod))).iter().map(|one| Key::of(one)).collect()
}

/// One look at a set.
struct Look<'a> {
    desk: &'a Desk,
    pod: Arc<Kind>,
    set: &'a Value,
    revisions: Revisions,
    /// The pods that stand, by number.
    standing: BTreeMap<i64, Arc<Value>>,
    first: i64,
    end: i64,
}

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let store = &desk.store;
    let Ok(set) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let pod = store.kind("v1", "Pod")?;
    let managed = pods::managed(store, &pod, &set)?;
    let revisions = Revisions::of(store, &set)?;
    let standing =
        managed.iter().filter_map(|pod| Some((ordinal::of(&set, pod)?, Arc::clone(pod)))).collect();
    let first = object::int(&set, &["spec", "ordinals", "start"]).unwrap_or_default();
    let end = first + object::int(&set, &["spec", "replicas"]).unwrap_or(1);
    let look = Look { desk, pod, set: &set, revisions, standing, first, end };
    let done = if object::is_deleting(&set) { Ok(()) } else { look.advance() };
    let standing = pods::managed(store, &look.pod, &set)?;
    let wait = look.report(kind, &standing)?;
    look.revisions.forget(store, &set, &standing)?;
    done.map(|()| wait)
}

fn is_parallel(set: &Value) -> bool {
    object::text(set, &["spec", "podManagementPolicy"]) == Some("Parallel")
}

impl Look<'_> {
    fn is_available(&self, pod: &Value) -> bool {
        let now = self.desk.store.clock().now();
        is_running(pod)
            && pods::until_available(pod, replicaset::min_ready(self.set), now)
                .is_some_and(|left| left.is_zero())
    }

    /// Makes what is missing from below, takes what is too much from above, then renews from above. Unless
    /// the set may do so in parallel, one pod at a time, and only while all before it are available.
    fn advance(&self) -> Result<(), ApiError> {
        let one_by_one = !is_parallel(self.set);
        for number in self.first..self.end {
            let Some(pod) = self.standing.get(&number) else {
                self.create(number)?;
                if one_by_one {
                    return Ok(());
                }
                continue;
            };
            if pods::is_finished(pod) {
                if !object::is_deleting(pod) {
                    self.delete(pod)?;
                }
                return Ok(());
            }
            if object::text(pod, &["status", "phase"]) == Some("Pending") {
                self.claim(number)?;
            }
            if one_by_one && (object::is_deleting(pod) || !self.is_available(pod)) {
                return Ok(());
            }
        }
        let condemned = |number: &i64| !(self.first..self.end).contains(number);
        for (_, pod) in self.standing.iter().rev().filter(|(number, _)| condemned(number)) {
            if object::is_deleting(pod) {
                if one_by_one {
                    return Ok(());
                }
                continue;
            }
            self.delete(pod)?;
            if one_by_one {
                return Ok(());
            }
        }
        self.renew()
    }

    fn renew(&self) -> Result<(), ApiError> {
        if object::text(self.set, &["spec", "updateStrategy", "type"]) == Some("OnDelete") {
            return Ok(());
        }
        let lowest = self.first + self.partition();
        for number in (lowest..self.end).rev() {
            let Some(pod) = self.standing.get(&number) else { return Ok(()) };
            let is_old = revision::of(pod) != object::name(&self.revisions.update);
            if is_old && !object::is_deleting(pod) {
                return self.delete(pod);
            }
            if object::is_deleting(pod) || !self.is_available(pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn partition(&self) -> i64 {
        let partition = ["spec", "updateStrategy", "rollingUpdate", "partition"];
        object::int(self.set, &partition).unwrap_or_default()
    }

    /// Which revision a new pod of that number gets: below the partition still the current one.
    fn revision(&self, number: i64) -> &Value {
        let is_rolling = object::text(self.set, &["spec", "updateStrategy", "type"]) == Some("RollingUpdate");
        if is_rolling && number < self.first + self.partition() {
            &self.revisions.current
        } else {
            &self.revisions.update
        }
    }

    fn create(&self, number: i64) -> Result<(), ApiError> {
        self.claim(number)?;
        let pod = ordinal::pod(self.set, self.revision(number), number);
        let name = object::name(&pod).to_owned();
        let namespace = object::namespace(self.set);
        let made = self.desk.store.create(&self.pod, namespace, pod, &Write::by_cluster());
        self.tell("Create", &name, made.map(drop))
    }

    fn delete(&self, pod: &Value) -> Result<(), ApiError> {
        let deleted = pods::delete(&self.desk.store, &self.pod, pod);
        self.tell("Delete", object::name(pod), deleted)
    }

    fn tell(&self, verb: &str, pod: &str, done: Result<(), ApiError>) -> Result<(), ApiError> {
        let what = format!("{verb} Pod {pod} in StatefulSet {}", object::name(self.set));
        match &done {
            Ok(()) => self.desk.note(self.set, &format!("Successful{verb}"), &format!("{what} successful")),
            Err(refusal) => {
                let message = format!("{what} failed error: {refusal}");
                self.desk.warn(self.set, &format!("Failed{verb}"), &message);
            }
        }
        done
    }

    /// Makes the claims of a number that are not there.
    fn claim(&self, number: i64) -> Result<(), ApiError> {
        let kind = self.desk.store.kind("v1", "PersistentVolumeClaim")?;
        let namespace = object::namespace(self.set);
        for claim in ordinal::claims(self.set, number) {
            let name = object::name(&claim).to_owned();
            match self.desk.store.create(&kind, namespace, claim, &Write::by_cluster()) {
                Ok(_) => {
                    let set = object::name(self.set);
                    let message =
                        format!("Create Claim {name} Pod {set}-{number} in StatefulSet {set} success");
                    self.desk.note(self.set, "SuccessfulCreate", &message);
                }
                Err(ApiError::AlreadyExists(_)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }

    fn report(&self, kind: &Kind, pods: &[Arc<Value>]) -> Result<Option<Duration>, ApiError> {
        let now = self.desk.store.clock().now();
        let min_ready = replicaset::min_ready(self.set);
        let count = |is: &dyn Fn(&Value) -> bool| {
            i64::try_from(pods.iter().filter(|pod| is(pod)).count()).unwrap_or(i64::MAX)
        };
        let of =
            |pod: &Value, one: &Value| !object::is_deleting(pod) && revision::of(pod) == object::name(one);
        let Revisions { current, update, .. } = &self.revisions;
        let wanted = self.end - self.first;
        let total = count(&|_| true);
        let ready = count(&|pod| is_running(pod) && pods::is_ready(pod));
        let updated = count(&|pod| of(pod, update));
        let is_rolling = object::text(self.set, &["spec", "updateStrategy", "type"]) == Some("RollingUpdate");
        let is_renewed = is_rolling && updated == total && ready == total && updated == wanted;
        let current = if is_renewed { update } else { current };
        let mut status = json!({
            "observedGeneration": object::int(self.set, &["metadata", "generation"]).unwrap_or_default(),
            "replicas": total,
        });
        conditions::counts(
            &mut status,
            &[
                ("readyReplicas", ready),
                ("currentReplicas", count(&|pod| of(pod, current))),
                ("updatedReplicas", updated),
            ],
        );
        status["availableReplicas"] = count(&|pod| self.is_available(pod)).into();
        status["currentRevision"] = object::name(current).into();
        status["updateRevision"] = object::name(update).into();
        status["collisionCount"] = 0.into();
        pods::set_status(&self.desk.store, kind, self.set, status)?;
        let waits = pods.iter().filter_map(|pod| pods::until_available(pod, min_ready, now));
        Ok(waits.filter(|wait| !wait.is_zero()).min())
    }
}

fn is_running(pod: &Value) -> bool {
    object::text(pod, &["status", "phase"]) == Some("Running")
}

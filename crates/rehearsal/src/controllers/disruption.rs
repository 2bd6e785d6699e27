//! PodDisruptionBudget: how many pods may be evicted now, as `pkg/controller/disruption` reckons it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::conditions::{self, Finding};
use super::desk::Desk;
use super::pods;
use super::worker::Duty;
use crate::api::{ApiError, Key, Kind, Store, matches, object};

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "controllermanager",
    kind: ("policy/v1", "PodDisruptionBudget"),
    hears: &[("v1", "Pod"), ("apps/v1", "ReplicaSet"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet")],
    concerns: |store, object| {
        let Ok(kind) = store.kind("policy/v1", "PodDisruptionBudget") else { return Vec::new() };
        let budgets = store.list(&kind, Some(object::namespace(object)));
        budgets.iter().map(|budget| Key::of(budget)).collect()
    },
    step,
};

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let store = &desk.store;
    let Ok(budget) = store.get(kind, &key.namespace, &key.name) else { return Ok(None) };
    let pod = store.kind("v1", "Pod")?;
    let selector = object::at(&budget, &["spec", "selector"]);
    // An empty selector is every pod here, unlike with those who manage pods.
    let is_all = selector.and_then(Value::as_object).is_some_and(serde_json::Map::is_empty);
    let all = store.list(&pod, Some(&key.namespace));
    let pods: Vec<_> =
        all.into_iter().filter(|pod| is_all || matches(selector, object::labels(pod))).collect();
    if pods.is_empty() {
        desk.note(&budget, "NoPods", "No matching pods found");
    }
    let counted: Vec<_> = pods.iter().filter(|pod| !pods::is_finished(pod)).collect();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (expected, desired) = wishes(store, &budget, &pods)?;
    let healthy =
        count(counted.iter().filter(|pod| pods::is_ready(pod) && !object::is_deleting(pod)).count());
    let allowed = if expected == 0 { 0 } else { (healthy - desired).max(0) };
    let mut conditions = object::items(&budget, &["status", "conditions"]).to_vec();
    let finding = if allowed > 0 {
        Finding::new("DisruptionAllowed", "True", "SufficientPods", "")
    } else {
        Finding::new("DisruptionAllowed", "False", "InsufficientPods", "")
    };
    conditions::set(&mut conditions, &finding, &object::timestamp(store.clock().now()));
    let generation = object::int(&budget, &["metadata", "generation"]).unwrap_or_default();
    if let Some(condition) = conditions.last_mut() {
        condition["observedGeneration"] = generation.into();
    }
    let mut status = json!({
        "observedGeneration": generation,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": expected,
        "conditions": conditions,
    });
    // Evictions that are under way are written there by the API server; those of pods that stand are kept.
    if let Some(disrupted) = object::at(&budget, &["status", "disruptedPods"]).and_then(Value::as_object) {
        let standing: serde_json::Map<String, Value> = disrupted
            .iter()
            .filter(|(name, _)| {
                pods.iter().any(|pod| object::name(pod) == name.as_str() && !object::is_deleting(pod))
            })
            .map(|(name, time)| (name.clone(), time.clone()))
            .collect();
        if !standing.is_empty() {
            status["disruptedPods"] = standing.into();
        }
    }
    pods::set_status(store, kind, &budget, status)?;
    Ok(None)
}

/// How many pods there should be, and how many of them healthy.
fn wishes(store: &Store, budget: &Value, pods: &[Arc<Value>]) -> Result<(i64, i64), ApiError> {
    let spec = |field: &str| object::at(budget, &["spec", field]).filter(|value| !value.is_null());
    let counted = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    if let Some(most) = spec("maxUnavailable") {
        let expected = scale(store, pods)?;
        let may_miss = pods::share(Some(most), expected, true).unwrap_or_default();
        return Ok((expected, (expected - may_miss).max(0)));
    }
    match spec("minAvailable") {
        Some(Value::Number(number)) => Ok((counted, number.as_i64().unwrap_or_default())),
        Some(share) => {
            let expected = scale(store, pods)?;
            Ok((expected, pods::share(Some(share), expected, true).unwrap_or_default()))
        }
        None => Ok((counted, 1)),
    }
}

/// What those who manage the pods want, in all.
fn scale(store: &Store, pods: &[Arc<Value>]) -> Result<i64, ApiError> {
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods {
        let Some(manager) = top(store, pod)? else { continue };
        let size = object::int(&manager, &["spec", "replicas"]).unwrap_or(1);
        wanted.insert(object::uid(&manager).to_owned(), size);
    }
    Ok(wanted.values().sum())
}

/// Who manages a pod in the end.
fn top(store: &Store, pod: &Value) -> Result<Option<Arc<Value>>, ApiError> {
    let mut manager: Option<Arc<Value>> = None;
    loop {
        let below = manager.as_deref().unwrap_or(pod);
        let Some(owner) = object::controller_of(below) else { return Ok(manager) };
        let text = |field: &str| object::text(owner, &[field]).unwrap_or_default();
        let kind = store.kind(text("apiVersion"), text("kind"));
        let above = kind.and_then(|kind| store.get(&kind, object::namespace(pod), text("name")));
        match above {
            Ok(above) => manager = Some(above),
            Err(_) => return Ok(manager),
        }
    }
}

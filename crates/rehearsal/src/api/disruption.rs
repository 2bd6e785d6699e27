//! Evictions: deletions that budgets may stand against.
//!
//! The rules are those of the real server's `pods/eviction`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::object;
use super::registry::Kind;
use super::selectors;
use super::status::{About, ApiError};
use super::store::Store;
use super::verbs::{Deletion, Part, Write};

/// Deletes a pod, if the budgets that count it allow.
///
/// # Errors
/// [`ApiError::Budget`] when none may go now, and everything that stands against a deletion.
pub(crate) fn evict(
    store: &Store,
    pods: &Kind,
    at: (&str, &str),
    deletion: &Deletion,
) -> Result<(), ApiError> {
    let pod = store.get(pods, at.0, at.1)?;
    let phase = object::text(&pod, &["status", "phase"]).unwrap_or_default();
    // What does not run, or goes already, disrupts nobody.
    let is_free = ["Succeeded", "Failed", "Pending"].contains(&phase) || object::is_deleting(&pod);
    let budgets = store.kind("policy/v1", "PodDisruptionBudget")?;
    let counting: Vec<Arc<Value>> = if is_free { Vec::new() } else { counting(store, &budgets, &pod) };
    match counting.as_slice() {
        [] => {}
        [budget] => {
            let needs_healthy = ready(&pod) || !lets_unready_go(budget);
            if needs_healthy {
                spend(store, &budgets, budget, (at.1, deletion.dry_run))?;
            }
        }
        _ => {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(ApiError::Internal(message.to_owned()));
        }
    }
    store.delete(pods, at, deletion).map(drop)
}

fn counting(store: &Store, budgets: &Kind, pod: &Value) -> Vec<Arc<Value>> {
    let all = store.list(budgets, Some(object::namespace(pod)));
    let counts = |budget: &Arc<Value>| {
        let selector = object::at(budget, &["spec", "selector"]);
        // An empty selector of a budget counts every pod.
        let is_open = selector.and_then(Value::as_object).is_some_and(serde_json::Map::is_empty);
        is_open || selectors::matches(selector, object::labels(pod))
    };
    all.into_iter().filter(counts).collect()
}

fn ready(pod: &Value) -> bool {
    object::holds(pod, "Ready")
}

/// Whether a pod that is not ready may go although none may be spared: as the budget is met without it.
fn lets_unready_go(budget: &Value) -> bool {
    if object::text(budget, &["spec", "unhealthyPodEvictionPolicy"]) == Some("AlwaysAllow") {
        return true;
    }
    let count = |field: &str| object::int(budget, &["status", field]).unwrap_or_default();
    count("desiredHealthy") > 0 && count("currentHealthy") >= count("desiredHealthy")
}

fn spend(
    store: &Store,
    budgets: &Kind,
    budget: &Value,
    (pod, dry_run): (&str, bool),
) -> Result<(), ApiError> {
    let name = object::name(budget);
    let count = |path: &[&str]| object::int(budget, path).unwrap_or_default();
    if count(&["status", "observedGeneration"]) < count(&["metadata", "generation"]) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(ApiError::Budget { why, retry_after: 10 });
    }
    let allowed = count(&["status", "disruptionsAllowed"]);
    if allowed < 0 {
        let why = "pdb disruptions allowed is negative".to_owned();
        return Err(ApiError::Forbidden { about: About::other("policy", "poddisruptionbudget", name), why });
    }
    if allowed == 0 {
        return Err(ApiError::Budget { why: refusal(budget), retry_after: 0 });
    }
    if dry_run {
        return Ok(());
    }
    let now = object::timestamp(store.clock().now());
    let at = (object::namespace(budget), name);
    let write = Write { manager: Some("kube-apiserver".to_owned()), ..Write::default() };
    store.change(budgets, at, Part::Status, &write, |live| {
        let mut spent = live.clone();
        object::put(&mut spent, &["status", "disruptionsAllowed"], allowed - 1);
        object::put(&mut spent, &["status", "disruptedPods", pod], now.as_str());
        if allowed == 1 {
            let mut conditions = object::items(&spent, &["status", "conditions"]).to_vec();
            conditions.retain(|one| object::text(one, &["type"]) != Some("DisruptionAllowed"));
            conditions.push(
                json!({"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods",
                "message": "", "lastTransitionTime": now,
                "observedGeneration": object::int(live, &["metadata", "generation"])}),
            );
            object::put(&mut spent, &["status", "conditions"], conditions);
        }
        Ok(spent)
    })?;
    Ok(())
}

fn refusal(budget: &Value) -> String {
    let name = object::name(budget);
    let count = |field: &str| object::int(budget, &["status", field]).unwrap_or_default();
    let (healthy, desired) = (count("currentHealthy"), count("desiredHealthy"));
    let condition = object::condition(budget, "DisruptionAllowed");
    let condition = condition.filter(|one| object::text(one, &["status"]) == Some("False"));
    let said = |field: &str| condition.and_then(|one| object::text(one, &[field])).unwrap_or_default();
    let (reason, message) = (said("reason"), said("message"));
    if reason == "SyncFailed" && !message.is_empty() {
        return format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
        );
    }
    if healthy <= desired {
        return format!(
            "The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
        );
    }
    if !message.is_empty() {
        return format!(
            "The disruption budget {name} does not allow evicting pods currently ({reason}): {message}"
        );
    }
    format!("The disruption budget {name} does not allow evicting pods currently")
}

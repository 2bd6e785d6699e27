//! Whether somebody of neither side keeps the schedule: it would go on beside the new side's.

use std::collections::BTreeSet;

use installation::Role;
use movers::{Hosts, RedisError, SCHEDULER, Sidekiq};
use plan::{Action, Plan};
use serde_json::Value;
use tree::Node;

use super::Facts;
use super::finding::{Finding, or_well, refused, warning};
use super::pods::{containers, name, selector_of, template};
use installation::Labels;

/// Who works in the namespace without being of a side, by what it runs. One that has its settings from where the old side
/// has them keeps the same schedule; one that has them from elsewhere may be another server's.
pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let blue: BTreeSet<String> = plan
        .blue
        .iter()
        .filter(|object| schedules(pod(object)))
        .flat_map(|object| settings(pod(object)))
        .collect();
    let is_known = |object: &Value| {
        let same = |own: &&Value| {
            own["kind"] == object["kind"] && own["metadata"]["name"] == object["metadata"]["name"]
        };
        plan.blue.iter().chain(&plan.green).any(|own| same(&own))
    };
    let is_owned = |object: &Value| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        owners.is_some_and(|owners| owners.iter().any(|owner| owner["controller"] == true))
    };
    let runs = |object: &Value| object["spec"]["replicas"].as_u64() != Some(0);
    let works = |kind: &Value| {
        ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod"].iter().any(|known| *kind == **known)
    };
    let strangers = facts.snapshot.objects.iter().filter(|object| {
        works(&object["kind"])
            && runs(object)
            && !is_owned(object)
            && !is_known(object)
            && schedules(pod(object))
    });
    let found = strangers.map(|object| {
        let is_same = settings(pod(object)).iter().any(|setting| blue.contains(setting));
        let finding = if is_same { refused("schedulers-stranger") } else { warning("schedulers-other") };
        finding.with("object", format!("{}/{}", object["kind"].as_str().unwrap_or_default(), name(object)))
    });
    or_well(found.collect(), "schedulers-known")
}

/// Who is registered in Sidekiq's own Redis without being of a side. A process that was just killed is registered until its
/// heartbeat expires.
///
/// # Errors
/// When the Redis cannot be asked.
pub async fn registered(plan: &Plan, facts: &Facts, sidekiq: &Sidekiq) -> Result<Vec<Finding>, RedisError> {
    let roster = sidekiq.roster().await?;
    let hosts: Hosts = hosts(plan, facts).into_iter().collect();
    // Where none of ours is known, the Redis is another's: the handover refuses it.
    if roster.on(&hosts).next().is_none() {
        return Ok(Vec::new());
    }
    let schedules = roster.elsewhere(&hosts).filter(|own| own.queues.iter().any(|queue| queue == SCHEDULER));
    Ok(schedules.map(|own| refused("schedulers-registered").with("process", &own.identity)).collect())
}

/// What the hosts of both sides' workers are called: a pod's name, unless it was given one, or has its node's.
fn hosts(plan: &Plan, facts: &Facts) -> BTreeSet<String> {
    let workers = plan.steps.iter().flat_map(|step| match &step.action {
        Action::DrainQueues { workers, .. } | Action::StartQueues { workers, .. } => workers.as_slice(),
        _ => &[],
    });
    let names: BTreeSet<&str> = workers.map(|own| own.deployment.as_str()).collect();
    let deployments = plan.blue.iter().chain(&plan.green).filter(|object| object["kind"] == "Deployment");
    let selectors: Vec<Labels> =
        deployments.filter(|object| names.contains(name(object))).filter_map(selector_of).collect();
    let labels = |pod: &Value| Labels::read(&Node::from(pod["metadata"]["labels"].clone()));
    let pods = facts.of_kind("Pod").filter(|pod| selectors.iter().any(|own| own.select(&labels(pod))));
    pods.filter_map(|pod| crate::step::hostname(pod).map(str::to_owned)).collect()
}

fn pod(object: &Value) -> &Value {
    if object["kind"] == "Pod" { &object["spec"] } else { template(object) }
}

fn schedules(pod: &Value) -> bool {
    let roles = containers(pod).flat_map(|container| Role::all_of(&Node::from(container.clone())));
    roles.into_iter().any(|role| matches!(role, Role::Sidekiq(command) if command.schedules()))
}

/// Where its settings come from.
fn settings(pod: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for container in containers(pod) {
        let items = |field: &str| container[field].as_array().cloned().unwrap_or_default();
        for source in items("envFrom") {
            for kind in ["secretRef", "configMapRef"] {
                found.extend(source[kind]["name"].as_str().map(|name| format!("{kind} {name}")));
            }
        }
        for variable in items("env") {
            for (kind, from) in [("secretRef", "secretKeyRef"), ("configMapRef", "configMapKeyRef")] {
                found.extend(
                    variable["valueFrom"][from]["name"].as_str().map(|name| format!("{kind} {name}")),
                );
            }
            let told =
                ["LOCAL_DOMAIN", "REDIS_URL", "DATABASE_URL"].iter().find(|key| variable["name"] == **key);
            found.extend(told.and_then(|key| Some(format!("{key} {}", variable["value"].as_str()?))));
        }
    }
    found
}

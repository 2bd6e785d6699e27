//! Whether the schema stays as it is while both sides use it. The plan itself holds no migration; pods may, and others.

use plan::Plan;
use serde_json::Value;

use super::Facts;
use super::finding::{Finding, or_well, refused, warning};
use super::pods::{name, of_green, template};

/// Rails' tasks that change the schema.
const TASKS: [&str; 4] = ["db:migrate", "db:prepare", "db:schema:load", "db:setup"];

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for workload in of_green(plan).filter(|workload| migrates(template(workload))) {
        found.push(warning("freeze-at-start").with("workload", name(workload)));
    }
    let running = facts.of_kind("Job").filter(|job| {
        let ended = ["succeeded", "failed"].iter().any(|state| job["status"][state].as_u64() > Some(0));
        migrates(template(job))
            && job["spec"]["suspend"] != true
            && (!ended || job["status"]["active"].as_u64() > Some(0))
    });
    found.extend(running.map(|job| refused("freeze-running").with("job", name(job))));
    or_well(found, "freeze-holds")
}

/// Whether a pod has a container that changes the schema.
fn migrates(pod: &Value) -> bool {
    let containers = ["initContainers", "containers"]
        .into_iter()
        .flat_map(|kind| pod[kind].as_array().into_iter().flatten());
    containers.into_iter().any(|container| {
        let words = ["command", "args"]
            .into_iter()
            .flat_map(|field| container[field].as_array().into_iter().flatten());
        words.filter_map(Value::as_str).any(|word| TASKS.iter().any(|task| word.contains(task)))
    })
}

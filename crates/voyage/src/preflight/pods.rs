//! The pods that a plan makes, and what they ask for.

use installation::Labels;
use plan::{Action, Plan, Replicas};
use serde_json::Value;
use tree::Node;

use crate::quantity;

/// The new side's Deployments.
pub(super) fn of_green(plan: &Plan) -> impl Iterator<Item = &Value> {
    plan.green.iter().filter(|object| object["kind"] == "Deployment")
}

/// Deployments of the new side that stand beside all of the old one, with how many pods.
pub(super) fn beside_blue(plan: &Plan) -> Vec<(&Value, u64)> {
    let serving = plan.steps.iter().flat_map(|step| match &step.action {
        Action::AwaitReady { deployments, .. } => deployments.as_slice(),
        _ => &[],
    });
    let wanted: Vec<&Replicas> = serving.collect();
    let count = |object: &&Value| wanted.iter().find(|own| object["metadata"]["name"] == *own.deployment);
    of_green(plan).filter_map(|object| Some((object, u64::from(count(&object)?.replicas)))).collect()
}

pub(super) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

pub(super) fn selector_of(workload: &Value) -> Option<Labels> {
    let selector = Labels::read(&Node::from(workload["spec"]["selector"]["matchLabels"].clone()));
    (!selector.0.is_empty()).then_some(selector)
}

pub(super) fn template(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["containers"].as_array().into_iter().flatten()
}

fn init_containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["initContainers"].as_array().into_iter().flatten()
}

/// What a pod asks for of a resource: `requests` or `limits`, in thousand millionths.
pub(super) fn asks(pod: &Value, bound: &str, resource: &str) -> i128 {
    let of = |container: &Value| amount(&container["resources"][bound][resource]);
    let together: i128 = containers(pod).map(of).sum();
    together.max(init_containers(pod).map(of).max().unwrap_or(0))
}

/// A quantity in thousand millionths; none is nothing.
pub(super) fn amount(value: &Value) -> i128 {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return 0,
    };
    quantity::nanos(&text).unwrap_or(0)
}

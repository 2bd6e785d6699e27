//! Whether a selector that stands would take the new side's pods for its own, or the other way round.

use installation::Labels;
use plan::{Action, Plan};
use serde_json::Value;
use tree::Node;

use super::Facts;
use super::finding::{Finding, or_well, refused, warning};
use super::pods::{name, of_green, selector_of};

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let switched = |service: &Value| {
        plan.steps.iter().any(|step| match &step.action {
            Action::CloseOverlap { services } => {
                services.iter().any(|own| service["metadata"]["name"] == *own.service)
            }
            _ => false,
        })
    };
    for green in of_green(plan) {
        let labels = Labels::read(&Node::from(green["spec"]["template"]["metadata"]["labels"].clone()));
        for service in facts.of_kind("Service").filter(|service| !switched(service)) {
            let selector = Labels::read(&Node::from(service["spec"]["selector"].clone()));
            if !selector.0.is_empty() && selector.select(&labels) {
                found.push(
                    refused("selectors-service").with("service", name(service)).with("pods", name(green)),
                );
            }
        }
        for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
            for workload in facts.of_kind(kind).filter(|it| name(it) != name(green)) {
                if selector_of(workload).is_some_and(|selector| selector.select(&labels)) {
                    let object = format!("{kind}/{}", name(workload));
                    found
                        .push(refused("selectors-workload").with("object", object).with("pods", name(green)));
                }
            }
        }
        let own = selector_of(green);
        let own = own.as_ref();
        let taken = facts.of_kind("Pod").find(|pod| {
            let labels = Labels::read(&Node::from(pod["metadata"]["labels"].clone()));
            own.is_some_and(|own| own.select(&labels))
        });
        if let Some(pod) = taken {
            found.push(refused("selectors-pods").with("pod", name(pod)).with("object", name(green)));
        }
    }
    for budget in facts.of_kind("PodDisruptionBudget") {
        let status = &budget["status"];
        if status["disruptionsAllowed"] == 0 && status["expectedPods"].as_u64().unwrap_or(0) > 0 {
            found.push(warning("disruption-none").with("budget", name(budget)));
        }
    }
    or_well(found, "selectors-apart")
}

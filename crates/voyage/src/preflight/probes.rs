//! Probes that could never pass.

use plan::{Action, Plan};
use serde_json::Value;

use super::Facts;
use super::finding::{Finding, or_well, refused, warning};
use super::pods::{containers, name, of_green, template};

/// A liveness probe that gives up sooner kills Rails while it boots.
const BOOT_S: u64 = 30;

pub(super) fn judge(plan: &Plan, _: &Facts) -> Vec<Finding> {
    let mut found = silent(plan);
    for workload in of_green(plan) {
        for container in containers(template(workload)) {
            for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
                let probe = &container[kind];
                let told = |finding: Finding| finding.with("probe", kind).with("workload", name(workload));
                if !probe.is_null() {
                    found.extend(port(probe, container).map(told));
                    found.extend(patience(kind, probe, container).map(told));
                }
            }
        }
    }
    or_well(found, "probes-can-pass")
}

/// By rolling, all pods of green but the first are behind their Services as soon as they are ready; without a probe that is
/// before they listen. The first is asked through the side door.
fn silent(plan: &Plan) -> Vec<Finding> {
    let shifts = plan.steps.iter().filter_map(|step| match &step.action {
        Action::ShiftPods(shift) if !shift.services.is_empty() => Some(shift),
        _ => None,
    });
    let serving: Vec<&str> = shifts
        .flat_map(|shift| &shift.green)
        .filter(|own| own.replicas > 1)
        .map(|own| own.deployment.as_str())
        .collect();
    let is_silent = |workload: &&Value| {
        serving.contains(&name(workload))
            && containers(template(workload))
                .all(|it| it["readinessProbe"].is_null() && it["startupProbe"].is_null())
    };
    let silent = of_green(plan).filter(is_silent);
    silent.map(|workload| refused("probes-none").with("workload", name(workload))).collect()
}

/// A port by name must be one of the container's; by number it may be one that it does not tell of.
fn port(probe: &Value, container: &Value) -> Option<Finding> {
    let handler = ["httpGet", "tcpSocket"].into_iter().find(|handler| !probe[handler].is_null())?;
    let wanted = &probe[handler]["port"];
    let ports = || container["ports"].as_array().into_iter().flatten();
    match wanted {
        Value::String(named) if !ports().any(|port| port["name"] == *named) => {
            Some(refused("probes-port").with("port", named))
        }
        Value::Number(number)
            if ports().next().is_some() && !ports().any(|port| port["containerPort"] == *wanted) =>
        {
            Some(warning("probes-port-untold").with("port", number.to_string()))
        }
        _ => None,
    }
}

fn patience(kind: &str, probe: &Value, container: &Value) -> Option<Finding> {
    let number = |key: &str, usual: u64| probe[key].as_u64().unwrap_or(usual);
    let lasts =
        number("initialDelaySeconds", 0) + number("periodSeconds", 10) * number("failureThreshold", 3);
    let is_web =
        container["command"].to_string().contains("puma") || container["args"].to_string().contains("puma");
    if kind == "livenessProbe" && is_web && container["startupProbe"].is_null() && lasts < BOOT_S {
        return Some(warning("probes-impatient").with("seconds", lasts.to_string()));
    }
    None
}

//! By hand: how users pass where pods, weights or a page do it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::commands::{rollouts, scale, select, selector};
use crate::{
    Action, PageSwitch, Plan, PodLabels, PodShift, Replicas, ServiceSwitch, SideDoor, WeightedRoute, helm,
};

/// Tells the ReplicaSet controller which pod goes first when one must go.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const CHEAP: &str = "-1000";

/// The commands of an action by which users pass in another way than by an overlap of both sides.
pub(crate) fn commands(plan: &Plan, action: &Action) -> Vec<String> {
    let kubectl = |rest: String| format!("kubectl -n {} {rest}", plan.namespace);
    let lines: Vec<String> = match action {
        Action::RaiseGreen { deployments, timeout_s } => {
            let mut lines = scale(deployments);
            lines.extend(rollouts(deployments, *timeout_s));
            lines
        }
        Action::ShiftPods(shift) => turns(shift),
        Action::ShiftWeights { routes, stages, stage_s } => weigh(routes, stages, *stage_s),
        Action::RestoreRoutes { routes } => restore(routes),
        Action::RaisePage { deployments, checks, timeout_s } => {
            let lines = raise_page(deployments, checks, *timeout_s);
            return std::iter::once(helm::apply(plan, ".page"))
                .chain(lines.into_iter().map(kubectl))
                .collect();
        }
        Action::ShowPage(page) | Action::HidePage(page) => pass(page),
        Action::RemovePage => plan.page.iter().map(delete).collect(),
        _ => Vec::new(),
    };
    lines.into_iter().map(kubectl).collect()
}

fn raise_page(deployments: &[Replicas], checks: &[SideDoor], timeout_s: u64) -> Vec<String> {
    let mut lines = rollouts(deployments, timeout_s);
    lines.extend(checks.iter().map(|check| {
        let (port, pods) = (check.port, selector(&check.selector));
        format!("port-forward POD {port}  # POD: get pod -l {pods}; curl -i must show 503 and Retry-After")
    }));
    lines
}

fn delete(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("delete {}/{}", text(&object["kind"]).to_lowercase(), text(&object["metadata"]["name"]))
}

fn restore(routes: &[WeightedRoute]) -> Vec<String> {
    let names: BTreeSet<&str> = routes.iter().map(|own| own.route.as_str()).collect();
    names.into_iter().map(|name| format!("edit httproute {name}  # backendRefs as in backup.yaml")).collect()
}

/// Each Service selects both.
pub(crate) fn open(pods: &[PodLabels], services: &[ServiceSwitch]) -> Vec<String> {
    let label = |labels: &BTreeMap<String, String>| selector(labels).replace(',', " ");
    let mut lines: Vec<String> = pods
        .iter()
        .map(|pods| format!("label pod -l {} {}", selector(&pods.selector), label(&pods.labels)))
        .collect();
    lines.extend(services.iter().map(|switch| select(switch, &switch.both)));
    lines
}

/// Each Service selects both, and then the one that users are to get.
fn pass(page: &PageSwitch) -> Vec<String> {
    let mut lines = open(&page.pods, &page.services);
    if let Some(first) = page.services.first() {
        let wait = if page.hold_s > 0 {
            format!("; then wait {} s for the front", page.hold_s)
        } else {
            String::new()
        };
        lines.push(format!(
            "get endpointslice -l kubernetes.io/service-name={}  # until it lists both{wait}",
            first.service
        ));
    }
    lines.extend(page.services.iter().map(|switch| select(switch, &switch.green)));
    lines
}

/// Every stage of every route.
fn weigh(routes: &[WeightedRoute], stages: &[u32], stage_s: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for stage in stages {
        for WeightedRoute { route, service, green, port } in routes {
            let rest = 100_u32.saturating_sub(*stage);
            lines.push(format!(
                "edit httproute {route}  # backendRefs: {service} with weight {rest}, {green} at port {port} with weight {stage}"
            ));
        }
        lines.push(format!("get httproute -w --request-timeout={stage_s}s  # watch errors meanwhile"));
    }
    lines
}

/// One pod's turn: the pod that costs least to delete is the one that goes.
fn turns(shift: &PodShift) -> Vec<String> {
    let PodShift { blue, green, settle_s, timeout_s, .. } = shift;
    let switch = shift.services.first();
    let mut lines = Vec::new();
    if let Some(switch) = switch {
        let off: Vec<String> = switch.both.keys().map(|key| format!("{key}-")).collect();
        let count: u32 = blue.iter().map(|own| own.replicas).sum();
        lines.push(format!(
            "get pod -l {}  # POD: one of them; from here on {count} times, the last time without the scaling up",
            selector(&switch.blue)
        ));
        lines.push(format!("annotate pod POD {DELETION_COST}={CHEAP}"));
        lines.push(format!("label pod POD {}", off.join(" ")));
        lines.push(format!(
            "get endpointslice -l kubernetes.io/service-name={}  # until POD is in none; then wait {settle_s} s for the front",
            switch.service
        ));
    }
    lines.extend(
        blue.iter()
            .map(|own| format!("scale deployment {} --replicas=N  # N: one less than now", own.deployment)),
    );
    if switch.is_some() {
        lines.push(format!("wait pod POD --for=delete --timeout={timeout_s}s"));
    }
    for own in green {
        let (name, most) = (&own.deployment, own.replicas);
        lines.push(format!("scale deployment {name} --replicas=N  # N: one more than now, {most} at most"));
        lines.push(format!("rollout status deployment {name} --timeout={timeout_s}s"));
    }
    lines
}

//! Whether the new side finds room beside the old one.

use plan::{HostPort, Plan};
use serde_json::Value;

use super::Facts;
use super::finding::{Finding, ok, refused, unchecked, warning};
use super::pods::{amount, asks, beside_blue, containers, name, template};

/// Labels by which a node says that somebody makes more of its kind when room is short.
const GROWS: [&str; 4] =
    ["cloud.google.com/gke-nodepool", "eks.amazonaws.com/nodegroup", "karpenter.sh/nodepool", "agentpool"];
/// What is counted on nodes.
const COUNTED: [&str; 2] = ["cpu", "memory"];

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = nodes(plan, facts);
    found.extend(quotas(plan, facts));
    found.extend(ranges(plan, facts));
    found
}

/// What is free on a node: amounts, and pods.
struct Room<'a> {
    node: &'a Value,
    free: [i128; 2],
    pods: i128,
    ports: Vec<HostPort>,
}

impl<'a> Room<'a> {
    fn of(node: &'a Value, pods: &[Value]) -> Self {
        let here = pods.iter().filter(|pod| {
            pod["spec"]["nodeName"] == node["metadata"]["name"]
                && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
        });
        let allocatable = &node["status"]["allocatable"];
        let mut free = COUNTED.map(|resource| amount(&allocatable[resource]));
        let mut room = amount(&allocatable["pods"]);
        let mut ports = Vec::new();
        for pod in here {
            for (free, resource) in free.iter_mut().zip(COUNTED) {
                *free -= asks(&pod["spec"], "requests", resource);
            }
            room -= ONE;
            ports.extend(HostPort::of_pod(&pod["spec"]));
        }
        Self { node, free, pods: room, ports }
    }

    fn takes(&self, pod: &Value) -> bool {
        let wanted = pod["nodeSelector"].as_object().into_iter().flatten();
        let labels = &self.node["metadata"]["labels"];
        let fits = self.taken_port(pod).is_none()
            && self.free.iter().zip(COUNTED).all(|(free, it)| asks(pod, "requests", it) <= *free);
        fits && self.pods >= ONE && wanted.into_iter().all(|(key, value)| labels[key] == *value)
    }

    /// A port of the machine that this pod wants and another has.
    fn taken_port(&self, pod: &Value) -> Option<u16> {
        let mut wanted = HostPort::of_pod(pod).into_iter();
        wanted.find(|port| self.ports.iter().any(|taken| taken.excludes(port))).map(|port| port.port)
    }

    fn take(&mut self, pod: &Value) {
        for (free, resource) in self.free.iter_mut().zip(COUNTED) {
            *free -= asks(pod, "requests", resource);
        }
        self.pods -= ONE;
        self.ports.extend(HostPort::of_pod(pod));
    }
}

/// One, as quantities are counted.
const ONE: i128 = 1_000_000_000;

/// Whether a node takes pods that tolerate nothing in particular, or what these tolerate.
fn is_open(node: &Value, pod: &Value) -> bool {
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let tolerates = |taint: &Value| {
        pod["tolerations"].as_array().into_iter().flatten().any(|toleration| {
            let key = toleration["key"].as_str().unwrap_or_default();
            let value = toleration["value"].as_str().unwrap_or_default();
            (key.is_empty() || taint["key"] == key)
                && (toleration["operator"] == "Exists"
                    || taint["value"].as_str().unwrap_or_default() == value)
        })
    };
    node["spec"]["unschedulable"] != Value::Bool(true)
        && taints.filter(|taint| taint["effect"] != "PreferNoSchedule").all(tolerates)
}

/// First fit, the largest first: what does not fit so might with luck, and what does is no promise either.
fn nodes(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let (Some(nodes), Some(pods)) = (&facts.nodes, &facts.pods) else {
        return vec![unchecked("capacity-unknown")];
    };
    let mut rooms: Vec<Room<'_>> = nodes.iter().map(|node| Room::of(node, pods)).collect();
    let mut wanted: Vec<(&Value, u64)> = beside_blue(plan);
    wanted.sort_by_key(|(workload, _)| std::cmp::Reverse(asks(template(workload), "requests", "memory")));
    let mut left = Vec::new();
    let mut ports = Vec::new();
    for (workload, replicas) in wanted {
        let pod = template(workload);
        for _ in 0..replicas {
            match rooms.iter_mut().find(|room| is_open(room.node, pod) && room.takes(pod)) {
                Some(room) => room.take(pod),
                None => {
                    let mut open = rooms.iter().filter(|room| is_open(room.node, pod));
                    match open.find_map(|room| room.taken_port(pod)) {
                        Some(port) => ports.push((name(workload), port)),
                        None => left.push(name(workload)),
                    }
                }
            }
        }
    }
    left.dedup();
    ports.dedup();
    if left.is_empty() && ports.is_empty() {
        return vec![ok("capacity-enough")];
    }
    let grows = |node: &Value| GROWS.iter().any(|label| node["metadata"]["labels"].get(*label).is_some());
    let grows = nodes.iter().any(grows);
    let short = if grows { warning("capacity-grows") } else { refused("capacity-short") };
    let short = (!left.is_empty()).then(|| short.with("workloads", left.join(", ")));
    let on_ports = ports.into_iter().map(|(workload, port)| {
        let taken = if grows { warning("capacity-port") } else { refused("capacity-port") };
        taken.with("workload", workload).with("port", port.to_string())
    });
    short.into_iter().chain(on_ports).collect()
}

/// How much more of a quota's resource the new side takes; nothing where the quota does not count it.
fn taken(plan: &Plan, resource: &str) -> Option<i128> {
    let all = |of: &dyn Fn(&Value) -> i128| {
        beside_blue(plan)
            .iter()
            .map(|(workload, replicas)| of(template(workload)) * i128::from(*replicas))
            .sum()
    };
    Some(match resource {
        "pods" | "count/pods" => all(&|_| ONE),
        "requests.cpu" | "cpu" => all(&|pod| asks(pod, "requests", "cpu")),
        "requests.memory" | "memory" => all(&|pod| asks(pod, "requests", "memory")),
        "limits.cpu" => all(&|pod| asks(pod, "limits", "cpu")),
        "limits.memory" => all(&|pod| asks(pod, "limits", "memory")),
        _ => return None,
    })
}

fn quotas(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for quota in facts.of_kind("ResourceQuota") {
        let status = &quota["status"];
        for (resource, hard) in status["hard"].as_object().into_iter().flatten() {
            let Some(more) = taken(plan, resource) else { continue };
            let short =
                |finding: Finding| finding.with("quota", name(quota)).with("resource", resource.as_str());
            if amount(&status["used"][resource]) + more > amount(hard) {
                found.push(short(refused("capacity-quota")));
            }
            // A pod that says nothing of what is counted is refused, unless a LimitRange says it for it.
            let (bound, what) = resource.split_once('.').unwrap_or(("requests", resource));
            let counted = matches!(what, "cpu" | "memory");
            let silent = beside_blue(plan).into_iter().find(|(workload, _)| {
                containers(template(workload)).any(|container| container["resources"][bound][what].is_null())
            });
            if let (true, Some((workload, _))) = (counted && !has_defaults(facts), silent) {
                found.push(short(refused("capacity-unsaid")).with("workload", name(workload)));
            }
        }
    }
    found
}

fn limits(facts: &Facts) -> impl Iterator<Item = &Value> {
    let ranges = facts.of_kind("LimitRange");
    let limits = ranges.flat_map(|range| range["spec"]["limits"].as_array().into_iter().flatten());
    limits.filter(|limit| limit["type"] == "Container")
}

fn has_defaults(facts: &Facts) -> bool {
    limits(facts).any(|limit| limit.get("defaultRequest").is_some() || limit.get("default").is_some())
}

fn ranges(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for limit in limits(facts) {
        for (workload, _) in beside_blue(plan) {
            for container in containers(template(workload)) {
                let over = COUNTED.into_iter().find(|resource| {
                    let most = amount(&limit["max"][resource]);
                    most > 0 && amount(&container["resources"]["limits"][resource]) > most
                });
                if let Some(resource) = over {
                    let over = refused("capacity-range").with("workload", name(workload));
                    found.push(over.with("resource", resource));
                }
            }
        }
    }
    found
}

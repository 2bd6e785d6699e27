//! Controllers.

use tree::{Node, Value};

use super::container::container;
use super::{Template, copy, list, mapping, object, storage};
use installation::chart::go;

/// Every controller that is not switched off.
pub(super) fn workloads(template: &Template<'_>) -> Vec<Node> {
    let controllers = template.enabled("controllers");
    controllers.into_iter().map(|(key, controller)| workload(template, key, controller)).collect()
}

fn workload(template: &Template<'_>, key: &str, controller: &Node) -> Node {
    let origin = controller.origin;
    let name = template.name_of("controllers", key, controller);
    let (api_version, kind) = match controller.str_at(&["type"]).unwrap_or("deployment") {
        "statefulset" => ("apps/v1", "StatefulSet"),
        "daemonset" => ("apps/v1", "DaemonSet"),
        "cronjob" => ("batch/v1", "CronJob"),
        "job" => ("batch/v1", "Job"),
        _ => ("apps/v1", "Deployment"),
    };
    let mut node = object(api_version, kind, &name, controller);
    let pod_template = pod_template(template, key, controller);
    let mut spec = Node::mapping().at(origin);
    match kind {
        "CronJob" => {
            if let Some(cron) = controller.get("cronjob") {
                copy(cron, &mut spec, &["schedule", "timeZone", "suspend", "concurrencyPolicy"]);
            }
            let mut job = Node::mapping().at(origin);
            if let Some(cron) = controller.get("cronjob") {
                copy(cron, &mut job, &["backoffLimit", "parallelism", "activeDeadlineSeconds"]);
            }
            job.set("template", pod_template);
            spec.set("jobTemplate", mapping(vec![("spec", job)], origin));
        }
        "Job" => spec.set("template", pod_template),
        _ => {
            copy(controller, &mut spec, &["replicas", "revisionHistoryLimit"]);
            if let Some(strategy) = strategy(controller, kind) {
                spec.set(if kind == "Deployment" { "strategy" } else { "updateStrategy" }, strategy);
            }
            spec.set("selector", mapping(vec![("matchLabels", template.selector(key, origin))], origin));
            spec.set("template", pod_template);
        }
    }
    node.set("spec", spec);
    node
}

/// Deployments are recreated unless their owner says otherwise.
fn strategy(controller: &Node, kind: &str) -> Option<Node> {
    let own = controller.get("strategy");
    let kind = match own.and_then(Node::as_str) {
        Some(kind) => kind,
        None if own.is_none() && kind == "Deployment" => "Recreate",
        None => return None,
    };
    let origin = own.or(Some(controller)).and_then(|node| node.origin);
    Some(mapping(vec![("type", Node::from(kind).at(origin))], origin))
}

fn pod_template(template: &Template<'_>, key: &str, controller: &Node) -> Node {
    let origin = controller.origin;
    let mut labels = template.selector(key, origin);
    let mut metadata = Node::mapping().at(origin);
    let defaults = template.values.get("defaultPodOptions");
    let pods: Vec<&Node> = defaults.into_iter().chain(controller.get("pod")).collect();
    for pod in &pods {
        for (name, value) in pod.get("labels").and_then(Node::as_mapping).into_iter().flatten() {
            labels.set(name, value.clone());
        }
        copy(pod, &mut metadata, &["annotations"]);
    }
    metadata.set("labels", labels);
    let mut spec = Node::mapping().at(origin);
    for pod in &pods {
        let Some(fields) = pod.as_mapping() else { continue };
        for (name, value) in fields.iter().filter(|(name, value)| {
            !matches!(name.as_str(), "labels" | "annotations")
                && value.value != Value::Null
                && go::is_true(value)
        }) {
            spec.set(name, value.clone());
        }
    }
    for (field, is_init) in [("initContainers", true), ("containers", false)] {
        let containers = controller.get(field).and_then(Node::as_mapping);
        let made: Vec<Node> = containers
            .into_iter()
            .flatten()
            .filter(|(_, values)| {
                values.get("enabled").is_none_or(|switch| switch.value != Value::Bool(false))
            })
            .map(|(name, values)| {
                let mut made = container(name, values);
                let mounts = storage::mounts(template, key, name);
                if !mounts.is_empty() {
                    made.set("volumeMounts", list(mounts, values.origin));
                }
                made
            })
            .collect();
        if !(is_init && made.is_empty()) {
            spec.set(field, list(made, controller.get(field).and_then(|node| node.origin)));
        }
    }
    let volumes = storage::volumes(template, key);
    if !volumes.is_empty() {
        spec.set("volumes", list(volumes, origin));
    }
    if matches!(controller.str_at(&["type"]), Some("cronjob" | "job")) && spec.get("restartPolicy").is_none()
    {
        spec.set("restartPolicy", Node::from("Never").at(origin));
    }
    mapping(vec![("metadata", metadata), ("spec", spec)], origin)
}

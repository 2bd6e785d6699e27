//! Selectors that would be left pointing at pods that are gone.

use std::collections::HashMap;

use installation::{Labels, Object};
use tree::{Node, Origin, Path};

use super::flat::each_mapping;
use super::side::{Side, is_labels};
use crate::difference::at;
use crate::{Code, Difference};

/// Every selector of what shall stand that found parts of Mastodon before and finds none after: a monitor, a policy or a
/// spread rule that would silently stop doing its work; and every monitor whose port nobody has any more.
pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let services = (services(before), services(after));
    for object in &after.all.objects {
        let id = object.id().to_string();
        // A workload's own selector finds only the pods that it made.
        let own = if object.template().is_some() { "spec.selector" } else { "" };
        let by_service = object.kind() == "ServiceMonitor";
        let is_service = object.kind() == "Service";
        let mut stray = |labels: &Labels, path: &Path, origin: Option<Origin>| {
            let path = path.to_string();
            let finds = |side: &Side<'_>, services: &ByLabel| {
                if by_service {
                    selects_service(side, services, labels)
                } else if is_service {
                    !super::services::behind(side, object).is_empty()
                } else {
                    !side.selected(labels).is_empty()
                }
            };
            if path != own && finds(before, &services.0) && !finds(after, &services.1) {
                let what = if by_service { "Service".to_owned() } else { before.parts(labels) };
                found.push(at(&id).differs(Code::SelectorStray, &path, what, "").from(origin));
            }
        };
        each_mapping(&object.node, &Path::root(), &mut |node, path| {
            for key in ["matchLabels", "selector", "podSelector"] {
                if let Some(labels) = node.get(key).filter(|labels| is_labels(labels)) {
                    let path = path.key(key);
                    let whole = if key == "matchLabels" && path.to_string() == format!("{own}.matchLabels") {
                        Path::keys(&["spec", "selector"])
                    } else {
                        path
                    };
                    stray(&Labels::read(labels), &whole, labels.origin);
                }
            }
        });
        misses_itself(before, object, &id, found);
        match object.kind() {
            "PodMonitoring" | "PodMonitor" => ports(before, after, &object.node, &id, found),
            "ServiceMonitor" => {
                service_ports((before, &services.0), (after, &services.1), &object.node, &id, found)
            }
            _ => {}
        }
    }
}

/// Ports that a monitor of pods asks by name, and that nobody among those pods has any more.
fn ports(before: &Side<'_>, after: &Side<'_>, monitor: &Node, id: &str, found: &mut Vec<Difference>) {
    let Some(labels) = monitor.at_keys(&["spec", "selector", "matchLabels"]).map(Labels::read) else {
        return;
    };
    let old_labels = before.object(kind_of(id), name_of(id));
    let old_labels = old_labels.and_then(|own| own.node.at_keys(&["spec", "selector", "matchLabels"]));
    let old_labels = old_labels.map_or_else(|| labels.clone(), Labels::read);
    let has = |side: &Side<'_>, labels: &Labels, port: &str| {
        let selected = side.selected(labels);
        let containers =
            selected.iter().flat_map(|index| side.all.workload(&side.all.components[*index]).containers());
        let mut ports = containers.flat_map(|own| own.get("ports").into_iter().flat_map(Node::items));
        ports.any(|own| own.str_at(&["name"]) == Some(port))
    };
    for key in ["endpoints", "podMetricsEndpoints"] {
        for endpoint in monitor.at_keys(&["spec", key]).into_iter().flat_map(Node::items) {
            let Some(port) = endpoint.get("port") else { continue };
            let Some(name) = port.as_str() else { continue };
            let lost = has(before, &old_labels, name) && !has(after, &labels, name);
            if lost && !after.selected(&labels).is_empty() {
                found.push(
                    at(id).differs(Code::SelectorStray, &format!("port {name}"), name, "").from(port.origin),
                );
            }
        }
    }
}

/// A workload whose selector does not find the pods that it would make: an API server refuses it.
fn misses_itself(before: &Side<'_>, workload: &Object, id: &str, found: &mut Vec<Difference>) {
    let misses = |object: &Object| {
        let labels = object.node.at_keys(&["spec", "selector", "matchLabels"]).map(Labels::read);
        object.template().is_some() && labels.is_some_and(|labels| !labels.select(&object.pod_labels()))
    };
    let did_so = before.object(workload.kind(), workload.name()).is_some_and(misses);
    if misses(workload) && !did_so {
        let origin = workload.node.at_keys(&["spec", "selector"]).and_then(|node| node.origin);
        let what = workload.pod_labels().0.into_iter().map(|(key, value)| format!("{key}={value}"));
        let what = what.collect::<Vec<_>>().join(",");
        found.push(at(id).differs(Code::SelectorStray, "spec.selector", what, "").from(origin));
    }
}

/// Ports of Services that a monitor asks by name, and that none of those Services has any more.
fn service_ports(
    (before, old_services): (&Side<'_>, &ByLabel),
    (after, new_services): (&Side<'_>, &ByLabel),
    monitor: &Node,
    id: &str,
    found: &mut Vec<Difference>,
) {
    let labels = |monitor: Option<&Node>| {
        monitor.and_then(|own| own.at_keys(&["spec", "selector", "matchLabels"])).map(Labels::read)
    };
    let Some(new_labels) = labels(Some(monitor)) else { return };
    let old = before.object(kind_of(id), name_of(id)).map(|own| &own.node);
    let old_labels = labels(old).unwrap_or_else(|| new_labels.clone());
    let has = |side: &Side<'_>, services: &ByLabel, labels: &Labels, port: &str| {
        let selected = selected_services(side, services, labels);
        let specs = selected.iter().filter_map(|service| service.node.at_keys(&["spec", "ports"]));
        specs.flat_map(Node::items).any(|own| own.str_at(&["name"]) == Some(port))
    };
    for endpoint in monitor.at_keys(&["spec", "endpoints"]).into_iter().flat_map(Node::items) {
        let Some((port, name)) = endpoint.get("port").and_then(|port| Some((port, port.as_str()?))) else {
            continue;
        };
        let finds = !selected_services(after, new_services, &new_labels).is_empty();
        let had = has(before, old_services, &old_labels, name);
        if finds && had && !has(after, new_services, &new_labels, name) {
            found.push(
                at(id).differs(Code::SelectorStray, &format!("port {name}"), name, "").from(port.origin),
            );
        }
    }
}

fn kind_of(id: &str) -> &str {
    id.split_once('/').map_or("", |(kind, _)| kind)
}

fn name_of(id: &str) -> &str {
    id.split_once('/').map_or("", |(_, name)| name)
}

/// Services by each of their labels.
type ByLabel = HashMap<(String, String), Vec<usize>>;

fn services(side: &Side<'_>) -> ByLabel {
    let mut services = ByLabel::new();
    for (index, object) in
        side.all.objects.iter().enumerate().filter(|(_, object)| object.kind() == "Service")
    {
        for label in labels_of(object.node.at_keys(&["metadata", "labels"])).0 {
            services.entry(label).or_default().push(index);
        }
    }
    services
}

fn labels_of(node: Option<&Node>) -> Labels {
    node.map(Labels::read).unwrap_or_default()
}

fn selects_service(side: &Side<'_>, services: &ByLabel, labels: &Labels) -> bool {
    !selected_services(side, services, labels).is_empty()
}

fn selected_services<'a>(side: &Side<'a>, services: &ByLabel, labels: &Labels) -> Vec<&'a Object> {
    let found = labels
        .0
        .iter()
        .map(|(key, value)| services.get(&(key.clone(), value.clone())).map_or(&[][..], Vec::as_slice));
    let rarest = found.min_by_key(|found| found.len()).unwrap_or_default();
    let objects = rarest.iter().map(|index| &side.all.objects[*index]);
    objects.filter(|own| labels.select(&labels_of(own.node.at_keys(&["metadata", "labels"])))).collect()
}

//! Services: what they lead to and how they hold users, whatever they are called.

use std::collections::BTreeSet;

use installation::{Labels, Object};
use tree::Node;

use super::flat::{Flat, Leaf};
use super::pairs::Matching;
use super::routes::annotations;
use super::side::Side;
use super::workload::members;
use crate::difference::at;
use crate::{Code, Difference};

/// What a Service is by default, and what an API server gives it.
const DEFAULTS: [(&str, &str); 8] = [
    ("type", "ClusterIP"),
    ("sessionAffinity", "None"),
    ("sessionAffinityConfig.clientIP.timeoutSeconds", "10800"),
    ("internalTrafficPolicy", "Cluster"),
    ("externalTrafficPolicy", "Cluster"),
    ("ipFamilyPolicy", "SingleStack"),
    ("allocateLoadBalancerNodePorts", "true"),
    ("publishNotReadyAddresses", "false"),
];
const ALLOCATED: [&str; 6] =
    ["clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort", "ports", "selector"];

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Vec<Difference>) {
    let services = |side: &Side<'_>| -> Vec<usize> {
        let all = side.all.objects.iter().enumerate();
        all.filter(|(_, object)| object.kind() == "Service").map(|(index, _)| index).collect()
    };
    let mut matching = Matching::new(services(before), services(after));
    let name = |side: &Side<'_>, index: usize| side.all.objects[index].name().to_owned();
    let leads = |side: &Side<'_>, index: usize| {
        let service = &side.all.objects[index];
        let behind = behind(side, service);
        if behind.is_empty() { String::new() } else { format!("{behind} {:?}", ports(side, service)) }
    };
    let placed = |side: &Side<'_>, index: usize| {
        let namespace = side.all.objects[index].namespace();
        namespace.map(|namespace| format!("{namespace}/{}", name(side, index))).unwrap_or_default()
    };
    matching.by_key(|index| placed(before, index), |index| placed(after, index));
    matching.by_key(|index| name(before, index), |index| name(after, index));
    matching.by_key(|index| leads(before, index), |index| leads(after, index));
    for (from, to) in &matching.both {
        pair(before, after, (*from, *to), found);
    }
    for index in matching.old {
        let service = &before.all.objects[index];
        let id = service.id().to_string();
        let lost = at(&id).differs(Code::ServiceLost, "", shown(before, service), "");
        found.push(lost.from(service.node.origin));
    }
    for index in matching.new {
        let service = &after.all.objects[index];
        let id = service.id().to_string();
        let inner = Leaf::read(service.node.at_keys(&["spec", "type"]).unwrap_or(&Node::from("ClusterIP")));
        // Nobody comes in by a Service that no route leads to.
        let harmless =
            matches!(inner.shown.as_str(), "ClusterIP" | "NodePort").then_some("reason-chart-adds");
        found.push(at(&id).differs(Code::ServiceAdded, "", "", shown(after, service)).explained(harmless));
    }
}

fn shown(side: &Side<'_>, service: &Object) -> String {
    let ports: Vec<String> = ports(side, service).into_iter().collect();
    format!("{} {}", behind(side, service), ports.join(" ")).trim().to_owned()
}

/// What stands behind a Service, in words that are the same on both sides. Of pods that a selector finds beside those that
/// answer at the Service's ports, as one does by a label that all share, none of them is behind it.
pub(super) fn behind(side: &Side<'_>, service: &Object) -> String {
    let labels = service.node.at_keys(&["spec", "selector"]).map(Labels::read).unwrap_or_default();
    let selected = side.selected(&labels);
    let entries = service.node.at_keys(&["spec", "ports"]).into_iter().flat_map(Node::items);
    let wanted = entries.filter_map(|entry| entry.get("targetPort").or_else(|| entry.get("port"))?.as_text());
    let wanted: BTreeSet<String> = wanted.collect();
    let answers = |workload: &Object| {
        let mut ports =
            workload.containers().flat_map(|own| own.get("ports").into_iter().flat_map(Node::items));
        ports.any(|port| {
            let texts = ["containerPort", "name"].map(|key| port.get(key).and_then(Node::as_text));
            texts.into_iter().flatten().any(|text| wanted.contains(&text))
        })
    };
    let of_part = |index: &&usize| answers(side.all.workload(&side.all.components[**index]));
    let mut parts: Vec<String> = selected.iter().filter(of_part).map(|index| side.part(*index)).collect();
    if parts.is_empty() {
        let of_neighbour = |(index, object): (usize, &Object)| {
            let is_neighbour = object.template().is_some() && side.components_in(index).is_empty();
            is_neighbour && labels.select(&object.pod_labels()) && answers(object)
        };
        if selected.is_empty() || side.all.objects.iter().enumerate().any(of_neighbour) {
            return String::new();
        }
        parts = selected.iter().map(|index| side.part(*index)).collect();
    }
    parts.sort();
    parts.dedup();
    parts.join(",")
}

/// Its ports, each with the number of the container's port.
fn ports(side: &Side<'_>, service: &Object) -> BTreeSet<String> {
    let selector = service.node.at_keys(&["spec", "selector"]).map(Labels::read).unwrap_or_default();
    let pods = side.selected(&selector);
    let number = |name: &str| {
        let containers =
            pods.iter().flat_map(|index| side.all.workload(&side.all.components[*index]).containers());
        let mut ports =
            containers.flat_map(|container| container.get("ports").into_iter().flat_map(Node::items));
        let own = ports.find(|port| port.str_at(&["name"]) == Some(name));
        own.and_then(|port| port.get("containerPort")).and_then(Node::as_text)
    };
    let ports = service.node.at_keys(&["spec", "ports"]).into_iter().flat_map(Node::items);
    let port = |port: &Node| {
        let text = |key: &str| port.get(key).and_then(Node::as_text);
        let own = text("port").unwrap_or_default();
        let target = text("targetPort").filter(|target| !target.is_empty()).unwrap_or_else(|| own.clone());
        let target = number(&target).unwrap_or(target);
        format!("{own}→{target}/{}", text("protocol").unwrap_or_else(|| "TCP".to_owned()))
    };
    ports.map(port).collect()
}

fn pair(before: &Side<'_>, after: &Side<'_>, (from, to): (usize, usize), found: &mut Vec<Difference>) {
    let (old, new) = (&before.all.objects[from], &after.all.objects[to]);
    let id = old.id().to_string();
    let here = at(&id);
    let (from, to) = (ports(before, old), ports(after, new));
    if !from.is_subset(&to) {
        let gone: Vec<String> = from.difference(&to).cloned().collect();
        let instead: Vec<String> = to.difference(&from).cloned().collect();
        let origin = old.node.at_keys(&["spec", "ports"]).and_then(|node| node.origin);
        found.push(
            here.differs(Code::ServiceChanged, "ports", gone.join(" "), instead.join(" ")).from(origin),
        );
    }
    let (leads, leads_to) = (behind(before, old), behind(after, new));
    if leads != leads_to {
        let origin = old.node.at_keys(&["spec", "selector"]).and_then(|node| node.origin);
        found.push(here.differs(Code::ServiceChanged, "selector", leads, leads_to).from(origin));
    }
    let codes = [Code::ServiceChanged, Code::ServiceChanged, Code::ServiceChanged];
    members(here, "spec", &spec(old), &spec(new), codes, found);
    let codes = [Code::AnnotationLost, Code::AnnotationChanged, Code::AnnotationChanged];
    members(here, "annotation", &annotations(old), &annotations(new), codes, found);
}

fn spec(service: &Object) -> Flat {
    let mut flat = Flat::of(service.node.get("spec"));
    flat.0.retain(|path, _| {
        let key = path.split(['.', '[']).next().unwrap_or_default();
        !ALLOCATED.contains(&key)
    });
    for (key, default) in DEFAULTS {
        flat.drop_default(key, default);
    }
    // `None` is its owner's word for a headless Service; every address is the server's.
    if flat.0.get("clusterIP").is_some_and(|leaf| leaf.shown != "None") {
        flat.0.remove("clusterIP");
    }
    flat
}

//! Workloads, sidecars and operators' resources beside Mastodon, and what watches it.

use std::collections::HashSet;

use tree::Node;

use super::part::{of_container, of_resource};
use super::schedules::is_of_mastodon;
use crate::index::Index;
use crate::needs::config_maps_of;
use crate::reading::text;
use crate::{Component, Monitor, Neighbour, NeighbourPart, Object, Role};

/// Every neighbour: sidecars in Mastodon's pods, workloads that do none of its work, operators' resources.
pub(crate) fn read_neighbours(index: &Index<'_>, components: &[Component]) -> Vec<Neighbour> {
    let ours: HashSet<usize> = components.iter().map(|component| component.object).collect();
    let web = web_names(index, components);
    let mut neighbours = Vec::new();
    for (position, object) in index.objects.iter().enumerate() {
        if let Some(part) = of_resource(object.api_version(), object.kind()) {
            neighbours.push(Neighbour {
                object: position,
                container: None,
                part,
                image: None,
                in_front: false,
            });
            continue;
        }
        if object.template().is_none() {
            continue;
        }
        if ours.contains(&position) {
            neighbours.extend(sidecars(index, position, object, components, &web));
            continue;
        }
        let mut containers = object.containers();
        let Some(first) = containers.next() else { continue };
        let parts: Vec<NeighbourPart> = object.containers().map(of_container).collect();
        // An exporter beside a store does not make the store one.
        let main =
            parts.iter().find(|part| !matches!(part, NeighbourPart::Monitoring | NeighbourPart::Other));
        let part = match main.or(parts.first()) {
            // Another Mastodon, or work done with its image that is none of its programs.
            _ if is_of_mastodon(first) => NeighbourPart::Other,
            Some(part) => *part,
            None => NeighbourPart::Other,
        };
        let in_front = part == NeighbourPart::Proxy && names_web(index, object, first, &web);
        neighbours.push(Neighbour { object: position, container: None, part, image: image(first), in_front });
    }
    neighbours
}

fn sidecars(
    index: &Index<'_>,
    position: usize,
    object: &Object,
    components: &[Component],
    web: &[String],
) -> Vec<Neighbour> {
    let taken: Vec<usize> =
        components.iter().filter(|own| own.object == position).map(|own| own.container).collect();
    let beside = object.containers().enumerate().filter(|(number, _)| !taken.contains(number));
    beside
        .filter(|(_, container)| {
            // Mastodon's own image beside it is an exporter of its metrics, or nothing of interest.
            !is_of_mastodon(container) || of_container(container) != NeighbourPart::Other
        })
        .map(|(_, container)| {
            let part = of_container(container);
            let has_web = components.iter().any(|own| own.object == position && own.role == Role::Web);
            let in_front =
                part == NeighbourPart::Proxy && (has_web || names_web(index, object, container, web));
            let name = container.str_at(&["name"]).unwrap_or_default().to_owned();
            Neighbour { object: position, container: Some(name), part, image: image(container), in_front }
        })
        .collect()
}

fn image(container: &Node) -> Option<String> {
    container.get("image").and_then(text).map(std::borrow::Cow::into_owned)
}

/// The names by which web is reached: its Services, and its workloads where there are none (Compose).
fn web_names(index: &Index<'_>, components: &[Component]) -> Vec<String> {
    let web: Vec<usize> =
        components.iter().filter(|one| one.role == Role::Web).map(|component| component.object).collect();
    let services = index.objects.iter().filter(|object| object.kind() == "Service");
    let mut names: Vec<String> = services
        .filter(|service| index.behind(service).iter().any(|behind| web.contains(behind)))
        .map(|service| service.name().to_owned())
        .collect();
    if names.is_empty() {
        names.extend(web.iter().map(|index_of| index.objects[*index_of].name().to_owned()));
    }
    names
}

/// Whether a proxy's configuration (its ConfigMaps, its command and its variables) names web.
fn names_web(index: &Index<'_>, object: &Object, container: &Node, web: &[String]) -> bool {
    let names = |text: &str| {
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
        words.any(|word| web.iter().any(|name| name == word))
    };
    let config = config_maps_of(object, index);
    let config = config.iter().filter_map(|map| map.node.get("data").and_then(Node::as_mapping));
    let mut texts = config.flat_map(|data| data.values()).filter_map(text);
    let of_container = ["command", "args", "env"].iter().filter_map(|key| container.get(key));
    texts.any(|text| names(&text))
        || of_container.flat_map(Node::leaves).filter_map(|leaf| text(leaf.node)).any(|text| names(&text))
}

/// Objects that have metrics collected, and sidecars that offer them.
pub(crate) fn read_monitors(index: &Index<'_>, neighbours: &[Neighbour]) -> Vec<Monitor> {
    let watches = |kind: &str| {
        matches!(
            kind,
            "ServiceMonitor"
                | "PodMonitor"
                | "PodMonitoring"
                | "ClusterPodMonitoring"
                | "VMServiceScrape"
                | "VMPodScrape"
                | "Probe"
        )
    };
    let objects = index.objects.iter().enumerate().filter(|(_, object)| watches(object.kind()));
    let mut monitors: Vec<Monitor> = objects
        .map(|(position, object)| Monitor { object: position, container: None, origin: object.node.origin })
        .collect();
    for neighbour in neighbours.iter().filter(|one| one.part == NeighbourPart::Monitoring) {
        let Some(name) = &neighbour.container else { continue };
        let object = &index.objects[neighbour.object];
        let mut containers = object.containers();
        let origin = containers.find(|one| one.str_at(&["name"]) == Some(name)).and_then(|node| node.origin);
        monitors.push(Monitor { object: neighbour.object, container: Some(name.clone()), origin });
    }
    monitors
}

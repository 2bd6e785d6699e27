//! Pods of Kubernetes that run several parts of Mastodon, taken apart.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Component, Flavour, Installation, NeighbourPart, Object, Role, Version};
use tree::{Node, Origin, Value};

use crate::TargetError;

/// Gives every part that shares a pod with another a workload of its own: a copy of the pod with that part's container.
/// Proxies to databases go with each of them, other containers that are no part of Mastodon with web, or else the first.
/// Nothing is done where no pod is shared.
///
/// # Errors
/// If one container runs several parts, they share a folder of the pod, an autoscaler sets how many pods of all of them there are, or one Service leads to
/// several of them: its selector can find only one.
pub fn take_apart(installation: &Installation) -> Result<Option<Installation>, TargetError> {
    let mut shared: BTreeMap<usize, Vec<&Component>> = BTreeMap::new();
    for component in &installation.components {
        shared.entry(component.object).or_default().push(component);
    }
    shared.retain(|_, parts| parts.len() > 1);
    if shared.is_empty() {
        return Ok(None);
    }
    let mut objects = Vec::new();
    for (index, object) in installation.objects.iter().enumerate() {
        let Some(parts) = shared.get(&index) else {
            objects.push(object.clone());
            continue;
        };
        refuse(installation, object, parts)?;
        objects.extend(copies(installation, index, object, parts));
    }
    let apart = Installation::understand(objects, Some(&installation.domain))
        .map_err(|error| TargetError::NotRecognised(Box::new(error)))?;
    Ok(Some(apart))
}

fn refuse(installation: &Installation, object: &Object, parts: &[&Component]) -> Result<(), TargetError> {
    let containers: BTreeSet<usize> = parts.iter().map(|part| part.container).collect();
    let id = object.id().to_string();
    if containers.len() < parts.len() {
        let image = object.containers().nth(parts[0].container).and_then(|own| own.get("image"));
        let version = image.and_then(Version::read);
        let origin = image.and_then(|own| own.origin).or(object.node.origin);
        return Err(match version.filter(|own| own.flavour == Flavour::LinuxServer) {
            Some(version) => TargetError::Bundled { object: id, image: version.image, origin },
            None => TargetError::SharedPod { object: id, origin },
        });
    }
    let scales = |own: &Object| {
        matches!(own.kind(), "HorizontalPodAutoscaler" | "ScaledObject")
            && own.node.str_at(&["spec", "scaleTargetRef", "name"]) == Some(object.name())
            && own.namespace() == object.namespace()
    };
    if let Some(scaler) = installation.objects.iter().find(|own| scales(own)) {
        return Err(TargetError::SharedPod { object: id, origin: scaler.node.origin });
    }
    if let Some(origin) = shared_folder(object, &containers) {
        return Err(TargetError::SharedPod { object: id, origin });
    }
    let labels = object.pod_labels();
    let follows = |(index, selector): &(usize, installation::Labels)| {
        let other = &installation.objects[*index];
        other.kind() != "Service" && !std::ptr::eq(other, object) && selector.select(&labels)
    };
    if let Some((index, _)) = installation.pod_selectors().iter().find(|own| follows(own)) {
        let origin = installation.objects[*index].node.origin;
        return Err(TargetError::SharedPod { object: id, origin });
    }
    for service in installation.objects.iter().filter(|own| own.kind() == "Service") {
        let selector = service.node.at_keys(&["spec", "selector"]).map(installation::Labels::read);
        if !selector.is_some_and(|selector| selector.select(&labels)) {
            continue;
        }
        let entries = service.node.at_keys(&["spec", "ports"]).into_iter().flat_map(Node::items);
        let behind: BTreeSet<Option<usize>> = entries.map(|entry| behind(object, entry)).collect();
        let known = behind.iter().all(|container| container.is_some_and(|own| containers.contains(&own)));
        if behind.len() != 1 || !known {
            let service_name = service.id().to_string();
            let origin = service.node.origin;
            return Err(TargetError::SharedService { service: service_name, object: id, origin });
        }
    }
    Ok(())
}

/// Where a folder that lives and dies with the pod is mounted by several parts: apart, they would not find in it what the
/// others wrote.
fn shared_folder(object: &Object, parts: &BTreeSet<usize>) -> Option<Option<Origin>> {
    let volumes = object.template()?.at_keys(&["spec", "volumes"])?.items();
    let mut folders = volumes.filter(|volume| volume.get("emptyDir").is_some());
    let mounts = |container: &Node, name: Option<&str>| {
        let mut mounts = container.get("volumeMounts").into_iter().flat_map(Node::items);
        mounts.any(|mount| mount.str_at(&["name"]) == name)
    };
    let shared = folders.find(|volume| {
        let name = volume.str_at(&["name"]);
        let users = object.containers().enumerate();
        users.filter(|(number, own)| parts.contains(number) && mounts(own, name)).count() > 1
    });
    shared.map(|volume| volume.origin)
}

/// The container that declares the port that an entry of a Service leads to.
fn behind(object: &Object, entry: &Node) -> Option<usize> {
    let wanted = entry.get("targetPort").or_else(|| entry.get("port"))?.as_text()?;
    object.containers().position(|container| {
        container.get("ports").into_iter().flat_map(Node::items).any(|port| {
            let number = port.get("containerPort").and_then(Node::as_text);
            number.as_deref() == Some(&wanted) || port.str_at(&["name"]) == Some(&wanted)
        })
    })
}

/// A workload for each part.
fn copies(installation: &Installation, index: usize, object: &Object, parts: &[&Component]) -> Vec<Object> {
    let main = parts.iter().position(|part| part.role == Role::Web).unwrap_or(0);
    let proxies: BTreeSet<&str> = installation
        .neighbours
        .iter()
        .filter(|beside| beside.object == index && beside.part == NeighbourPart::DatabaseProxy)
        .filter_map(|beside| beside.container.as_deref())
        .collect();
    let copies = parts.iter().enumerate().map(|(position, part)| {
        let mut node = object.node.clone();
        if position != main {
            let name = format!("{}-{}", object.name(), part.role.component());
            node.ensure(&["metadata", "name"]).value = Value::String(name);
        }
        let containers: Vec<Node> = object
            .containers()
            .enumerate()
            .filter(|(number, container)| {
                let is_part = parts.iter().any(|other| other.container == *number);
                let is_proxy = container.str_at(&["name"]).is_some_and(|name| proxies.contains(name));
                *number == part.container || (!is_part && (is_proxy || position == main))
            })
            .map(|(_, container)| container.clone())
            .collect();
        if let Some(keys) = object.template_keys() {
            node.ensure(keys).ensure(&["spec"]).set("containers", Value::Sequence(containers));
        }
        let elsewhere = selected_for_others(installation, object, part);
        if !elsewhere.is_empty() {
            relabel(&mut node, object, &elsewhere, &part.role.component());
        }
        Object::new(node)
    });
    copies.collect()
}

/// The keys of the labels by which Services find the pod that lead to another of its containers.
fn selected_for_others(installation: &Installation, object: &Object, part: &Component) -> BTreeSet<String> {
    let labels = object.pod_labels();
    let services = installation.objects.iter().filter(|own| own.kind() == "Service");
    let others = services.filter_map(|service| {
        let selector = installation::Labels::read(service.node.at_keys(&["spec", "selector"])?);
        let mut entries = service.node.at_keys(&["spec", "ports"])?.items();
        let leads_here = entries.any(|entry| behind(object, entry) == Some(part.container));
        (selector.select(&labels) && !leads_here).then_some(selector)
    });
    others.flat_map(|selector| selector.0.into_keys()).collect()
}

/// Takes a copy out of the reach of what selects the others.
fn relabel(node: &mut Node, object: &Object, keys: &BTreeSet<String>, part: &str) {
    let template = object.template_keys().unwrap_or_default();
    let of_pod: Vec<&str> = template.iter().copied().chain(["metadata", "labels"]).collect();
    for way in [&of_pod[..], &["spec", "selector", "matchLabels"]] {
        if node.at_keys(way).is_none() {
            continue;
        }
        for (key, value) in node.ensure(way).as_mapping_mut().into_iter().flatten() {
            if keys.contains(key) {
                let text = value.as_text().unwrap_or_default();
                value.value = Value::String(format!("{text}-{part}"));
            }
        }
    }
}

//! Pods of Kubernetes that run several parts of Mastodon, taken apart.

use std::collections::{BTreeMap, BTreeSet};

use installation::{Component, Flavour, Installation, NeighbourPart, Object, Role, Version};
use tree::{Node, Value};

use crate::TargetError;

/// Gives every part that shares a pod with another a workload of its own: a copy of the pod with that part's container.
/// Proxies to databases go with each of them, other containers that are no part of Mastodon with web, or else the first.
/// Nothing is done where no pod is shared.
///
/// # Errors
/// If one container runs several parts, an autoscaler sets how many pods of all of them there are, or one Service leads to
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
    let labels = object.pod_labels();
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
        Object::new(node)
    });
    copies.collect()
}

//! What stands where in a container's file system.

use std::collections::BTreeMap;

use installation::Object;
use tree::Node;

use super::container::Seen;
use super::flat::{Flat, Leaf};

/// By the path in the container: what stands there.
pub(crate) type Mounts = BTreeMap<String, Flat>;

/// The mounts of a container, each with what its volume is: names of volumes are left out, and ConfigMaps and Secrets
/// that a side shows count by what is in them.
pub(crate) fn mounts(seen: &Seen<'_, '_>) -> Mounts {
    let volumes = seen.pod.get("volumes").into_iter().flat_map(Node::items);
    let volumes: BTreeMap<&str, &Node> =
        volumes.filter_map(|volume| Some((volume.str_at(&["name"])?, volume))).collect();
    let mut mounts = Mounts::new();
    for mount in seen.container.get("volumeMounts").into_iter().flat_map(Node::items) {
        let Some(path) = mount.str_at(&["mountPath"]) else { continue };
        let name = mount.str_at(&["name"]).unwrap_or_default();
        let mut what = match volumes.get(name) {
            Some(volume) => volume_of(seen, volume),
            None => claimed(seen, name),
        };
        for key in ["subPath", "subPathExpr", "mountPropagation"] {
            if let Some(text) = mount.str_at(&[key]).filter(|text| !text.is_empty() && *text != "None") {
                what.0.insert(key.to_owned(), Leaf::said(text, mount.get(key).and_then(|node| node.origin)));
            }
        }
        if mount.get("readOnly").and_then(Node::as_text).as_deref() == Some("true") {
            what.0.insert("readOnly".to_owned(), Leaf::said("true", None));
        }
        mounts.insert(normal_path(path), what);
    }
    mounts
}

fn volume_of(seen: &Seen<'_, '_>, volume: &Node) -> Flat {
    for (key, kind, name) in [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")] {
        let Some(source) = volume.get(key) else { continue };
        let named = source.get(name).or_else(|| source.get("name"));
        let held = named.and_then(Node::as_str).and_then(|name| seen.side.object(kind, name));
        let Some(held) = held else { continue };
        let mut flat = Flat::read(source);
        flat.0.retain(|path, _| path != name && path != "name" && path != "defaultMode");
        flat.0.extend(contents(kind, held));
        return flat;
    }
    let mut flat = Flat::read(volume);
    flat.0.remove("name");
    let sources = volume.at_keys(&["projected", "sources"]).into_iter().flat_map(Node::items);
    for (position, source) in sources.enumerate() {
        for (key, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
            let named = source.str_at(&[key, "name"]);
            let Some(held) = named.and_then(|name| seen.side.object(kind, name)) else { continue };
            let place = format!("projected.sources[{position}].{key}");
            flat.0.remove(&format!("{place}.name"));
            flat.0.extend(contents(kind, held).map(|(path, leaf)| (format!("{place} {path}"), leaf)));
        }
    }
    for path in ["configMap.defaultMode", "secret.defaultMode", "projected.defaultMode"] {
        flat.drop_default(path, "420");
    }
    flat.drop_default("persistentVolumeClaim.readOnly", "false");
    flat.drop_default("hostPath.type", "");
    if flat.is_empty() {
        // `emptyDir: {}`.
        let kind = volume.as_mapping().and_then(|volume| volume.keys().find(|key| *key != "name"));
        flat.0.insert(String::new(), Leaf::said(kind.map_or("", String::as_str), volume.origin));
    }
    flat
}

/// What a ConfigMap or Secret holds. What stands in a Secret is compared and never shown.
fn contents(kind: &str, held: &Object) -> impl Iterator<Item = (String, Leaf)> {
    ["data", "stringData", "binaryData"].into_iter().flat_map(move |field| {
        let content = Flat::of(held.node.get(field));
        content.0.into_iter().map(move |(path, mut leaf)| {
            leaf.shown = "…".to_owned();
            (format!("{kind} {path}"), leaf)
        })
    })
}

/// A volume that a StatefulSet claims for each of its pods, or one that is nowhere.
fn claimed(seen: &Seen<'_, '_>, name: &str) -> Flat {
    let templates = seen.workload.at_keys(&["spec", "volumeClaimTemplates"]);
    let mut templates = templates.into_iter().flat_map(Node::items);
    let own = templates.find(|template| template.str_at(&["metadata", "name"]) == Some(name));
    let mut flat = Flat::of(own.and_then(|template| template.get("spec")));
    let origin = own.and_then(|template| template.origin);
    flat.0.insert("claim".to_owned(), Leaf::said(name, origin));
    flat
}

/// `/mastodon` leads to `/opt/mastodon` in the images.
fn normal_path(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path.strip_prefix("/mastodon/") {
        Some(rest) => format!("/opt/mastodon/{rest}"),
        None if path.is_empty() => "/".to_owned(),
        None => path.to_owned(),
    }
}

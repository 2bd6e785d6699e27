//! Volumes, claims, ConfigMaps and Secrets.

use tree::{Node, Value};

use super::{Template, copy, list, mapping, object};
use installation::chart::go;

/// Claims, ConfigMaps and Secrets that the chart makes.
pub(super) fn storage(template: &Template<'_>) -> Vec<Node> {
    let claims =
        template.enabled("persistence").into_iter().filter_map(|(key, entry)| claim(template, key, entry));
    let kept = [("configMaps", "ConfigMap", "data"), ("secrets", "Secret", "stringData")]
        .into_iter()
        .flat_map(|(section, kind, field)| {
            template.enabled(section).into_iter().map(move |(key, entry)| {
                let mut node = object("v1", kind, &template.name_of(section, key, entry), entry);
                copy(entry, &mut node, &[field]);
                if let (Some(data), "Secret") = (node.get_mut(field), kind) {
                    data.seal();
                }
                node
            })
        });
    claims.chain(kept).collect()
}

fn claim(template: &Template<'_>, key: &str, entry: &Node) -> Option<Node> {
    if !makes_claim(entry) {
        return None;
    }
    let origin = entry.origin;
    let mut node = object("v1", "PersistentVolumeClaim", &claim_name(template, key, entry), entry);
    let mut spec = Node::mapping().at(origin);
    if let Some(mode) = entry.get("accessMode") {
        let modes =
            if mode.as_sequence().is_some() { mode.clone() } else { list(vec![mode.clone()], mode.origin) };
        spec.set("accessModes", modes);
    }
    if let Some(size) = entry.get("size") {
        let requests = mapping(vec![("storage", size.clone())], size.origin);
        spec.set("resources", mapping(vec![("requests", requests)], size.origin));
    }
    if let Some(class) = entry.get("storageClass") {
        spec.set("storageClassName", class.clone());
    }
    node.set("spec", spec);
    Some(node)
}

/// Whether the chart makes a claim for an entry.
fn makes_claim(entry: &Node) -> bool {
    let kind = entry.str_at(&["type"]).unwrap_or("persistentVolumeClaim");
    matches!(kind, "persistentVolumeClaim" | "pvc") && !entry.get("existingClaim").is_some_and(go::is_true)
}

/// Up to version 3 a claim always has its entry's name behind the release's.
fn claim_name(template: &Template<'_>, key: &str, entry: &Node) -> String {
    if template.major() < 4 {
        return format!("{}-{key}", template.name);
    }
    let claims = template.enabled("persistence").into_iter().filter(|(_, entry)| makes_claim(entry)).count();
    template.named(key, entry, claims)
}

/// The volumes of a controller's pods.
pub(super) fn volumes(template: &Template<'_>, controller: &str) -> Vec<Node> {
    let entries = template.enabled("persistence").into_iter();
    entries
        .filter(|(_, entry)| reaches(entry, controller))
        .map(|(key, entry)| {
            let origin = entry.origin;
            let mut volume = mapping(vec![("name", Node::from(key).at(origin))], origin);
            let (field, source) = source(template, key, entry);
            volume.set(field, source);
            volume
        })
        .collect()
}

/// Entries with mounts of their own for some controllers reach only those.
fn reaches(entry: &Node, controller: &str) -> bool {
    match entry.get("advancedMounts").and_then(Node::as_mapping) {
        Some(controllers) => controllers.contains_key(controller) || entry.get("globalMounts").is_some(),
        None => true,
    }
}

fn source(template: &Template<'_>, key: &str, entry: &Node) -> (&'static str, Node) {
    let origin = entry.origin;
    let mut source = Node::mapping().at(origin);
    let named = entry.get("name").or(entry.get("identifier")).cloned();
    let named = named.unwrap_or_else(|| Node::from(claim_name(template, key, entry)).at(origin));
    match entry.str_at(&["type"]).unwrap_or("persistentVolumeClaim") {
        "configMap" => {
            source.set("name", named);
            copy(entry, &mut source, &["items", "defaultMode"]);
            ("configMap", source)
        }
        "secret" => {
            source.set("secretName", named);
            copy(entry, &mut source, &["items", "defaultMode"]);
            ("secret", source)
        }
        "emptyDir" => {
            copy(entry, &mut source, &["medium", "sizeLimit"]);
            ("emptyDir", source)
        }
        "hostPath" => {
            if let Some(path) = entry.get("hostPath") {
                source.set("path", path.clone());
            }
            if let Some(kind) = entry.get("hostPathType") {
                source.set("type", kind.clone());
            }
            ("hostPath", source)
        }
        "nfs" => {
            copy(entry, &mut source, &["server", "path"]);
            ("nfs", source)
        }
        _ => {
            let own = entry.get("existingClaim").filter(|claim| go::is_true(claim)).cloned();
            let name = own.unwrap_or_else(|| Node::from(claim_name(template, key, entry)).at(origin));
            source.set("claimName", name);
            ("persistentVolumeClaim", source)
        }
    }
}

/// The mounts of one container.
pub(super) fn mounts(template: &Template<'_>, controller: &str, container: &str) -> Vec<Node> {
    let mut mounts = Vec::new();
    for (key, entry) in template.enabled("persistence") {
        let advanced = entry.at_keys(&["advancedMounts", controller, container]);
        let global = entry.get("globalMounts");
        let given: Vec<&Node> = advanced.into_iter().chain(global).flat_map(Node::items).collect();
        let is_plain = given.is_empty() && entry.get("advancedMounts").is_none();
        if is_plain && entry.get("mountPath").is_some_and(|path| path.as_str() == Some("-")) {
            continue;
        }
        let given = if is_plain { vec![entry] } else { given };
        mounts.extend(given.into_iter().map(|mount| {
            let origin = mount.origin;
            let path = mount.get(if is_plain { "mountPath" } else { "path" }).cloned();
            // Without a path the chart mounts at `/` and the entry's name.
            let path = path.filter(|path| path.value != Value::Null);
            let path = path.unwrap_or_else(|| Node::from(format!("/{key}")).at(origin));
            let mut made = mapping(vec![("name", Node::from(key).at(origin)), ("mountPath", path)], origin);
            copy(mount, &mut made, &["subPath", "readOnly", "mountPropagation"]);
            made
        }));
    }
    mounts
}

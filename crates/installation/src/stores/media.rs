//! Where media lie.

use tree::{Node, Origin};

use super::{Follower, address, may_tell, named, names};
use crate::{Component, Environment, Flavour, Object, Store, StoreKind, Version};

/// Where a container keeps media that are not on an object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaPlace {
    /// The volume, told apart from all others: `PersistentVolumeClaim/x`, `hostPath /x`, `nfs server:/x`; `None`
    /// for the container itself.
    pub(crate) volume: Option<String>,
    /// Whether it goes with the pod.
    pub(crate) volatile: bool,
    /// The claim's name, where it is one.
    pub(crate) claim: Option<String>,
    pub(crate) origin: Option<Origin>,
}

/// Whether media are kept in a folder; `None` where the environment that would say so cannot be seen.
pub(crate) fn is_local(environment: &Environment) -> Option<bool> {
    let switches =
        ["S3_ENABLED", "SWIFT_ENABLED", "AZURE_ENABLED"].map(|name| environment.settings.get(name));
    let mut unknown = !environment.opaque.is_empty();
    for setting in switches.into_iter().flatten() {
        match setting.look() {
            Some("true") => return Some(false),
            Some(_) => {}
            None => unknown = true,
        }
    }
    // A switch that is seen to be off needs no other source to say so.
    (!unknown || environment.text("S3_ENABLED").is_some()).then_some(true)
}

/// The volume under `public/system`.
pub(crate) fn media_place(workload: &Object, component: &Component) -> MediaPlace {
    let in_container = MediaPlace { volume: None, volatile: true, claim: None, origin: workload.node.origin };
    let Some(container) = workload.containers().nth(component.container) else { return in_container };
    let of_linuxserver = container
        .get("image")
        .and_then(Version::read)
        .is_some_and(|version| version.flavour == Flavour::LinuxServer);
    let root = component
        .environment
        .text("PAPERCLIP_ROOT_PATH")
        .map(|path| path.replace(":rails_root", "/opt/mastodon"));
    let root = root.as_deref().unwrap_or("/opt/mastodon/public/system");
    let covers = |mount: &Node| {
        let at = mount.str_at(&["mountPath"])?.trim_end_matches('/');
        let at = if at.starts_with("/mastodon") { format!("/opt{at}") } else { at.to_owned() };
        let above = root == at || root.starts_with(&format!("{at}/")) || (of_linuxserver && at == "/config");
        above.then_some(at.len())
    };
    let mounts = container.get("volumeMounts").into_iter().flat_map(Node::items);
    let mounts = mounts.filter_map(|mount| Some((covers(mount)?, mount)));
    let Some((_, mount)) = mounts.max_by_key(|(length, _)| *length) else { return in_container };
    let name = mount.str_at(&["name"]).unwrap_or_default();
    let sub_path = mount.str_at(&["subPath"]).map(|path| format!("/{path}")).unwrap_or_default();
    let spec = |key: &str| workload.template().and_then(|template| template.at_keys(&["spec", key]));
    let mut volumes = spec("volumes").into_iter().flat_map(Node::items);
    let volume = volumes.find(|volume| volume.str_at(&["name"]) == Some(name));
    let text = |keys: &[&str]| volume.and_then(|volume| volume.str_at(keys)).map(ToOwned::to_owned);
    let claim = text(&["persistentVolumeClaim", "claimName"]);
    let (described, volatile) = if let Some(claim) = &claim {
        (format!("PersistentVolumeClaim/{claim}"), false)
    } else if let Some(path) = text(&["hostPath", "path"]) {
        (format!("hostPath {path}"), false)
    } else if let Some(server) = text(&["nfs", "server"]) {
        (format!("nfs {server}:{}", text(&["nfs", "path"]).unwrap_or_default()), false)
    } else if volume.is_some_and(|volume| volume.get("emptyDir").is_some()) {
        (format!("emptyDir {name} of {}", workload.name()), true)
    } else if let Some(driver) = text(&["csi", "driver"]) {
        (format!("csi {driver} {name}"), false)
    } else {
        // A claim of its own for each pod of a StatefulSet, or a kind of volume that is not known.
        (format!("{name} of {}", workload.name()), false)
    };
    MediaPlace { volume: Some(described + &sub_path), volatile, claim, origin: mount.origin }
}

/// The store that media lie in, where that can be seen.
pub(super) fn store(follower: &Follower<'_>, environment: &Environment) -> Option<Store> {
    let on = |name: &str| environment.settings.get(name).and_then(|setting| setting.look()) == Some("true");
    let told = |name: &str| {
        let setting = environment.settings.get(name).filter(|_| may_tell(environment, name))?;
        setting.look().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    };
    let make = |kind, address, served_by, parts: &[&str]| {
        let (settings, origins) = named(environment, &names("", parts));
        Some(Store { kind, address, served_by, settings, origins })
    };
    if on("S3_ENABLED") {
        let endpoint = environment.settings.get("S3_ENDPOINT").and_then(|setting| setting.look());
        let host = endpoint.and_then(address::of_url);
        let served_by = host.as_deref().and_then(|host| follower.serves(host));
        let known = ["S3_ENDPOINT", "S3_HOSTNAME"].iter().filter_map(|name| environment.settings.get(*name));
        let has =
            |word: &str| known.clone().any(|setting| setting.look().is_some_and(|text| text.contains(word)));
        let by_minio = served_by.is_some_and(|index| is_minio(&follower.index.objects[index]));
        let kind = if has("storage.googleapis.com") {
            StoreKind::GoogleCloudStorage
        } else if by_minio || has("minio") {
            StoreKind::Minio
        } else {
            StoreKind::S3
        };
        let place = host.filter(|_| may_tell(environment, "S3_ENDPOINT")).or_else(|| told("S3_HOSTNAME"));
        let address = match (place, told("S3_BUCKET")) {
            (Some(host), Some(bucket)) => Some(format!("{host}/{bucket}")),
            (host, bucket) => bucket.or(host),
        };
        let parts = [
            "S3_ENABLED",
            "S3_BUCKET",
            "S3_ENDPOINT",
            "S3_HOSTNAME",
            "S3_ALIAS_HOST",
            "S3_REGION",
            "S3_PROTOCOL",
        ];
        return make(kind, address, served_by, &parts);
    }
    if on("SWIFT_ENABLED") {
        let parts = ["SWIFT_ENABLED", "SWIFT_CONTAINER", "SWIFT_AUTH_URL", "SWIFT_OBJECT_URL"];
        return make(StoreKind::Swift, told("SWIFT_CONTAINER"), None, &parts);
    }
    if on("AZURE_ENABLED") {
        let parts = ["AZURE_ENABLED", "AZURE_CONTAINER_NAME", "AZURE_STORAGE_ACCOUNT", "AZURE_ALIAS_HOST"];
        return make(StoreKind::Azure, told("AZURE_CONTAINER_NAME"), None, &parts);
    }
    let workload = &follower.index.objects[follower.component.object];
    let place = media_place(workload, follower.component);
    if place.volume.is_none() && is_local(environment) != Some(true) {
        return None;
    }
    let namespace = workload.namespace();
    let claim = place.claim.as_deref();
    let served_by = claim.and_then(|claim| follower.index.find(namespace, "PersistentVolumeClaim", claim));
    let parts = ["PAPERCLIP_ROOT_PATH", "PAPERCLIP_ROOT_URL", "S3_ENABLED"];
    let (settings, mut origins) = named(environment, &names("", &parts));
    origins.extend(place.origin.filter(|_| place.volume.is_some()));
    Some(Store { kind: StoreKind::FileSystem, address: place.volume, served_by, settings, origins })
}

fn is_minio(object: &Object) -> bool {
    let images = object.containers().filter_map(|container| container.str_at(&["image"]));
    object.kind() == "Tenant" || images.into_iter().any(|image| image.contains("minio"))
}

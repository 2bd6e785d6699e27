//! PersistentVolumeClaims and the volumes behind them. A claim of any class but the empty one gets a volume
//! made for it, at once or with its first pod; a claim of the empty class waits for a volume that is there.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use super::worker::Duty;
use super::{pods, quantity};
use crate::api::{ApiError, Key, Kind, Part, Store, Write, object};

const CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const CHOSEN: &str = "volume.kubernetes.io/selected-node";
const KEPT: &str = "kubernetes.io/pvc-protection";
/// Who provides volumes of classes that nobody described.
const PROVISIONER: &str = "hollow.local/storage";

/// What this controller does.
pub(super) const DUTY: Duty = Duty {
    name: "persistentvolume-controller",
    kind: ("v1", "PersistentVolumeClaim"),
    hears: &[("v1", "PersistentVolume"), ("v1", "Pod"), ("storage.k8s.io/v1", "StorageClass")],
    concerns: |store, object| match object::text(object, &["kind"]) {
        Some("Pod") => used(object).map(|claim| Key::new(object::namespace(object), claim)).collect(),
        Some("PersistentVolume") => claim_of(object).into_iter().chain(waiting(store)).collect(),
        _ => waiting(store),
    },
    step,
};

fn waiting(store: &Store) -> Vec<Key> {
    let Ok(kind) = store.kind("v1", "PersistentVolumeClaim") else { return Vec::new() };
    let all = store.list(&kind, None);
    all.iter().filter(|claim| !is_bound(claim)).map(|claim| Key::of(claim)).collect()
}

fn claim_of(volume: &Value) -> Option<Key> {
    let text = |field: &str| object::text(volume, &["spec", "claimRef", field]);
    Some(Key::new(text("namespace")?, text("name")?))
}

/// The claims that a pod uses.
fn used(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = object::items(pod, &["spec", "volumes"]).iter();
    volumes.filter_map(|volume| object::text(volume, &["persistentVolumeClaim", "claimName"]))
}

fn is_bound(claim: &Value) -> bool {
    object::text(claim, &["status", "phase"]) == Some("Bound")
}

/// What stands in the way of a pod's claims, if anything does that no node could help.
pub(super) fn missing(store: &Store, pod: &Value) -> Result<Option<String>, ApiError> {
    let kind = store.kind("v1", "PersistentVolumeClaim")?;
    for name in used(pod) {
        let Ok(claim) = store.get(&kind, object::namespace(pod), name) else {
            return Ok(Some(format!("persistentvolumeclaim \"{name}\" not found")));
        };
        if object::is_deleting(&claim) {
            return Ok(Some(format!("persistentvolumeclaim \"{name}\" is being deleted")));
        }
        if !is_bound(&claim) && !waits_for_pod(store, &claim)? {
            return Ok(Some("pod has unbound immediate PersistentVolumeClaims".to_owned()));
        }
    }
    Ok(None)
}

/// Asks for the volumes that wait for this pod; tells whether all are there.
pub(super) fn settle(store: &Store, pod: &Value, node: &str) -> Result<bool, ApiError> {
    let kind = store.kind("v1", "PersistentVolumeClaim")?;
    let mut is_settled = true;
    for name in used(pod) {
        let at = (object::namespace(pod), name);
        if is_bound(&*store.get(&kind, at.0, at.1)?) {
            continue;
        }
        is_settled = false;
        store.change(&kind, at, Part::Main, &Write::default(), |live| {
            let mut new = live.clone();
            object::put(&mut new, &["metadata", "annotations", CHOSEN], node);
            Ok(new)
        })?;
    }
    Ok(is_settled)
}

fn class_of(store: &Store, claim: &Value) -> Result<Option<Arc<Value>>, ApiError> {
    let kind = store.kind("storage.k8s.io/v1", "StorageClass")?;
    let name = object::text(claim, &["spec", "storageClassName"]).unwrap_or_default();
    Ok(store.get(&kind, "", name).ok())
}

fn waits_for_pod(store: &Store, claim: &Value) -> Result<bool, ApiError> {
    let class = class_of(store, claim)?;
    let mode = class.as_ref().and_then(|class| object::text(class, &["volumeBindingMode"]));
    Ok(mode == Some("WaitForFirstConsumer"))
}

fn step(desk: &Desk, kind: &Kind, key: &Key) -> Result<Option<Duration>, ApiError> {
    let store = &desk.store;
    let volumes = store.kind("v1", "PersistentVolume")?;
    let Ok(claim) = store.get(kind, &key.namespace, &key.name) else {
        return reclaim(desk, &volumes, key).map(|()| None);
    };
    if object::is_deleting(&claim) {
        return let_go(store, kind, &claim).map(|()| None);
    }
    if is_bound(&claim) {
        return Ok(None);
    }
    let claim = prepare(store, kind, &claim)?;
    if let Some(volume) = standing(store, &volumes, &claim)? {
        return bind(desk, kind, &volumes, &claim, &volume).map(|()| None);
    }
    let named = object::text(&claim, &["spec", "volumeName"]).is_some_and(|name| !name.is_empty());
    let class = object::text(&claim, &["spec", "storageClassName"]).unwrap_or_default();
    if named {
        return Ok(None);
    }
    if class.is_empty() {
        let why = "no persistent volumes available for this claim and no storage class is set";
        desk.note(&claim, "FailedBinding", why);
        return Ok(None);
    }
    let chosen = object::text(&claim, &["metadata", "annotations", CHOSEN]).is_some();
    if waits_for_pod(store, &claim)? && !chosen {
        let why = "waiting for first consumer to be created before binding";
        desk.note(&claim, "WaitForFirstConsumer", why);
        return Ok(None);
    }
    let class = class_of(store, &claim)?;
    let volume = store.create(&volumes, "", made(&claim, class.as_deref()), &Write::by_cluster())?;
    let message = format!("Successfully provisioned volume {}", object::name(&volume));
    desk.note(&claim, "ProvisioningSucceeded", &message);
    bind(desk, kind, &volumes, &claim, &volume).map(|()| None)
}

/// Puts on a new claim what admission puts on: the default class, and what keeps it while pods use it.
fn prepare(store: &Store, kind: &Kind, claim: &Arc<Value>) -> Result<Arc<Value>, ApiError> {
    let has_class = object::text(claim, &["spec", "storageClassName"]).is_some();
    let classes = store.kind("storage.k8s.io/v1", "StorageClass")?;
    let classes = store.list(&classes, None);
    let mut defaults: Vec<_> = classes
        .iter()
        .filter(|class| object::text(class, &["metadata", "annotations", CLASS]) == Some("true"))
        .collect();
    // Of several, the newest.
    defaults.sort_by(|one, other| pods::by_age(other, one));
    let class = defaults.first().map(|class| object::name(class)).filter(|_| !has_class);
    if class.is_none() && object::has_finalizer(claim, KEPT) {
        return Ok(Arc::clone(claim));
    }
    let at = (object::namespace(claim), object::name(claim));
    store.change(kind, at, Part::Whole, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        if let Some(class) = class {
            object::put(&mut new, &["spec", "storageClassName"], class);
        }
        if !object::has_finalizer(live, KEPT) {
            let mut finalizers = object::items(live, &["metadata", "finalizers"]).to_vec();
            finalizers.push(KEPT.into());
            object::put(&mut new, &["metadata", "finalizers"], finalizers);
        }
        Ok(new)
    })
}

/// A claim that nobody uses any more may go.
fn let_go(store: &Store, kind: &Kind, claim: &Value) -> Result<(), ApiError> {
    let pod = store.kind("v1", "Pod")?;
    let is_used = store
        .list(&pod, Some(object::namespace(claim)))
        .iter()
        .any(|pod| !pods::is_finished(pod) && used(pod).any(|name| name == object::name(claim)));
    if is_used || !object::has_finalizer(claim, KEPT) {
        return Ok(());
    }
    let at = (object::namespace(claim), object::name(claim));
    let freed = store.change(kind, at, Part::Whole, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        let mut finalizers = object::items(live, &["metadata", "finalizers"]).to_vec();
        finalizers.retain(|one| one != KEPT);
        object::put(&mut new, &["metadata", "finalizers"], finalizers);
        Ok(new)
    });
    freed.map(drop)
}

/// The volume that is there for a claim: the one it names, or the smallest that is free and large enough.
fn standing(store: &Store, volumes: &Kind, claim: &Value) -> Result<Option<Arc<Value>>, ApiError> {
    let named = object::text(claim, &["spec", "volumeName"]).filter(|name| !name.is_empty());
    if let Some(name) = named {
        let volume = store.get(volumes, "", name).ok();
        return Ok(volume.filter(|volume| claim_of(volume).is_none_or(|key| key == Key::of(claim))));
    }
    let text = |value: &Value, path: &[&str]| object::text(value, path).unwrap_or_default().to_owned();
    let size = |value: &Value, path: &[&str]| object::text(value, path).and_then(quantity::read);
    let wanted = size(claim, &["spec", "resources", "requests", "storage"]).unwrap_or_default();
    let class = text(claim, &["spec", "storageClassName"]);
    let mut fitting: Vec<(f64, Arc<Value>)> = Vec::new();
    for volume in store.list(volumes, None) {
        let modes = object::items(&volume, &["spec", "accessModes"]);
        let is_free = match claim_of(&volume) {
            Some(key) => key == Key::of(claim),
            None => !matches!(text(&volume, &["status", "phase"]).as_str(), "Released" | "Failed"),
        };
        let offers = object::items(claim, &["spec", "accessModes"]).iter().all(|mode| modes.contains(mode));
        let room = size(&volume, &["spec", "capacity", "storage"]).unwrap_or_default();
        if is_free && offers && room >= wanted && text(&volume, &["spec", "storageClassName"]) == class {
            fitting.push((room, volume));
        }
    }
    fitting.sort_by(|one, other| one.0.total_cmp(&other.0));
    Ok(fitting.into_iter().next().map(|(_, volume)| volume))
}

fn made(claim: &Value, class: Option<&Value>) -> Value {
    let of_class = |field: &str| class.and_then(|class| object::text(class, &[field]));
    let name = format!("pvc-{}", object::uid(claim));
    let provisioner = of_class("provisioner").unwrap_or(PROVISIONER);
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": provisioner},
            "finalizers": ["kubernetes.io/pv-protection"],
        },
        "spec": {
            "capacity": {"storage": object::at(claim, &["spec", "resources", "requests", "storage"])},
            "accessModes": object::at(claim, &["spec", "accessModes"]),
            "persistentVolumeReclaimPolicy": of_class("reclaimPolicy").unwrap_or("Delete"),
            "storageClassName": object::at(claim, &["spec", "storageClassName"]),
            "volumeMode": object::text(claim, &["spec", "volumeMode"]).unwrap_or("Filesystem"),
            "csi": {"driver": provisioner, "volumeHandle": name},
        },
    })
}

fn bind(desk: &Desk, kind: &Kind, volumes: &Kind, claim: &Value, volume: &Value) -> Result<(), ApiError> {
    let reference = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": object::namespace(claim),
        "name": object::name(claim), "uid": object::uid(claim),
    });
    desk.store.change(volumes, ("", object::name(volume)), Part::Whole, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        object::put(&mut new, &["spec", "claimRef"], reference);
        object::put(&mut new, &["status", "phase"], "Bound");
        Ok(new)
    })?;
    let at = (object::namespace(claim), object::name(claim));
    desk.store.change(kind, at, Part::Whole, &Write::by_cluster(), |live| {
        let mut new = live.clone();
        object::put(&mut new, &["spec", "volumeName"], object::name(volume));
        for annotation in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
            object::put(&mut new, &["metadata", "annotations", annotation], "yes");
        }
        let status = json!({
            "phase": "Bound",
            "accessModes": object::at(volume, &["spec", "accessModes"]),
            "capacity": object::at(volume, &["spec", "capacity"]),
        });
        object::put(&mut new, &["status"], status);
        Ok(new)
    })?;
    Ok(())
}

/// Volumes whose claim is gone are deleted or kept as they say.
fn reclaim(desk: &Desk, volumes: &Kind, key: &Key) -> Result<(), ApiError> {
    for volume in desk.store.list(volumes, None) {
        if claim_of(&volume).as_ref() != Some(key)
            || object::text(&volume, &["status", "phase"]) != Some("Bound")
        {
            continue;
        }
        let is_deleted = object::text(&volume, &["spec", "persistentVolumeReclaimPolicy"]) == Some("Delete");
        desk.store.change(
            volumes,
            ("", object::name(&volume)),
            Part::Whole,
            &Write::by_cluster(),
            |live| {
                let mut new = live.clone();
                object::put(&mut new, &["status", "phase"], "Released");
                if is_deleted {
                    object::take(&mut new, &["metadata", "finalizers"]);
                }
                Ok(new)
            },
        )?;
        if is_deleted {
            pods::delete(&desk.store, volumes, &volume)?;
        }
    }
    Ok(())
}

//! What the death of this process was to the cluster: its one node failed.
//!
//! The objects were kept, the processes were not. Until the node has started them again, no pod is ready
//! and no endpoint can be reached, whatever the objects still say; a real cluster's node controller
//! says so too.

use serde_json::{Value, json};

use crate::api::{ApiError, Part, Store, Write};

/// Marks every pod and endpoint as not ready, before anybody looks.
pub(super) fn mark_unready(store: &Store) -> Result<(), ApiError> {
    edit_all(store, ("v1", "Pod"), Part::Status, |pod| {
        for condition in members(pod, "/status/conditions") {
            if condition["type"] == "Ready" || condition["type"] == "ContainersReady" {
                condition["status"] = json!("False");
            }
        }
        for container in members(pod, "/status/containerStatuses") {
            container["ready"] = json!(false);
        }
    })?;
    edit_all(store, ("discovery.k8s.io/v1", "EndpointSlice"), Part::Main, |slice| {
        for endpoint in members(slice, "/endpoints") {
            endpoint["conditions"]["ready"] = json!(false);
            endpoint["conditions"]["serving"] = json!(false);
        }
    })?;
    edit_all(store, ("apps/v1", "ReplicaSet"), Part::Status, none_ready)?;
    edit_all(store, ("apps/v1", "Deployment"), Part::Status, none_ready)
}

fn none_ready(workload: &mut Value) {
    for count in ["readyReplicas", "availableReplicas"] {
        if let Some(ready) = workload.pointer_mut(&format!("/status/{count}")) {
            *ready = json!(0);
        }
    }
}

fn members<'a>(object: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    object.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

fn edit_all(
    store: &Store,
    (api_version, kind): (&str, &str),
    part: Part,
    edit: impl Fn(&mut Value),
) -> Result<(), ApiError> {
    let kind = store.kind(api_version, kind)?;
    for object in store.list(&kind, None) {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        store.change(&kind, (&namespace, &name), part, &Write::by_cluster(), |old| {
            let mut new = old.clone();
            edit(&mut new);
            Ok(new)
        })?;
    }
    Ok(())
}

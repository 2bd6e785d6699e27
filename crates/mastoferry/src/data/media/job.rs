//! The Job that copies by several pods.

use movers::media::{Boundaries, Place};
use serde_json::{Value, json};

use super::command::JobArgs;
use super::places::place;
use crate::problem::Problem;
use crate::words::Words;

/// A side as a pod has it: how it is told on the command line there, what its container needs, and its volume.
struct Side {
    argument: String,
    environment: Option<Value>,
    mount: Option<(Value, Value)>,
}

fn side(place: &Place, name: &str, volume: &str, prefix: &str, is_read_only: bool) -> Side {
    match place {
        Place::Bucket(_) => Side {
            argument: format!("env:{prefix}"),
            environment: Some(json!({ "prefix": prefix, "secretRef": { "name": name } })),
            mount: None,
        },
        Place::Folder(_) => {
            let path = format!("/{volume}");
            let claim = json!({ "name": volume, "persistentVolumeClaim": { "claimName": name } });
            let mount = json!({ "name": volume, "mountPath": path, "readOnly": is_read_only });
            Side { argument: path, environment: None, mount: Some((claim, mount)) }
        }
    }
}

/// A ConfigMap with the ranges, and the Job.
///
/// # Errors
/// When a place cannot be read from the command line.
pub(super) fn objects(
    arguments: &JobArgs,
    boundaries: &Boundaries,
    words: &Words,
) -> Result<Vec<Value>, Problem> {
    let source = side(&place(&arguments.moved.from, words)?, &arguments.source, "source", "FROM_", true);
    let target = side(&place(&arguments.moved.to, words)?, &arguments.target, "target", "TO_", false);
    let name = "mastoferry-media";
    let metadata = json!({ "name": name, "namespace": arguments.namespace });
    let ranges = serde_json::to_string(boundaries).unwrap_or_default();
    let mut volumes = vec![
        json!({ "name": "ranges", "configMap": { "name": name } }),
        json!({ "name": "state", "emptyDir": {} }),
    ];
    let mut mounts = vec![
        json!({ "name": "ranges", "mountPath": "/ranges", "readOnly": true }),
        json!({ "name": "state", "mountPath": "/state" }),
    ];
    for (volume, mount) in [&source, &target].into_iter().filter_map(|side| side.mount.clone()) {
        volumes.push(volume);
        mounts.push(mount);
    }
    let environment: Vec<Value> =
        [&source, &target].iter().filter_map(|side| side.environment.clone()).collect();
    let (from, to) = (&source.argument, &target.argument);
    let container = json!({
        "name": "copy",
        "image": arguments.image,
        // The number of the pod comes from JOB_COMPLETION_INDEX.
        "args": [
            "data", "media", "copy", "--from", from, "--to", to,
            "--state", "/state/move", "--ranges", "/ranges/ranges.json",
        ],
        "envFrom": environment,
        "volumeMounts": mounts,
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
    });
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
        "spec": {
            "completionMode": "Indexed",
            "completions": boundaries.parts(),
            "parallelism": boundaries.parts(),
            "backoffLimit": boundaries.parts() * 3,
            "template": { "spec": {
                "restartPolicy": "OnFailure",
                // Mastodon's own user in its images: the files are its.
                "securityContext": { "runAsUser": 991, "runAsGroup": 991, "fsGroup": 991 },
                "containers": [container],
                "volumes": volumes,
            } },
        },
    });
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": { "ranges.json": ranges },
    });
    Ok(vec![map, job])
}

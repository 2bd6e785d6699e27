//! What Kubernetes fills in where an object says nothing.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::object::{self, put_default};
use super::registry::Kind;

/// Fills in what the object leaves open.
pub(crate) fn fill(kind: &Kind, object: &mut Value) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => {
            put_default(object, &["spec", "finalizers"], json!(["kubernetes"]));
            put_default(object, &["status", "phase"], "Active");
        }
        ("", "Pod") => {
            put_default(object, &["spec", "enableServiceLinks"], true);
            put_default(object, &["spec", "preemptionPolicy"], "PreemptLowerPriority");
            put_default(object, &["status", "phase"], "Pending");
            pod(object::place(object, &["spec"]));
        }
        ("", "Service") => service(object),
        ("", "Secret") => secret(object),
        ("", "PersistentVolumeClaim") => {
            put_default(object, &["spec", "volumeMode"], "Filesystem");
            put_default(object, &["status", "phase"], "Pending");
        }
        ("apps", "ControllerRevision") => {}
        ("apps", _) => workload(kind, object),
        ("batch", "Job") => job(object::place(object, &["spec"])),
        ("batch", "CronJob") => {
            put_default(object, &["spec", "concurrencyPolicy"], "Allow");
            put_default(object, &["spec", "suspend"], false);
            put_default(object, &["spec", "successfulJobsHistoryLimit"], 3);
            put_default(object, &["spec", "failedJobsHistoryLimit"], 1);
            pod(object::place(object, &["spec", "jobTemplate", "spec", "template", "spec"]));
        }
        ("autoscaling", "HorizontalPodAutoscaler") => put_default(object, &["spec", "minReplicas"], 1),
        ("discovery.k8s.io", "EndpointSlice") => each(object, &["ports"], |port| {
            put_default(port, &["name"], "");
            put_default(port, &["protocol"], "TCP");
        }),
        _ => {}
    }
}

fn each(object: &mut Value, path: &[&str], fill: impl FnMut(&mut Value)) {
    if object::at(object, path).is_some()
        && let Some(items) = object::place(object, path).as_array_mut()
    {
        items.iter_mut().for_each(fill);
    }
}

fn workload(kind: &Kind, object: &mut Value) {
    let spec = object::place(object, &["spec"]);
    match kind.kind.as_str() {
        "Deployment" => {
            put_default(spec, &["replicas"], 1);
            put_default(spec, &["revisionHistoryLimit"], 10);
            put_default(spec, &["progressDeadlineSeconds"], 600);
            put_default(spec, &["strategy", "type"], "RollingUpdate");
            if object::text(spec, &["strategy", "type"]) == Some("RollingUpdate") {
                put_default(spec, &["strategy", "rollingUpdate", "maxUnavailable"], "25%");
                put_default(spec, &["strategy", "rollingUpdate", "maxSurge"], "25%");
            }
        }
        "ReplicaSet" => put_default(spec, &["replicas"], 1),
        "StatefulSet" => {
            put_default(spec, &["replicas"], 1);
            put_default(spec, &["revisionHistoryLimit"], 10);
            put_default(spec, &["podManagementPolicy"], "OrderedReady");
            put_default(spec, &["updateStrategy", "type"], "RollingUpdate");
            if object::text(spec, &["updateStrategy", "type"]) == Some("RollingUpdate") {
                put_default(spec, &["updateStrategy", "rollingUpdate", "partition"], 0);
            }
            let retain = json!({"whenDeleted": "Retain", "whenScaled": "Retain"});
            put_default(spec, &["persistentVolumeClaimRetentionPolicy"], retain);
        }
        _ => {
            put_default(spec, &["revisionHistoryLimit"], 10);
            put_default(spec, &["updateStrategy", "type"], "RollingUpdate");
        }
    }
    pod(object::place(spec, &["template", "spec"]));
}

fn job(spec: &mut Value) {
    put_default(spec, &["completionMode"], "NonIndexed");
    put_default(spec, &["suspend"], false);
    put_default(spec, &["backoffLimit"], 6);
    put_default(spec, &["podReplacementPolicy"], "TerminatingOrFailed");
    put_default(spec, &["parallelism"], 1);
    put_default(spec, &["completions"], 1);
    put_default(spec, &["manualSelector"], false);
    pod(object::place(spec, &["template", "spec"]));
}

/// Ties a new Job to its pods by its own identity, as nobody writes the selector by hand.
pub(crate) fn select_job_pods(job: &mut Value, uid: &str) {
    if object::at(job, &["spec", "manualSelector"]) == Some(&Value::Bool(true)) {
        return;
    }
    let name = object::name(job).to_owned();
    let labels = object::place(job, &["spec", "template", "metadata", "labels"]);
    for (label, value) in [
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", uid),
        ("job-name", &name),
    ] {
        object::put(labels, &[label], value);
    }
    let selector = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    object::put(job, &["spec", "selector"], selector);
}

fn service(service: &mut Value) {
    let spec = object::place(service, &["spec"]);
    put_default(spec, &["type"], "ClusterIP");
    put_default(spec, &["sessionAffinity"], "None");
    if object::text(spec, &["sessionAffinity"]) == Some("ClientIP") {
        put_default(spec, &["sessionAffinityConfig", "clientIP", "timeoutSeconds"], 10_800);
    }
    each(spec, &["ports"], |port| {
        put_default(port, &["protocol"], "TCP");
        if let Some(number) = port.get("port").cloned() {
            put_default(port, &["targetPort"], number);
        }
    });
    let class = object::text(spec, &["type"]).unwrap_or_default().to_owned();
    if class == "ExternalName" {
        return;
    }
    put_default(spec, &["internalTrafficPolicy"], "Cluster");
    put_default(spec, &["ipFamilies"], json!(["IPv4"]));
    put_default(spec, &["ipFamilyPolicy"], "SingleStack");
    if class != "ClusterIP" {
        put_default(spec, &["externalTrafficPolicy"], "Cluster");
    }
    if class == "LoadBalancer" {
        put_default(spec, &["allocateLoadBalancerNodePorts"], true);
    }
    put_default(service, &["status"], json!({"loadBalancer": {}}));
}

/// `stringData` is for writing only: it becomes part of `data`.
fn secret(secret: &mut Value) {
    put_default(secret, &["type"], "Opaque");
    let Some(Value::Object(plain)) = object::take(secret, &["stringData"]) else { return };
    for (key, value) in plain {
        let bytes = ByteString(value.as_str().unwrap_or_default().as_bytes().to_vec());
        object::put(secret, &["data", &key], serde_json::to_value(bytes).unwrap_or_default());
    }
}

fn pod(spec: &mut Value) {
    put_default(spec, &["restartPolicy"], "Always");
    put_default(spec, &["terminationGracePeriodSeconds"], 30);
    put_default(spec, &["dnsPolicy"], "ClusterFirst");
    put_default(spec, &["securityContext"], json!({}));
    put_default(spec, &["schedulerName"], "default-scheduler");
    if let Some(account) = object::at(spec, &["serviceAccountName"]).cloned() {
        put_default(spec, &["serviceAccount"], account);
    }
    each(spec, &["volumes"], |volume| {
        for (source, mode) in [("configMap", 420), ("secret", 420), ("projected", 420), ("downwardAPI", 420)]
        {
            if volume.get(source).is_some_and(|source| !source.is_null()) {
                put_default(volume, &[source, "defaultMode"], mode);
            }
        }
    });
    each(spec, &["initContainers"], container);
    each(spec, &["containers"], container);
}

fn container(container: &mut Value) {
    let image = object::text(container, &["image"]).unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let is_moving = !image.contains('@') && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    put_default(container, &["imagePullPolicy"], if is_moving { "Always" } else { "IfNotPresent" });
    put_default(container, &["terminationMessagePath"], "/dev/termination-log");
    put_default(container, &["terminationMessagePolicy"], "File");
    put_default(container, &["resources"], json!({}));
    each(container, &["ports"], |port| put_default(port, &["protocol"], "TCP"));
    each(container, &["env"], |variable| {
        if object::at(variable, &["valueFrom", "fieldRef"]).is_some() {
            put_default(variable, &["valueFrom", "fieldRef", "apiVersion"], "v1");
        }
    });
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_some_and(Value::is_object) {
            put_default(container, &[probe, "timeoutSeconds"], 1);
            put_default(container, &[probe, "periodSeconds"], 10);
            put_default(container, &[probe, "successThreshold"], 1);
            put_default(container, &[probe, "failureThreshold"], 3);
            http_get(container, &[probe, "httpGet"]);
        }
    }
    for hook in ["postStart", "preStop"] {
        http_get(container, &["lifecycle", hook, "httpGet"]);
    }
}

fn http_get(container: &mut Value, path: &[&str]) {
    if object::at(container, path).is_some_and(Value::is_object) {
        let request = object::place(container, path);
        put_default(request, &["path"], "/");
        put_default(request, &["scheme"], "HTTP");
    }
}

//! What Kubernetes fills in where an object says nothing.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::object::{self, put_default};
use super::registry::Kind;

/// Fills in what the object leaves open.
pub(crate) fn fill(kind: &Kind, object: &mut Value) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => {
            let name = object::name(object).to_owned();
            if !name.is_empty() {
                object::put(object, &["metadata", "labels", "kubernetes.io/metadata.name"], name);
            }
            put_default(object, &["status", "phase"], "Active");
        }
        ("", "Pod") => {
            put_default(object, &["spec", "enableServiceLinks"], true);
            put_default(object, &["status", "phase"], "Pending");
            let spec = object::place(object, &["spec"]);
            pod(spec);
            requests(spec);
        }
        ("", "Service") => service(object),
        ("", "Secret") => secret(object),
        ("", "PersistentVolume") => {
            put_default(object, &["spec", "persistentVolumeReclaimPolicy"], "Retain");
            put_default(object, &["spec", "volumeMode"], "Filesystem");
            put_default(object, &["status", "phase"], "Pending");
        }
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Node") => {
            if let Some(capacity) = object::at(object, &["status", "capacity"]).cloned() {
                put_default(object, &["status", "allocatable"], capacity);
            }
        }
        ("apps", "ControllerRevision") => {}
        ("apps", _) => {
            if kind.kind == "DaemonSet" {
                let path = ["metadata", "annotations", "deprecated.daemonset.template.generation"];
                put_default(object, &path, "1");
            }
            workload(kind, object);
        }
        ("batch", "Job") => {
            adopt_labels(object);
            job(object::place(object, &["spec"]));
        }
        ("batch", "CronJob") => {
            put_default(object, &["spec", "concurrencyPolicy"], "Allow");
            put_default(object, &["spec", "suspend"], false);
            put_default(object, &["spec", "successfulJobsHistoryLimit"], 3);
            put_default(object, &["spec", "failedJobsHistoryLimit"], 1);
            pod(object::place(object, &["spec", "jobTemplate", "spec", "template", "spec"]));
        }
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(object::place(object, &["spec"])),
        ("networking.k8s.io", "NetworkPolicy") => network_policy(object::place(object, &["spec"])),
        ("networking.k8s.io", "IngressClass") if object::at(object, &["spec", "parameters"]).is_some() => {
            put_default(object, &["spec", "parameters", "scope"], "Cluster");
        }
        ("discovery.k8s.io", "EndpointSlice") => each(object, &["ports"], |port| {
            put_default(port, &["name"], "");
            put_default(port, &["protocol"], "TCP");
        }),
        ("scheduling.k8s.io", "PriorityClass") => {
            put_default(object, &["preemptionPolicy"], "PreemptLowerPriority")
        }
        ("storage.k8s.io", "StorageClass") => {
            put_default(object, &["reclaimPolicy"], "Delete");
            put_default(object, &["volumeBindingMode"], "Immediate");
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            rbac_group(object::place(object, &["roleRef"]));
            each(object, &["subjects"], |subject| {
                if matches!(object::text(subject, &["kind"]), Some("User" | "Group")) {
                    rbac_group(subject);
                }
            });
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object::place(object, &["spec"])),
        _ => {}
    }
}

fn rbac_group(reference: &mut Value) {
    if object::text(reference, &["apiGroup"]).is_none_or(str::is_empty) {
        object::put(reference, &["apiGroup"], "rbac.authorization.k8s.io");
    }
}

/// What a new object begins with, whatever was written.
pub(crate) fn begin(kind: &Kind, object: &mut Value, identity: &str) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Namespace") => {
            let mut finalizers = object::items(object, &["spec", "finalizers"]).to_vec();
            if !finalizers.contains(&"kubernetes".into()) {
                finalizers.push("kubernetes".into());
            }
            object::put(object, &["spec", "finalizers"], finalizers);
            object::put(object, &["status"], json!({"phase": "Active"}));
        }
        ("", "Pod") => {
            object::put(object, &["status"], json!({"phase": "Pending", "qosClass": service_class(object)}));
        }
        ("", "PersistentVolumeClaim" | "PersistentVolume") => {
            object::put(object, &["status"], json!({"phase": "Pending"}));
            let is_claim = kind.kind == "PersistentVolumeClaim";
            let keeper =
                if is_claim { "kubernetes.io/pvc-protection" } else { "kubernetes.io/pv-protection" };
            // Only of claims there is a controller here that takes it off again.
            if is_claim && !object::has_finalizer(object, keeper) {
                let mut finalizers = object::items(object, &["metadata", "finalizers"]).to_vec();
                finalizers.push(keeper.into());
                object::put(object, &["metadata", "finalizers"], finalizers);
            }
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let versions = object::items(object, &["spec", "versions"]).iter();
            let stored = versions.filter(|version| version.get("storage") == Some(&Value::Bool(true)));
            let stored: Vec<Value> = stored.filter_map(|version| version.get("name").cloned()).collect();
            object::put(object, &["status"], json!({"storedVersions": stored}));
        }
        ("batch", "Job") => select_job_pods(object, identity),
        _ => {}
    }
}

/// The class of a pod by what its containers ask for: what runs out of memory first.
fn service_class(pod: &Value) -> &'static str {
    let containers = object::items(pod, &["spec", "containers"]).iter();
    let containers = containers.chain(object::items(pod, &["spec", "initContainers"]));
    let (mut any, mut all) = (false, true);
    for container in containers {
        let get = |kind: &str, name: &str| object::at(container, &["resources", kind, name]);
        for name in ["cpu", "memory"] {
            let (request, limit) = (get("requests", name), get("limits", name));
            any |= request.is_some() || limit.is_some();
            all &= limit.is_some() && request.is_none_or(|request| Some(request) == limit);
        }
    }
    if !any {
        "BestEffort"
    } else if all {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// A pod that has limits asks for as much, unless it says otherwise.
fn requests(spec: &mut Value) {
    for list in ["containers", "initContainers"] {
        each(spec, &[list], |container| {
            let limits = object::at(container, &["resources", "limits"]).and_then(Value::as_object).cloned();
            for (name, limit) in limits.into_iter().flatten() {
                put_default(container, &["resources", "requests", &name], limit);
            }
        });
    }
    if object::at(spec, &["hostNetwork"]) == Some(&Value::Bool(true)) {
        for list in ["containers", "initContainers"] {
            each(spec, &[list], |container| {
                each(container, &["ports"], |port| {
                    if let Some(number) = port.get("containerPort").cloned() {
                        put_default(port, &["hostPort"], number);
                    }
                });
            });
        }
    }
}

fn claim(claim: &mut Value) {
    put_default(claim, &["spec", "volumeMode"], "Filesystem");
    put_default(claim, &["status", "phase"], "Pending");
    match (
        object::at(claim, &["spec", "dataSource"]).cloned(),
        object::at(claim, &["spec", "dataSourceRef"]).cloned(),
    ) {
        (Some(source), None) => object::put(claim, &["spec", "dataSourceRef"], source),
        (None, Some(source)) => object::put(claim, &["spec", "dataSource"], source),
        _ => {}
    }
}

/// A Job without labels gets those of its pods.
fn adopt_labels(job: &mut Value) {
    let own = object::labels(job).is_some_and(|labels| !labels.is_empty());
    let labels = object::at(job, &["spec", "template", "metadata", "labels"]).cloned();
    if let Some(labels) = labels.filter(|_| !own) {
        object::put(job, &["metadata", "labels"], labels);
    }
}

fn adopt_labels_anew(job: &mut Value) {
    object::take(job, &["metadata", "labels"]);
    adopt_labels(job);
}

fn autoscaler(spec: &mut Value) {
    put_default(spec, &["minReplicas"], 1);
    if object::items(spec, &["metrics"]).is_empty() {
        let cpu = json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80}}}]);
        object::put(spec, &["metrics"], cpu);
    }
    if object::at(spec, &["behavior"]).is_none_or(Value::is_null) {
        return;
    }
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let up = json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, percent]);
    put_default(spec, &["behavior", "scaleUp", "stabilizationWindowSeconds"], 0);
    put_default(spec, &["behavior", "scaleUp", "selectPolicy"], "Max");
    put_default(spec, &["behavior", "scaleUp", "policies"], up);
    put_default(spec, &["behavior", "scaleDown", "selectPolicy"], "Max");
    put_default(spec, &["behavior", "scaleDown", "policies"], json!([percent]));
}

fn network_policy(spec: &mut Value) {
    let egress = !object::items(spec, &["egress"]).is_empty();
    let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    put_default(spec, &["policyTypes"], types);
    for list in ["ingress", "egress"] {
        each(spec, &[list], |rule| each(rule, &["ports"], |port| put_default(port, &["protocol"], "TCP")));
    }
}

fn definition(spec: &mut Value) {
    let kind = object::text(spec, &["names", "kind"]).unwrap_or_default().to_owned();
    put_default(spec, &["names", "singular"], kind.to_lowercase());
    put_default(spec, &["names", "listKind"], format!("{kind}List"));
    put_default(spec, &["conversion", "strategy"], "None");
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
            put_default(spec, &["persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain");
            put_default(spec, &["persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain");
            each(spec, &["volumeClaimTemplates"], |template| {
                put_default(template, &["apiVersion"], "v1");
                put_default(template, &["kind"], "PersistentVolumeClaim");
                claim(template);
            });
        }
        _ => {
            put_default(spec, &["revisionHistoryLimit"], 10);
            put_default(spec, &["updateStrategy", "type"], "RollingUpdate");
            if object::text(spec, &["updateStrategy", "type"]) == Some("RollingUpdate") {
                put_default(spec, &["updateStrategy", "rollingUpdate", "maxUnavailable"], 1);
                put_default(spec, &["updateStrategy", "rollingUpdate", "maxSurge"], 0);
            }
        }
    }
    pod(object::place(spec, &["template", "spec"]));
}

fn job(spec: &mut Value) {
    put_default(spec, &["completionMode"], "NonIndexed");
    put_default(spec, &["suspend"], false);
    let per_index = object::at(spec, &["backoffLimitPerIndex"]).is_some();
    put_default(spec, &["backoffLimit"], if per_index { i32::MAX } else { 6 });
    let failed = object::at(spec, &["podFailurePolicy"]).is_some();
    put_default(spec, &["podReplacementPolicy"], if failed { "Failed" } else { "TerminatingOrFailed" });
    if object::at(spec, &["parallelism"]).is_none() {
        put_default(spec, &["completions"], 1);
    }
    put_default(spec, &["parallelism"], 1);
    put_default(spec, &["manualSelector"], false);
    pod(object::place(spec, &["template", "spec"]));
}

/// Ties a new Job to its pods by its own identity, as nobody writes the selector by hand.
fn select_job_pods(job: &mut Value, uid: &str) {
    let labels = object::at(job, &["spec", "template", "metadata", "labels"]).cloned();
    // Labels that were adopted are those of the pods, with what is added to them here.
    let adopts = object::labels(job).is_none_or(serde_json::Map::is_empty)
        || object::at(job, &["metadata", "labels"]) == labels.as_ref();
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
    if adopts {
        adopt_labels_anew(job);
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
    } else {
        object::take(spec, &["sessionAffinityConfig"]);
    }
    each(spec, &["ports"], |port| {
        put_default(port, &["protocol"], "TCP");
        if port.get("targetPort").is_none_or(|target| *target == 0 || *target == "")
            && let Some(number) = port.get("port").cloned()
        {
            object::put(port, &["targetPort"], number);
        }
    });
    let class = object::text(spec, &["type"]).unwrap_or_default().to_owned();
    if class == "ExternalName" {
        return;
    }
    put_default(spec, &["internalTrafficPolicy"], "Cluster");
    let is_open = class != "ClusterIP" || !object::items(spec, &["externalIPs"]).is_empty();
    if is_open {
        put_default(spec, &["externalTrafficPolicy"], "Cluster");
    }
    if class == "LoadBalancer" {
        put_default(spec, &["allocateLoadBalancerNodePorts"], true);
    }
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
    // The older name of the field follows the newer one, and stands in for it.
    match (object::at(spec, &["serviceAccountName"]).cloned(), object::at(spec, &["serviceAccount"]).cloned())
    {
        (Some(account), _) => object::put(spec, &["serviceAccount"], account),
        (None, Some(account)) => object::put(spec, &["serviceAccountName"], account),
        (None, None) => {}
    }
    each(spec, &["volumes"], volume);
    each(spec, &["initContainers"], container);
    each(spec, &["containers"], container);
}

fn volume(volume: &mut Value) {
    for source in ["configMap", "secret", "projected", "downwardAPI"] {
        if volume.get(source).is_some_and(Value::is_object) {
            put_default(volume, &[source, "defaultMode"], 420);
        }
    }
    if volume.get("hostPath").is_some_and(Value::is_object) {
        put_default(volume, &["hostPath", "type"], "");
    }
    each(volume, &["projected", "sources"], |source| {
        if source.get("serviceAccountToken").is_some() {
            put_default(source, &["serviceAccountToken", "expirationSeconds"], 3600);
        }
        each(source, &["downwardAPI", "items"], field_reference);
    });
    each(volume, &["downwardAPI", "items"], field_reference);
    if object::at(volume, &["ephemeral", "volumeClaimTemplate"]).is_some() {
        put_default(volume, &["ephemeral", "volumeClaimTemplate", "spec", "volumeMode"], "Filesystem");
    }
    if volume.as_object().is_some_and(|members| members.keys().all(|name| name == "name")) {
        object::put(volume, &["emptyDir"], json!({}));
    }
}

fn field_reference(item: &mut Value) {
    if object::at(item, &["fieldRef"]).is_some() {
        put_default(item, &["fieldRef", "apiVersion"], "v1");
    }
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
        if object::at(variable, &["valueFrom"]).is_some() {
            field_reference(object::place(variable, &["valueFrom"]));
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

//! The columns of each kind's table, as the server of Kubernetes 1.36 has them.

use serde_json::{Value, json};

use crate::api::registry::Kind;

/// The names of a kind's columns in order. A `-` in front marks what only `--output wide` shows, a `#` a whole
/// number, a `?` a yes or no, a `@` a time.
pub(super) fn names(kind: &Kind) -> &'static [&'static str] {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", core) => core_names(core),
        ("apps", "Deployment") => {
            &["Name", "Ready", "Up-to-date", "Available", "Age", "-Containers", "-Images", "-Selector"]
        }
        ("apps", "ReplicaSet") => {
            &["Name", "#Desired", "#Current", "#Ready", "Age", "-Containers", "-Images", "-Selector"]
        }
        ("apps", "StatefulSet") => &["Name", "Ready", "Age", "-Containers", "-Images"],
        ("apps", "DaemonSet") => &[
            "Name",
            "#Desired",
            "#Current",
            "#Ready",
            "#Up-to-date",
            "#Available",
            "Node Selector",
            "Age",
            "-Containers",
            "-Images",
            "-Selector",
        ],
        ("apps", "ControllerRevision") => &["Name", "Controller", "Revision", "Age"],
        ("batch", "Job") => {
            &["Name", "Status", "Completions", "Duration", "Age", "-Containers", "-Images", "-Selector"]
        }
        ("batch", "CronJob") => &[
            "Name",
            "Schedule",
            "Timezone",
            "?Suspend",
            "#Active",
            "Last Schedule",
            "Age",
            "-Containers",
            "-Images",
            "-Selector",
        ],
        ("autoscaling", "HorizontalPodAutoscaler") => {
            &["Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"]
        }
        ("networking.k8s.io", "Ingress") => &["Name", "Class", "Hosts", "Address", "Ports", "Age"],
        ("networking.k8s.io", "IngressClass") => &["Name", "Controller", "Parameters", "Age"],
        ("networking.k8s.io", "NetworkPolicy") => &["Name", "Pod-Selector", "Age"],
        ("discovery.k8s.io", "EndpointSlice") => &["Name", "AddressType", "Ports", "Endpoints", "Age"],
        ("coordination.k8s.io", "Lease") => &["Name", "Holder", "Age"],
        ("events.k8s.io", "Event") => EVENT,
        ("policy", "PodDisruptionBudget") => {
            &["Name", "Min Available", "Max Unavailable", "#Allowed Disruptions", "Age"]
        }
        ("scheduling.k8s.io", "PriorityClass") => {
            &["Name", "#Value", "?Global-Default", "Age", "PreemptionPolicy"]
        }
        ("storage.k8s.io", "StorageClass") => {
            &["Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"]
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            &["Name", "Role", "Age", "-Users", "-Groups", "-ServiceAccounts"]
        }
        ("rbac.authorization.k8s.io" | "apiextensions.k8s.io", _) => CREATED,
        _ => &["Name", "Age"],
    }
}

const EVENT: &[&str] = &[
    "Last Seen",
    "Type",
    "Reason",
    "Object",
    "-Subobject",
    "-Source",
    "Message",
    "-First Seen",
    "-Count",
    "-Name",
];

/// What the real server prints of kinds that nobody thought of.
pub(super) const CREATED: &[&str] = &["Name", "@Created At"];

fn core_names(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &[
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "-IP",
            "-Node",
            "-Nominated Node",
            "-Readiness Gates",
        ],
        "Service" => &["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "-Selector"],
        "Endpoints" => &["Name", "Endpoints", "Age"],
        "ConfigMap" => &["Name", "Data", "Age"],
        "Secret" => &["Name", "Type", "Data", "Age"],
        "Namespace" => &["Name", "Status", "Age"],
        "Node" => &[
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            "-Internal-IP",
            "-External-IP",
            "-OS-Image",
            "-Kernel-Version",
            "-Container-Runtime",
        ],
        "Event" => EVENT,
        "PersistentVolume" => &[
            "Name",
            "Capacity",
            "Access Modes",
            "Reclaim Policy",
            "Status",
            "Claim",
            "StorageClass",
            "VolumeAttributesClass",
            "Reason",
            "Age",
            "-VolumeMode",
        ],
        "PersistentVolumeClaim" => &[
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "-VolumeMode",
        ],
        "ResourceQuota" => &["Name", "Request", "Limit", "Age"],
        "LimitRange" => CREATED,
        _ => &["Name", "Age"],
    }
}

/// `columnDefinitions` of a table.
pub(super) fn definitions(names: &[&str]) -> Value {
    let definition = |column: &&str| {
        let name = column.trim_start_matches(['-', '#', '?', '@']);
        let kind = match column.as_bytes().first() {
            Some(b'#') => "integer",
            Some(b'?') => "boolean",
            Some(b'@') => "date",
            _ => "string",
        };
        let format = if name == "Name" { "name" } else { "" };
        json!({"name": name, "type": kind, "format": format, "description": "",
            "priority": i32::from(column.starts_with('-'))})
    };
    names.iter().map(definition).collect()
}

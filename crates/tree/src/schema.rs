//! Which lists of Kubernetes' built-in kinds are merged element by element, and by what key.
//!
//! The lists of a kind are found by walking its fields through [`Shape`]s, so that a container is
//! described once however deep the kind holds it. A kind that is not built in has no shape: all its
//! lists are atomic, as Kustomize treats custom resources.

use Shape::{
    Conditions, Container, CronSpec, EndpointSlice, JobTemplate, Leaf, Meta, NodeSpec, NodeStatus, Object,
    Pod, PodStatus, Resources, ServiceSpec, Template, Webhook, Workload,
};

/// How the elements of a list are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// They are not: the list is replaced as a whole.
    Atomic,
    /// By the values of these keys, the strategic-merge key first.
    Map(&'static [&'static str]),
    /// By their own values.
    Set,
}

/// Which table of keys is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Merge,
    Apply,
}

/// A place in a kind's description, followed field by field while a patch descends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    shape: Shape,
    table: Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing below is merged by key.
    Leaf,
    /// A top-level object of a built-in kind.
    Object(Kind),
    Meta,
    /// The `spec` of what makes pods: a template, and perhaps claims.
    Workload,
    Template,
    CronSpec,
    JobTemplate,
    Pod,
    PodStatus,
    Container,
    Resources,
    ServiceSpec,
    /// A status whose conditions are merged by type.
    Conditions,
    NodeSpec,
    NodeStatus,
    EndpointSlice,
    Webhook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pod,
    PodTemplate,
    Workload,
    CronJob,
    Service,
    ServiceAccount,
    Node,
    EndpointSlice,
    WebhookConfiguration,
    /// Built in, and with conditions at most.
    Other,
}

const NAME: ListKind = ListKind::Map(&["name"]);
const KIND: ListKind = ListKind::Map(&["type"]);

/// The key by which strategic merge tells the elements of a list apart; `path` is the way of field names
/// to it, list indices left out.
#[must_use]
pub fn merge_keys(kind: &str, path: &[&str]) -> ListKind {
    look_up(Cursor::merge(kind), path)
}

/// The keys by which server-side apply tells the elements of a list apart. For a kind that is not built
/// in only `metadata` is known.
#[must_use]
pub fn apply_keys(kind: &str, path: &[&str]) -> ListKind {
    look_up(Cursor { shape: Object(shape_of(kind).unwrap_or(Kind::Other)), table: Table::Apply }, path)
}

/// Whether a kind is built in, for Kustomize: it knows the kinds of Kubernetes 1.21 by group and version
/// and merges all others as plain JSON.
#[must_use]
pub fn is_built_in(api_version: &str, kind: &str) -> bool {
    let versions: &[&str] = match kind {
        "ConfigMap"
        | "Endpoints"
        | "LimitRange"
        | "Namespace"
        | "Node"
        | "PersistentVolume"
        | "PersistentVolumeClaim"
        | "Pod"
        | "PodTemplate"
        | "ReplicationController"
        | "ResourceQuota"
        | "Secret"
        | "Service"
        | "ServiceAccount" => &["v1"],
        "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet" | "ControllerRevision" => &["apps/v1"],
        "Job" => &["batch/v1"],
        "CronJob" => &["batch/v1", "batch/v1beta1"],
        "Ingress" => &["networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1"],
        "IngressClass" => &["networking.k8s.io/v1", "networking.k8s.io/v1beta1"],
        "NetworkPolicy" => &["networking.k8s.io/v1"],
        "HorizontalPodAutoscaler" => &["autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2"],
        "PodDisruptionBudget" => &["policy/v1", "policy/v1beta1"],
        "PodSecurityPolicy" => &["policy/v1beta1"],
        "EndpointSlice" => &["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"],
        "Lease" => &["coordination.k8s.io/v1", "coordination.k8s.io/v1beta1"],
        "PriorityClass" => &["scheduling.k8s.io/v1", "scheduling.k8s.io/v1beta1"],
        "RuntimeClass" => &["node.k8s.io/v1", "node.k8s.io/v1beta1"],
        "StorageClass" | "CSIDriver" | "CSINode" | "VolumeAttachment" => {
            &["storage.k8s.io/v1", "storage.k8s.io/v1beta1"]
        }
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
            &["rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1"]
        }
        "CustomResourceDefinition" => &["apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1"],
        "APIService" => &["apiregistration.k8s.io/v1", "apiregistration.k8s.io/v1beta1"],
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            &["admissionregistration.k8s.io/v1", "admissionregistration.k8s.io/v1beta1"]
        }
        _ => &[],
    };
    versions.contains(&api_version)
}

fn shape_of(kind: &str) -> Option<Kind> {
    Some(match kind {
        "Pod" => Kind::Pod,
        "PodTemplate" => Kind::PodTemplate,
        "DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "ReplicationController" | "StatefulSet" => {
            Kind::Workload
        }
        "CronJob" => Kind::CronJob,
        "Service" => Kind::Service,
        "ServiceAccount" => Kind::ServiceAccount,
        "Node" => Kind::Node,
        "EndpointSlice" => Kind::EndpointSlice,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => Kind::WebhookConfiguration,
        "APIService"
        | "CSIDriver"
        | "CSINode"
        | "ClusterRole"
        | "ClusterRoleBinding"
        | "ConfigMap"
        | "ControllerRevision"
        | "CustomResourceDefinition"
        | "Endpoints"
        | "Event"
        | "HorizontalPodAutoscaler"
        | "Ingress"
        | "IngressClass"
        | "Lease"
        | "LimitRange"
        | "Namespace"
        | "NetworkPolicy"
        | "PersistentVolume"
        | "PersistentVolumeClaim"
        | "PodDisruptionBudget"
        | "PodSecurityPolicy"
        | "PriorityClass"
        | "ResourceQuota"
        | "Role"
        | "RoleBinding"
        | "RuntimeClass"
        | "Secret"
        | "StorageClass"
        | "VolumeAttachment" => Kind::Other,
        _ => return None,
    })
}

fn look_up(start: Cursor, path: &[&str]) -> ListKind {
    path.iter().fold((start, ListKind::Atomic), |(cursor, _), field| cursor.field(field)).1
}

impl Cursor {
    /// The root of an object of this kind, as strategic merge sees it.
    pub(crate) fn merge(kind: &str) -> Self {
        Self { shape: shape_of(kind).map_or(Leaf, Object), table: Table::Merge }
    }

    /// What a field holds (for a list: what its elements are), and how it is merged if it is a list.
    pub(crate) fn field(self, name: &str) -> (Self, ListKind) {
        let (shape, list) = match self.shape {
            Leaf => (Leaf, ListKind::Atomic),
            Object(kind) => object_field(kind, name),
            Pod => pod_field(name),
            Container => container_field(name),
            shape => part_field(shape, name, self.table),
        };
        (Self { shape, table: self.table }, list)
    }
}

fn object_field(kind: Kind, name: &str) -> (Shape, ListKind) {
    let shape = match (kind, name) {
        (_, "metadata") => Meta,
        (Kind::Pod, "spec") => Pod,
        (Kind::Pod, "status") => PodStatus,
        (Kind::PodTemplate, "template") => Template,
        (Kind::Workload, "spec") => Workload,
        (Kind::CronJob, "spec") => CronSpec,
        (Kind::Service, "spec") => ServiceSpec,
        (Kind::Node, "spec") => NodeSpec,
        (Kind::Node, "status") => NodeStatus,
        (_, "status") => Conditions,
        (Kind::ServiceAccount, "secrets") => return (Leaf, NAME),
        (Kind::WebhookConfiguration, "webhooks") => return (Webhook, NAME),
        (Kind::EndpointSlice, "endpoints") => EndpointSlice,
        _ => Leaf,
    };
    (shape, ListKind::Atomic)
}

fn pod_field(name: &str) -> (Shape, ListKind) {
    match name {
        "containers" | "initContainers" | "ephemeralContainers" => (Container, NAME),
        "volumes" | "imagePullSecrets" | "schedulingGates" | "resourceClaims" => (Leaf, NAME),
        "hostAliases" => (Leaf, ListKind::Map(&["ip"])),
        "topologySpreadConstraints" => (Leaf, ListKind::Map(&["topologyKey", "whenUnsatisfiable"])),
        "resources" => (Resources, ListKind::Atomic),
        _ => (Leaf, ListKind::Atomic),
    }
}

fn container_field(name: &str) -> (Shape, ListKind) {
    match name {
        "env" => (Leaf, NAME),
        "ports" => (Leaf, ListKind::Map(&["containerPort", "protocol"])),
        "volumeMounts" => (Leaf, ListKind::Map(&["mountPath"])),
        "volumeDevices" => (Leaf, ListKind::Map(&["devicePath"])),
        "resources" => (Resources, ListKind::Atomic),
        _ => (Leaf, ListKind::Atomic),
    }
}

fn part_field(shape: Shape, name: &str, table: Table) -> (Shape, ListKind) {
    // Some lists are keyed for server-side apply only.
    let applied = |kind| if table == Table::Apply { kind } else { ListKind::Atomic };
    match (shape, name) {
        (Meta, "finalizers") => (Leaf, ListKind::Set),
        (Meta, "ownerReferences") => (Leaf, ListKind::Map(&["uid"])),
        (Workload, "template") => (Template, ListKind::Atomic),
        (Template, "metadata") => (Meta, ListKind::Atomic),
        (Template, "spec") => (Pod, ListKind::Atomic),
        (CronSpec, "jobTemplate") => (JobTemplate, ListKind::Atomic),
        (JobTemplate, "metadata") => (Meta, ListKind::Atomic),
        (JobTemplate, "spec") => (Workload, ListKind::Atomic),
        (PodStatus, "podIPs") => (Leaf, ListKind::Map(&["ip"])),
        (PodStatus | Conditions | NodeStatus, "conditions") => (Leaf, KIND),
        (NodeStatus, "addresses") => (Leaf, KIND),
        (NodeSpec, "podCIDRs") => (Leaf, ListKind::Set),
        (ServiceSpec, "ports") => (Leaf, ListKind::Map(&["port", "protocol"])),
        (Resources, "claims") => (Leaf, applied(NAME)),
        (EndpointSlice, "addresses") => (Leaf, applied(ListKind::Set)),
        (Webhook, "matchConditions") => (Leaf, NAME),
        _ => (Leaf, ListKind::Atomic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_found_however_deep() {
        let ways: [(&str, &[&str]); 3] = [
            ("Pod", &["spec", "containers", "env"]),
            ("Deployment", &["spec", "template", "spec", "initContainers", "env"]),
            ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec", "containers", "env"]),
        ];
        for (kind, path) in ways {
            assert_eq!(merge_keys(kind, path), NAME, "{kind} {path:?}");
        }
        assert_eq!(merge_keys("Deployment", &["spec", "containers"]), ListKind::Atomic);
    }

    #[test]
    fn what_is_not_keyed_is_atomic() {
        let atomic: [(&str, &[&str]); 6] = [
            ("Deployment", &["spec", "template", "spec", "tolerations"]),
            ("Deployment", &["spec", "template", "spec", "containers", "envFrom"]),
            ("Deployment", &["spec", "template", "spec", "containers", "args"]),
            ("Ingress", &["spec", "rules"]),
            ("HorizontalPodAutoscaler", &["spec", "metrics"]),
            ("Certificate", &["metadata", "finalizers"]),
        ];
        for (kind, path) in atomic {
            assert_eq!(merge_keys(kind, path), ListKind::Atomic, "{kind} {path:?}");
        }
        assert_eq!(apply_keys("Certificate", &["metadata", "finalizers"]), ListKind::Set);
        assert_eq!(apply_keys("Service", &["spec", "ports"]), ListKind::Map(&["port", "protocol"]));
        assert_eq!(apply_keys("EndpointSlice", &["endpoints", "addresses"]), ListKind::Set);
    }
}

use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;

use crate::ClusterError;

/// Kinds without a namespace that an installation may hold.
const CLUSTER_SCOPED: [&str; 14] = [
    "APIService",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

/// A kind with its version, as objects name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kind {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
}

impl Kind {
    /// A kind by its two names.
    #[must_use]
    pub fn new(api_version: &str, kind: &str) -> Self {
        Self { api_version: api_version.to_owned(), kind: kind.to_owned() }
    }

    /// `apps/v1` Deployment.
    #[must_use]
    pub fn deployment() -> Self {
        Self::new("apps/v1", "Deployment")
    }

    /// `v1` Pod.
    #[must_use]
    pub fn pod() -> Self {
        Self::new("v1", "Pod")
    }

    /// `v1` Service.
    #[must_use]
    pub fn service() -> Self {
        Self::new("v1", "Service")
    }

    /// `v1` Secret.
    #[must_use]
    pub fn secret() -> Self {
        Self::new("v1", "Secret")
    }

    /// `discovery.k8s.io/v1` EndpointSlice.
    #[must_use]
    pub fn endpoint_slice() -> Self {
        Self::new("discovery.k8s.io/v1", "EndpointSlice")
    }

    /// `coordination.k8s.io/v1` Lease.
    #[must_use]
    pub fn lease() -> Self {
        Self::new("coordination.k8s.io/v1", "Lease")
    }

    /// Whether its objects live outside namespaces.
    #[must_use]
    pub fn is_cluster_scoped(&self) -> bool {
        CLUSTER_SCOPED.contains(&self.kind.as_str())
    }

    /// The group of its API, empty for Kubernetes's core.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// How the API names the resource, such as `deployments`.
    #[must_use]
    pub fn plural(&self) -> String {
        self.resource().plural
    }

    /// How the API names the resource. The plural is the English one, as every built-in kind and every
    /// custom resource of the fronts, monitors and clouds this program meets has it.
    pub(crate) fn resource(&self) -> ApiResource {
        let (group, version) = self.api_version.split_once('/').unwrap_or(("", &self.api_version));
        ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &self.kind))
    }
}

/// An object's place in the namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// An object by kind and name.
    #[must_use]
    pub fn new(kind: Kind, name: &str) -> Self {
        Self { kind, name: name.to_owned() }
    }

    /// Where an object says it belongs.
    ///
    /// # Errors
    /// When it lacks `apiVersion`, `kind` or `metadata.name`.
    pub fn of(object: &Value) -> Result<Self, ClusterError> {
        let text = |pointer: &str, field| {
            object.pointer(pointer).and_then(Value::as_str).ok_or_else(|| ClusterError::Malformed {
                object: format!("{}/{}", object["kind"], object["metadata"]["name"]),
                field,
            })
        };
        Ok(Self {
            kind: Kind::new(text("/apiVersion", "apiVersion")?, text("/kind", "kind")?),
            name: text("/metadata/name", "metadata.name")?.to_owned(),
        })
    }
}

impl std::fmt::Display for ObjectRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.kind.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_an_installation_get_the_plural_the_api_uses() {
        for (version, kind, plural) in [
            ("networking.k8s.io/v1", "Ingress", "ingresses"),
            ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
            ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
            ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
            ("cloud.google.com/v1", "BackendConfig", "backendconfigs"),
            ("networking.gke.io/v1", "ManagedCertificate", "managedcertificates"),
            ("monitoring.googleapis.com/v1", "PodMonitoring", "podmonitorings"),
            ("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors"),
            ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
            ("batch/v1", "CronJob", "cronjobs"),
        ] {
            assert_eq!(Kind::new(version, kind).resource().plural, plural, "{kind}");
        }
    }
}

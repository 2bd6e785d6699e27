//! Which Rust type describes a kind.

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, coordination::v1 as coordination,
    core::v1 as core, discovery::v1 as discovery, events::v1 as events, networking::v1 as networking,
    policy::v1 as policy, rbac::v1 as rbac, scheduling::v1 as scheduling, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
use schemars::{JsonSchema, SchemaGenerator};

use crate::api::registry::Kind;

/// Puts the schemas of a kind among those of the generator and gives the name of its own; none for custom kinds.
pub(super) fn describe(kind: &Kind, generator: &mut SchemaGenerator) -> Option<String> {
    fn named<T: JsonSchema>(generator: &mut SchemaGenerator) -> Option<String> {
        generator.subschema_for::<T>();
        Some(T::schema_name().into_owned())
    }
    macro_rules! table {
        ($($group:literal $version:literal $module:ident $kind:ident,)*) => {
            match (kind.group.as_str(), kind.version.as_str(), kind.kind.as_str()) {
                $(($group, $version, stringify!($kind)) => named::<$module::$kind>(generator),)*
                _ => None,
            }
        };
    }
    table! {
        "" "v1" core Namespace,
        "" "v1" core Node,
        "" "v1" core PersistentVolume,
        "" "v1" core Pod,
        "" "v1" core Service,
        "" "v1" core ConfigMap,
        "" "v1" core Secret,
        "" "v1" core ServiceAccount,
        "" "v1" core Event,
        "" "v1" core PersistentVolumeClaim,
        "" "v1" core Endpoints,
        "" "v1" core ResourceQuota,
        "" "v1" core LimitRange,
        "apiextensions.k8s.io" "v1" extensions CustomResourceDefinition,
        "apps" "v1" apps ControllerRevision,
        "apps" "v1" apps Deployment,
        "apps" "v1" apps ReplicaSet,
        "apps" "v1" apps StatefulSet,
        "apps" "v1" apps DaemonSet,
        "batch" "v1" batch Job,
        "batch" "v1" batch CronJob,
        "autoscaling" "v2" autoscaling HorizontalPodAutoscaler,
        "networking.k8s.io" "v1" networking Ingress,
        "networking.k8s.io" "v1" networking IngressClass,
        "networking.k8s.io" "v1" networking NetworkPolicy,
        "discovery.k8s.io" "v1" discovery EndpointSlice,
        "coordination.k8s.io" "v1" coordination Lease,
        "events.k8s.io" "v1" events Event,
        "policy" "v1" policy PodDisruptionBudget,
        "scheduling.k8s.io" "v1" scheduling PriorityClass,
        "storage.k8s.io" "v1" storage StorageClass,
        "rbac.authorization.k8s.io" "v1" rbac Role,
        "rbac.authorization.k8s.io" "v1" rbac RoleBinding,
        "rbac.authorization.k8s.io" "v1" rbac ClusterRole,
        "rbac.authorization.k8s.io" "v1" rbac ClusterRoleBinding,
    }
}

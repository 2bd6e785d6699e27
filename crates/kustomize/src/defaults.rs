//! The fields that Kustomize's transformers change of themselves (v5.8).

use crate::config::{Config, References};
use crate::field::FieldSpec;
use crate::identity::Gvk;

/// Kinds whose pods may name ConfigMaps and Secrets, and where their pods are described.
const PODS: [(&str, &str); 8] = [
    ("Pod", ""),
    ("PodTemplate", "template/"),
    ("Deployment", "spec/template/"),
    ("ReplicaSet", "spec/template/"),
    ("DaemonSet", "spec/template/"),
    ("StatefulSet", "spec/template/"),
    ("Job", "spec/template/"),
    ("CronJob", "spec/jobTemplate/spec/template/"),
];

/// Kinds whose pods may name service accounts, claims and priority classes.
const WORKLOADS: [(&str, &str); 7] = [
    ("Pod", ""),
    ("StatefulSet", "spec/template/"),
    ("Deployment", "spec/template/"),
    ("ReplicationController", "spec/template/"),
    ("CronJob", "spec/jobTemplate/spec/template/"),
    ("Job", "spec/template/"),
    ("DaemonSet", "spec/template/"),
];

const APPS: &str = "apps";
const BATCH: &str = "batch";
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const TEMPLATE_LABELS: &str = "spec/template/metadata/labels";
const TEMPLATE_ANNOTATIONS: &str = "spec/template/metadata/annotations";
const MATCH_LABELS: &str = "spec/selector/matchLabels";

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
}

/// A field that is left alone where it is missing.
fn found(group: &str, kind: &str, path: &str) -> FieldSpec {
    FieldSpec::new(gvk(group, "", kind), path, false)
}

fn made(group: &str, version: &str, kind: &str, path: &str) -> FieldSpec {
    FieldSpec::new(gvk(group, version, kind), path, true)
}

pub(crate) fn config() -> Config {
    let name = vec![found("", "", "metadata/name")];
    let template_labels = template_labels();
    let mut common_labels = selectors();
    common_labels.extend(template_labels.iter().cloned());
    Config {
        name_prefix: name.clone(),
        name_suffix: name,
        namespace: vec![
            made("", "", "Namespace", "metadata/name"),
            made("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
            found(
                "apiextensions.k8s.io",
                "CustomResourceDefinition",
                "spec/conversion/webhook/clientConfig/service/namespace",
            ),
        ],
        common_labels,
        labels: Vec::new(),
        template_labels,
        common_annotations: annotations(),
        name_reference: references(),
        var_reference: variables(),
        images: ["", "template/spec/"]
            .iter()
            .flat_map(|pod| {
                ["containers[]/image", "initContainers[]/image", "volumes[]/image/reference"]
                    .map(|image| made("", "", "", &format!("spec/{pod}{image}")))
            })
            .collect(),
        replicas: ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
            .map(|kind| made("", "", kind, "spec/replicas"))
            .to_vec(),
    }
}

fn template_labels() -> Vec<FieldSpec> {
    vec![
        made("", "", "", "metadata/labels"),
        made("", "v1", "ReplicationController", TEMPLATE_LABELS),
        made("", "", "Deployment", TEMPLATE_LABELS),
        made("", "", "ReplicaSet", TEMPLATE_LABELS),
        made("", "", "DaemonSet", TEMPLATE_LABELS),
        made(APPS, "", "StatefulSet", TEMPLATE_LABELS),
        made(APPS, "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
        made(BATCH, "", "Job", TEMPLATE_LABELS),
        made(BATCH, "", "CronJob", "spec/jobTemplate/metadata/labels"),
        made(BATCH, "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
    ]
}

fn selectors() -> Vec<FieldSpec> {
    let mut specs = vec![
        made("", "v1", "Service", "spec/selector"),
        made("", "v1", "ReplicationController", "spec/selector"),
        made("", "", "Deployment", MATCH_LABELS),
        made("", "", "ReplicaSet", MATCH_LABELS),
        made("", "", "DaemonSet", MATCH_LABELS),
        made(APPS, "", "StatefulSet", MATCH_LABELS),
        found(BATCH, "Job", MATCH_LABELS),
        found(BATCH, "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
        found("policy", "PodDisruptionBudget", MATCH_LABELS),
        found(NETWORKING, "NetworkPolicy", "spec/podSelector/matchLabels"),
        found(NETWORKING, "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
        found(NETWORKING, "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
    ];
    for kind in ["Deployment", "StatefulSet"] {
        let spread = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels";
        specs.push(found(APPS, kind, spread));
        for side in ["podAffinity", "podAntiAffinity"] {
            for when in [PREFERRED, REQUIRED] {
                let path = format!("spec/template/spec/affinity/{side}/{when}/labelSelector/matchLabels");
                specs.push(found(APPS, kind, &path));
            }
        }
    }
    specs
}

fn annotations() -> Vec<FieldSpec> {
    vec![
        made("", "", "", "metadata/annotations"),
        made("", "v1", "ReplicationController", TEMPLATE_ANNOTATIONS),
        made("", "", "Deployment", TEMPLATE_ANNOTATIONS),
        made("", "", "ReplicaSet", TEMPLATE_ANNOTATIONS),
        made("", "", "DaemonSet", TEMPLATE_ANNOTATIONS),
        made("", "", "StatefulSet", TEMPLATE_ANNOTATIONS),
        made(BATCH, "", "Job", TEMPLATE_ANNOTATIONS),
        made(BATCH, "", "CronJob", "spec/jobTemplate/metadata/annotations"),
        made(BATCH, "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
    ]
}

/// A path in the pods of some kinds.
fn in_pods(kinds: &[(&str, &str)], paths: &[&str]) -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (kind, pod) in kinds {
        for path in paths {
            specs.push(found("", kind, &format!("{pod}spec/{path}")));
        }
    }
    specs
}

fn references() -> Vec<References> {
    let to = |group: &str, version: &str, kind: &str, from: Vec<FieldSpec>| References {
        to: gvk(group, version, kind),
        from,
    };
    let scaled = || vec![found("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")];
    let mut references = vec![
        to("", "v1", "ConfigMap", to_config_maps()),
        to("", "v1", "Secret", to_secrets()),
        to("", "v1", "Service", to_services()),
        to(RBAC, "", "Role", vec![found(RBAC, "RoleBinding", "roleRef/name")]),
        to(
            RBAC,
            "",
            "ClusterRole",
            vec![
                found(RBAC, "RoleBinding", "roleRef/name"),
                found(RBAC, "ClusterRoleBinding", "roleRef/name"),
            ],
        ),
        to("", "v1", "ServiceAccount", to_accounts()),
        to(
            "",
            "v1",
            "PersistentVolumeClaim",
            in_pods(&WORKLOADS, &["volumes/persistentVolumeClaim/claimName"]),
        ),
        to(
            "",
            "v1",
            "PersistentVolume",
            vec![
                found("", "PersistentVolumeClaim", "spec/volumeName"),
                found("", "ClusterRole", "rules/resourceNames"),
            ],
        ),
        to(
            "storage.k8s.io",
            "v1",
            "StorageClass",
            vec![
                found("", "PersistentVolume", "spec/storageClassName"),
                found("", "PersistentVolumeClaim", "spec/storageClassName"),
                found("", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
            ],
        ),
        to("scheduling.k8s.io", "v1", "PriorityClass", in_pods(&WORKLOADS, &["priorityClassName"])),
        // Kustomize's own table has the version in the group, so that this one never fits.
        to("networking.k8s.io/v1", "v1", "IngressClass", vec![found("", "Ingress", "spec/ingressClassName")]),
        to(
            ADMISSION,
            "",
            "ValidatingAdmissionPolicy",
            vec![found(ADMISSION, "ValidatingAdmissionPolicyBinding", "spec/policyName")],
        ),
    ];
    for kind in ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"] {
        references.push(to("", "", kind, scaled()));
    }
    references.sort_by_cached_key(|references| crate::order::of_gvk(&references.to));
    references
}

fn to_config_maps() -> Vec<FieldSpec> {
    let mut specs = in_pods(
        &PODS,
        &[
            "volumes/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
            "volumes/projected/sources/configMap/name",
        ],
    );
    specs.extend([
        found("", "Node", "spec/configSource/configMap"),
        found("", "Role", "rules/resourceNames"),
        found("", "ClusterRole", "rules/resourceNames"),
        found("", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
    ]);
    specs
}

fn to_secrets() -> Vec<FieldSpec> {
    let mut specs = in_pods(
        &PODS,
        &[
            "volumes/secret/secretName",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
            "volumes/projected/sources/secret/name",
        ],
    );
    specs.extend([
        found("", "Ingress", "spec/tls/secretName"),
        found("", "Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
        found("", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
        found("", "Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
        found("", "ServiceAccount", "imagePullSecrets/name"),
        found("", "StorageClass", "parameters/secretName"),
        found("", "StorageClass", "parameters/adminSecretName"),
        found("", "StorageClass", "parameters/userSecretName"),
        found("", "StorageClass", "parameters/secretRef"),
        found("", "Role", "rules/resourceNames"),
        found("", "ClusterRole", "rules/resourceNames"),
        FieldSpec::new(
            gvk("serving.knative.dev", "v1", "Service"),
            "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            false,
        ),
        found("", "PersistentVolume", "spec/azureFile/secretName"),
    ]);
    specs
}

fn to_services() -> Vec<FieldSpec> {
    vec![
        found(APPS, "StatefulSet", "spec/serviceName"),
        found("", "Ingress", "spec/rules/http/paths/backend/serviceName"),
        found("", "Ingress", "spec/backend/serviceName"),
        found("", "Ingress", "spec/rules/http/paths/backend/service/name"),
        found("", "Ingress", "spec/defaultBackend/service/name"),
        found("apiregistration.k8s.io", "APIService", "spec/service/name"),
        found(ADMISSION, "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
        found(ADMISSION, "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
    ]
}

fn to_accounts() -> Vec<FieldSpec> {
    let mut specs =
        vec![found(RBAC, "RoleBinding", "subjects"), found(RBAC, "ClusterRoleBinding", "subjects")];
    specs.extend(in_pods(&WORKLOADS, &["serviceAccountName"]));
    specs
}

fn variables() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (kind, pod) in PODS.iter().filter(|(kind, _)| *kind != "PodTemplate") {
        for containers in ["containers", "initContainers"] {
            for field in ["args", "command", "env/value", "volumeMounts/mountPath"] {
                specs.push(found("", kind, &format!("{pod}spec/{containers}/{field}")));
            }
        }
        let nfs = match *kind {
            // Kustomize's own table forgets the pod's `spec` here.
            "CronJob" => Some(format!("{pod}volumes/nfs/server")),
            "StatefulSet" => None,
            _ => Some(format!("{pod}spec/volumes/nfs/server")),
        };
        specs.extend(nfs.map(|path| found("", kind, &path)));
    }
    specs.extend([
        found("", "Deployment", TEMPLATE_ANNOTATIONS),
        found("", "Ingress", "spec/rules/host"),
        found("", "Ingress", "spec/tls/hosts"),
        found("", "Ingress", "spec/tls/secretName"),
        found("", "Service", "spec/ports/port"),
        found("", "Service", "spec/ports/targetPort"),
        found("", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
        found("", "PersistentVolume", "spec/nfs/server"),
        found("", "", "metadata/labels"),
        found("", "", "metadata/annotations"),
    ]);
    specs
}

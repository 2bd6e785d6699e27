//! What the real server's admission plug-ins add to new objects, and refuse.
//!
//! Those that every cluster runs: ServiceAccount, Priority, DefaultTolerationSeconds, DefaultStorageClass,
//! DefaultIngressClass.

use serde_json::{Value, json};

use super::object::{self, put_default};
use super::registry::Kind;
use super::status::{About, ApiError};
use super::store::State;

/// Where a pod finds the token of its account.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Adds to a new object what the cluster decides.
pub(crate) fn admit(state: &State, kind: &Kind, object: &mut Value) -> Result<(), ApiError> {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => {
            account(state, kind, object)?;
            priority(state, kind, object)?;
            tolerations(object);
        }
        ("", "PersistentVolumeClaim") => {
            let marker = "storageclass.kubernetes.io/is-default-class";
            if let Some(class) = default_class(state, ("storage.k8s.io/v1", "StorageClass"), marker) {
                put_default(object, &["spec", "storageClassName"], class);
            }
        }
        ("networking.k8s.io", "Ingress") => {
            let annotated = object::text(object, &["metadata", "annotations", "kubernetes.io/ingress.class"]);
            let marker = "ingressclass.kubernetes.io/is-default-class";
            if annotated.is_none()
                && let Some(class) = default_class(state, ("networking.k8s.io/v1", "IngressClass"), marker)
            {
                put_default(object, &["spec", "ingressClassName"], class);
            }
        }
        _ => {}
    }
    Ok(())
}

fn default_class(state: &State, (api_version, kind): (&str, &str), marker: &str) -> Option<String> {
    let kind = state.registry.by_kind(api_version, kind)?;
    let classes = state.list(&kind, None);
    // Of several the youngest counts.
    let marked = classes
        .iter()
        .filter(|class| object::text(class, &["metadata", "annotations", marker]) == Some("true"))
        .max_by_key(|class| object::text(class, &["metadata", "creationTimestamp"]).map(str::to_owned));
    marked.map(|class| object::name(class).to_owned())
}

fn account(state: &State, kind: &Kind, pod: &mut Value) -> Result<(), ApiError> {
    if object::at(pod, &["metadata", "annotations", "kubernetes.io/config.mirror"]).is_some() {
        return Ok(());
    }
    let given =
        object::text(pod, &["spec", "serviceAccountName"]).or(object::text(pod, &["spec", "serviceAccount"]));
    let name = given.filter(|name| !name.is_empty()).unwrap_or("default").to_owned();
    let namespace = object::namespace(pod).to_owned();
    let Some(accounts) = state.registry.by_kind("v1", "ServiceAccount") else { return Ok(()) };
    let found = state.find(&accounts, &namespace, &name).map_err(|_| {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        );
        ApiError::Forbidden { about: About::new(kind, object::name(pod)), why }
    })?;
    object::put(pod, &["spec", "serviceAccountName"], name.as_str());
    object::put(pod, &["spec", "serviceAccount"], name.as_str());
    let pulls = object::items(&found, &["imagePullSecrets"]);
    if object::items(pod, &["spec", "imagePullSecrets"]).is_empty() && !pulls.is_empty() {
        object::put(pod, &["spec", "imagePullSecrets"], pulls.to_vec());
    }
    let own = object::at(pod, &["spec", "automountServiceAccountToken"]);
    let wanted = own.or(object::at(&found, &["automountServiceAccountToken"]));
    if wanted != Some(&Value::Bool(false)) {
        mount_token(pod);
    }
    Ok(())
}

fn mount_token(pod: &mut Value) {
    let volumes = object::items(pod, &["spec", "volumes"]);
    let known = volumes.iter().filter_map(|volume| object::text(volume, &["name"]));
    let known = known.into_iter().find(|name| name.starts_with("kube-api-access-")).map(str::to_owned);
    let name = known.clone().unwrap_or_else(|| format!("kube-api-access-{}", object::fresh_suffix()));
    let mut is_mounted = false;
    for list in ["initContainers", "containers"] {
        if object::items(pod, &["spec", list]).is_empty() {
            continue;
        }
        let containers = object::place(pod, &["spec", list]).as_array_mut();
        for container in containers.into_iter().flatten() {
            let mut mounts = object::items(container, &["volumeMounts"]).to_vec();
            if mounts.iter().any(|mount| object::text(mount, &["mountPath"]) == Some(TOKEN_PATH)) {
                continue;
            }
            mounts.push(json!({"name": name, "readOnly": true, "mountPath": TOKEN_PATH}));
            object::put(container, &["volumeMounts"], mounts);
            is_mounted = true;
        }
    }
    if is_mounted && known.is_none() {
        let mut volumes = object::items(pod, &["spec", "volumes"]).to_vec();
        volumes.push(json!({"name": name, "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace",
                "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]}}));
        object::put(pod, &["spec", "volumes"], volumes);
    }
}

fn priority(state: &State, kind: &Kind, pod: &mut Value) -> Result<(), ApiError> {
    let name = object::text(pod, &["spec", "priorityClassName"]).unwrap_or_default().to_owned();
    let value = match name.as_str() {
        "" => global_default(state, pod),
        "system-cluster-critical" => Some((2_000_000_000, None)),
        "system-node-critical" => Some((2_000_001_000, None)),
        name => {
            let classes = state.registry.by_kind("scheduling.k8s.io/v1", "PriorityClass");
            let class = classes.and_then(|classes| state.find(&classes, "", name).ok());
            let class = class.ok_or_else(|| {
                let why = format!("no PriorityClass with name {name} was found");
                ApiError::Forbidden { about: About::new(kind, object::name(pod)), why }
            })?;
            Some((
                object::int(&class, &["value"]).unwrap_or_default(),
                object::text(&class, &["preemptionPolicy"]).map(str::to_owned),
            ))
        }
    };
    let (value, policy) = value.unwrap_or((0, None));
    object::put(pod, &["spec", "priority"], value);
    put_default(
        pod,
        &["spec", "preemptionPolicy"],
        policy.unwrap_or_else(|| "PreemptLowerPriority".to_owned()),
    );
    Ok(())
}

/// The class for pods that name none; it is written into them.
fn global_default(state: &State, pod: &mut Value) -> Option<(i64, Option<String>)> {
    let classes = state.registry.by_kind("scheduling.k8s.io/v1", "PriorityClass")?;
    let classes = state.list(&classes, None);
    let class =
        classes.iter().find(|class| object::at(class, &["globalDefault"]) == Some(&Value::Bool(true)))?;
    object::put(pod, &["spec", "priorityClassName"], object::name(class));
    let policy = object::text(class, &["preemptionPolicy"]).map(str::to_owned);
    Some((object::int(class, &["value"]).unwrap_or_default(), policy))
}

/// A pod stays five minutes on a node that was lost.
fn tolerations(pod: &mut Value) {
    let mut all = object::items(pod, &["spec", "tolerations"]).to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerates = |one: &Value| {
            let own = object::text(one, &["key"]).unwrap_or_default();
            let effect = object::text(one, &["effect"]).unwrap_or_default();
            (own == key || (own.is_empty() && object::text(one, &["operator"]) == Some("Exists")))
                && (effect.is_empty() || effect == "NoExecute")
        };
        if !all.iter().any(tolerates) {
            all.push(
                json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
            );
        }
    }
    object::put(pod, &["spec", "tolerations"], all);
}

//! What Kubernetes refuses to store.

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, core::v1 as core,
    networking::v1 as networking, policy::v1 as policy,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::object;
use super::registry::Kind;
use super::selectors;
use super::status::{About, ApiError, Cause};

/// Whether every field has the type that its kind gives it.
pub(crate) fn shape(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let read = if metadata.is_null() { Ok(()) } else { reads::<ObjectMeta>(metadata) };
    let read = read.and_then(|()| match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => reads::<core::Pod>(object),
        ("", "Service") => reads::<core::Service>(object),
        ("", "ConfigMap") => reads::<core::ConfigMap>(object),
        ("", "Secret") => reads::<core::Secret>(object),
        ("", "PersistentVolumeClaim") => reads::<core::PersistentVolumeClaim>(object),
        ("apps", "Deployment") => reads::<apps::Deployment>(object),
        ("apps", "ReplicaSet") => reads::<apps::ReplicaSet>(object),
        ("apps", "StatefulSet") => reads::<apps::StatefulSet>(object),
        ("apps", "DaemonSet") => reads::<apps::DaemonSet>(object),
        ("batch", "Job") => reads::<batch::Job>(object),
        ("batch", "CronJob") => reads::<batch::CronJob>(object),
        ("autoscaling", "HorizontalPodAutoscaler") => reads::<autoscaling::HorizontalPodAutoscaler>(object),
        ("networking.k8s.io", "Ingress") => reads::<networking::Ingress>(object),
        ("networking.k8s.io", "NetworkPolicy") => reads::<networking::NetworkPolicy>(object),
        ("policy", "PodDisruptionBudget") => reads::<policy::PodDisruptionBudget>(object),
        _ => Ok(()),
    });
    read.map_err(|why| {
        let kind = &kind.kind;
        ApiError::BadRequest(format!("{kind} in version cannot be handled as a {kind}: {why}"))
    })
}

fn reads<T: DeserializeOwned>(value: &Value) -> Result<(), serde_json::Error> {
    T::deserialize(value).map(drop)
}

/// Whether the object keeps the rules of its kind.
pub(crate) fn rules(kind: &Kind, object: &Value, old: Option<&Value>) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    if old.is_none() {
        name(kind, object, &mut causes);
    }
    labels(object::labels(object), "metadata.labels", &mut causes);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod(object.get("spec"), "spec", &mut causes),
        ("", "Service") => service(object, &mut causes),
        ("", "ConfigMap" | "Secret") => immutable_data(object, old, &mut causes),
        ("apps", "ControllerRevision") => {}
        ("apps", _) => {
            workload(object, &mut causes);
            keep(old, object, &["spec", "selector"], &mut causes);
        }
        ("batch", "Job") => {
            job_pods(object, &mut causes);
            for path in [["spec", "selector"], ["spec", "template"], ["spec", "completionMode"]] {
                keep(old, object, &path, &mut causes);
            }
        }
        ("batch", "CronJob") => {
            let template = object::at(object, &["spec", "jobTemplate", "spec", "template", "spec"]);
            pod(template, "spec.jobTemplate.spec.template.spec", &mut causes);
        }
        _ => {}
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(ApiError::Invalid { about: About::new(kind, object::name(object)), causes })
}

fn is_name(text: &str, limit: usize, dots: bool) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let part = |part: &str| {
        !part.is_empty() && part.chars().all(plain) && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= limit && if dots { text.split('.').all(part) } else { part(text) }
}

fn name(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    let name = object::name(object);
    let is_fine = match (kind.group.as_str(), kind.kind.as_str()) {
        // Role names and their bindings may hold colons, as `system:node` does.
        ("rbac.authorization.k8s.io", _) => !name.contains('/') && !name.contains('%'),
        ("", "Service") => {
            is_name(name, 63, false) && !name.starts_with(|first: char| first.is_ascii_digit())
        }
        ("", "Namespace") => is_name(name, 63, false),
        _ => is_name(name, 253, true),
    };
    if !is_fine {
        let why = "a lowercase RFC 1123 name must consist of lower case alphanumeric characters, '-' or '.', \
                   and must start and end with an alphanumeric character";
        causes.push(Cause::invalid("metadata.name", &name.into(), why));
    }
}

fn labels(labels: Option<&Map<String, Value>>, field: &str, causes: &mut Vec<Cause>) {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let ends = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.ends_with(|last: char| last.is_ascii_alphanumeric())
    };
    for (key, value) in labels.into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        if !text.is_empty() && (text.len() > 63 || !text.chars().all(inner) || !ends(text)) {
            let why = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
                       '.', and must start and end with an alphanumeric character (at most 63)";
            causes.push(Cause::invalid(field, value, why));
        }
        let (prefix, own) = key.rsplit_once('/').unwrap_or(("", key));
        let is_prefixed =
            prefix.is_empty() != key.contains('/') && (prefix.is_empty() || is_name(prefix, 253, true));
        if own.len() > 63 || !own.chars().all(inner) || !ends(own) || !is_prefixed {
            let why = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and \
                       end with an alphanumeric character";
            causes.push(Cause::invalid(field, &key.as_str().into(), why));
        }
    }
}

fn pod(spec: Option<&Value>, at: &str, causes: &mut Vec<Cause>) {
    let Some(spec) = spec else { return causes.push(Cause::required(at)) };
    let containers = object::items(spec, &["containers"]);
    if containers.is_empty() {
        causes.push(Cause::required(format!("{at}.containers")));
    }
    let mut seen: Vec<&str> = Vec::new();
    let all = containers.iter().enumerate().map(|(index, one)| (format!("{at}.containers[{index}]"), one));
    let first = object::items(spec, &["initContainers"]).iter().enumerate();
    let first = first.map(|(index, one)| (format!("{at}.initContainers[{index}]"), one));
    for (field, container) in first.chain(all) {
        let name = object::text(container, &["name"]).unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{field}.name")));
        } else if !is_name(name, 63, false) {
            let why = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'";
            causes.push(Cause::invalid(format!("{field}.name"), &name.into(), why));
        }
        if seen.contains(&name) {
            let message = format!("Duplicate value: {name:?}");
            causes.push(Cause { reason: "FieldValueDuplicate", message, field: format!("{field}.name") });
        }
        seen.push(name);
        if object::text(container, &["image"]).is_none_or(str::is_empty) {
            causes.push(Cause::required(format!("{field}.image")));
        }
    }
}

fn workload(object: &Value, causes: &mut Vec<Cause>) {
    let labels_at = ["spec", "template", "metadata", "labels"];
    let template = object::at(object, &labels_at).and_then(Value::as_object);
    labels(template, "spec.template.metadata.labels", causes);
    let selector = object::at(object, &["spec", "selector"]);
    match selector.and_then(Value::as_object) {
        None => causes.push(Cause::required("spec.selector")),
        Some(_) if !selectors::matches(selector, template) => {
            let found = template.map_or(Value::Null, |labels| Value::Object(labels.clone()));
            let why = "`selector` does not match template `labels`";
            causes.push(Cause::invalid("spec.template.metadata.labels", &found, why));
        }
        Some(_) => {}
    }
    if let Some(replicas) = object::int(object, &["spec", "replicas"]).filter(|count| *count < 0) {
        causes.push(Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0"));
    }
    pod(object::at(object, &["spec", "template", "spec"]), "spec.template.spec", causes);
}

fn job_pods(job: &Value, causes: &mut Vec<Cause>) {
    pod(object::at(job, &["spec", "template", "spec"]), "spec.template.spec", causes);
    let policy = ["spec", "template", "spec", "restartPolicy"];
    if let Some(policy) = object::at(job, &policy).filter(|policy| *policy == "Always") {
        let message = format!("Unsupported value: {policy}: supported values: \"OnFailure\", \"Never\"");
        let field = "spec.template.spec.restartPolicy".to_owned();
        causes.push(Cause { reason: "FieldValueNotSupported", message, field });
    }
}

fn service(service: &Value, causes: &mut Vec<Cause>) {
    let ports = object::items(service, &["spec", "ports"]);
    let is_headless = object::text(service, &["spec", "clusterIP"]) == Some("None");
    let is_external = object::text(service, &["spec", "type"]) == Some("ExternalName");
    if ports.is_empty() && !is_headless && !is_external {
        causes.push(Cause::required("spec.ports"));
    }
    let mut names: Vec<&str> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let number = object::int(port, &["port"]).unwrap_or_default();
        if !(1..=65_535).contains(&number) {
            let why = "must be between 1 and 65535, inclusive";
            causes.push(Cause::invalid(format!("spec.ports[{index}].port"), &number.into(), why));
        }
        let name = object::text(port, &["name"]).unwrap_or_default();
        if name.is_empty() && ports.len() > 1 {
            causes.push(Cause::required(format!("spec.ports[{index}].name")));
        } else if names.contains(&name) {
            let message = format!("Duplicate value: {name:?}");
            let field = format!("spec.ports[{index}].name");
            causes.push(Cause { reason: "FieldValueDuplicate", message, field });
        }
        names.push(name);
    }
}

fn immutable_data(object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let Some(old) = old else { return };
    if object::at(old, &["immutable"]) == Some(&Value::Bool(true)) {
        for field in ["immutable", "data", "binaryData"] {
            keep(Some(old), object, &[field], causes);
        }
    }
    keep(Some(old), object, &["type"], causes);
}

/// Objects that stand keep this field as it is.
fn keep(old: Option<&Value>, new: &Value, path: &[&str], causes: &mut Vec<Cause>) {
    if let Some(old) = old
        && object::at(old, path) != object::at(new, path)
    {
        causes.push(Cause::immutable(path.join(".")));
    }
}

//! The `scale` subresource: how many replicas, whatever the kind.

use serde_json::{Value, json};

use super::object;
use super::registry::Kind;
use super::selectors;
use super::status::{About, ApiError, Cause};

/// The path of a number of replicas: `spec` and `status` of built-in kinds have it under `replicas`.
fn path<'a>(kind: &'a Kind, field: &str, usual: &'a [&'a str]) -> Vec<&'a str> {
    let scale = kind.custom.as_ref().and_then(|custom| custom.scale.as_ref());
    match scale.and_then(|scale| object::text(scale, &[field])) {
        Some(path) => path.split('.').filter(|step| !step.is_empty()).collect(),
        None => usual.to_vec(),
    }
}

/// Where a kind keeps how many replicas are wanted.
pub(crate) fn wanted(kind: &Kind) -> Vec<&str> {
    path(kind, "specReplicasPath", &["spec", "replicas"])
}

/// The `Scale` of an object.
pub(crate) fn view(kind: &Kind, of: &Value) -> Value {
    let metadata = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), object::at(of, &["metadata", key])?.clone())));
    let count = |field: &str, usual: &[&str]| object::int(of, &path(kind, field, usual)).unwrap_or_default();
    let mut spec = json!({});
    let wanted = count("specReplicasPath", &["spec", "replicas"]);
    if wanted != 0 {
        spec["replicas"] = wanted.into();
    }
    let mut status = json!({"replicas": count("statusReplicasPath", &["status", "replicas"])});
    let selector = match &kind.custom {
        None => object::at(of, &["spec", "selector"]).map(selectors::to_text),
        Some(_) => object::text(of, &path(kind, "labelSelectorPath", &[])).map(str::to_owned),
    };
    if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
        status["selector"] = selector.into();
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": Value::Object(metadata.collect()),
        "spec": spec, "status": status})
}

/// Whether a Scale is one, and of the object that is asked for.
pub(crate) fn check(scale: &Value, (namespace, name): (&str, &str)) -> Result<(), ApiError> {
    let kind = object::text(scale, &["kind"]).unwrap_or("Scale");
    if kind != "Scale" {
        let version = object::text(scale, &["apiVersion"]).unwrap_or_default();
        let version = version.rsplit('/').next().unwrap_or_default();
        return Err(ApiError::BadRequest(format!(
            "{kind} in version {version:?} cannot be handled as a Scale"
        )));
    }
    let given = object::name(scale);
    if given != name {
        return Err(ApiError::BadRequest(format!(
            "the name of the object ({given}) does not match the name on the URL ({name})"
        )));
    }
    if ![namespace, ""].contains(&object::namespace(scale)) {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(ApiError::BadRequest(why.to_owned()));
    }
    Ok(())
}

/// The object with what a `Scale` asks for.
pub(crate) fn scaled(kind: &Kind, of: &Value, scale: &Value) -> Result<Value, ApiError> {
    let wanted = object::int(scale, &["spec", "replicas"]).unwrap_or_default();
    if wanted < 0 {
        let causes =
            vec![Cause::invalid("spec.replicas", &wanted.into(), "must be greater than or equal to 0")];
        return Err(ApiError::Invalid {
            about: About::other("autoscaling", "Scale", object::name(of)),
            causes,
        });
    }
    let mut scaled = of.clone();
    object::put(&mut scaled, &self::wanted(kind), wanted);
    if let Some(version) = object::at(scale, &["metadata", "resourceVersion"]) {
        object::put(&mut scaled, &["metadata", "resourceVersion"], version.clone());
    }
    Ok(scaled)
}

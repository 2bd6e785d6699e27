//! Which rules hold for which kind.

use serde_json::Value;

use super::{metadata, network, pods, scaling, storage, workloads};
use crate::api::object;
use crate::api::registry::Kind;
use crate::api::schema::refusals;
use crate::api::status::{About, ApiError, Cause};
use crate::api::verbs::Part;

/// Whether the object keeps the rules of its kind; `old` is the one that stood there.
///
/// # Errors
/// [`ApiError::Invalid`] with every rule it breaks.
pub(crate) fn rules(kind: &Kind, object: &Value, old: Option<&Value>, part: Part) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    metadata::check(kind, object, old, &mut causes);
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pods::pod(object, old.filter(|_| part != Part::Whole), &mut causes),
        ("", "Service") => network::service(object, old, &mut causes),
        ("", "ConfigMap") => storage::config_map(object, old, &mut causes),
        ("", "Secret") => storage::secret(object, old, &mut causes),
        ("", "PersistentVolumeClaim") => storage::claim(object, old, &mut causes),
        ("apps", "Deployment") => workloads::deployment(object, old, &mut causes),
        ("apps", "ReplicaSet") => workloads::replica_set(object, old, &mut causes),
        ("apps", "StatefulSet") => workloads::stateful_set(object, old, &mut causes),
        ("apps", "DaemonSet") => workloads::daemon_set(object, old, &mut causes),
        ("batch", "Job") => workloads::job(object, old, &mut causes),
        ("batch", "CronJob") => workloads::cron_job(object, &mut causes),
        ("autoscaling", "HorizontalPodAutoscaler") => scaling::autoscaler(object, &mut causes),
        ("policy", "PodDisruptionBudget") => scaling::budget(object, &mut causes),
        ("networking.k8s.io", "Ingress") => network::ingress(object, &mut causes),
        ("coordination.k8s.io", "Lease") => scaling::lease(object, &mut causes),
        _ => {}
    }
    if let Some(custom) = &kind.custom {
        causes.extend(refusals(object, &custom.schema));
    }
    settle(kind, object, causes)
}

/// Whether a write to the status alone leaves the metadata as they may be.
///
/// # Errors
/// [`ApiError::Invalid`] with every rule it breaks.
pub(crate) fn metadata_changes(kind: &Kind, object: &Value, old: &Value) -> Result<(), ApiError> {
    let mut causes = Vec::new();
    metadata::check(kind, object, Some(old), &mut causes);
    if let Some(custom) = &kind.custom {
        causes.extend(refusals(object, &custom.schema));
    }
    settle(kind, object, causes)
}

fn settle(kind: &Kind, object: &Value, causes: Vec<Cause>) -> Result<(), ApiError> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(ApiError::Invalid { about: About::new(kind, object::name(object)), causes })
}

/// Objects that stand keep this field as it is.
pub(super) fn keep(old: Option<&Value>, new: &Value, path: &[&str], causes: &mut Vec<Cause>) {
    let Some(old) = old else { return };
    let (before, after) = (object::at(old, path), object::at(new, path));
    if before != after {
        causes.push(Cause::immutable(path.join("."), after.unwrap_or(&Value::Null)));
    }
}

/// A number that is not below zero.
pub(super) fn nonnegative(object: &Value, path: &[&str], at: &str, causes: &mut Vec<Cause>) {
    if let Some(number) = object::int(object, path).filter(|number| *number < 0) {
        let field = format!("{at}.{}", path.join("."));
        causes.push(Cause::invalid(field, &number.into(), "must be greater than or equal to 0"));
    }
}

/// A whole number or a percentage.
pub(super) fn count_or_percent(value: &Value, field: &str, causes: &mut Vec<Cause>) {
    let percent = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', \
                   regex used for validation is '[0-9]+%')";
    match value {
        Value::String(text) => {
            let digits = text.strip_suffix('%').unwrap_or_default();
            if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
                causes.push(Cause::invalid(field, value, &percent.replace("', or '", "' or '")));
            } else if digits.parse::<u64>().is_ok_and(|percent| percent > 100) && !field.ends_with("maxSurge")
            {
                causes.push(Cause::invalid(field, value, "must not be greater than 100%"));
            }
        }
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => {
            causes.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
        }
        _ => {}
    }
}

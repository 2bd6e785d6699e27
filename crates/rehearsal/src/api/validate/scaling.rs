//! Autoscalers, disruption budgets and leases.

use serde_json::Value;

use super::rules::count_or_percent;
use crate::api::object;
use crate::api::status::Cause;

/// The rules of a HorizontalPodAutoscaler.
pub(super) fn autoscaler(autoscaler: &Value, causes: &mut Vec<Cause>) {
    let least = object::int(autoscaler, &["spec", "minReplicas"]);
    let most = object::int(autoscaler, &["spec", "maxReplicas"]).unwrap_or_default();
    if let Some(least) = least.filter(|least| *least < 1) {
        causes.push(Cause::invalid("spec.minReplicas", &least.into(), "must be greater than or equal to 1"));
    }
    if most < 1 {
        causes.push(Cause::invalid("spec.maxReplicas", &most.into(), "must be greater than 0"));
    }
    if least.is_some_and(|least| most < least) {
        let why = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &most.into(), why));
    }
    for field in ["kind", "name"] {
        if object::text(autoscaler, &["spec", "scaleTargetRef", field]).is_none_or(str::is_empty) {
            causes.push(Cause::required(format!("spec.scaleTargetRef.{field}")));
        }
    }
    for (index, metric) in object::items(autoscaler, &["spec", "metrics"]).iter().enumerate() {
        metric_source(metric, &format!("spec.metrics[{index}]"), causes);
    }
}

fn metric_source(metric: &Value, at: &str, causes: &mut Vec<Cause>) {
    let kinds = [
        ("ContainerResource", "containerResource"),
        ("External", "external"),
        ("Object", "object"),
        ("Pods", "pods"),
        ("Resource", "resource"),
    ];
    let kind = object::text(metric, &["type"]).unwrap_or_default();
    if kind.is_empty() {
        causes.push(Cause::missing(format!("{at}.type"), "must specify a metric source type"));
        return;
    }
    let Some((_, source)) = kinds.iter().find(|(name, _)| *name == kind) else {
        let all: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
        causes.push(Cause::unsupported(format!("{at}.type"), &kind.into(), &all));
        return;
    };
    if metric.get(source).is_none() {
        let why = "must populate information for the given metric source";
        causes.push(Cause::missing(format!("{at}.{source}"), why));
    }
    for (_, other) in kinds.iter().filter(|(_, other)| other != source) {
        if metric.get(other).is_some() {
            let why = "must populate the given metric source only";
            causes.push(Cause::forbidden(format!("{at}.{other}"), why));
        }
    }
}

/// The rules of a PodDisruptionBudget.
pub(super) fn budget(budget: &Value, causes: &mut Vec<Cause>) {
    let Some(spec) = budget.get("spec") else { return };
    if spec.get("minAvailable").is_some() && spec.get("maxUnavailable").is_some() {
        causes.push(Cause::invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
    }
    for field in ["minAvailable", "maxUnavailable"] {
        if let Some(value) = spec.get(field) {
            count_or_percent(value, &format!("spec.{field}"), causes);
        }
    }
}

/// The rules of a Lease.
pub(super) fn lease(lease: &Value, causes: &mut Vec<Cause>) {
    if let Some(seconds) =
        object::int(lease, &["spec", "leaseDurationSeconds"]).filter(|seconds| *seconds <= 0)
    {
        causes.push(Cause::invalid("spec.leaseDurationSeconds", &seconds.into(), "must be greater than 0"));
    }
    if let Some(count) = object::int(lease, &["spec", "leaseTransitions"]).filter(|count| *count < 0) {
        causes.push(Cause::invalid(
            "spec.leaseTransitions",
            &count.into(),
            "must be greater than or equal to 0",
        ));
    }
}

//! What a step of the runbook concerns, object by object.

use std::collections::BTreeMap;

use plan::{Action, GitOpsOwner, PodLabels, Replicas, ServiceSwitch, SideDoor, Waves};

use super::facts::component_name;
use crate::words::Words;

/// When the step is given up, in cluster seconds.
pub(super) fn limit_s(action: &Action) -> Option<u64> {
    match action {
        Action::AwaitReady { timeout_s, .. }
        | Action::DrainQueues { timeout_s, .. }
        | Action::StartQueues { timeout_s, .. }
        | Action::RaiseGreen { timeout_s, .. }
        | Action::RaisePage { timeout_s, .. }
        | Action::StopBlue { timeout_s, .. } => Some(*timeout_s),
        _ => None,
    }
}

/// What the step concerns, one line each.
pub(super) fn concerns(action: &Action, words: &Words) -> Vec<String> {
    let code = |kind: &str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{kind}`{name}`")).collect()
    };
    match action {
        Action::AcquireLease { lease } | Action::ReleaseLease { lease } => vec![format!("Lease `{lease}`")],
        Action::FollowStores { moves } | Action::CutOverStores { moves } => {
            moves.iter().map(|own| format!("`{own}`")).collect()
        }
        Action::PauseGitops { owners } => paused(owners, words),
        Action::PauseAutoscalers { autoscalers } => code("HorizontalPodAutoscaler ", autoscalers),
        Action::AwaitReady { deployments, .. } | Action::RaiseGreen { deployments, .. } => {
            replicas(deployments, words)
        }
        Action::StopBlue { deployments, waves, .. } => {
            let mut lines = replicas(deployments, words);
            lines.extend(waves.iter().map(|waves| in_parts(waves, words)));
            lines
        }
        Action::ShiftWeights { routes, .. } | Action::RestoreRoutes { routes } => routes
            .iter()
            .map(|own| format!("HTTPRoute `{}`: Service `{}` → `{}`", own.route, own.service, own.green))
            .collect(),
        Action::RaisePage { deployments, .. } => replicas(deployments, words),
        Action::ShowPage(page) | Action::HidePage(page) => {
            let services = page.services.iter();
            services.map(|service| switch(service, &service.blue, &service.green, words)).collect()
        }
        Action::ShiftPods(shift) => {
            let mut lines = replicas(&shift.blue, words);
            lines.extend(replicas(&shift.green, words));
            lines.extend(shift.checks.iter().map(|check| side_door(check, words)));
            lines
        }
        Action::VerifyGreen { checks } => checks.iter().map(|check| side_door(check, words)).collect(),
        Action::DrainQueues { workers, cron_jobs, .. } | Action::StartQueues { workers, cron_jobs, .. } => {
            let mut lines = replicas(workers, words);
            lines.extend(code("CronJob ", cron_jobs));
            lines
        }
        Action::OpenOverlap { pods, services } => {
            let mut lines: Vec<_> = pods.iter().map(|pods| relabelled(pods, words)).collect();
            lines.extend(services.iter().map(|service| switch(service, &service.blue, &service.both, words)));
            lines
        }
        Action::CloseOverlap { services } => {
            services.iter().map(|service| switch(service, &service.both, &service.green, words)).collect()
        }
        Action::RemoveBlue { objects } => code("", objects),
        Action::RecordRelease { secret } => vec![format!("Secret `{secret}`")],
        Action::CheckAssumptions
        | Action::BackUp
        | Action::RecordBaseline { .. }
        | Action::InstallGreen
        | Action::HoldOverlap { .. }
        | Action::Observe { .. }
        | Action::Adopt
        | Action::RemovePage
        | Action::FinalAudit => Vec::new(),
    }
}

/// Who is paused, that he stays so, and what lets him go on.
fn paused(owners: &[GitOpsOwner], words: &Words) -> Vec<String> {
    let mut lines: Vec<String> =
        owners.iter().map(|owner| format!("{:?} `{}/{}`", owner.kind, owner.namespace, owner.name)).collect();
    lines.push(words.word("runbook-concern-stays-paused"));
    lines.extend(owners.iter().map(|owner| format!("`{}`", owner.resume(None))));
    lines
}

fn in_parts(waves: &Waves, words: &Words) -> String {
    let names: Vec<_> = waves.deployments.iter().map(|name| format!("`{name}`")).collect();
    words.say(
        "runbook-concern-waves",
        &[
            ("names", names.join(", ").into()),
            ("parts", waves.parts.into()),
            ("pause", words.span_ms(waves.pause_s.saturating_mul(1000)).into()),
        ],
    )
}

fn relabelled(pods: &PodLabels, words: &Words) -> String {
    words.say(
        "runbook-concern-labels",
        &[("selector", labels(&pods.selector).into()), ("labels", labels(&pods.labels).into())],
    )
}

fn labels(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("`{}`", pairs.join(","))
}

fn replicas(deployments: &[Replicas], words: &Words) -> Vec<String> {
    deployments
        .iter()
        .map(|deployment| {
            words.say(
                "runbook-concern-replicas",
                &[("name", deployment.deployment.as_str().into()), ("replicas", deployment.replicas.into())],
            )
        })
        .collect()
}

fn side_door(check: &SideDoor, words: &Words) -> String {
    let id = if check.contains.is_empty() { "runbook-concern-check-status" } else { "runbook-concern-check" };
    words.say(
        id,
        &[
            ("component", check.component.as_str().into()),
            // A port is a name, not an amount: no grouping.
            ("port", check.port.to_string().into()),
            ("path", check.path.as_str().into()),
            ("contains", check.contains.as_str().into()),
        ],
    )
}

fn switch(
    service: &ServiceSwitch,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    words: &Words,
) -> String {
    words.say(
        "runbook-concern-service",
        &[
            ("service", service.service.as_str().into()),
            ("component", component_name(&service.component, words).into()),
            ("before", labels(before).into()),
            ("after", labels(after).into()),
        ],
    )
}

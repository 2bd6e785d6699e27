//! Queues and who works them.

use std::collections::BTreeSet;

use tree::Node;

use super::about;
use crate::{Component, Finding, FindingKind, Installation, Role, ScalingKind, SidekiqCommand, queues_of};

pub(super) fn find(installation: &Installation, findings: &mut Vec<Finding>) {
    let workers: Vec<(&Component, &SidekiqCommand)> = installation
        .components
        .iter()
        .filter_map(|component| match &component.role {
            Role::Sidekiq(command) => Some((component, command)),
            _ => None,
        })
        .collect();
    for (component, command) in &workers {
        grace(installation, component, findings);
        if let Some(file) = &command.own_config {
            let finding = about(installation, component, FindingKind::OwnSidekiqConfig, None);
            findings.push(finding.naming("file", std::slice::from_ref(file)));
        }
        if command.schedules() {
            scheduler(installation, component, findings);
        }
    }
    let schedulers: Vec<&Component> =
        workers.iter().filter(|(_, command)| command.schedules()).map(|(component, _)| *component).collect();
    if let [first, _, ..] = schedulers[..] {
        let objects = schedulers.iter().map(|one| installation.workload(one).id()).collect();
        let finding = about(installation, first, FindingKind::SeveralSchedulerWorkers, None);
        findings.push(Finding { objects, ..finding });
    }
    unserved(installation, &workers, findings);
}

fn grace(installation: &Installation, component: &Component, findings: &mut Vec<Finding>) {
    let template = installation.workload(component).template();
    let grace = template.and_then(|template| template.at_keys(&["spec", "terminationGracePeriodSeconds"]));
    if let Some(node) = grace.filter(|node| node.as_i64().is_some_and(|seconds| seconds <= 25)) {
        findings.push(about(installation, component, FindingKind::ShortGracePeriod, node.origin));
    }
}

fn scheduler(installation: &Installation, component: &Component, findings: &mut Vec<Finding>) {
    let workload = installation.workload(component);
    let scaler = installation.scaling.iter().find(|scaling| {
        matches!(scaling.kind, ScalingKind::Horizontal | ScalingKind::Keda)
            && scaling.workload == Some(component.object)
            && scaling.max.as_deref().is_none_or(|most| most.parse::<u32>().map_or(true, |most| most > 1))
    });
    if workload.replicas() > 1 || scaler.is_some() {
        let most = scaler.and_then(|scaling| {
            let spec = installation.objects[scaling.object].node.get("spec")?;
            spec.get("maxReplicas").or_else(|| spec.get("maxReplicaCount"))
        });
        let place = most.or(workload.node.at_keys(&["spec", "replicas"])).and_then(|node| node.origin);
        findings.push(about(installation, component, FindingKind::SeveralSchedulers, place));
    }
    // A StatefulSet takes the old pod away before it makes the new one; a bare Pod is never updated.
    let strategy = workload.node.at_keys(&["spec", "strategy", "type"]);
    if workload.kind() == "Deployment" && strategy.and_then(Node::as_str) != Some("Recreate") {
        let place = strategy.and_then(|node| node.origin);
        findings.push(about(installation, component, FindingKind::SchedulerOverlapsOnUpdate, place));
    }
}

/// Queues of the workers' release that none of them serves. A worker with a configuration of its own may serve any.
fn unserved(
    installation: &Installation,
    workers: &[(&Component, &SidekiqCommand)],
    findings: &mut Vec<Finding>,
) {
    let Some((first, _)) = workers.first() else { return };
    if workers.iter().any(|(_, command)| command.own_config.is_some()) {
        return;
    }
    let release = workers.iter().find_map(|(component, _)| installation.version(component)?.minor());
    let queues = workers.iter().flat_map(|(_, command)| &command.queues);
    let served: BTreeSet<&str> = queues.map(|queue| queue.name.as_str()).collect();
    let unserved: Vec<String> = queues_of(release)
        .into_iter()
        .map(|queue| queue.name)
        .filter(|name| !served.contains(name.as_str()))
        .collect();
    if !unserved.is_empty() {
        let finding = about(installation, first, FindingKind::UnservedQueue, None);
        findings.push(finding.naming("queues", &unserved));
    }
}

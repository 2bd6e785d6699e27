//! Parts that are missing, routes that are missing, and what happens when a pod starts or stops.

use tree::Node;

use super::{about, about_object};
use crate::command::programs;
use crate::{Finding, FindingKind, Installation, Role, RouteTarget, SecretForm};

pub(super) fn find(installation: &Installation, findings: &mut Vec<Finding>) {
    missing_parts(installation, findings);
    unrouted_streaming(installation, findings);
    for (_, component) in installation.components_where(Role::is_lasting) {
        let workload = installation.workload(component);
        let migrates = |words: &[String]| {
            words.iter().any(|word| matches!(word.as_str(), "db:migrate" | "db:prepare" | "db:setup"))
        };
        let prepares = |container: &Node| programs(container).iter().any(|command| migrates(&command.words));
        let own = installation.container(component).filter(|container| prepares(container));
        let starting = own.or_else(|| workload.init_containers().find(|container| prepares(container)));
        if let Some(container) = starting {
            let finding = about(installation, component, FindingKind::MigratesOnStart, container.origin);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    for secret in installation.secrets.iter().filter(|secret| secret.form == SecretForm::InTheOpen) {
        if let Some(object) = secret.object {
            let object = &installation.objects[object];
            let finding = about_object(object, FindingKind::SecretsInTheOpen, secret.origin);
            findings.push(finding.naming("settings", &secret.keys));
        }
    }
}

fn missing_parts(installation: &Installation, findings: &mut Vec<Finding>) {
    let Some(first) = installation.components.first() else { return };
    for (part, is_part) in [
        ("web", (|role: &Role| *role == Role::Web) as fn(&Role) -> bool),
        ("streaming", |role| *role == Role::Streaming),
        ("sidekiq", |role| matches!(role, Role::Sidekiq(_))),
    ] {
        if installation.components_where(is_part).next().is_none() {
            let finding = about(installation, first, FindingKind::MissingComponent, None);
            findings.push(finding.naming("component", &[part.to_owned()]));
        }
    }
}

/// Streaming is reached through a route of its own, or a proxy that stands in front.
fn unrouted_streaming(installation: &Installation, findings: &mut Vec<Finding>) {
    let Some((_, streaming)) = installation.components_where(|role| *role == Role::Streaming).next() else {
        return;
    };
    let has_proxy = installation.neighbours.iter().any(|neighbour| neighbour.in_front);
    let leads = |target: &RouteTarget| match target {
        RouteTarget::Component(index) => {
            let component = &installation.components[*index];
            component.role == Role::Streaming
                || (component.object == streaming.object && component.container == streaming.container)
        }
        RouteTarget::Neighbour(_) | RouteTarget::Unknown => true,
    };
    let routes = &installation.routes;
    if !has_proxy && !routes.is_empty() && !routes.iter().any(|route| leads(&route.target)) {
        findings.push(about(installation, streaming, FindingKind::StreamingUnrouted, None));
    }
}

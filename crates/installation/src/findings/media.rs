//! Media in folders.

use super::about;
use crate::stores::is_local;
use crate::{Component, Finding, FindingKind, Installation, Role};

pub(super) fn find(installation: &Installation, findings: &mut Vec<Finding>) {
    let local = |accept: fn(&Role) -> bool| -> Vec<&Component> {
        let components = installation.components.iter();
        components.filter(|one| accept(&one.role) && is_local(&one.environment) == Some(true)).collect()
    };
    let web = local(|role| *role == Role::Web);
    let workers = local(|role| matches!(role, Role::Sidekiq(_)));
    let mut told = Vec::new();
    for component in web.iter().chain(&workers) {
        let place = installation.media_of(component);
        if place.volatile && !told.contains(&(component.object, component.container)) {
            told.push((component.object, component.container));
            findings.push(about(installation, component, FindingKind::MediaVolatile, place.origin));
        }
    }
    for worker in &workers {
        let own = installation.media_of(worker);
        let apart = |web: &&&Component| {
            let other = installation.media_of(web);
            let one_container = web.object == worker.object && web.container == worker.container;
            !one_container && (other.volume.is_none() || other.volume != own.volume)
        };
        if let Some(web) = web.iter().find(apart) {
            let objects = [web, worker].map(|one| installation.workload(one).id()).to_vec();
            let finding = about(installation, worker, FindingKind::MediaApart, own.origin);
            findings.push(Finding { objects, ..finding });
            break;
        }
    }
}

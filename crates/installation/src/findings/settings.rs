//! Settings that are missing, gone, not there yet, or misspelt.

use std::collections::BTreeMap;

use tree::Origin;

use super::about;
use crate::{
    Component, Finding, FindingKind, Installation, Minor, Role, Setting, SettingOwner, known_setting,
    likely_name,
};

pub(super) fn find(installation: &Installation, findings: &mut Vec<Finding>) {
    missing(installation, findings);
    let mut obsolete = Gathered::default();
    let mut early = Gathered::default();
    let mut misspelt = Gathered::default();
    for component in installation.components.iter().filter(|component| component.role.is_lasting()) {
        let release = installation.version(component).and_then(|version| version.minor());
        for (name, setting) in &component.environment.settings {
            match known_setting(name) {
                Some(known) if known.owner == SettingOwner::Mastodon => {
                    // Of a release that is not known, only what none of 4.2 and later reads is certain to be gone.
                    let gone = known.removed.is_some_and(|removed| removed <= release.unwrap_or((4, 2)));
                    let to_come = known.since.zip(release).is_some_and(|(since, release)| release < since);
                    if gone && name.ends_with("REDIS_NAMESPACE") && is_set(setting) {
                        namespace(installation, component, setting, findings);
                    } else if gone {
                        obsolete.add(component, name.clone(), setting);
                    } else if to_come {
                        early.add(component, name.clone(), setting);
                    }
                }
                Some(_) => {}
                None => {
                    let right = likely_name(name)
                        .filter(|right| !component.environment.settings.contains_key(*right));
                    if let Some(right) = right {
                        misspelt.add(component, format!("{name} → {right}"), setting);
                    }
                }
            }
        }
    }
    for (kind, gathered) in [
        (FindingKind::ObsoleteSettings, obsolete),
        (FindingKind::EarlySettings, early),
        (FindingKind::MisspeltSettings, misspelt),
    ] {
        if let Some((component, origin)) = gathered.first {
            let names: Vec<String> = gathered.names.into_keys().collect();
            findings.push(about(installation, component, kind, origin).naming("settings", &names));
        }
    }
}

#[derive(Default)]
struct Gathered<'a> {
    names: BTreeMap<String, ()>,
    first: Option<(&'a Component, Option<Origin>)>,
}

impl<'a> Gathered<'a> {
    fn add(&mut self, component: &'a Component, name: String, setting: &Setting) {
        self.names.insert(name, ());
        self.first.get_or_insert((component, setting.origins.first().copied()));
    }
}

/// Whether a setting is there and, where that can be seen, not empty.
fn is_set(setting: &Setting) -> bool {
    setting.look() != Some("")
}

fn namespace(
    installation: &Installation,
    component: &Component,
    setting: &Setting,
    findings: &mut Vec<Finding>,
) {
    if findings.iter().all(|finding| finding.kind != FindingKind::RedisNamespace) {
        let origin = setting.origins.first().copied();
        findings.push(about(installation, component, FindingKind::RedisNamespace, origin));
    }
}

/// The secrets without which a release does not start, or sends no web push; those of every release where it is not
/// known (`../shared/mastodon/runtime-facts.md`, Required secrets).
#[must_use]
pub fn required_secrets(release: Option<Minor>) -> Vec<&'static str> {
    let mut names = vec!["SECRET_KEY_BASE", "VAPID_PRIVATE_KEY", "VAPID_PUBLIC_KEY"];
    let Some(release) = release else { return names };
    if release < (4, 4) {
        names.push("OTP_SECRET");
    }
    if release >= (4, 3) {
        names.extend([
            "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
            "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
            "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
        ]);
    }
    names
}

fn missing(installation: &Installation, findings: &mut Vec<Finding>) {
    let mut told: Vec<(FindingKind, Vec<String>)> = Vec::new();
    let rails = |role: &Role| matches!(role, Role::Web | Role::Sidekiq(_));
    for (_, component) in installation.components_where(rails) {
        let environment = &component.environment;
        let release = installation.version(component).and_then(|version| version.minor());
        let missing: Vec<String> = required_secrets(release)
            .into_iter()
            .filter(|name| environment.settings.get(*name).is_none_or(|setting| !is_set(setting)))
            .map(ToOwned::to_owned)
            .collect();
        if missing.is_empty() {
            continue;
        }
        let unseen: Vec<String> = environment.opaque.iter().map(|source| source.replace("//", "/")).collect();
        let kind =
            if unseen.is_empty() { FindingKind::MissingSettings } else { FindingKind::CannotTellSettings };
        if told.contains(&(kind, missing.clone())) {
            continue;
        }
        let finding = about(installation, component, kind, None).naming("settings", &missing);
        findings.push(if unseen.is_empty() { finding } else { finding.naming("unseen", &unseen) });
        told.push((kind, missing));
    }
}

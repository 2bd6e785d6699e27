//! Images and releases.

use std::collections::BTreeMap;

use tree::Node;

use super::about;
use crate::{Finding, FindingKind, Installation, Role, Version};

pub(super) fn find(installation: &Installation, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for component in &installation.components {
        let image = installation.container(component).and_then(|container| container.get("image"));
        let floating = image.and_then(Version::read).filter(Version::is_floating);
        let place = (component.object, component.container);
        if let Some(version) = floating.filter(|_| !told.contains(&place)) {
            told.push(place);
            let origin = image.and_then(|node: &Node| node.origin);
            let finding = about(installation, component, FindingKind::FloatingImage, origin);
            findings.push(finding.naming("image", &[version.image]));
        }
    }
    let mut releases: BTreeMap<String, (Vec<String>, usize)> = BTreeMap::new();
    for (position, component) in installation.components_where(Role::is_lasting) {
        let Some((major, minor, patch)) = installation.version(component).and_then(|version| version.release)
        else {
            continue;
        };
        let numbers = [Some(major), minor, patch].into_iter().map_while(|number| Some(number?.to_string()));
        let release = format!("v{}", numbers.collect::<Vec<_>>().join("."));
        let entry = releases.entry(release).or_insert((Vec::new(), position));
        entry.0.push(component.role.component());
    }
    if releases.len() > 1 {
        let names: Vec<String> =
            releases.iter().map(|(release, (roles, _))| format!("{} {release}", roles.join(" "))).collect();
        let last = releases.values().map(|(_, position)| *position).max().unwrap_or(0);
        let component = &installation.components[last];
        let image = installation.container(component).and_then(|container| container.get("image"));
        let origin = image.and_then(|node| node.origin);
        let finding = about(installation, component, FindingKind::VersionsApart, origin);
        findings.push(finding.naming("releases", &names));
    }
}

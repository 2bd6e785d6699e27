//! With what rights a container runs: the pod's word, and the container's over it.

use std::collections::BTreeSet;

use tree::Node;

use super::container::Seen;
use super::flat::Flat;
use crate::difference::At;
use crate::{Code, Difference};

/// What only the pod can say.
const OF_THE_POD: [&str; 5] =
    ["fsGroup", "fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy", "sysctls"];
/// The user of Mastodon's images (`UID` and `GID` in its Dockerfile).
const USER: &str = "991";

pub(crate) fn compare(at: At<'_>, old: &Seen<'_, '_>, new: &Seen<'_, '_>, found: &mut Vec<Difference>) {
    let (before, after) = (effective(old), effective(new));
    let paths: BTreeSet<&String> = before.0.keys().chain(after.0.keys()).collect();
    for path in paths {
        let (from, to) = (before.0.get(path), after.0.get(path));
        if from == to {
            continue;
        }
        let text = |leaf: Option<&super::flat::Leaf>| leaf.map(|leaf| leaf.shown.clone()).unwrap_or_default();
        let explained = match (path.as_str(), from, text(to).as_str()) {
            ("runAsUser" | "runAsGroup", None, USER) if is_official(new) => Some("audit-image-user"),
            ("fsGroup", None, _) if has_no_volume(new) => Some("audit-no-volume"),
            _ => None,
        };
        let origin = from.and_then(|leaf| leaf.origin);
        let difference = at.differs(Code::SecurityChanged, &format!("security {path}"), text(from), text(to));
        found.push(difference.explained(explained).from(origin));
    }
}

fn effective(seen: &Seen<'_, '_>) -> Flat {
    let mut flat = Flat::of(seen.pod.get("securityContext"));
    let own = Flat::of(seen.container.get("securityContext"));
    let says = |key: &str| own.0.keys().any(|path| path.split(['.', '[']).next() == Some(key));
    flat.0.retain(|path, _| {
        let key = path.split(['.', '[']).next().unwrap_or_default();
        OF_THE_POD.contains(&key) || !says(key)
    });
    flat.0.extend(own.0);
    for key in ["privileged", "readOnlyRootFilesystem", "runAsNonRoot"] {
        flat.drop_default(key, "false");
    }
    flat.drop_default("allowPrivilegeEscalation", "true");
    flat.drop_default("fsGroupChangePolicy", "Always");
    flat.drop_default("procMount", "Default");
    flat
}

fn is_official(seen: &Seen<'_, '_>) -> bool {
    let image = seen.container.str_at(&["image"]).unwrap_or_default();
    ["ghcr.io/mastodon/", "tootsuite/mastodon", "docker.io/tootsuite/mastodon"]
        .iter()
        .any(|official| image.starts_with(official))
}

fn has_no_volume(seen: &Seen<'_, '_>) -> bool {
    seen.container.get("volumeMounts").is_none_or(|mounts| mounts.items().next().is_none())
        && seen.pod.get("volumes").into_iter().flat_map(Node::items).next().is_none()
}

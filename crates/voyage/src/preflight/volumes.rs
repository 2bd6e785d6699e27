//! Whether the new side can have the volumes that it mounts, while the old one has them too.

use std::collections::BTreeSet;

use plan::Plan;
use serde_json::Value;

use super::Facts;
use super::finding::{Finding, or_well, refused, unchecked, warning};
use super::inside::said;
use super::pods::{containers, name, of_green, template};

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    if facts.is_hidden("persistentvolumeclaims") {
        return vec![unchecked("volumes-hidden")];
    }
    let mut found = Vec::new();
    for workload in of_green(plan) {
        for claim in claims(template(workload)) {
            let of_plan =
                plan.green.iter().any(|it| it["kind"] == "PersistentVolumeClaim" && name(it) == claim);
            let told = |finding: Finding| finding.with("claim", claim).with("workload", name(workload));
            match facts.find("PersistentVolumeClaim", claim) {
                None if of_plan => {}
                None => found.push(told(refused("volumes-missing"))),
                Some(stands) => {
                    found.extend(bound(stands).map(told));
                    found.extend(shared(stands, claim, facts).map(told));
                    found.extend(owner(workload, claim, plan).map(told));
                    found.extend(written(workload, claim, facts).map(told));
                }
            }
        }
    }
    found.dedup();
    or_well(found, "volumes-fit")
}

/// The claims that a pod mounts.
fn claims(pod: &Value) -> BTreeSet<&str> {
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str()).collect()
}

fn bound(claim: &Value) -> Option<Finding> {
    match claim["status"]["phase"].as_str() {
        Some("Bound") => None,
        Some("Lost") => Some(refused("volumes-lost")),
        _ => Some(warning("volumes-unbound")),
    }
}

/// One pod alone, or one node alone, cannot be two sides.
fn shared(claim: &Value, called: &str, facts: &Facts) -> Option<Finding> {
    let modes: Vec<&str> =
        claim["spec"]["accessModes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let is_used = facts.of_kind("Pod").any(|pod| claims(&pod["spec"]).contains(called));
    let many = facts.nodes.as_ref().is_none_or(|nodes| nodes.len() > 1);
    if !is_used || modes.contains(&"ReadWriteMany") || modes.contains(&"ReadOnlyMany") {
        return None;
    }
    match modes.first() {
        Some(&"ReadWriteOncePod") => Some(refused("volumes-one-pod")),
        Some(&"ReadWriteOnce") if many => Some(warning("volumes-one-node")),
        _ => None,
    }
}

/// Whether the new side's user may write where the old side's does, by the owner and mode of the folder as a pod of the
/// old side sees it, and by whether that pod itself may: a volume can be mounted to be read alone.
fn written(workload: &Value, claim: &str, facts: &Facts) -> Option<Finding> {
    let seen = said(facts.reach.as_deref(), "volume");
    let [can, _, path, owner, group, mode, user] =
        *seen.iter().find(|words| words.get(1) == Some(&claim))?.as_slice()
    else {
        return None;
    };
    let told = |finding: Finding| {
        finding.with("path", path).with("owner", format!("{owner}:{group}")).with("mode", mode)
    };
    let (own_user, groups) = (user_of(workload), groups_of(workload));
    if own_user.is_none_or(|own| own.to_string() == user) && groups.is_empty() {
        return (can == "readonly").then(|| told(warning("volumes-readonly")));
    }
    let (owner, group): (u64, u64) = (owner.parse().ok()?, group.parse().ok()?);
    let (mode, user): (u64, u64) = (u64::from_str_radix(mode, 8).ok()?, user.parse().ok()?);
    let as_user = own_user.unwrap_or(user);
    // What is mounted with an fsGroup is given to it, where the volume knows how.
    let in_group = groups.contains(&group);
    let bit = if as_user == owner {
        0o200
    } else if in_group {
        0o020
    } else {
        0o002
    };
    if as_user == 0 || mode & bit != 0 {
        return (can == "readonly" && as_user == user).then(|| told(warning("volumes-readonly")));
    }
    let id = if workload_fs_group(workload).is_some() {
        warning("volumes-given")
    } else {
        refused("volumes-denied")
    };
    Some(told(id).with("user", as_user.to_string()))
}

fn workload_fs_group(workload: &Value) -> Option<u64> {
    template(workload)["securityContext"]["fsGroup"].as_u64()
}

/// The user of the first container, where it is said.
fn user_of(workload: &Value) -> Option<u64> {
    let pod = template(workload);
    let own = containers(pod).next().and_then(|container| container["securityContext"]["runAsUser"].as_u64());
    own.or_else(|| pod["securityContext"]["runAsUser"].as_u64())
}

/// Its groups, as far as they are said.
fn groups_of(workload: &Value) -> Vec<u64> {
    let pod = template(workload);
    let own =
        containers(pod).next().map_or(&Value::Null, |container| &container["securityContext"]["runAsGroup"]);
    let whole = &pod["securityContext"];
    let more = whole["supplementalGroups"].as_array().into_iter().flatten();
    [own, &whole["runAsGroup"], &whole["fsGroup"]].into_iter().chain(more).filter_map(Value::as_u64).collect()
}

/// Files that the old side wrote as one user are read by the new one as another.
fn owner(workload: &Value, claim: &str, plan: &Plan) -> Option<Finding> {
    let blue =
        plan.blue.iter().find(|it| it["kind"] == "Deployment" && claims(template(it)).contains(claim))?;
    let as_user = |workload: &Value| {
        let pod = template(workload);
        let own = containers(pod).next().map(|container| container["securityContext"]["runAsUser"].clone());
        let user =
            own.filter(|user| !user.is_null()).unwrap_or_else(|| pod["securityContext"]["runAsUser"].clone());
        (user, pod["securityContext"]["fsGroup"].clone())
    };
    (as_user(blue) != as_user(workload)).then(|| warning("volumes-owner"))
}

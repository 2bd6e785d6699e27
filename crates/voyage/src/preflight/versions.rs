//! Which versions meet: Kubernetes's own, and Mastodon's on both sides.

use installation::{Minor, Version};
use plan::Plan;
use serde_json::Value;
use tree::Node;

use super::Facts;
use super::finding::{Finding, ok, refused, unchecked, warning};
use super::inside::said;
use super::pods::{containers, template};

/// The first Kubernetes that serves everything used here: `autoscaling/v2`, and `apply` with its owners.
const OLDEST: (u32, u32) = (1, 23);

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = vec![kubernetes(facts)];
    found.extend(mastodon(plan));
    found.extend(stores(plan, facts));
    found
}

/// The oldest PostgreSQL that a minor release of Mastodon takes (`db:migrate` looks, a running one does not).
const POSTGRES: [(Minor, u64); 3] = [((4, 3), 12), ((4, 4), 13), ((4, 5), 14)];
/// The oldest Redis that its Sidekiq begins with: 7 from Mastodon 4.4 on, 8 from 4.5 on.
const REDIS: [(Minor, (u64, u64)); 2] = [((4, 4), (6, 2)), ((4, 5), (7, 0))];

/// What the new side's Mastodon needs, as far as the stores' versions were told.
fn stores(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let Some(mastodon) = images(&plan.green).iter().filter_map(Version::minor).max() else {
        return Vec::new();
    };
    let reach = facts.reach.as_deref();
    let told = |about| said(reach, about).first().and_then(|words| words.first().copied());
    let mut found = Vec::new();
    let release = format!("{}.{}", mastodon.0, mastodon.1);
    let versions = |finding: Finding, version: &str, needed: String| {
        finding.with("version", version).with("needed", needed).with("mastodon", &release)
    };
    if let Some(version) = told("postgres-version") {
        let oldest =
            POSTGRES.iter().rev().find(|(since, _)| *since <= mastodon).map_or(0, |(_, oldest)| *oldest);
        let is_old = version.parse::<u64>().is_ok_and(|version| version < oldest);
        let finding = if is_old { warning("versions-postgres-old") } else { ok("versions-postgres") };
        found.push(versions(finding, version, oldest.to_string()));
    }
    if let Some(version) = told("redis-version") {
        let oldest =
            REDIS.iter().rev().find(|(since, _)| *since <= mastodon).map_or((0, 0), |(_, oldest)| *oldest);
        let mut parts = version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
        let is_old = (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < oldest;
        let finding = if is_old { refused("versions-redis-old") } else { ok("versions-redis") };
        found.push(versions(finding, version, format!("{}.{}", oldest.0, oldest.1)));
    }
    found
}

fn kubernetes(facts: &Facts) -> Finding {
    let Some(server) = &facts.server else { return unchecked("versions-kubernetes-unknown") };
    match server.minor {
        None => unchecked("versions-kubernetes-unknown"),
        Some(minor) if minor < OLDEST => refused("versions-kubernetes-old").with("version", &server.version),
        Some(_) => ok("versions-kubernetes").with("version", &server.version),
    }
}

/// Images that run Mastodon's own programs, by side.
fn images(objects: &[Value]) -> Vec<Version> {
    let mut found: Vec<Version> = Vec::new();
    for workload in objects.iter().filter(|object| object["kind"] == "Deployment") {
        for container in containers(template(workload)) {
            let Some(image) = container["image"].as_str() else { continue };
            let is_mastodon = image.contains("mastodon") && !image.contains("exporter");
            let Some(version) = Version::read(&Node::from(image)).filter(|_| is_mastodon) else { continue };
            if !found.iter().any(|known| known.image == version.image) {
                found.push(version);
            }
        }
    }
    found
}

/// A move hands a live database from one side to the other while both read it: what the one writes, the other must know.
/// Mastodon's releases change the schema from one minor to the next, and not within one.
fn mastodon(plan: &Plan) -> Vec<Finding> {
    let (blue, green) = (images(&plan.blue), images(&plan.green));
    if green.iter().all(|green| blue.iter().any(|blue| blue.image == green.image)) {
        return vec![ok("versions-same")];
    }
    let newest = |side: &[Version]| side.iter().filter_map(Version::minor).max();
    let told = |minor: Minor| format!("{}.{}", minor.0, minor.1);
    let named = |side: &[Version]| side.iter().map(|it| it.image.clone()).collect::<Vec<_>>().join(", ");
    let images = |finding: Finding| finding.with("blue", named(&blue)).with("green", named(&green));
    match (newest(&blue), newest(&green)) {
        (Some(before), Some(after)) if before == after => vec![images(warning("versions-patch"))],
        (Some(before), Some(after)) => {
            let id = if before < after { "versions-jump" } else { "versions-back" };
            vec![refused(id).with("before", told(before)).with("after", told(after))]
        }
        _ => vec![images(warning("versions-unknown"))],
    }
}

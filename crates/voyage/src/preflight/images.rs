//! Whether the new side's images can be had, and will be the same tomorrow.

use std::collections::BTreeSet;

use installation::Version;
use plan::Plan;
use serde_json::Value;
use tree::Node;

use super::Facts;
use super::finding::{Finding, or_well, refused, unchecked, warning};
use super::pods::{containers, name, of_green, template};

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut images = BTreeSet::new();
    for workload in of_green(plan) {
        let pod = template(workload);
        for container in containers(pod) {
            images.extend(container["image"].as_str());
        }
        for reference in pod["imagePullSecrets"].as_array().into_iter().flatten() {
            let Some(secret) = reference["name"].as_str() else { continue };
            if !facts.is_hidden("secrets") && facts.find("Secret", secret).is_none() {
                found.push(
                    refused("images-pull-secret").with("secret", secret).with("workload", name(workload)),
                );
            }
        }
    }
    found.extend(of_green(plan).filter_map(|workload| user(workload, plan)));
    for image in &images {
        if Version::read(&Node::from(*image)).is_some_and(|version| version.is_floating()) {
            found.push(warning("images-floating").with("image", *image));
        }
    }
    match &facts.nodes {
        None => found.push(unchecked("images-unknown")),
        Some(nodes) => {
            let runs = |image: &str| facts.of_kind("Pod").any(|pod| of_pod(pod).any(|own| own == image));
            let unseen: Vec<&str> =
                images.into_iter().filter(|image| !runs(image) && !is_present(nodes, image)).collect();
            if !unseen.is_empty() {
                found.push(warning("images-to-pull").with("images", unseen.join(", ")));
            }
        }
    }
    or_well(found, "images-present")
}

/// A container that must not run as root begins only if its user is a number other than 0. Mastodon's images name theirs
/// (`USER mastodon`), which the kubelet cannot look up.
fn user(workload: &Value, plan: &Plan) -> Option<Finding> {
    let pod = template(workload);
    let said = |container: &Value, field: &str| {
        let own = &container["securityContext"][field];
        if own.is_null() { pod["securityContext"][field].clone() } else { own.clone() }
    };
    let container = containers(pod).find(|container| said(container, "runAsNonRoot") == true)?;
    let image = container["image"].as_str().unwrap_or_default();
    let told = |finding: Finding| finding.with("workload", name(workload)).with("image", image);
    match said(container, "runAsUser").as_u64() {
        Some(0) => Some(told(refused("images-root"))),
        Some(_) => None,
        None => {
            let is_mastodon = image.contains("mastodon/mastodon") || image.contains("tootsuite/mastodon");
            // Where the old side runs the same image so, somebody has built it with a number.
            let runs = plan.blue.iter().filter(|object| object["kind"] == "Deployment").any(|blue| {
                let of_pod = &template(blue)["securityContext"];
                containers(template(blue)).any(|own| {
                    let alike = own["securityContext"] == container["securityContext"];
                    own["image"] == container["image"] && alike && *of_pod == pod["securityContext"]
                })
            });
            (is_mastodon && !runs).then(|| told(refused("images-user")))
        }
    }
}

/// Images of containers that have come up.
fn of_pod(pod: &Value) -> impl Iterator<Item = &str> {
    let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    statuses.filter(|status| status["ready"] == true).filter_map(|status| status["image"].as_str())
}

/// Whether a node has an image, by any of its names: without a registry, it is that of Docker.
fn is_present(nodes: &[Value], image: &str) -> bool {
    let images = nodes.iter().flat_map(|node| node["status"]["images"].as_array().into_iter().flatten());
    let mut names =
        images.flat_map(|own| own["names"].as_array().into_iter().flatten()).filter_map(Value::as_str);
    let whole = format!("docker.io/{image}");
    let official = format!("docker.io/library/{image}");
    names.any(|name| name == image || name == whole || name == official)
}

//! Who else writes what the plan touches: GitOps controllers, Helm, autoscalers.

use std::collections::BTreeSet;

use plan::{Action, Plan};
use serde_json::Value;

use super::Facts;
use super::finding::{Finding, or_well, warning};
use super::pods::name;

/// Marks by which a controller says that an object is its own, and who that is.
const CONTROLLERS: [(&str, &str, &str); 4] = [
    ("annotations", "argocd.argoproj.io/tracking-id", "Argo CD"),
    ("labels", "argocd.argoproj.io/instance", "Argo CD"),
    ("labels", "kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("labels", "helm.toolkit.fluxcd.io/name", "Flux"),
];

pub(super) fn judge(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let mut owners: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut releases: BTreeSet<String> = BTreeSet::new();
    let touched = |object: &&Value| {
        plan.blue
            .iter()
            .any(|own| own["kind"] == object["kind"] && own["metadata"]["name"] == object["metadata"]["name"])
    };
    for object in facts.snapshot.objects.iter().filter(touched) {
        let metadata = &object["metadata"];
        for (part, key, controller) in CONTROLLERS {
            if let Some(value) = metadata[part][key].as_str() {
                // What Argo CD tracks by begins with the application's name.
                owners.insert((controller, value.split(':').next().unwrap_or(value).to_owned()));
            }
        }
        releases.extend(metadata["annotations"]["meta.helm.sh/release-name"].as_str().map(str::to_owned));
    }
    let mut found: Vec<Finding> = owners
        .into_iter()
        .map(|(controller, owner)| {
            warning("ownership-gitops").with("controller", controller).with("owner", owner)
        })
        .collect();
    found.extend(releases.into_iter().map(|release| warning("ownership-helm").with("release", release)));
    or_well(found, "ownership-none")
}

/// Autoscalers of the old side that the plan does not pause.
pub(super) fn scaling(plan: &Plan, facts: &Facts) -> Vec<Finding> {
    let paused = |autoscaler: &str| {
        plan.steps.iter().any(|step| match &step.action {
            Action::PauseAutoscalers { autoscalers } => autoscalers.iter().any(|own| own == autoscaler),
            _ => false,
        })
    };
    let of_blue = |autoscaler: &Value| {
        let target = &autoscaler["spec"]["scaleTargetRef"];
        plan.blue.iter().any(|own| own["kind"] == target["kind"] && own["metadata"]["name"] == target["name"])
    };
    let stray = facts.of_kind("HorizontalPodAutoscaler").filter(|own| of_blue(own) && !paused(name(own)));
    let found = stray.map(|own| warning("scaling-stray").with("autoscaler", name(own)));
    or_well(found.collect(), "scaling-known")
}

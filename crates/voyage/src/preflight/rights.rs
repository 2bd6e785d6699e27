//! What the plan's steps need to be allowed.

use std::collections::BTreeSet;

use cluster::{Kind, Right};
use plan::{Action, GitOpsKind, Plan};
use serde_json::Value;

use super::Facts;
use super::facts::place;
use super::finding::{Finding, or_well, refused, warning};

pub(super) fn list_nodes() -> Right {
    Right::to("list", &Kind::new("v1", "Node"))
}

pub(super) fn list_all_pods() -> Right {
    Right { is_cluster_scoped: true, ..Right::to("list", &Kind::pod()) }
}

pub(super) fn run_in_pods() -> Right {
    Right::to("create", &Kind::pod()).of("exec")
}

/// Rights without which less can be looked at, and nothing else is lacking.
fn is_for_looking(right: &Right) -> bool {
    [list_nodes(), list_all_pods(), run_in_pods()].contains(right)
}

/// Every right that the plan's steps and their undoing use, and those for looking.
pub(crate) fn needed(plan: &Plan) -> BTreeSet<Right> {
    let mut needs = Needs(BTreeSet::from([list_nodes(), list_all_pods(), run_in_pods()]));
    for kind in kinds(&plan.blue) {
        needs.to(&["get"], &kind);
    }
    for kind in [kinds(&plan.green), kinds(&plan.page)].concat() {
        needs.to(&MADE, &kind);
    }
    for kind in kinds(&plan.adopted) {
        needs.to(&MADE, &kind);
        needs.to(&["update"], &kind);
    }
    // The copy of the state, what is needed and kept, and Helm's record.
    needs.to(&["get", "list", "watch", "create", "patch", "delete"], &Kind::secret());
    for step in &plan.steps {
        needs.of_action(plan, &step.action);
    }
    needs.0
}

/// What is made may be looked for, made, changed, deleted, and waited for until it is gone.
const MADE: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];

struct Needs(BTreeSet<Right>);

impl Needs {
    fn to(&mut self, verbs: &[&str], kind: &Kind) {
        self.0.extend(verbs.iter().map(|verb| Right::to(verb, kind)));
    }

    fn of_action(&mut self, plan: &Plan, action: &Action) {
        match action {
            Action::AcquireLease { .. } | Action::ReleaseLease { .. } => {
                self.to(&["get", "create", "patch", "delete"], &Kind::lease());
            }
            Action::PauseAutoscalers { autoscalers } if !autoscalers.is_empty() => {
                for kind in named(plan, "HorizontalPodAutoscaler") {
                    self.to(&["get", "patch", "update"], &kind);
                }
            }
            Action::PauseGitops { owners } => {
                for owner in owners {
                    let to = |verb| Right::to(verb, &gitops_kind(owner.kind)).within(&owner.namespace);
                    self.0.extend(["get", "patch"].map(to));
                }
            }
            Action::DrainQueues { cron_jobs, .. } => {
                self.scale();
                if !cron_jobs.is_empty() {
                    self.to(&["get", "patch"], &Kind::new("batch/v1", "CronJob"));
                }
            }
            Action::StartQueues { .. } | Action::AwaitReady { .. } | Action::StopBlue { .. } => self.scale(),
            Action::VerifyGreen { .. } => self.ask(),
            Action::OpenOverlap { .. } | Action::CloseOverlap { .. } => self.switch(),
            Action::ShowPage(_) | Action::HidePage(_) => self.switch(),
            Action::ShiftWeights { .. } | Action::RestoreRoutes { .. } => {
                for kind in named(plan, "HTTPRoute") {
                    self.to(&["get", "update"], &kind);
                }
            }
            Action::RaiseGreen { .. } => self.scale(),
            Action::ShiftPods(_) => {
                self.switch();
                self.scale();
                self.ask();
            }
            Action::RaisePage { .. } => {
                self.scale();
                self.ask();
            }
            Action::RemoveBlue { objects } => {
                let removed = |object: &&Value| {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    objects.contains(&format!(
                        "{}/{}",
                        text(&object["kind"]),
                        text(&object["metadata"]["name"])
                    ))
                };
                for kind in plan.blue.iter().filter(removed).filter_map(place).map(|place| place.kind) {
                    self.to(&["get", "list", "watch", "create", "update", "delete"], &kind);
                }
            }
            // What they make has been asked for with the plan's objects; others only look.
            _ => {}
        }
    }

    /// Pods are raised and ended, and waited for.
    fn scale(&mut self) {
        self.to(&["get", "list", "watch"], &Kind::deployment());
        self.to(&["get", "list", "watch"], &Kind::pod());
        self.0.insert(Right::to("patch", &Kind::deployment()).of("scale"));
    }

    /// Services select others, whose pods are labelled, and what is behind them is waited for.
    fn switch(&mut self) {
        self.to(&["get", "update"], &Kind::service());
        self.to(&["list", "patch"], &Kind::pod());
        self.to(&["list", "watch"], &Kind::endpoint_slice());
    }

    /// Pods are asked through the side door.
    fn ask(&mut self) {
        self.to(&["list"], &Kind::pod());
        self.0.insert(Right::to("get", &Kind::pod()).of("proxy"));
    }
}

fn kinds(objects: &[Value]) -> Vec<Kind> {
    objects.iter().filter_map(place).map(|place| place.kind).collect()
}

/// A kind of blue's, as its objects have it.
fn named(plan: &Plan, kind: &str) -> Vec<Kind> {
    kinds(&plan.blue).into_iter().filter(|own| own.kind == kind).collect()
}

fn gitops_kind(kind: GitOpsKind) -> Kind {
    match kind {
        GitOpsKind::Application => Kind::new("argoproj.io/v1alpha1", "Application"),
        GitOpsKind::Kustomization => Kind::new("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
        GitOpsKind::HelmRelease => Kind::new("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    }
}

pub(super) fn judge(_: &Plan, facts: &Facts) -> Vec<Finding> {
    let missing = |looking: bool| -> Vec<String> {
        let rights = facts.rights.iter().filter(|(right, may)| !may && is_for_looking(right) == looking);
        rights.map(|(right, _)| right.to_string()).collect()
    };
    let (needed, looking) = (missing(false), missing(true));
    let mut found = Vec::new();
    if !needed.is_empty() {
        found.push(refused("rights-missing").with("rights", needed.join(", ")));
    }
    if !looking.is_empty() {
        found.push(warning("rights-looking").with("rights", looking.join(", ")));
    }
    or_well(found, "rights-held")
}

//! Who applies blue's objects from a repository, by the marks they leave on what they apply.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Action, Plan, Reversibility, Step, StepId};

/// Argo CD's mark (`<application>:<group>/<kind>:<namespace>/<name>`, the application's own namespace and `_` before it
/// where it is not Argo CD's): the default from 3.0 on. Before, it is the label that Helm uses as well.
const TRACKING: &str = "argocd.argoproj.io/tracking-id";
const INSTANCE: &str = "argocd.argoproj.io/instance";
/// Where Argo CD lives unless somebody wants it elsewhere.
const ARGO_CD: &str = "argocd";

/// A kind of object by which a controller applies others from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GitOpsKind {
    /// Argo CD's.
    Application,
    /// Flux's, for manifests.
    Kustomization,
    /// Flux's, for charts.
    HelmRelease,
}

/// Who applies objects from a repository, and would undo what a move does to them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GitOpsOwner {
    /// What it is.
    pub kind: GitOpsKind,
    /// Where it stands.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl std::fmt::Display for GitOpsOwner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} {}/{}", self.kind, self.namespace, self.name)
    }
}

impl GitOpsOwner {
    /// Who applied an object, by its labels and annotations. One may have applied what another is applied by.
    #[must_use]
    pub fn of(object: &Value) -> Vec<Self> {
        let metadata = &object["metadata"];
        let mark = |field: &str, key: &str| metadata[field][key].as_str().filter(|text| !text.is_empty());
        let mut owners = Vec::new();
        for (kind, prefix) in [
            (GitOpsKind::Kustomization, "kustomize.toolkit.fluxcd.io"),
            (GitOpsKind::HelmRelease, "helm.toolkit.fluxcd.io"),
        ] {
            let name = mark("labels", &format!("{prefix}/name"));
            let namespace = mark("labels", &format!("{prefix}/namespace"));
            owners.extend(name.zip(namespace).map(|(name, namespace)| Self {
                kind,
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }));
        }
        let tracked = mark("annotations", TRACKING).and_then(|id| id.split(':').next());
        let application = tracked.or_else(|| mark("labels", INSTANCE));
        owners.extend(application.map(|application| {
            let (namespace, name) = application.split_once('_').unwrap_or((ARGO_CD, application));
            Self { kind: GitOpsKind::Application, namespace: namespace.to_owned(), name: name.to_owned() }
        }));
        // An object that stands for itself in its own inventory is not its own owner.
        owners.retain(|owner| {
            metadata["name"] != *owner.name || object["kind"] != format!("{:?}", owner.kind).as_str()
        });
        owners
    }

    /// The command that lets him go on applying what his repository says; Argo CD's with what was automated before, where
    /// that is known.
    #[must_use]
    pub fn resume(&self, automated: Option<&Value>) -> String {
        let Self { kind, namespace, name } = self;
        match kind {
            GitOpsKind::Application => {
                let automated = automated.map_or_else(|| "{}".to_owned(), Value::to_string);
                format!(
                    "kubectl -n {namespace} patch application {name} --type merge -p '{{\"spec\":{{\"syncPolicy\":{{\"automated\":{automated}}}}}}}'"
                )
            }
            GitOpsKind::Kustomization => format!("flux -n {namespace} resume kustomization {name}"),
            GitOpsKind::HelmRelease => format!("flux -n {namespace} resume helmrelease {name}"),
        }
    }
}

/// Has everybody paused who applies blue's objects: before anything of them is changed, and after the Lease is held.
pub(crate) fn fence(plan: &mut Plan) {
    let mut owners: Vec<GitOpsOwner> = plan.blue.iter().flat_map(GitOpsOwner::of).collect();
    owners.sort();
    owners.dedup();
    if owners.is_empty() {
        return;
    }
    let step = Step {
        id: StepId("pause-gitops".to_owned()),
        action: Action::PauseGitops { owners },
        reversibility: Reversibility::Undoable,
        expected_s: 5,
        commands: Vec::new(),
    };
    let leased = plan.steps.iter().position(|step| matches!(step.action, Action::AcquireLease { .. }));
    plan.steps.insert(leased.map_or(0, |at| at + 1), step);
}

/// The same by hand, with the tools' own commands.
pub(crate) fn pause(owners: &[GitOpsOwner]) -> Vec<String> {
    owners
        .iter()
        .map(|GitOpsOwner { kind, namespace, name }| match kind {
            GitOpsKind::Application => format!(
                "kubectl -n {namespace} patch application {name} --type merge -p '{{\"spec\":{{\"syncPolicy\":{{\"automated\":null}}}}}}'"
            ),
            GitOpsKind::Kustomization => format!("flux -n {namespace} suspend kustomization {name}"),
            GitOpsKind::HelmRelease => format!("flux -n {namespace} suspend helmrelease {name}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owners(metadata: Value) -> Vec<String> {
        GitOpsOwner::of(&json!({"kind": "Deployment", "metadata": metadata}))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn who_goes_on_gets_back_what_was_automated() {
        let owner = |kind| GitOpsOwner { kind, namespace: "a".to_owned(), name: "b".to_owned() };
        let before = json!({"prune": true});
        assert_eq!(
            owner(GitOpsKind::Application).resume(Some(&before)),
            r#"kubectl -n a patch application b --type merge -p '{"spec":{"syncPolicy":{"automated":{"prune":true}}}}'"#
        );
        assert!(owner(GitOpsKind::Application).resume(None).contains(r#""automated":{}"#));
        assert_eq!(owner(GitOpsKind::HelmRelease).resume(None), "flux -n a resume helmrelease b");
    }

    #[test]
    fn marks_of_argo_cd_and_flux_are_read_and_those_of_helm_are_not() {
        let tracked = |id: &str| owners(json!({"annotations": {TRACKING: id}}));
        assert_eq!(tracked("social:apps/Deployment:mastodon/web"), ["Application argocd/social"]);
        assert_eq!(tracked("teams_social:apps/Deployment:mastodon/web"), ["Application teams/social"]);
        let labels = json!({
            "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
            "helm.toolkit.fluxcd.io/name": "mastodon", "helm.toolkit.fluxcd.io/namespace": "social",
        });
        assert_eq!(
            owners(json!({"labels": labels})),
            ["Kustomization flux-system/apps", "HelmRelease social/mastodon"]
        );
        let helm = json!({"labels": {"app.kubernetes.io/instance": "mastodon", "app.kubernetes.io/managed-by": "Helm"}});
        assert_eq!(owners(helm), Vec::<String>::new());
    }
}

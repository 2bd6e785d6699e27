//! What is different where green is a release of a Helm chart.

use serde_json::{Value, json};

use crate::commands::{start, with_kubectl};
use crate::{Action, HelmRelease, Plan, Reversibility, Step, StepId};

/// Marks green as Helm's and has its record written once green stands for itself.
pub(crate) fn make_release(plan: &mut Plan) {
    let Some(helm) = &plan.helm else { return };
    for object in plan.green.iter_mut().chain(&mut plan.adopted) {
        own(object, &plan.release, &plan.namespace);
    }
    let (name, version) = (&helm.record["name"], &helm.record["version"]);
    let secret = format!("sh.helm.release.v1.{}.v{version}", name.as_str().unwrap_or_default());
    let step = Step {
        id: StepId("record-release".to_owned()),
        action: Action::RecordRelease { secret },
        reversibility: Reversibility::Undoable,
        expected_s: 1,
        commands: Vec::new(),
    };
    let adopted = plan.steps.iter().position(|step| step.action == Action::Adopt);
    plan.steps.insert(adopted.map_or(plan.steps.len(), |at| at + 1), step);
}

/// What Helm puts on each object of a release, and without which it takes none for its own (`pkg/action/validate.go`).
fn own(object: &mut Value, release: &str, namespace: &str) {
    let marks = [
        ("labels", "app.kubernetes.io/managed-by", "Helm"),
        ("annotations", "meta.helm.sh/release-name", release),
        ("annotations", "meta.helm.sh/release-namespace", namespace),
    ];
    for (field, key, value) in marks {
        *member(member(member(object, "metadata"), field), key) = value.into();
    }
}

/// A member of a mapping; what is no mapping is made one, since a chart may render what it likes.
fn member<'a>(value: &'a mut Value, key: &str) -> &'a mut Value {
    if !value.is_object() {
        *value = json!({});
    }
    &mut value[key]
}

/// The commands of the actions that are made otherwise where green is a release; none for the others.
///
/// Objects come out of the plan, in which they are as they are first applied: no chart can say "dark". Helm takes them
/// over at the end, client-side, so that it holds no field against a later `helm upgrade`.
pub(crate) fn commands(plan: &Plan, helm: &HelmRelease, action: &Action) -> Option<Vec<String>> {
    let Plan { namespace, release, .. } = plan;
    let kubectl = |lines: Vec<String>| lines.into_iter().map(|line| format!("kubectl -n {namespace} {line}"));
    Some(match action {
        Action::CheckAssumptions => {
            let mut lines = with_kubectl(plan, action);
            lines.push(format!("helm -n {namespace} history {release}  # must not be found"));
            lines
        }
        Action::InstallGreen => vec![apply(plan, ".green")],
        Action::StartQueues { workers, cron_jobs, timeout_s } => {
            kubectl(start(workers, cron_jobs, *timeout_s)).collect()
        }
        Action::Adopt => vec![apply(plan, ".adopted")],
        Action::RecordRelease { .. } => install(plan, helm),
        Action::FinalAudit => vec![compare(plan)],
        _ => return None,
    })
}

/// Applying a list of the plan's own objects, in which green is as dark as it is first applied.
pub(crate) fn apply(plan: &Plan, list: &str) -> String {
    let namespace = &plan.namespace;
    let list = format!("jq '{{apiVersion: \"v1\", kind: \"List\", items: {list}}}' plan.json");
    format!("{list} | kubectl -n {namespace} apply --server-side --field-manager=mastoferry -f -")
}

/// Comparing what stands with the plan's own objects.
pub(crate) fn compare(plan: &Plan) -> String {
    let compared = apply(plan, "(.green + .adopted)").replace(" apply ", " diff ");
    format!("{compared}  # only replicas and suspend may differ, as later steps changed them")
}

impl Plan {
    /// The command that changes green later with Helm, where it is a release.
    #[must_use]
    pub fn helm_upgrade(&self) -> Option<String> {
        let Self { namespace, release, .. } = self;
        let helm = self.helm.as_ref()?;
        let chart = &helm.reference;
        let beside =
            if helm.is_plain() { String::new() } else { format!(" --post-renderer {release}-supplements") };
        Some(format!("helm -n {namespace} upgrade {release} {chart} -f values.yaml{beside}"))
    }
}

impl HelmRelease {
    /// Whether the values say everything.
    fn is_plain(&self) -> bool {
        self.patched.is_empty() && self.supplements.is_empty()
    }
}

/// Helm takes over what stands. What it would apply stands already, so that nothing changes but its record.
fn install(plan: &Plan, helm: &HelmRelease) -> Vec<String> {
    let mut lines = Vec::new();
    if !helm.is_plain() {
        let note =
            "# helm 3: none, but below --post-renderer supplements/post-render.sh and no --server-side";
        lines.push(format!("helm plugin install supplements  {note}"));
    }
    let upgrade = plan.helm_upgrade().unwrap_or_default();
    lines.push(format!("{upgrade} --install --take-ownership --server-side=false"));
    lines
}

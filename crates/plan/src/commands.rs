//! Every step by hand: the `kubectl` commands that do the same.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Action, Plan, Replicas, ServiceSwitch, SideDoor, Strategy, Waves, gitops, helm, passing, stores,
};

/// The commands of an action. Files are those that `convert --out` writes; for a release of Helm, `plan.json` too.
pub(crate) fn commands(plan: &Plan, action: &Action) -> Vec<String> {
    match plan.helm.as_ref().and_then(|release| helm::commands(plan, release, action)) {
        Some(lines) => lines,
        None => with_kubectl(plan, action),
    }
}

/// The commands of an action that is the same whatever green is.
pub(crate) fn with_kubectl(plan: &Plan, action: &Action) -> Vec<String> {
    let kubectl = |rest: String| format!("kubectl -n {} {rest}", plan.namespace);
    let lines: Vec<String> = match action {
        Action::CheckAssumptions => check(plan),
        Action::AcquireLease { lease } => vec![make_lease(lease)],
        Action::PauseAutoscalers { autoscalers } => pin(autoscalers),
        Action::PauseGitops { owners } => return gitops::pause(owners),
        Action::FollowStores { moves } => return stores::commands(moves, false),
        Action::CutOverStores { moves } => return stores::commands(moves, true),
        Action::BackUp => vec![back_up(plan)],
        Action::InstallGreen if plan.strategy != Strategy::BlueGreen => {
            return vec![helm::apply(plan, ".green")];
        }
        Action::InstallGreen => install(plan),
        Action::AwaitReady { deployments, timeout_s } => rollouts(deployments, *timeout_s),
        Action::VerifyGreen { checks } => ask(plan, checks),
        Action::DrainQueues { workers, cron_jobs, timeout_s } => drain(plan, workers, cron_jobs, *timeout_s),
        Action::StartQueues { workers, cron_jobs, timeout_s } if plan.strategy != Strategy::BlueGreen => {
            start(workers, cron_jobs, *timeout_s)
        }
        Action::StartQueues { workers, cron_jobs, timeout_s } => {
            apply_workers(plan, workers, cron_jobs, *timeout_s)
        }
        Action::OpenOverlap { pods, services } => passing::open(pods, services),
        Action::CloseOverlap { services } => {
            services.iter().map(|switch| select(switch, &switch.green)).collect()
        }
        Action::RaiseGreen { .. }
        | Action::ShiftPods(_)
        | Action::ShiftWeights { .. }
        | Action::RestoreRoutes { .. }
        | Action::RaisePage { .. }
        | Action::ShowPage(_)
        | Action::HidePage(_)
        | Action::RemovePage => return passing::commands(plan, action),
        Action::StopBlue { deployments, waves, timeout_s } => {
            stop(plan, deployments, waves.as_ref(), *timeout_s)
        }
        Action::RemoveBlue { objects } => {
            objects.iter().map(|object| format!("delete {}", object.to_lowercase())).collect()
        }
        Action::Adopt => vec!["apply --server-side --field-manager=mastoferry -f adopted/".to_owned()],
        Action::FinalAudit if plan.strategy != Strategy::BlueGreen => {
            return vec![helm::compare(plan)];
        }
        Action::FinalAudit => vec![
            "diff --server-side --field-manager=mastoferry -f green/ -f adopted/ -f switched/ -f kept/"
                .to_owned(),
        ],
        Action::ReleaseLease { lease } => vec![format!("delete lease {lease}")],
        Action::RecordBaseline { .. } | Action::Observe { .. } | Action::RecordRelease { .. } => Vec::new(),
        Action::HoldOverlap { seconds } => vec![format!("sleep {seconds}")],
    };
    lines.into_iter().map(kubectl).collect()
}

fn pin(autoscalers: &[String]) -> Vec<String> {
    let bounds = r#"{"spec":{"minReplicas":N,"maxReplicas":N}}"#;
    let line = |name: &String| {
        format!("patch hpa {name} --type merge -p '{bounds}'  # N: the replicas that run now")
    };
    autoscalers.iter().map(line).collect()
}

/// Asking pods through the API server.
fn ask(plan: &Plan, checks: &[SideDoor]) -> Vec<String> {
    let line = |check: &SideDoor| {
        let SideDoor { port, path, .. } = check;
        let door = format!("/api/v1/namespaces/{}/pods/POD:{port}/proxy{path}", plan.namespace);
        format!("get --raw \"{door}\"  # POD: kubectl get pod -l {}", selector(&check.selector))
    };
    checks.iter().map(line).collect()
}

/// Starting what was left out while green was dark.
fn apply_workers(plan: &Plan, workers: &[Replicas], cron_jobs: &[String], timeout_s: u64) -> Vec<String> {
    let names: Vec<&str> = workers.iter().map(|own| own.deployment.as_str()).collect();
    let mut lines = apply(plan.green.iter().filter(|object| is_one_of(object, "Deployment", &names)));
    lines.extend(rollouts(workers, timeout_s));
    let names: Vec<&str> = cron_jobs.iter().map(String::as_str).collect();
    lines.extend(apply(plan.green.iter().filter(|object| is_one_of(object, "CronJob", &names))));
    lines
}

/// Blue's pods, those in waves first.
fn stop(plan: &Plan, deployments: &[Replicas], waves: Option<&Waves>, timeout_s: u64) -> Vec<String> {
    let to_zero: Vec<Replicas> =
        deployments.iter().map(|own| Replicas { deployment: own.deployment.clone(), replicas: 0 }).collect();
    let mut lines = Vec::new();
    if let Some(waves) = waves {
        let pause_s = waves.pause_s;
        lines.extend(waves.deployments.iter().map(|name| {
            format!("scale deployment {name} --replicas=N  # N: one less than now; again every {pause_s} s")
        }));
    }
    lines.extend(scale(&to_zero));
    lines.extend(gone(plan, deployments, timeout_s));
    lines
}

fn back_up(plan: &Plan) -> String {
    let weighs = plan.steps.iter().any(|step| matches!(step.action, Action::ShiftWeights { .. }));
    let routes = if weighs { ",httproute" } else { "" };
    format!("get deployment,service,configmap,ingress,hpa,cronjob,job{routes} -o yaml > backup.yaml")
}

fn check(plan: &Plan) -> Vec<String> {
    let mut lines = vec![format!("diff -k {}  # or -f, for plain manifests", plan.source)];
    lines.extend(plan.needs.iter().map(|need| {
        format!("get secret {} -o go-template='{{{{range $key, $_ := .data}}}}{{{{$key}}}}{{{{\"\\n\"}}}}{{{{end}}}}'", need.secret)
    }));
    lines
}

/// A Lease made by hand is refused where another operator's stands.
fn make_lease(lease: &str) -> String {
    format!(
        "create -f - <<'EOF'\napiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata:\n  name: {lease}\nspec:\n  holderIdentity: by-hand\n  leaseDurationSeconds: 3600\nEOF"
    )
}

/// What may run while green is dark: neither its workers nor its schedules, whose files hold the replicas and
/// schedules that shall be in the end.
fn install(plan: &Plan) -> Vec<String> {
    let later: Vec<&str> = plan
        .steps
        .iter()
        .flat_map(|step| match &step.action {
            Action::StartQueues { workers, cron_jobs, .. } => workers
                .iter()
                .map(|own| own.deployment.as_str())
                .chain(cron_jobs.iter().map(String::as_str))
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    let is_later =
        |object: &Value| is_one_of(object, "Deployment", &later) || is_one_of(object, "CronJob", &later);
    apply(plan.green.iter().filter(|object| !is_later(object)))
}

fn is_one_of(object: &Value, kind: &str, names: &[&str]) -> bool {
    object["kind"] == kind && object["metadata"]["name"].as_str().is_some_and(|name| names.contains(&name))
}

/// Applying the files that `convert` writes for these objects.
fn apply<'a>(objects: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    objects
        .map(|object| {
            let file = format!(
                "{}-{}.yaml",
                word(&object["kind"]).to_lowercase(),
                word(&object["metadata"]["name"])
            );
            format!("apply --server-side --field-manager=mastoferry -f green/{file}")
        })
        .collect()
}

pub(crate) fn selector(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

pub(crate) fn select(switch: &ServiceSwitch, labels: &BTreeMap<String, String>) -> String {
    format!("set selector service {} {}", switch.service, selector(labels))
}

pub(crate) fn scale(deployments: &[Replicas]) -> Vec<String> {
    deployments
        .iter()
        .map(|own| format!("scale deployment {} --replicas={}", own.deployment, own.replicas))
        .collect()
}

pub(crate) fn rollouts(deployments: &[Replicas], timeout_s: u64) -> Vec<String> {
    deployments
        .iter()
        .map(|own| format!("rollout status deployment {} --timeout={timeout_s}s", own.deployment))
        .collect()
}

fn suspend(cron_job: &str, suspended: bool) -> String {
    format!("patch cronjob {cron_job} --type merge -p '{{\"spec\":{{\"suspend\":{suspended}}}}}'")
}

/// Starting what stands already at no pods.
pub(crate) fn start(workers: &[Replicas], cron_jobs: &[String], timeout_s: u64) -> Vec<String> {
    let mut lines = scale(workers);
    lines.extend(rollouts(workers, timeout_s));
    lines.extend(cron_jobs.iter().map(|name| suspend(name, false)));
    lines
}

fn drain(plan: &Plan, workers: &[Replicas], cron_jobs: &[String], timeout_s: u64) -> Vec<String> {
    let mut lines: Vec<String> = cron_jobs.iter().map(|name| suspend(name, true)).collect();
    lines.extend(workers.iter().map(|own| format!("scale deployment {} --replicas=0", own.deployment)));
    lines.extend(gone(plan, workers, timeout_s));
    lines
}

/// Waiting until the pods of blue's Deployments are gone, by the Deployments' own selectors.
fn gone(plan: &Plan, deployments: &[Replicas], timeout_s: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for own in deployments {
        let object = plan.blue.iter().find(|object| {
            object["kind"] == "Deployment" && object["metadata"]["name"] == own.deployment.as_str()
        });
        let labels = object.and_then(|object| object["spec"]["selector"]["matchLabels"].as_object());
        let labels: Vec<String> = labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
            .collect();
        lines.push(format!("wait pod -l {} --for=delete --timeout={timeout_s}s", labels.join(",")));
    }
    lines
}

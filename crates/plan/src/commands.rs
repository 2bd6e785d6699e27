//! Every step by hand: the `kubectl` commands that do the same.

use std::collections::BTreeMap;

use crate::{Action, Plan, Replicas, ServiceSwitch};

/// The commands of an action. Files are those that `convert --out` writes.
pub(crate) fn commands(plan: &Plan, action: &Action) -> Vec<String> {
    let kubectl = |rest: String| format!("kubectl -n {} {rest}", plan.namespace);
    let lines: Vec<String> = match action {
        Action::CheckAssumptions => check(plan),
        Action::AcquireLease { lease } => {
            vec![format!("create lease {lease} 2>/dev/null || get lease {lease} -o yaml")]
        }
        Action::PauseAutoscalers { autoscalers } => autoscalers
            .iter()
            .map(|name| format!("patch hpa {name} --type merge -p '{{\"spec\":{{\"minReplicas\":N,\"maxReplicas\":N}}}}'  # N: the replicas that run now"))
            .collect(),
        Action::BackUp => vec!["get deployment,service,configmap,ingress,hpa,cronjob,job -o yaml > backup.yaml".to_owned()],
        Action::InstallGreen => vec!["apply --server-side --field-manager=mastoferry -f green/".to_owned()],
        Action::AwaitReady { deployments, timeout_s } => rollouts(deployments, *timeout_s),
        Action::VerifyGreen { checks } => checks
            .iter()
            .map(|check| format!("get --raw \"/api/v1/namespaces/{}/pods/POD:{}/proxy{}\"  # POD: kubectl get pod -l {}", plan.namespace, check.port, check.path, selector(&check.selector)))
            .collect(),
        Action::DrainQueues { workers, cron_jobs, timeout_s } => drain(plan, workers, cron_jobs, *timeout_s),
        Action::StartQueues { workers, cron_jobs, timeout_s } => {
            let mut lines = scale(workers);
            lines.extend(rollouts(workers, *timeout_s));
            lines.extend(cron_jobs.iter().map(|name| suspend(name, false)));
            lines
        }
        Action::OpenOverlap { pods, services } => {
            let label = |labels: &BTreeMap<String, String>| selector(labels).replace(',', " ");
            let mut lines: Vec<String> =
                pods.iter().map(|pods| format!("label pod -l {} {}", selector(&pods.selector), label(&pods.labels))).collect();
            lines.extend(services.iter().map(|switch| select(switch, &switch.both)));
            lines
        }
        Action::CloseOverlap { services } => services.iter().map(|switch| select(switch, &switch.green)).collect(),
        Action::StopBlue { deployments, timeout_s } => {
            let to_zero: Vec<Replicas> =
                deployments.iter().map(|own| Replicas { deployment: own.deployment.clone(), replicas: 0 }).collect();
            let mut lines = scale(&to_zero);
            lines.extend(gone(plan, deployments, *timeout_s));
            lines
        }
        Action::RemoveBlue { objects } => objects
            .iter()
            .map(|object| format!("delete {}", object.to_lowercase()))
            .collect(),
        Action::Adopt => vec!["apply --server-side --field-manager=mastoferry -f adopted/".to_owned()],
        Action::FinalAudit => vec!["diff --server-side --field-manager=mastoferry -f green/ -f adopted/".to_owned()],
        Action::ReleaseLease { lease } => vec![format!("delete lease {lease}")],
        Action::RecordBaseline { .. } | Action::Observe { .. } => Vec::new(),
    };
    lines.into_iter().map(kubectl).collect()
}

fn check(plan: &Plan) -> Vec<String> {
    let mut lines = vec!["diff -f blue/".to_owned()];
    lines.extend(plan.needs.iter().map(|need| {
        format!("get secret {} -o go-template='{{{{range $key, $_ := .data}}}}{{{{$key}}}}{{{{\"\\n\"}}}}{{{{end}}}}'", need.secret)
    }));
    lines
}

fn selector(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

fn select(switch: &ServiceSwitch, labels: &BTreeMap<String, String>) -> String {
    format!("set selector service {} {}", switch.service, selector(labels))
}

fn scale(deployments: &[Replicas]) -> Vec<String> {
    deployments
        .iter()
        .map(|own| format!("scale deployment {} --replicas={}", own.deployment, own.replicas))
        .collect()
}

fn rollouts(deployments: &[Replicas], timeout_s: u64) -> Vec<String> {
    deployments
        .iter()
        .map(|own| format!("rollout status deployment {} --timeout={timeout_s}s", own.deployment))
        .collect()
}

fn suspend(cron_job: &str, suspended: bool) -> String {
    format!("patch cronjob {cron_job} --type merge -p '{{\"spec\":{{\"suspend\":{suspended}}}}}'")
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

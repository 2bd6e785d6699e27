//! A small made-up installation, and the plan to move it.

use std::collections::BTreeMap;

use plan::{
    Action, HelmRelease, Plan, PodLabels, Replicas, Reversibility, Rule, SecretNeed, ServiceSwitch, SideDoor,
    Step, StepId, Strategy,
};
use serde_json::{Value, json};

pub(super) const NAMESPACE: &str = "mast";

pub(super) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn deployment(name: &str, replicas: u32, labels: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"run": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "main", "image": "stand-in:1", "ports": [{"containerPort": 3000}],
                }]},
            },
        },
    })
}

fn blue_deployment(name: &str, replicas: u32) -> Value {
    deployment(name, replicas, &json!({"run": name}))
}

fn green_deployment(name: &str, replicas: u32, serves: &str) -> Value {
    deployment(name, replicas, &json!({"run": name, "mastoferry.dev/serves": serves}))
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"run": name}, "ports": [{"port": 80, "targetPort": 3000}]},
    })
}

fn autoscaler(target: &str, min: u32, max: u32) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {
            "minReplicas": min, "maxReplicas": max,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
        },
    })
}

fn cron_job(name: &str, suspend: bool) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {"schedule": "0 3 * * *", "suspend": suspend, "jobTemplate": {"spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "tootctl", "image": "stand-in:1"}],
        }}}}},
    })
}

fn config_map(name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"VALUE": value},
    })
}

/// The Secret, which no plan holds.
pub(super) fn secret() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "type": "Opaque",
        "data": {"SECRET_KEY_BASE": "aHVzaC1odXNo"},
    })
}

fn helm_release() -> HelmRelease {
    HelmRelease {
        chart: "green".to_owned(),
        version: "1.0.0".to_owned(),
        reference: "charts/green".to_owned(),
        patched: Vec::new(),
        supplements: Vec::new(),
        record: json!({
            "name": "green", "namespace": NAMESPACE, "version": 1,
            "info": {"status": "deployed", "description": "made up"},
            "chart": {"metadata": {"name": "green", "version": "1.0.0", "apiVersion": "v2"}, "templates": [],
                "values": {"color": "none"}},
            "config": {"color": "green"}, "manifest": "", "hooks": [],
        }),
    }
}

fn replicas(deployment: &str, replicas: u32) -> Replicas {
    Replicas { deployment: deployment.to_owned(), replicas }
}

fn switch(name: &str) -> ServiceSwitch {
    ServiceSwitch {
        service: name.to_owned(),
        blue: map(&[("run", name)]),
        both: map(&[("mastoferry.dev/serves", name)]),
        green: map(&[("run", &format!("green-{name}"))]),
        component: name.to_owned(),
    }
}

fn step(action: Action) -> Step {
    let name = serde_json::to_value(&action).unwrap()["action"].as_str().unwrap().to_owned();
    let (reversibility, expected_s, commands) = (Reversibility::Undoable, 1, Vec::new());
    Step { id: StepId(name), action, reversibility, expected_s, commands }
}

/// The plan; `port` is where every pod listens.
pub(super) fn plan(port: u16, observe_s: u64) -> Plan {
    let services = vec![switch("web"), switch("streaming")];
    let label = |name: &str| PodLabels {
        selector: map(&[("run", name)]),
        labels: map(&[("mastoferry.dev/serves", name)]),
    };
    let check = SideDoor {
        component: "web".to_owned(),
        selector: map(&[("run", "green-web")]),
        port,
        path: "/health".to_owned(),
        contains: "OK".to_owned(),
    };
    let lease = || "mastoferry".to_owned();
    let timeout_s = 600;
    let actions = vec![
        Action::CheckAssumptions,
        Action::AcquireLease { lease: lease() },
        Action::PauseAutoscalers { autoscalers: vec!["web".to_owned()] },
        Action::BackUp,
        Action::RecordBaseline { seconds: 0 },
        Action::InstallGreen,
        Action::AwaitReady {
            deployments: vec![replicas("green-web", 2), replicas("green-streaming", 1)],
            timeout_s,
        },
        Action::VerifyGreen { checks: vec![check] },
        Action::DrainQueues {
            workers: vec![replicas("worker", 1)],
            cron_jobs: vec!["clean".to_owned()],
            timeout_s,
        },
        Action::StartQueues {
            workers: vec![replicas("green-worker", 1)],
            cron_jobs: vec!["green-clean".to_owned()],
            timeout_s,
        },
        Action::OpenOverlap { pods: vec![label("web"), label("streaming")], services: services.clone() },
        Action::CloseOverlap { services },
        Action::Observe { seconds: observe_s },
        Action::StopBlue { deployments: vec![replicas("web", 2), replicas("streaming", 1)], timeout_s },
        Action::RemoveBlue {
            objects: ["Deployment/web", "Deployment/streaming", "Deployment/worker", "CronJob/clean"]
                .map(str::to_owned)
                .to_vec(),
        },
        Action::Adopt,
        Action::RecordRelease { secret: "sh.helm.release.v1.green.v1".to_owned() },
        Action::FinalAudit,
        Action::ReleaseLease { lease: lease() },
    ];
    Plan {
        format: Plan::FORMAT,
        strategy: Strategy::BlueGreen,
        source: "made up".to_owned(),
        namespace: NAMESPACE.to_owned(),
        release: "green".to_owned(),
        domain: "mastodon.example".to_owned(),
        front: "ingress-nginx".to_owned(),
        front_by: None,
        blue: vec![
            config_map("settings", "blue"),
            blue_deployment("web", 2),
            blue_deployment("streaming", 1),
            blue_deployment("worker", 1),
            blue_deployment("media", 1),
            service("web"),
            service("streaming"),
            service("media"),
            autoscaler("web", 2, 4),
            cron_job("clean", false),
        ],
        green: vec![
            config_map("green-settings", "green"),
            green_deployment("green-web", 2, "web"),
            green_deployment("green-streaming", 1, "streaming"),
            green_deployment("green-worker", 0, "nothing"),
            cron_job("green-clean", true),
        ],
        adopted: vec![autoscaler("green-web", 2, 6), config_map("green-monitor", "on")],
        needs: vec![SecretNeed {
            secret: "keys".to_owned(),
            keys: vec!["SECRET_KEY_BASE".to_owned()],
            whole: false,
        }],
        routes: Vec::new(),
        rules: Rule::defaults(),
        ledger: BTreeMap::new(),
        helm: Some(helm_release()),
        steps: actions.into_iter().map(step).collect(),
    }
}

//! A small made-up installation, and the plan to move it.

use std::collections::BTreeMap;

use plan::{
    Action, HelmRelease, PageSwitch, Plan, PodLabels, PodShift, Replicas, Reversibility, Rule, SecretNeed,
    ServiceSwitch, SideDoor, Step, StepId, Strategy, Waves, WeightedRoute,
};
use serde_json::{Value, json};

pub(super) const NAMESPACE: &str = "mast";
/// Where a pod answers as the maintenance page does.
pub(super) const PAGE: &str = "/page";

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

/// A step of which there are several.
fn one_of(part: &str, action: Action) -> Step {
    let mut step = step(action);
    step.id.0 = format!("{}-{part}", step.id.0);
    step
}

const TIMEOUT_S: u64 = 600;

fn lease() -> String {
    "mastoferry".to_owned()
}

fn labelled(name: &str) -> PodLabels {
    PodLabels { selector: map(&[("run", name)]), labels: map(&[("mastoferry.dev/serves", name)]) }
}

fn check(port: u16, name: &str) -> SideDoor {
    SideDoor {
        component: name.to_owned(),
        selector: map(&[("run", &format!("green-{name}"))]),
        port,
        path: "/health".to_owned(),
        contains: "OK".to_owned(),
    }
}

fn drain() -> Action {
    let cron_jobs = vec!["clean".to_owned()];
    Action::DrainQueues { workers: vec![replicas("worker", 1)], cron_jobs, timeout_s: TIMEOUT_S }
}

fn start() -> Action {
    let cron_jobs = vec!["green-clean".to_owned()];
    Action::StartQueues { workers: vec![replicas("green-worker", 1)], cron_jobs, timeout_s: TIMEOUT_S }
}

fn weighted() -> WeightedRoute {
    let [route, service, green] = ["mast", "web", "green-web"].map(str::to_owned);
    WeightedRoute { route, service, green, port: 80 }
}

fn route() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "mast"},
        "spec": {"hostnames": ["mastodon.example"], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    })
}

/// Green beside blue.
fn blue_green(port: u16, observe_s: u64) -> Vec<Step> {
    let services = vec![switch("web"), switch("streaming")];
    let deployments = vec![replicas("green-web", 2), replicas("green-streaming", 1)];
    let actions = vec![
        Action::AwaitReady { deployments, timeout_s: TIMEOUT_S },
        Action::VerifyGreen { checks: vec![check(port, "web")] },
        drain(),
        start(),
        Action::ShiftWeights { routes: vec![weighted()], stages: vec![1, 50, 100], stage_s: 1 },
        Action::OpenOverlap {
            pods: vec![labelled("web"), labelled("streaming")],
            services: services.clone(),
        },
        Action::CloseOverlap { services },
        Action::RestoreRoutes { routes: vec![weighted()] },
        Action::Observe { seconds: observe_s },
        Action::StopBlue {
            deployments: vec![replicas("web", 2), replicas("streaming", 1)],
            waves: Some(Waves { deployments: vec!["web".to_owned()], parts: 10, pause_s: 10 }),
            timeout_s: TIMEOUT_S,
        },
    ];
    actions.into_iter().map(step).collect()
}

/// Green in blue's place, pod by pod.
fn rolling(port: u16, observe_s: u64) -> Vec<Step> {
    let mut steps = vec![step(drain()), step(start())];
    for (name, count) in [("streaming", 1), ("web", 2)] {
        let green = format!("green-{name}");
        let services = vec![switch(name)];
        let checks = vec![check(port, name)];
        let shift = Action::ShiftPods(PodShift {
            component: name.to_owned(),
            blue: vec![replicas(name, count)],
            green: vec![replicas(&green, count)],
            services: services.clone(),
            checks: checks.clone(),
            settle_s: 10,
            timeout_s: TIMEOUT_S,
        });
        let close = Action::CloseOverlap { services: services.clone() };
        let passing = if name == "streaming" { [close, shift] } else { [shift, close] };
        let first = Action::RaiseGreen { deployments: vec![replicas(&green, 1)], timeout_s: TIMEOUT_S };
        let open = Action::OpenOverlap { pods: vec![labelled(name)], services };
        let actions = [first, Action::VerifyGreen { checks }, open].into_iter().chain(passing);
        steps.extend(actions.map(|action| one_of(name, action)));
    }
    steps.push(step(Action::Observe { seconds: observe_s }));
    steps
}

fn page_pods(name: &str) -> BTreeMap<String, String> {
    map(&[("run", &format!("page-{name}"))])
}

/// A page where users come, while blue ends and green begins.
fn maintenance(port: u16, observe_s: u64) -> Vec<Step> {
    let parts = ["web", "streaming"];
    let show = parts.map(|name| ServiceSwitch { green: page_pods(name), ..switch(name) });
    let hide = parts.map(|name| ServiceSwitch { blue: page_pods(name), ..switch(name) });
    let look = |name: &str| SideDoor {
        component: format!("page-{name}"),
        selector: page_pods(name),
        port,
        path: PAGE.to_owned(),
        contains: "later".to_owned(),
    };
    let actions = vec![
        Action::RaisePage {
            deployments: vec![replicas("page-web", 1), replicas("page-streaming", 1)],
            checks: parts.map(look).to_vec(),
            timeout_s: TIMEOUT_S,
        },
        drain(),
        Action::ShowPage(PageSwitch {
            pods: vec![labelled("web"), labelled("streaming")],
            services: show.to_vec(),
            hold_s: 0,
        }),
        Action::StopBlue {
            deployments: vec![replicas("web", 2), replicas("streaming", 1)],
            waves: None,
            timeout_s: TIMEOUT_S,
        },
        Action::RaiseGreen {
            deployments: vec![replicas("green-web", 2), replicas("green-streaming", 1)],
            timeout_s: TIMEOUT_S,
        },
        Action::VerifyGreen { checks: vec![check(port, "web")] },
        start(),
        Action::HidePage(PageSwitch { pods: Vec::new(), services: hide.to_vec(), hold_s: 0 }),
        Action::Observe { seconds: observe_s },
        Action::RemovePage,
    ];
    actions.into_iter().map(step).collect()
}

/// The plan; `port` is where every pod listens.
pub(crate) fn plan(strategy: Strategy, port: u16, observe_s: u64) -> Plan {
    let before = [
        Action::CheckAssumptions,
        Action::AcquireLease { lease: lease() },
        Action::PauseAutoscalers { autoscalers: vec!["web".to_owned()] },
        Action::BackUp,
        Action::RecordBaseline { seconds: 0 },
        Action::InstallGreen,
    ];
    let after = [
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
    let passing = match strategy {
        Strategy::BlueGreen => blue_green(port, observe_s),
        Strategy::Rolling => rolling(port, observe_s),
        Strategy::Maintenance => maintenance(port, observe_s),
    };
    let beside = |count: u32| if strategy == Strategy::BlueGreen { count } else { 0 };
    Plan {
        format: Plan::FORMAT,
        strategy,
        reasons: Vec::new(),
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
            route(),
        ],
        green: vec![
            config_map("green-settings", "green"),
            green_deployment("green-web", beside(2), "web"),
            green_deployment("green-streaming", beside(1), "streaming"),
            green_deployment("green-worker", 0, "nothing"),
            cron_job("green-clean", true),
        ],
        adopted: vec![autoscaler("green-web", 2, 6), config_map("green-monitor", "on")],
        page: match strategy {
            Strategy::Maintenance => vec![
                config_map("page", "later"),
                green_deployment("page-web", 1, "web"),
                green_deployment("page-streaming", 1, "streaming"),
            ],
            Strategy::BlueGreen | Strategy::Rolling => Vec::new(),
        },
        needs: vec![SecretNeed {
            secret: "keys".to_owned(),
            keys: vec!["SECRET_KEY_BASE".to_owned()],
            whole: false,
            optional: false,
        }],
        routes: Vec::new(),
        rules: Rule::defaults(),
        handover: plan::Handover::default(),
        stores: plan::StoresMove::default(),
        ledger: BTreeMap::new(),
        helm: Some(helm_release()),
        steps: before.into_iter().map(step).chain(passing).chain(after.into_iter().map(step)).collect(),
    }
}

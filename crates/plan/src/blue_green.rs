//! The blue-green strategy: green is built beside blue, the queues are handed over, users pass in an overlap, and
//! blue goes only when green has served them under guard.

use std::collections::BTreeMap;

use installation::{Installation, Labels, Object, Role, RouteTarget};
use serde_json::{Value, json};
use target::{GreenObject, SERVES, Stage, Target};

use crate::commands::commands;
use crate::helm;
use crate::{
    Action, HelmRelease, Plan, PlanError, PodLabels, Replicas, Reversibility, Route, RouteComponent, Rule,
    SecretNeed, ServiceSwitch, SideDoor, Step, StepId, Strategy,
};

/// What the plan is made from besides both sides.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// The source as its user named it.
    pub source: String,
    /// The namespace, where the objects say none.
    pub namespace: Option<String>,
    /// The ledger in numbers.
    pub ledger: BTreeMap<String, usize>,
    /// Green as a release of a Helm chart, where it is one.
    pub helm: Option<HelmRelease>,
    /// What routes users to pods.
    pub front: String,
    /// What told of the front; none where it is assumed.
    pub front_by: Option<String>,
    /// Cluster seconds for which this front must have both sides before the old one may go; 0 where none.
    pub hold_overlap_s: u64,
}

/// Plans a blue-green move.
///
/// # Errors
/// If nothing routes users to web through a Service, so that there is nothing to switch.
pub fn blue_green(
    installation: &Installation,
    target: &Target,
    circumstances: Circumstances,
) -> Result<Plan, PlanError> {
    let services = switches(installation, target);
    if !services.iter().any(|switch| switch.component == "web") {
        return Err(PlanError::NothingToSwitch);
    }
    let namespace = namespace(circumstances.namespace.as_deref(), installation);
    let mut plan = Plan {
        format: Plan::FORMAT,
        strategy: Strategy::BlueGreen,
        source: circumstances.source,
        namespace,
        release: target.naming.release.clone(),
        domain: installation.domain.clone(),
        front: circumstances.front,
        front_by: circumstances.front_by,
        blue: installation.objects.iter().map(without_secrets).collect(),
        green: stage(installation, target, Stage::Dark),
        adopted: stage(installation, target, Stage::Adopted),
        needs: needs(installation),
        routes: routes(installation),
        rules: Rule::defaults(),
        ledger: circumstances.ledger,
        helm: circumstances.helm,
        steps: Vec::new(),
    };
    plan.steps = steps(installation, target, &services, circumstances.hold_overlap_s);
    helm::make_release(&mut plan);
    let written: Vec<Vec<String>> = plan.steps.iter().map(|step| commands(&plan, &step.action)).collect();
    for (step, lines) in plan.steps.iter_mut().zip(written) {
        step.commands = lines;
    }
    Ok(plan)
}

/// Where both sides stand: where one is told to, or the workloads say, or whatever else says so, or else `mastodon`.
#[must_use]
pub fn namespace(told: Option<&str>, installation: &Installation) -> String {
    let mut said = installation.objects.iter().filter_map(Object::namespace);
    let first = said.next();
    // Objects that say nothing go where those stand that their owner applies them with.
    let by_others = first.filter(|first| said.all(|other| other == *first));
    told.or(installation.namespace.as_deref()).or(by_others).unwrap_or("mastodon").to_owned()
}

/// An object as the plan keeps it: a Secret's values stay where they are.
fn without_secrets(object: &Object) -> Value {
    let mut json = object.node.to_json();
    if object.kind() == "Secret" {
        for field in ["data", "stringData"] {
            for value in json
                .get_mut(field)
                .and_then(Value::as_object_mut)
                .into_iter()
                .flat_map(|map| map.values_mut())
            {
                *value = json!("");
            }
        }
    }
    json
}

fn stage(installation: &Installation, target: &Target, stage: Stage) -> Vec<Value> {
    let of_stage = target.green.iter().filter(|made| made.stage == stage);
    of_stage.map(|made| as_applied(installation, made)).collect()
}

/// A green object as it is first applied: workers at 0, schedules suspended, the others with blue's replicas.
fn as_applied(installation: &Installation, made: &GreenObject) -> Value {
    let mut json = made.object.node.to_json();
    match made.object.kind() {
        "Deployment" => json["spec"]["replicas"] = json!(dark_replicas(installation, made)),
        "CronJob" => json["spec"]["suspend"] = json!(true),
        _ => {}
    }
    json
}

fn is_worker(made: &GreenObject) -> bool {
    made.component.starts_with("sidekiq")
}

fn dark_replicas(installation: &Installation, made: &GreenObject) -> u32 {
    match made.from {
        Some(from) if !is_worker(made) => installation.objects[from].replicas(),
        _ => 0,
    }
}

fn needs(installation: &Installation) -> Vec<SecretNeed> {
    let secrets = installation.needs.iter().filter(|need| need.kind == "Secret");
    secrets
        .map(|need| SecretNeed { secret: need.name.clone(), keys: need.keys.clone(), whole: need.whole })
        .collect()
}

fn routes(installation: &Installation) -> Vec<Route> {
    let component = |target: &RouteTarget| match target {
        RouteTarget::Component(index) => match installation.components[*index].role {
            Role::Streaming => RouteComponent::Streaming,
            _ => RouteComponent::Web,
        },
        RouteTarget::Neighbour(index) => {
            RouteComponent::Neighbour(installation.objects[*index].name().to_owned())
        }
        RouteTarget::Unknown => RouteComponent::Neighbour(String::new()),
    };
    // Ports that users reach without a host name pass over with their Service; there is no URL to probe for them.
    let routes = installation.routes.iter().filter(|route| route.kind.knows_hosts());
    routes
        .map(|route| Route {
            host: route.host.clone(),
            path: route.path.clone(),
            service: route.service.clone(),
            port: route.port,
            component: component(&route.target),
        })
        .collect()
}

/// How every Service in front of Mastodon passes over.
fn switches(installation: &Installation, target: &Target) -> Vec<ServiceSwitch> {
    let mut switches = Vec::new();
    for switched in &target.switched {
        let Some(behind) = installation.services.iter().find(|behind| behind.object == switched.from) else {
            continue;
        };
        let serves = target.naming.object(&switched.component);
        switches.push(ServiceSwitch {
            service: switched.object.name().to_owned(),
            blue: behind.selector.0.clone(),
            both: BTreeMap::from([(SERVES.to_owned(), serves)]),
            green: target.naming.selector(&switched.component).0,
            component: switched.component.clone(),
        });
    }
    switches
}

/// The labels that blue's pods need so that a Service can select both sides.
fn overlap_labels(
    installation: &Installation,
    target: &Target,
    services: &[ServiceSwitch],
) -> Vec<PodLabels> {
    let mut labels: Vec<PodLabels> = Vec::new();
    for behind in &installation.services {
        let component = &installation.components[behind.component];
        let name = component.role.component();
        if !services.iter().any(|switch| switch.component == name) {
            continue;
        }
        let entry = PodLabels {
            selector: pods_of(installation, component.object).0,
            labels: BTreeMap::from([(SERVES.to_owned(), target.naming.object(&name))]),
        };
        if !labels.contains(&entry) {
            labels.push(entry);
        }
    }
    labels
}

/// Labels that find a workload's pods and no other's: its selector, or where that finds others as well, all labels of its pods.
fn pods_of(installation: &Installation, workload: usize) -> Labels {
    let selector = deployment_selector(&installation.objects[workload]);
    let mut others = installation.objects.iter().enumerate().filter(|(index, _)| *index != workload);
    if others.any(|(_, other)| other.template().is_some() && selector.select(&other.pod_labels())) {
        return installation.objects[workload].pod_labels();
    }
    selector
}

fn deployment_selector(workload: &Object) -> Labels {
    workload.node.at_keys(&["spec", "selector", "matchLabels"]).map(Labels::read).unwrap_or_default()
}

fn replicas_of<'a>(
    installation: &'a Installation,
    accept: impl Fn(&Role) -> bool + 'a,
) -> impl Iterator<Item = Replicas> + 'a {
    let mut seen = Vec::new();
    installation.components_where(accept).filter_map(move |(_, component)| {
        let workload = installation.workload(component);
        if workload.kind() != "Deployment" || seen.contains(&component.object) {
            return None;
        }
        seen.push(component.object);
        Some(Replicas { deployment: workload.name().to_owned(), replicas: workload.replicas() })
    })
}

fn green_deployments(installation: &Installation, target: &Target, workers: bool) -> Vec<Replicas> {
    let deployments =
        target.green.iter().filter(|made| made.object.kind() == "Deployment" && is_worker(made) == workers);
    deployments
        .map(|made| Replicas {
            deployment: made.object.name().to_owned(),
            replicas: made.from.map_or(1, |from| installation.objects[from].replicas()),
        })
        .collect()
}

fn names_of_kind(installation: &Installation, indices: &[usize], kind: &str) -> Vec<String> {
    let objects = indices.iter().map(|index| &installation.objects[*index]);
    objects.filter(|object| object.kind() == kind).map(|object| object.name().to_owned()).collect()
}

fn side_doors(installation: &Installation, target: &Target) -> Vec<SideDoor> {
    let mut doors = Vec::new();
    let mut door = |role: Role, checks: &[(&str, &str)]| {
        let Some((_, component)) = installation.components_where(|own| *own == role).next() else { return };
        for (path, contains) in checks {
            doors.push(SideDoor {
                component: role.component(),
                selector: target.naming.selector(&role.component()).0,
                port: installation.port(component),
                path: (*path).to_owned(),
                contains: (*contains).to_owned(),
            });
        }
    };
    door(Role::Web, &[("/health", "OK"), ("/", "Mastodon"), ("/api/v1/instance", "uri")]);
    door(Role::Streaming, &[("/api/v1/streaming/health", "OK")]);
    doors
}

/// The seconds after which the slowest of these workloads can first be ready by its own probes, and a margin.
fn slowest_start(installation: &Installation, roles: impl Fn(&Role) -> bool) -> u64 {
    let mut slowest = 30;
    for (_, component) in installation.components_where(roles) {
        let containers = installation.workload(component).containers();
        for probe in containers
            .flat_map(|container| ["startupProbe", "readinessProbe"].map(|key| container.get(key)))
            .flatten()
        {
            let number =
                |key: &str| probe.get(key).and_then(tree::Node::as_i64).and_then(|n| u64::try_from(n).ok());
            let wait = number("initialDelaySeconds").unwrap_or(0) + 2 * number("periodSeconds").unwrap_or(10);
            slowest = slowest.max(wait);
        }
    }
    slowest
}

fn steps(
    installation: &Installation,
    target: &Target,
    services: &[ServiceSwitch],
    hold_overlap_s: u64,
) -> Vec<Step> {
    let lease = format!("mastoferry-{}", target.naming.full_name);
    let workers: Vec<Replicas> = replicas_of(installation, |role| matches!(role, Role::Sidekiq(_))).collect();
    let serving: Vec<Replicas> =
        replicas_of(installation, |role| matches!(role, Role::Web | Role::Streaming))
            .filter(|own| !workers.iter().any(|worker| worker.deployment == own.deployment))
            .collect();
    let green_cron_jobs: Vec<String> = target
        .green
        .iter()
        .filter(|made| made.object.kind() == "CronJob")
        .map(|made| made.object.name().to_owned())
        .collect();
    let serving_start = slowest_start(installation, |role| matches!(role, Role::Web | Role::Streaming));
    let worker_start = slowest_start(installation, |role| matches!(role, Role::Sidekiq(_)));
    let pods = overlap_labels(installation, target, services);
    let removed = target.removed.iter().map(|index| installation.objects[*index].id().to_string()).collect();
    use Reversibility::{FromBackup, ReadOnly, Undoable};
    let plan = [
        ("check-assumptions", Action::CheckAssumptions, ReadOnly, 1),
        ("acquire-lease", Action::AcquireLease { lease: lease.clone() }, Undoable, 1),
        ("back-up", Action::BackUp, ReadOnly, 2),
        (
            "pause-autoscalers",
            Action::PauseAutoscalers {
                autoscalers: names_of_kind(installation, &target.removed, "HorizontalPodAutoscaler"),
            },
            Undoable,
            1,
        ),
        ("record-baseline", Action::RecordBaseline { seconds: 120 }, ReadOnly, 120),
        ("install-green", Action::InstallGreen, Undoable, 2),
        (
            "await-green",
            Action::AwaitReady {
                deployments: green_deployments(installation, target, false),
                timeout_s: 600,
            },
            ReadOnly,
            serving_start,
        ),
        ("verify-green", Action::VerifyGreen { checks: side_doors(installation, target) }, ReadOnly, 5),
        (
            "drain-queues",
            Action::DrainQueues {
                workers,
                cron_jobs: names_of_kind(installation, &target.removed, "CronJob"),
                timeout_s: 300,
            },
            Undoable,
            30,
        ),
        (
            "start-queues",
            Action::StartQueues {
                workers: green_deployments(installation, target, true),
                cron_jobs: green_cron_jobs,
                timeout_s: 600,
            },
            Undoable,
            worker_start,
        ),
        ("open-overlap", Action::OpenOverlap { pods, services: services.to_vec() }, Undoable, 5),
        ("hold-overlap", Action::HoldOverlap { seconds: hold_overlap_s }, ReadOnly, hold_overlap_s),
        ("close-overlap", Action::CloseOverlap { services: services.to_vec() }, Undoable, 5),
        ("observe", Action::Observe { seconds: 300 }, ReadOnly, 300),
        ("stop-blue", Action::StopBlue { deployments: serving, timeout_s: 300 }, Undoable, 30),
        ("remove-blue", Action::RemoveBlue { objects: removed }, FromBackup, 5),
        ("adopt", Action::Adopt, Undoable, 2),
        ("final-audit", Action::FinalAudit, ReadOnly, 2),
        ("release-lease", Action::ReleaseLease { lease }, ReadOnly, 1),
    ];
    plan.into_iter()
        .filter(|(_, action, ..)| *action != Action::HoldOverlap { seconds: 0 })
        .map(|(id, action, reversibility, expected_s)| Step {
            id: StepId(id.to_owned()),
            action,
            reversibility,
            expected_s,
            commands: Vec::new(),
        })
        .collect()
}

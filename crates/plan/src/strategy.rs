//! From both sides to a plan, by one of the strategies.

use std::collections::BTreeMap;

use installation::{Installation, Object, Role, RouteTarget};
use serde_json::{Value, json};
use target::{GreenObject, Stage, Target};

use crate::commands::commands;
use crate::sides::{Sides, is_worker, step};
use crate::{
    Action, Handover, HelmRelease, PageOptions, Plan, PlanError, Reason, Reversibility, Route,
    RouteComponent, Rule, SecretNeed, Step, StoresMove, Strategy, blue_green, choice, gitops, helm,
    maintenance, page, rolling,
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
    /// The strategy asked for; the one that fits best where none is.
    pub strategy: Option<Strategy>,
    /// How the maintenance page looks, for the strategy that has one.
    pub page: PageOptions,
    /// The stores that pass over as well.
    pub stores: StoresMove,
}

/// Decides every step of a move.
///
/// # Errors
/// If nothing routes users to web through a Service, so that there is nothing to switch; or the strategy cannot carry the
/// stores along.
pub fn decide(
    installation: &Installation,
    target: &Target,
    circumstances: Circumstances,
) -> Result<Plan, PlanError> {
    let sides = Sides::new(installation, target, circumstances.hold_overlap_s)?;
    let (strategy, reasons) = match circumstances.strategy {
        Some(strategy) => (strategy, vec![Reason::Asked]),
        None if !circumstances.stores.is_empty() => (Strategy::Maintenance, vec![Reason::StoresMove]),
        None => choice::recommend(&sides),
    };
    if let Some(obstacle) = circumstances.stores.keeps_from(strategy) {
        return Err(PlanError::Stores { strategy: strategy.name(), obstacle });
    }
    let namespace = namespace(circumstances.namespace.as_deref(), installation);
    let page = match strategy {
        Strategy::Maintenance => page::objects(&sides, &circumstances.page),
        Strategy::BlueGreen | Strategy::Rolling => Vec::new(),
    };
    let mut plan = Plan {
        format: Plan::FORMAT,
        strategy,
        reasons,
        source: circumstances.source,
        namespace,
        release: target.naming.release.clone(),
        domain: installation.domain.clone(),
        front: circumstances.front,
        front_by: circumstances.front_by,
        blue: installation.objects.iter().map(without_secrets).collect(),
        green: stage(installation, target, strategy, Stage::Dark),
        adopted: stage(installation, target, strategy, Stage::Adopted),
        page,
        needs: needs(installation),
        routes: routes(installation),
        rules: Rule::defaults(),
        handover: Handover::of(installation),
        ledger: circumstances.ledger,
        stores: circumstances.stores,
        helm: circumstances.helm,
        steps: Vec::new(),
    };
    plan.steps = before(&sides, &plan.stores);
    plan.steps.extend(match strategy {
        Strategy::BlueGreen => blue_green::steps(&sides, &plan.front, &plan.stores),
        Strategy::Rolling => rolling::steps(&sides),
        Strategy::Maintenance => maintenance::steps(&sides, &plan.page, &plan.stores),
    });
    plan.steps.extend(after(&sides));
    gitops::fence(&mut plan);
    helm::make_release(&mut plan);
    let written: Vec<Vec<String>> = plan.steps.iter().map(|step| commands(&plan, &step.action)).collect();
    for (step, lines) in plan.steps.iter_mut().zip(written) {
        step.commands = lines;
    }
    Ok(plan)
}

/// What every strategy begins with.
fn before(sides: &Sides<'_>, stores: &StoresMove) -> Vec<Step> {
    use Reversibility::{ReadOnly, Undoable};
    let autoscalers = sides.removed_of("HorizontalPodAutoscaler");
    let mut steps = vec![
        step("check-assumptions", Action::CheckAssumptions, ReadOnly, 1),
        step("acquire-lease", Action::AcquireLease { lease: sides.lease() }, Undoable, 1),
        step("back-up", Action::BackUp, ReadOnly, 2),
        step("pause-autoscalers", Action::PauseAutoscalers { autoscalers }, Undoable, 1),
        step("record-baseline", Action::RecordBaseline { seconds: 120 }, ReadOnly, 120),
    ];
    // Green's pods find their stores filled.
    steps.extend(stores.follow());
    steps.push(step("install-green", Action::InstallGreen, Undoable, 2));
    steps
}

/// What every strategy ends with: users and queues are on green, and no pod of blue's is left.
fn after(sides: &Sides<'_>) -> Vec<Step> {
    use Reversibility::{FromBackup, ReadOnly, Undoable};
    vec![
        step("remove-blue", Action::RemoveBlue { objects: sides.removed() }, FromBackup, 5),
        step("adopt", Action::Adopt, Undoable, 2),
        step("final-audit", Action::FinalAudit, ReadOnly, 2),
        step("release-lease", Action::ReleaseLease { lease: sides.lease() }, ReadOnly, 1),
    ]
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

fn stage(installation: &Installation, target: &Target, strategy: Strategy, stage: Stage) -> Vec<Value> {
    let of_stage = target.green.iter().filter(|made| made.stage == stage);
    of_stage.map(|made| as_applied(installation, made, strategy)).collect()
}

/// A green object as it is first applied: workers at 0, schedules suspended; the others with blue's replicas where they
/// stand beside blue, and at 0 where they take its place pod by pod or only when it is gone.
fn as_applied(installation: &Installation, made: &GreenObject, strategy: Strategy) -> Value {
    let mut json = made.object.node.to_json();
    match made.object.kind() {
        "Deployment" => {
            let replicas = match made.from {
                Some(from) if !is_worker(made) && strategy == Strategy::BlueGreen => {
                    installation.objects[from].replicas()
                }
                _ => 0,
            };
            json["spec"]["replicas"] = json!(replicas);
        }
        "CronJob" => json["spec"]["suspend"] = json!(true),
        _ => {}
    }
    json
}

/// What must be there for pods of the namespace that moves: other namespaces have Secrets of their own.
fn needs(installation: &Installation) -> Vec<SecretNeed> {
    let home = installation.namespace.as_deref();
    let is_here = |namespace: Option<&str>| namespace.is_none() || home.is_none() || namespace == home;
    let secrets = installation.needs.iter().filter(|need| need.kind == "Secret");
    secrets
        .filter(|need| is_here(need.namespace.as_deref()))
        .map(|need| SecretNeed {
            secret: need.name.clone(),
            keys: need.keys.clone(),
            whole: need.whole,
            optional: need.optional,
        })
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

//! Every change that a plan would make, for the API server to decide without making it.

use std::collections::BTreeMap;

use cluster::{Change, ObjectRef};
use plan::{Action, Plan, Replicas, StepId, WeightedRoute};
use serde_json::{Value, json};

use crate::step::weigh;

/// The changes that can be tried before anything has been made, each with the step it belongs to. Those to objects that the
/// plan itself makes (green's workers, its schedules) cannot: there is nothing yet to change.
#[must_use]
pub fn changes(plan: &Plan) -> Vec<(StepId, Change)> {
    let mut all = Vec::new();
    for step in &plan.steps {
        all.extend(of_action(plan, &step.action).into_iter().map(|change| (step.id.clone(), change)));
    }
    all
}

fn of_action(plan: &Plan, action: &Action) -> Vec<Change> {
    let stands = |kind: &str, name: &str| {
        let object = plan.blue.iter().find(|it| it["kind"] == *kind && it["metadata"]["name"] == *name)?;
        ObjectRef::of(object).ok()
    };
    let merge =
        |kind: &str, name: &str, patch: Value| stands(kind, name).map(|place| Change::Merge { place, patch });
    let write =
        |kind: &str, name: &str, patch: Value| stands(kind, name).map(|place| Change::Write { place, patch });
    let select = |service: &str, selector: &BTreeMap<String, String>| {
        write("Service", service, json!({"spec": {"selector": selector}}))
    };
    let scale = |own: &Replicas| Change::Scale { deployment: own.deployment.clone(), replicas: 0 };
    match action {
        Action::InstallGreen => plan.green.iter().cloned().map(Change::Apply).collect(),
        Action::Adopt => plan.adopted.iter().cloned().map(Change::Apply).collect(),
        Action::PauseAutoscalers { autoscalers } => {
            // A pin that changes nothing still asks for the right and the admission.
            let pinned = |name: &String| merge("HorizontalPodAutoscaler", name, json!({"spec": {}}));
            autoscalers.iter().filter_map(pinned).collect()
        }
        Action::DrainQueues { workers, cron_jobs, .. } => {
            let suspended = |name: &String| merge("CronJob", name, json!({"spec": {"suspend": true}}));
            workers.iter().map(scale).chain(cron_jobs.iter().filter_map(suspended)).collect()
        }
        Action::OpenOverlap { services, .. } => {
            services.iter().filter_map(|own| select(&own.service, &own.both)).collect()
        }
        Action::CloseOverlap { services } => {
            services.iter().filter_map(|own| select(&own.service, &own.green)).collect()
        }
        Action::ShowPage(page) | Action::HidePage(page) => {
            let all = page.services.iter().flat_map(|own| [(own, &own.both), (own, &own.green)]);
            all.filter_map(|(own, selector)| select(&own.service, selector)).collect()
        }
        Action::RaisePage { .. } => plan.page.iter().cloned().map(Change::Apply).collect(),
        Action::ShiftPods(shift) => shift.blue.iter().map(scale).collect(),
        Action::ShiftWeights { routes, stages, .. } => weighed(plan, routes, stages),
        Action::StopBlue { deployments, .. } => deployments.iter().map(scale).collect(),
        Action::RemoveBlue { objects } => {
            let named = objects.iter().filter_map(|object| object.split_once('/'));
            named.filter_map(|(kind, name)| stands(kind, name)).map(Change::Delete).collect()
        }
        _ => Vec::new(),
    }
}

/// Each route as the last stage leaves it.
fn weighed(plan: &Plan, routes: &[WeightedRoute], stages: &[u32]) -> Vec<Change> {
    let mut all = Vec::new();
    for own in plan.blue.iter().filter(|own| own["kind"] == "HTTPRoute") {
        let Ok(place) = ObjectRef::of(own) else { continue };
        let of_route: Vec<&WeightedRoute> = routes.iter().filter(|it| it.route == place.name).collect();
        if of_route.is_empty() {
            continue;
        }
        let mut route = own.clone();
        stages.iter().for_each(|stage| weigh(&mut route, &of_route, *stage));
        all.push(Change::Write { place, patch: json!({"spec": {"rules": route["spec"]["rules"]}}) });
    }
    all
}

//! Plans, and the laws that they must keep.

use std::collections::BTreeMap;

use installation::{Installation, Object};
use plan::{Action, Circumstances, Plan, PlanError, blue_green, check};
use serde_json::json;
use tree::Files;

const SITE: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: rails, command: [puma], env: [{name: LOCAL_DOMAIN, value: a.example}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 2
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec: {containers: [{name: sidekiq, command: [sidekiq, -q, default]}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: media-remove}
spec: {schedule: "0 3 * * 0", jobTemplate: {spec: {template: {spec: {containers: [{name: t, command: [tootctl, media, remove]}]}}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {containers: [{name: t, command: [rails, "db:migrate"]}]}}}
---
apiVersion: v1
kind: Secret
metadata: {name: secrets}
stringData: {SECRET_KEY_BASE: hunter2}
"#;

const SERVICE: &str = r#"---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 3000}]}
"#;

fn made(text: &str) -> Result<Plan, PlanError> {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    let objects = tree::parse(&files, file).expect("valid YAML").into_iter().map(Object::new).collect();
    let installation = Installation::understand(objects, None).expect("a Mastodon");
    let target = target::write_manifests(&installation, None).expect("a free name");
    let circumstances =
        Circumstances { source: "site.yaml".into(), namespace: None, ledger: BTreeMap::new(), helm: None };
    blue_green(&installation, &target, circumstances)
}

fn lawful() -> Plan {
    made(&format!("{SITE}{SERVICE}")).expect("a plan")
}

#[test]
fn green_is_dark_when_it_is_applied() {
    let plan = lawful();
    let spec = |kind: &str, name: &str| {
        let found =
            plan.green.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{kind}/{name}"))["spec"].clone()
    };
    assert_eq!(spec("Deployment", "mastodon-web")["replicas"], 3);
    assert_eq!(spec("Deployment", "mastodon-sidekiq-default")["replicas"], 0);
    assert_eq!(spec("CronJob", "mastodon-media-remove")["suspend"], true);
    assert!(plan.green.iter().all(|object| object["kind"] != "Job"), "migrations are withheld");
    assert!(plan.green.iter().all(|object| object["kind"] != "Ingress"), "no second Ingress");
}

#[test]
fn no_secret_value_is_in_a_plan() {
    let plan = serde_json::to_string(&lawful()).expect("JSON");
    assert!(!plan.contains("hunter2"));
    assert!(plan.contains("SECRET_KEY_BASE"), "the key is");
}

#[test]
fn a_plan_reads_back_as_it_was_written() {
    let plan = lawful();
    let text = serde_json::to_string(&plan).expect("JSON");
    let read: Plan = serde_json::from_str(&text).expect("a plan");
    assert_eq!(read, plan);
}

#[test]
fn a_plan_that_breaks_a_law_is_refused() {
    let plan = lawful();
    assert_eq!(check(&plan), Ok(()));
    let position =
        |plan: &Plan, id: &str| plan.steps.iter().position(|step| step.id.0 == id).expect("a step");
    for (later, earlier) in [
        ("await-green", "open-overlap"),
        ("verify-green", "open-overlap"),
        ("drain-queues", "start-queues"),
        ("open-overlap", "close-overlap"),
        ("observe", "stop-blue"),
        ("stop-blue", "remove-blue"),
        ("back-up", "remove-blue"),
    ] {
        let mut broken = plan.clone();
        let (first, second) = (position(&broken, later), position(&broken, earlier));
        broken.steps.swap(first, second);
        assert!(matches!(check(&broken), Err(PlanError::Unlawful(_))), "{later} after {earlier}");
        let mut missing = plan.clone();
        missing.steps.retain(|step| step.id.0 != later);
        assert!(matches!(check(&missing), Err(PlanError::Unlawful(_))), "without {later}");
    }
    let old = Plan { format: 0, ..plan };
    assert_eq!(check(&old), Err(PlanError::Format { found: 0, expected: Plan::FORMAT }));
}

#[test]
fn services_pass_through_an_overlap_that_both_sides_are_in() {
    let plan = lawful();
    let (pods, services) = plan
        .steps
        .iter()
        .find_map(|step| match &step.action {
            Action::OpenOverlap { pods, services } => Some((pods, services)),
            _ => None,
        })
        .expect("an overlap");
    let web = plan
        .green
        .iter()
        .find(|object| object["metadata"]["name"] == "mastodon-web" && object["kind"] == "Deployment");
    let labels = &web.expect("green web")["spec"]["template"]["metadata"]["labels"];
    let switch = &services[0];
    assert_eq!(json!(switch.blue), json!({"app": "web"}));
    for (key, value) in &switch.both {
        assert_eq!(labels[key], *value, "green's pods are in the overlap");
        assert_eq!(pods[0].labels.get(key), Some(value), "blue's pods are put in it");
    }
    for (key, value) in &switch.green {
        assert_eq!(labels[key], *value);
    }
}

#[test]
fn a_web_that_no_service_reaches_cannot_be_switched() {
    assert_eq!(made(SITE), Err(PlanError::NothingToSwitch));
}

#[test]
fn every_step_that_changes_something_can_be_done_by_hand() {
    for step in lawful().steps {
        let reads_only = matches!(
            step.action,
            Action::RecordBaseline { .. } | Action::Observe { .. } | Action::PauseAutoscalers { .. }
        );
        assert!(reads_only || !step.commands.is_empty(), "{}", step.id);
        assert!(step.commands.iter().all(|command| command.starts_with("kubectl -n mastodon ")));
    }
}

#[test]
fn by_hand_too_no_worker_of_green_starts_before_blues_are_gone() {
    let plan = lawful();
    let lines = |id: &str| {
        let step = plan.steps.iter().find(|step| step.id.0 == id).expect("a step");
        step.commands.join("\n")
    };
    assert!(!lines("install-green").contains("sidekiq") && !lines("install-green").contains("cronjob"));
    assert!(lines("install-green").contains("-f green/deployment-mastodon-web.yaml"));
    assert!(lines("start-queues").contains("-f green/deployment-mastodon-sidekiq-default.yaml"));
    assert!(lines("drain-queues").contains("wait pod -l app=worker --for=delete"));
}

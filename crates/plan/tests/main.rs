//! Plans, and the laws that they must keep.

use std::collections::BTreeMap;

use installation::{Installation, Object};
use plan::{Action, Circumstances, HelmRelease, Plan, PlanError, Reversibility, blue_green, check};
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
    made_as(text, None)
}

fn made_as(text: &str, helm: Option<HelmRelease>) -> Result<Plan, PlanError> {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    let objects = tree::parse(&files, file).expect("valid YAML").into_iter().map(Object::new).collect();
    let installation = Installation::understand(objects, None).expect("a Mastodon");
    let target = target::write_manifests(&installation, None).expect("a free name");
    let circumstances = Circumstances {
        source: "site.yaml".into(),
        namespace: None,
        ledger: BTreeMap::new(),
        helm,
        front: "traefik".into(),
        front_by: None,
        hold_overlap_s: 0,
    };
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
fn both_sides_stand_where_any_object_says() {
    assert_eq!(lawful().namespace, "mastodon");
    let said = SERVICE.replace("{name: web}", "{name: web, namespace: social}");
    assert_eq!(made(&format!("{SITE}{said}")).expect("a plan").namespace, "social");
    let other = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: elsewhere}\n";
    assert_eq!(made(&format!("{SITE}{said}{other}")).expect("a plan").namespace, "mastodon");
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

/// The same green, as a release of a chart.
fn of_helm() -> Plan {
    let release = HelmRelease {
        chart: "mastodon".into(),
        version: "1.0.2".into(),
        reference: "charts/mastodon".into(),
        patched: vec!["Deployment/mastodon-web".into()],
        supplements: Vec::new(),
        record: json!({"name": "mastodon", "version": 1, "namespace": "mastodon"}),
    };
    made_as(&format!("{SITE}{SERVICE}"), Some(release)).expect("a plan")
}

#[test]
fn helm_finds_its_marks_on_every_object_of_a_release() {
    let plan = of_helm();
    assert!(!plan.green.is_empty());
    for object in plan.green.iter().chain(&plan.adopted) {
        let metadata = &object["metadata"];
        assert_eq!(metadata["labels"]["app.kubernetes.io/managed-by"], "Helm", "{metadata}");
        assert_eq!(metadata["annotations"]["meta.helm.sh/release-name"], plan.release.as_str());
        assert_eq!(metadata["annotations"]["meta.helm.sh/release-namespace"], plan.namespace.as_str());
    }
    let without = lawful();
    let marked = |object: &&serde_json::Value| {
        object["metadata"]["annotations"]["meta.helm.sh/release-name"].is_string()
    };
    assert_eq!(without.green.iter().find(marked), None, "manifests are nobody's release");
}

#[test]
fn helm_is_told_when_blue_is_gone_and_only_of_a_release() {
    let plan = of_helm();
    assert_eq!(check(&plan), Ok(()));
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.0.as_str()).collect();
    let told = ids.iter().position(|id| *id == "record-release").expect("a step");
    assert_eq!((ids[told - 1], ids[told + 1]), ("adopt", "final-audit"));
    let step = &plan.steps[told];
    assert_eq!(step.action, Action::RecordRelease { secret: "sh.helm.release.v1.mastodon.v1".into() });
    assert_eq!(step.reversibility, Reversibility::Undoable);

    let mut early = plan.clone();
    let remove = ids.iter().position(|id| *id == "remove-blue").expect("a step");
    early.steps.swap(told, remove);
    assert!(matches!(check(&early), Err(PlanError::Unlawful(_))), "before blue is gone");
    let mut untold = plan.clone();
    untold.steps.remove(told);
    assert!(matches!(check(&untold), Err(PlanError::Unlawful(_))), "a release that Helm is not told of");
    let mut unfounded = plan.clone();
    unfounded.helm = None;
    assert!(matches!(check(&unfounded), Err(PlanError::Unlawful(_))), "a record of no release");
}

#[test]
fn a_release_by_hand_is_dark_first_and_helms_in_the_end() {
    let plan = of_helm();
    let lines =
        |id: &str| plan.steps.iter().find(|step| step.id.0 == id).expect("a step").commands.join("\n");
    // The plan's own objects are applied: in them workers are at none, which no values could say.
    assert!(lines("install-green").contains("items: .green") && lines("install-green").contains("plan.json"));
    assert!(lines("start-queues").contains("scale deployment mastodon-sidekiq-default --replicas=2"));
    assert!(
        lines("start-queues")
            .contains(r#"patch cronjob mastodon-media-remove --type merge -p '{"spec":{"suspend":false}}'"#)
    );
    let told = lines("record-release");
    for word in
        ["upgrade mastodon charts/mastodon -f values.yaml", "--install --take-ownership", "--post-renderer"]
    {
        assert!(told.contains(word), "{told}");
    }
    for step in &plan.steps {
        let tools = ["kubectl -n mastodon ", "helm ", "jq "];
        let known = |command: &String| tools.iter().any(|tool| command.starts_with(tool));
        assert!(step.commands.iter().all(known), "{:?}", step.commands);
    }
}

#[test]
fn only_the_pods_behind_a_service_are_labelled_though_all_selectors_are_one() {
    let shared = |name: &str| {
        (
            format!("selector: {{matchLabels: {{app: {name}}}}}"),
            format!("labels: {{app: {name}}}"),
            format!("labels: {{app: all, tier: {name}}}"),
        )
    };
    let mut site =
        format!("{SITE}{SERVICE}").replace("selector: {app: web}", "selector: {app: all, tier: web}");
    for (selector, labels, new) in [shared("web"), shared("worker")] {
        site = site.replace(&selector, "selector: {matchLabels: {app: all}}").replace(&labels, &new);
    }
    let plan = made(&site).expect("a plan");
    let labelled: Vec<&BTreeMap<String, String>> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::OpenOverlap { pods, .. } => Some(pods),
            _ => None,
        })
        .flatten()
        .map(|pods| &pods.selector)
        .collect();
    assert!(!labelled.is_empty());
    assert!(
        labelled.iter().all(|selector| selector.get("tier").is_some_and(|tier| tier == "web")),
        "{labelled:?}"
    );
}

//! Plans, and the laws that they must keep.

use std::collections::BTreeMap;

use installation::{Installation, Object};
use plan::{
    Action, Circumstances, HelmRelease, PageOptions, Plan, PlanError, Reversibility, Strategy, check, decide,
};
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
    made_by(text, helm, None)
}

fn made_by(text: &str, helm: Option<HelmRelease>, strategy: Option<Strategy>) -> Result<Plan, PlanError> {
    made_where(text, |own| (own.helm, own.strategy) = (helm, strategy))
}

fn made_where(text: &str, but: impl FnOnce(&mut Circumstances)) -> Result<Plan, PlanError> {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    let objects = tree::parse(&files, file).expect("valid YAML").into_iter().map(Object::new).collect();
    let installation = Installation::understand(objects, None).expect("a Mastodon");
    let target = target::write_manifests(&installation, None).expect("a free name");
    let mut circumstances = Circumstances {
        stores: plan::StoresMove::default(),
        source: "site.yaml".into(),
        namespace: None,
        ledger: BTreeMap::new(),
        helm: None,
        front: "traefik".into(),
        front_by: None,
        hold_overlap_s: 0,
        strategy: None,
        page: PageOptions::default(),
    };
    but(&mut circumstances);
    decide(&installation, &target, circumstances)
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
fn only_secrets_of_the_namespace_that_moves_are_needed() {
    let env = |secret: &str, more: &str| {
        format!("env: [{{name: KEY, valueFrom: {{secretKeyRef: {{name: {secret}, key: key{more}}}}}}}]")
    };
    let beside = |namespace: &str, name: &str, env: String| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{namespace: {namespace}, name: {name}}}\nspec:\n  \
             selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec: {{containers: [{{name: c, image: tunnel, {env}}}]}}\n"
        )
    };
    let here = (SITE.to_owned() + SERVICE).replace("metadata: {name: ", "metadata: {namespace: here, name: ");
    let text = here
        + &beside("here", "cache", env("cache-password", ""))
        + &beside("here", "metrics", env("metrics-token", ", optional: true"))
        + &beside("elsewhere", "tunnel", env("tunnel-credentials", ""));
    let plan = made(&text).expect("a plan");
    let needs: Vec<_> = plan.needs.iter().map(|need| (need.secret.as_str(), need.optional)).collect();
    assert_eq!(plan.namespace, "here");
    assert_eq!(needs, [("cache-password", false), ("metrics-token", true)]);
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

/// A streaming server, two workers more, and a quota that is nearly used up where `pods` says how many it allows.
fn whole_site(pods: Option<u32>) -> String {
    let streaming = SITE
        .split("---")
        .next()
        .expect("web")
        .replace("web", "streaming")
        .replace("puma", "node, ./streaming");
    let scheduler = SITE
        .split("---")
        .nth(1)
        .expect("a worker")
        .replace("worker", "scheduler")
        .replace("default", "scheduler");
    let service = format!("{SERVICE}{}", SERVICE.replace("web", "streaming").replace("3000", "4000"));
    let quota = pods.map(|pods| {
        format!("---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: small}}\nspec: {{hard: {{pods: \"{pods}\"}}}}\n")
    });
    format!("{SITE}---{streaming}---{scheduler}{service}{}", quota.unwrap_or_default())
}

fn rolling() -> Plan {
    made_by(&whole_site(None), None, Some(Strategy::Rolling)).expect("a plan")
}

#[test]
fn rolling_replaces_part_by_part_and_pod_by_pod() {
    let plan = rolling();
    assert_eq!(check(&plan), Ok(()));
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.0.as_str()).collect();
    assert_eq!(
        ids,
        [
            "check-assumptions",
            "acquire-lease",
            "back-up",
            "pause-autoscalers",
            "record-baseline",
            "install-green",
            "drain-queues-sidekiq-default",
            "start-queues-sidekiq-default",
            "drain-queues-sidekiq-scheduler",
            "start-queues-sidekiq-scheduler",
            "raise-green-streaming",
            "verify-green-streaming",
            "open-overlap-streaming",
            "close-overlap-streaming",
            "shift-pods-streaming",
            "raise-green-web",
            "verify-green-web",
            "open-overlap-web",
            "shift-pods-web",
            "close-overlap-web",
            "observe-alone",
            "remove-blue",
            "adopt",
            "final-audit",
            "release-lease",
        ]
    );
    let deployments = plan.green.iter().filter(|object| object["kind"] == "Deployment");
    assert!(
        deployments.clone().count() > 3 && deployments.clone().all(|object| object["spec"]["replicas"] == 0)
    );
    let shift = plan.steps.iter().find_map(|step| match &step.action {
        Action::ShiftPods(shift) if shift.component == "web" => Some(shift),
        _ => None,
    });
    let shift = shift.expect("a shift of web");
    assert_eq!((shift.blue[0].replicas, shift.green[0].replicas), (3, 3));
    assert!(!shift.checks.is_empty() && shift.settle_s >= 10);
}

#[test]
fn each_worker_of_green_starts_when_the_one_that_it_replaces_has_ended() {
    let plan = rolling();
    let mut drained = Vec::new();
    for step in &plan.steps {
        match &step.action {
            Action::DrainQueues { workers, .. } => {
                drained.extend(workers.iter().map(|own| own.deployment.clone()))
            }
            Action::StartQueues { workers, .. } => {
                for worker in workers {
                    let old = if worker.deployment.ends_with("scheduler") { "scheduler" } else { "worker" };
                    assert!(drained.iter().any(|own| own == old), "{worker:?} before {old} ended");
                }
            }
            _ => {}
        }
    }
    assert_eq!(drained.len(), 2);
}

#[test]
fn a_quota_without_room_for_both_sides_tells_for_rolling_and_says_so() {
    use plan::Reason;
    let chosen = |pods| made(&whole_site(Some(pods))).expect("a plan");
    // Blue has 10 pods; 6 of web and streaming come beside them.
    let plan = chosen(12);
    assert_eq!(plan.strategy, Strategy::Rolling);
    let reason = Reason::Quota {
        quota: "small".into(),
        resource: "pods".into(),
        left: "2".into(),
        needed: "6".into(),
    };
    assert_eq!(plan.reasons, [reason]);
    let plan = chosen(16);
    assert_eq!((plan.strategy, plan.reasons), (Strategy::BlueGreen, vec![Reason::Room]));
    let asked = made_by(&whole_site(Some(12)), None, Some(Strategy::BlueGreen)).expect("a plan");
    assert_eq!((asked.strategy, asked.reasons), (Strategy::BlueGreen, vec![Reason::Asked]));
}

#[test]
fn a_rolling_plan_that_lets_users_in_unasked_is_refused() {
    let plan = rolling();
    for id in ["verify-green-web", "raise-green-web", "verify-green-streaming"] {
        let mut broken = plan.clone();
        broken.steps.retain(|step| step.id.0 != id);
        assert!(matches!(check(&broken), Err(PlanError::Unlawful(_))), "without {id}");
    }
}

fn maintenance(page: PageOptions) -> Plan {
    made_where(&whole_site(None), |own| (own.strategy, own.page) = (Some(Strategy::Maintenance), page))
        .expect("a plan")
}

/// The steps of a plan from the first that is not the same in all strategies until blue is gone.
fn passing(plan: &Plan) -> Vec<&str> {
    let ids = plan.steps.iter().map(|step| step.id.0.as_str());
    ids.skip_while(|id| *id != "install-green").skip(1).take_while(|id| *id != "remove-blue").collect()
}

#[test]
fn behind_the_page_blue_ends_before_users_are_on_green() {
    let plan = maintenance(PageOptions::default());
    assert_eq!(check(&plan), Ok(()));
    let told = [
        "raise-green",
        "verify-green",
        "raise-page",
        "drain-queues",
        "show-page",
        "stop-blue",
        "hide-page",
        "start-queues",
        "observe-alone",
        "remove-page",
    ];
    assert_eq!(passing(&plan), told);
    assert_eq!(plan.page_s(), Some(5 + 30 + 15));
    let mut deployments = plan.green.iter().filter(|object| object["kind"] == "Deployment");
    assert!(
        deployments.all(|object| object["spec"]["replicas"] == 0),
        "green's pods start by a step of their own"
    );
    for (earlier, later) in
        [("raise-page", "show-page"), ("verify-green", "hide-page"), ("show-page", "stop-blue")]
    {
        let place =
            |plan: &Plan, id: &str| plan.steps.iter().position(|step| step.id.0 == id).expect("a step");
        let mut broken = plan.clone();
        let (first, second) = (place(&broken, earlier), place(&broken, later));
        broken.steps.swap(first, second);
        assert!(matches!(check(&broken), Err(PlanError::Unlawful(_))), "{later} before {earlier}");
    }
}

#[test]
fn the_page_is_where_services_look_and_where_blue_may_run() {
    let plan = maintenance(PageOptions { image: Some("mirror/nginx:1".into()), ..PageOptions::default() });
    let (show, hide) = plan.steps.iter().fold((None, None), |(show, hide), step| match &step.action {
        Action::ShowPage(page) => (Some(page), hide),
        Action::HidePage(page) => (show, Some(page)),
        _ => (show, hide),
    });
    let (show, hide) = (show.expect("a page"), hide.expect("an end"));
    assert_eq!(show.services.len(), 2);
    for (shown, hidden) in show.services.iter().zip(&hide.services) {
        assert_eq!(shown.green, hidden.blue, "what is shown is hidden");
        let page = plan.page.iter().find(|object| {
            object["kind"] == "Deployment" && json!(shown.green) == object["spec"]["selector"]["matchLabels"]
        });
        let template = &page.expect("a Deployment of the page")["spec"]["template"];
        let container = &template["spec"]["containers"][0];
        let port = if shown.component == "web" { 3000 } else { 4000 };
        assert_eq!(container["ports"][0]["containerPort"], port);
        assert_eq!(container["image"], "mirror/nginx:1");
        for (key, value) in &shown.both {
            assert_eq!(template["metadata"]["labels"][key], *value, "the page is in the overlap");
        }
    }
}

/// A real nginx with the page's files, on ports of its own.
struct Nginx {
    child: std::process::Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Nginx {
    #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
    fn serving(plan: &Plan) -> Option<Self> {
        if std::process::Command::new("nginx").arg("-v").output().is_err() {
            eprintln!("SKIPPED: needs nginx");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_str().expect("UTF-8").to_owned() + "/";
        let map = plan.page.iter().find(|object| object["kind"] == "ConfigMap").expect("files");
        let pod = plan.page.iter().find(|object| object["kind"] == "Deployment").expect("a pod");
        let spec = &pod["spec"]["template"]["spec"];
        std::fs::create_dir_all(folder.path().join("tmp")).expect("a folder");
        // Started by root, nginx serves as somebody who owns nothing here.
        for (path, mode) in [(folder.path().to_owned(), 0o755), (folder.path().join("tmp"), 0o777)] {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(path, mode).expect("opened");
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        for item in spec["volumes"][0]["configMap"]["items"].as_array().expect("files") {
            let path = folder.path().join(item["path"].as_str().expect("a path"));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            let text = map["data"][item["key"].as_str().expect("a key")].as_str().expect("a file");
            // Only where it listens and where it writes is not as in a pod; and it is one process, to be ended as one.
            let text = text
                .replace("worker_processes 1;", "master_process off;")
                .replace("listen 3000;", &format!("listen 127.0.0.1:{port};"))
                .replace("        listen 4000;\n", "")
                .replace("/tmp/", &format!("{root}tmp/"));
            std::fs::write(path, text).expect("written");
        }
        let words = spec["containers"][0]["command"].as_array().expect("a command");
        let words: Vec<String> =
            words.iter().map(|word| word.as_str().expect("a word").replace("/mastoferry/", &root)).collect();
        let child = std::process::Command::new(&words[0])
            .args(&words[1..])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("nginx starts");
        let nginx = Self { child, port, _folder: folder };
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(nginx);
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("nginx does not listen");
    }

    fn ask(&self, head: &str, body: &str) -> String {
        use std::io::{Read as _, Write as _};
        let mut socket = std::net::TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let text = format!(
            "{head}\r\nhost: a.example\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        // A body that nobody reads to its end may meet a closed door.
        let _written = socket.write_all(text.as_bytes());
        let mut answer = Vec::new();
        let _read = socket.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

#[test]
fn a_real_nginx_serves_the_page_as_503_to_whatever_is_asked_in_both_languages() {
    let options = PageOptions {
        image: None,
        text: Some("Back at <b>noon</b> & sooner\n正午までに戻ります".into()),
        logo: Some("data:image/png;base64,AAAA".into()),
    };
    let Some(nginx) = Nginx::serving(&maintenance(options)) else { return };
    let large = "x".repeat(3 << 20);
    let paths = [
        "/",
        "/@admin",
        "/inbox",
        "/users/a/inbox",
        "/api/v1/statuses",
        "/page/en.html",
        "/page/",
        "/../x",
        "/nginx.conf",
    ];
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        for path in paths {
            let body = if method == "POST" { &*large } else { "" };
            let answer = nginx.ask(&format!("{method} {path} HTTP/1.1"), body);
            let status = answer.split_whitespace().nth(1).unwrap_or_default();
            // Only what is no request at all is refused otherwise.
            let right = status == "503" || path == "/../x" && status == "400";
            assert!(right, "{method} {path}: {answer}");
            assert!(
                status == "400" || answer.to_lowercase().contains("\r\nretry-after: 120\r\n"),
                "{method} {path}: {answer}"
            );
        }
    }
    for conditional in
        ["if-none-match: *", "if-modified-since: Fri, 01 Jan 2100 00:00:00 GMT", "range: bytes=0-9"]
    {
        let answer = nginx.ask(&format!("GET / HTTP/1.1\r\n{conditional}"), "");
        assert!(answer.starts_with("HTTP/1.1 503"), "{conditional}: {answer}");
    }
    let (english, japanese) = ("We are under maintenance", "ただいまメンテナンス中です");
    for (wish, first, second) in [("en-US,ja;q=0.5", english, japanese), ("ja,en;q=0.8", japanese, english)] {
        let page = nginx.ask(&format!("GET / HTTP/1.1\r\naccept-language: {wish}"), "");
        let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not on {page}"));
        assert!(place(first) < place(second), "{wish}");
        assert!(page.contains("Back at &lt;b&gt;noon&lt;/b&gt; &amp; sooner") && page.contains("正午までに"));
        assert!(page.contains("src=\"data:image/png;base64,AAAA\""));
        assert!(page.to_lowercase().contains("content-type: text/html; charset=utf-8"), "{page}");
    }
    for program in
        ["POST /inbox", "GET /api/v2/instance", "GET /users/a/outbox", "GET /.well-known/webfinger"]
    {
        let answer = nginx.ask(&format!("{program} HTTP/1.1"), "");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let told: serde_json::Value =
            serde_json::from_str(body).unwrap_or_else(|_| panic!("{program}: {answer}"));
        assert!(told["error"].as_str().is_some_and(|error| error.contains("maintenance")), "{answer}");
        assert!(answer.to_lowercase().contains("access-control-allow-origin: *"), "{answer}");
    }
    let actor = nginx.ask("GET /@admin HTTP/1.1\r\naccept: application/activity+json", "");
    assert!(actor.contains("application/json") && actor.starts_with("HTTP/1.1 503"), "{actor}");
    // The one that decides whether anybody is sent here at all.
    let health = nginx.ask("GET / HTTP/1.1\r\nuser-agent: GoogleHC/1.0", "");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
}

#[test]
fn a_claim_of_one_pod_tells_for_maintenance() {
    let claim = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: media}\nspec: {accessModes: [ReadWriteOncePod]}\n";
    let mounted = SITE.replacen(
        "spec: {containers: [{name: rails,",
        "spec: {volumes: [{name: m, persistentVolumeClaim: {claimName: media}}], containers: [{name: rails,",
        1,
    );
    let plan = made(&format!("{mounted}{SERVICE}{claim}")).expect("a plan");
    assert_eq!(plan.strategy, Strategy::Maintenance);
    assert_eq!(plan.reasons, [plan::Reason::ClaimOfOnePod { claim: "media".into() }]);
    let steps = passing(&plan);
    let place = |id: &str| steps.iter().position(|step| *step == id).expect("a step");
    assert!(place("stop-blue") < place("raise-green"), "green's pod cannot start beside blue's: {steps:?}");
    assert!(place("verify-green") < place("hide-page"), "{steps:?}");
}

#[test]
fn a_port_of_the_machine_tells_for_maintenance() {
    let taking = |port: &str| {
        SITE.replacen("name: rails,", &format!("name: rails, ports: [{{containerPort: 3000, {port}}}],"), 1)
    };
    let plan = made(&format!("{}{SERVICE}", taking("hostPort: 3080"))).expect("a plan");
    assert_eq!(plan.strategy, Strategy::Maintenance);
    assert_eq!(plan.reasons, [plan::Reason::HostPort { port: 3080 }]);
    let steps = passing(&plan);
    let place = |id: &str| steps.iter().position(|step| *step == id).expect("a step");
    assert!(place("stop-blue") < place("raise-green"), "green's pod cannot start beside blue's: {steps:?}");
    let plan = made(&format!("{}{SERVICE}", taking("name: http"))).expect("a plan");
    assert_eq!(plan.strategy, Strategy::BlueGreen, "a port of its own is no port of the machine");
}

#[test]
fn where_routes_have_weights_users_pass_by_and_by() {
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: mast}\nspec: {hostnames: [a.example], rules: [{backendRefs: [{name: web, port: 3000}]}]}\n";
    let planned = |front: &str, text: &str| made_where(text, |own| own.front = front.into()).expect("a plan");
    let text = format!("{SITE}{SERVICE}{route}");
    let plan = planned("gateway", &text);
    assert_eq!(check(&plan), Ok(()));
    let shifted = plan.steps.iter().find_map(|step| match &step.action {
        Action::ShiftWeights { routes, stages, .. } => Some((routes, stages)),
        _ => None,
    });
    let (routes, stages) = shifted.expect("weights");
    assert_eq!(stages, &[1, 10, 50, 100]);
    assert_eq!((routes[0].service.as_str(), routes[0].green.as_str()), ("web", "mastodon-web"));
    let has_weights =
        |plan: &Plan| plan.steps.iter().any(|step| matches!(step.action, Action::ShiftWeights { .. }));
    assert!(!has_weights(&planned("ingress-nginx", &text)), "an Ingress has none");
    let split =
        text.replace("[{name: web, port: 3000}]", "[{name: web, port: 3000}, {name: other, port: 1}]");
    assert!(!has_weights(&planned("gateway", &split)), "somebody else uses them");
}

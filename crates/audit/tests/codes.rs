//! Every kind of difference: what somebody writes otherwise, and what the audit says of it.

use std::collections::BTreeSet;

use audit::{Acceptance, Code, Difference, Verdict, accept, compare_installations, standing, verdict_of};
use installation::{Installation, Object};
use tree::Files;

const SITE: &str = include_str!("sites/whole.yaml");

fn objects(text: &str) -> Vec<Object> {
    let mut files = Files::new();
    let file = files.add("site.yaml", text);
    tree::parse(&files, file).expect("valid YAML").into_iter().map(Object::new).collect()
}

fn installation(text: &str) -> Installation {
    Installation::understand(objects(text), None).expect("a Mastodon")
}

/// What differs when one text stands in the place of another.
fn differences(changes: &[(&str, &str)]) -> Vec<Difference> {
    let mut text = SITE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    compare_installations(&installation(SITE), &installation(&text))
}

fn unexplained(differences: &[Difference]) -> BTreeSet<String> {
    let unexplained = differences.iter().filter(|one| one.explained_by.is_none());
    unexplained.map(|one| format!("{}:{}", one.code.name(), one.path)).collect()
}

/// The document of the site that describes an object, to take it out.
fn document(id: &str) -> String {
    let (kind, name) = id.split_once('/').expect("Kind/name");
    let is_it = |text: &&str| {
        text.contains(&format!("kind: {kind}\n"))
            && (text.contains(&format!("metadata: {{name: {name}}}"))
                || text.contains(&format!("metadata: {{name: {name},")))
    };
    SITE.split("---\n").find(is_it).expect(id).to_owned()
}

const RAILS: &str = "      - name: rails\n";

/// A text of the site, what stands in its place, and what the audit says.
const CHANGES: &[(&str, &str, &[&str])] = &[
    ("replicas: 2\n", "replicas: 3\n", &["replicas-changed:web/replicas"]),
    (
        "strategy: {type: Recreate}",
        "strategy: {type: RollingUpdate}",
        &["strategy-changed:sidekiq-all-queues/strategy"],
    ),
    (
        "replicas: 2\n",
        "replicas: 2\n  revisionHistoryLimit: 2\n",
        &["rollout-changed:web/revisionHistoryLimit"],
    ),
    (
        "      - {name: exporter, image: \"example/exporter:1\"}\n",
        "",
        &["sidecar-lost:web/exporter/container"],
    ),
    (
        RAILS,
        "      - {name: helper, image: \"example/helper:1\"}\n      - name: rails\n",
        &["sidecar-added:web/helper/container"],
    ),
    (
        "      initContainers: [{name: wait, image: \"example/wait:1\", command: [wait, db]}]\n",
        "",
        &["init-container-lost:web/wait/container"],
    ),
    (
        "command: [wait, db]}]",
        "command: [wait, db]}, {name: two, image: \"example/two:1\"}]",
        &["init-container-added:web/two/container"],
    ),
    ("mastodon:v4.5.2@sha256", "mastodon:v4.5.3@sha256", &[]),
    (
        "v4.5.2@sha256:0000000000000000000000000000000000000000000000000000000000000001",
        "v4.5.3",
        &["image-changed:web/rails/image"],
    ),
    (
        "@sha256:0000000000000000000000000000000000000000000000000000000000000001",
        "",
        &["image-unpinned:web/rails/image"],
    ),
    (
        "containers: [{name: proxy,",
        "containers: [{imagePullPolicy: Always, name: proxy,",
        &["pull-policy-changed:Deployment/proxy/proxy/imagePullPolicy"],
    ),
    (
        "command: [bundle, exec, sidekiq]",
        "command: [bundle, exec, sidekiq, -c, \"25\"]",
        &["command-changed:sidekiq-all-queues/sidekiq/command"],
    ),
    ("command: [node, ./streaming]", "command: [node, ./streaming/index.js]", &[]),
    (
        "command: [bundle, exec, puma, -C, config/puma.rb]",
        "command: [bin/bundle, exec, puma, -C, own.rb]",
        &["command-changed:web/rails/command"],
    ),
    (
        ", DB_POOL: \"15\"",
        "",
        &[
            "env-lost:web/rails/env/DB_POOL",
            "env-lost:sidekiq-all-queues/sidekiq/env/DB_POOL",
            "env-lost:streaming/node/env/DB_POOL",
        ],
    ),
    (
        "SINGLE_USER_MODE: \"true\"",
        "SINGLE_USER_MODE: \"false\"",
        &["env-changed:web/rails/env/SINGLE_USER_MODE"],
    ),
    (
        "SINGLE_USER_MODE: \"true\"",
        "SINGLE_USER_MODE: \"true\", ES_ENABLED: \"true\"",
        &["env-added:web/rails/env/ES_ENABLED", "env-added:sidekiq-all-queues/sidekiq/env/ES_ENABLED"],
    ),
    (", {secretRef: {name: unseen}}", "", &["env-unseen-lost:web/rails/envFrom/Secret/unseen"]),
    (
        "{secretRef: {name: unseen}}",
        "{secretRef: {name: unseen}}, {secretRef: {name: more}}",
        &["env-unseen-added:web/rails/envFrom/Secret/more"],
    ),
    (
        "key: SECRET_KEY_BASE",
        "key: BASE",
        &["env-changed:web/rails/env/SECRET_KEY_BASE", "secret-key-missing:web/rails/env/SECRET_KEY_BASE"],
    ),
    (
        ", {name: metrics, containerPort: 9394}",
        "",
        &["port-lost:web/rails/port/9394/TCP", "selector-stray:PodMonitoring/web/port/metrics"],
    ),
    (
        "{name: http, containerPort: 3000}",
        "{name: http, containerPort: 3000, hostPort: 80}",
        &["port-lost:web/rails/port/3000/TCP"],
    ),
    (
        "        readinessProbe: {httpGet: {path: /health, port: http}, timeoutSeconds: 5}\n",
        "",
        &["probe-lost:web/rails/readinessProbe"],
    ),
    (", timeoutSeconds: 5}", "}", &["probe-changed:web/rails/readinessProbe"]),
    (
        "port: http}, timeoutSeconds: 5}",
        "port: 3000, scheme: HTTP}, timeoutSeconds: 5, periodSeconds: 10}",
        &[],
    ),
    (
        "        lifecycle: {preStop: {exec: {command: [sleep, \"5\"]}}}\n",
        "",
        &["lifecycle-lost:web/rails/lifecycle"],
    ),
    ("[sleep, \"5\"]", "[sleep, \"1\"]", &["lifecycle-changed:web/rails/lifecycle"]),
    (
        "requests: {cpu: 500m, memory: 1Gi}",
        "requests: {memory: 1Gi}",
        &["resources-lost:web/rails/resources/requests.cpu"],
    ),
    ("memory: 1Gi}", "memory: 512Mi}", &["resources-changed:web/rails/resources/requests.memory"]),
    ("{cpu: 500m, memory: 1Gi}", "{cpu: 0.5, memory: 1024Mi}", &[]),
    (
        "        volumeMounts: [{name: media, mountPath: /opt/mastodon/public/system}]\n",
        "",
        &["mount-lost:web/rails/mount//opt/mastodon/public/system"],
    ),
    ("claimName: media", "claimName: other", &["mount-changed:web/rails/mount//opt/mastodon/public/system"]),
    (
        "[{name: media, mountPath: /opt/mastodon/public/system}]",
        "[{name: media, mountPath: /mastodon/public/system}]",
        &[],
    ),
    (
        "public/system}]",
        "public/system}, {name: media, mountPath: /more}]",
        &["mount-added:web/rails/mount//more"],
    ),
    (
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: true, runAsUser: 0",
        &["security-changed:web/rails/security/runAsUser"],
    ),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true, runAsUser: 991", &[]),
    ("      nodeSelector: {disk: fast}\n", "", &["scheduling-lost:web/nodeSelector"]),
    ("{disk: fast}", "{disk: slow}", &["scheduling-changed:web/nodeSelector"]),
    (
        "      terminationGracePeriodSeconds: 40\n",
        "",
        &["grace-period-lost:web/terminationGracePeriodSeconds"],
    ),
    ("Seconds: 40\n", "Seconds: 60\n", &["grace-period-changed:web/terminationGracePeriodSeconds"]),
    (
        "      nodeSelector: {disk: fast}\n",
        "      nodeSelector: {disk: fast}\n      serviceAccountName: own\n",
        &["service-account-changed:web/serviceAccountName"],
    ),
    (
        ", annotations: {mesh.example/inject: \"true\"}",
        "",
        &["annotation-lost:web/annotation/mesh.example/inject"],
    ),
    (
        "mesh.example/inject: \"true\"",
        "mesh.example/inject: \"false\", checksum/config: abc",
        &["annotation-changed:web/annotation/mesh.example/inject"],
    ),
    ("        workingDir: /opt/mastodon\n", "", &["container-field-lost:web/rails/workingDir"]),
    ("workingDir: /opt/mastodon", "workingDir: /srv", &["container-field-changed:web/rails/workingDir"]),
    ("      hostAliases: [{ip: 10.0.0.9, hostnames: [db]}]\n", "", &["pod-field-lost:web/hostAliases"]),
    ("10.0.0.9", "10.0.0.8", &["pod-field-changed:web/hostAliases"]),
    (
        "restartPolicy: Never\n          containers: [{name: tidy",
        "restartPolicy: Never\n          enableServiceLinks: true\n          containers: [{name: tidy",
        &[],
    ),
    (
        "path: /api/v1/streaming,",
        "path: /api/v2,",
        &["route-lost:routes/social.example/api/v1/streaming", "route-added:routes/social.example/api/v2"],
    ),
    ("path: /api/v1/streaming,", "path: /api/v1/streaming/,", &[]),
    (
        "{name: proxy, port: {number: 8080}}",
        "{name: web, port: {number: 3000}}",
        &["route-changed:routes/files.example/"],
    ),
    (
        "{name: proxy, port: {number: 8080}}",
        "{name: proxy, port: {number: 80}}",
        &["route-changed:routes/files.example/"],
    ),
    (
        "  tls: [{hosts: [social.example, files.example], secretName: front-tls}]\n",
        "",
        &["tls-lost:routes/social.example/", "tls-lost:routes/files.example/"],
    ),
    (
        "secretName: front-tls",
        "secretName: other-tls",
        &["tls-secret-unknown:Ingress/front/tls/other-tls", "front-changed:Ingress/front/tls/social.example"],
    ),
    ("ingressClassName: nginx", "ingressClassName: traefik", &["front-changed:Ingress/front/class"]),
    (
        "{path: /, pathType: Prefix",
        "{path: /, pathType: Exact",
        &["front-changed:Ingress/front/pathType/social.example/"],
    ),
    (
        ", annotations: {front.example/redirect: \"true\"}",
        "",
        &["annotation-lost:Ingress/front/annotation/front.example/redirect"],
    ),
    (
        ", annotations: {cloud.example/backend: slow}",
        "",
        &["annotation-lost:Service/web/annotation/cloud.example/backend"],
    ),
    ("sessionAffinity: ClientIP, ", "", &["service-changed:Service/web/spec/sessionAffinity"]),
    (
        "selector: {app: web}, sessionAffinity",
        "selector: {app: nobody}, sessionAffinity",
        &["service-changed:Service/web/selector", "route-changed:routes/social.example/"],
    ),
    (
        "command: [bundle, exec, sidekiq]",
        "command: [bundle, exec, sidekiq, -q, default]",
        &["queue-unserved:queues/push", "queue-unserved:queues/scheduler"],
    ),
    (
        "metadata: {name: worker}\nspec:\n  replicas: 1",
        "metadata: {name: worker}\nspec:\n  replicas: 2",
        &["second-scheduler:queues/scheduler", "replicas-changed:sidekiq-all-queues/replicas"],
    ),
    ("5 4 * * *", "5 5 * * *", &["schedule-changed:CronJob/tidy/spec.schedule"]),
    (
        "[tootctl, media, remove]",
        "[tootctl, media, remove, --days, \"1\"]",
        &["command-changed:CronJob/tidy/tidy/command"],
    ),
    (
        "maxReplicas: 4",
        "maxReplicas: 2",
        &["autoscaler-changed:HorizontalPodAutoscaler/web/spec.maxReplicas"],
    ),
    (
        "minAvailable: 1",
        "minAvailable: 2",
        &["disruption-budget-changed:PodDisruptionBudget/web/spec.minAvailable"],
    ),
    ("timeoutSec: 7200", "timeoutSec: 30", &["object-changed:BackendConfig/slow/spec.timeoutSec"]),
    (
        "kind: PodMonitoring\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}",
        "kind: PodMonitoring\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: gone}}",
        &["object-changed:PodMonitoring/web/spec.selector.matchLabels"],
    ),
    ("db:migrate", "db:setup", &["command-changed:Job/migrate/migrate/command"]),
    (
        "metadata: {name: migrate}\nspec:\n",
        "metadata: {name: migrate}\nspec:\n  backoffLimit: 1\n",
        &["job-changed:Job/migrate/spec.backoffLimit"],
    ),
    (
        "kind: Deployment\nmetadata: {name: proxy}",
        "kind: StatefulSet\nmetadata: {name: proxy}",
        &["kind-changed:Deployment/proxy/kind"],
    ),
];

#[test]
fn each_change_is_told_by_its_code_and_path() {
    let mut wrong = Vec::new();
    for (from, to, expected) in CHANGES {
        let found = unexplained(&differences(&[(from, to)]));
        let missing = expected.iter().any(|name| !found.contains(*name));
        if missing || (expected.is_empty() && !found.is_empty()) {
            wrong.push((from, to, expected, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_object_that_is_gone_is_told_by_its_kind() {
    let gone = [
        ("Deployment/streaming", "component-lost:streaming"),
        ("Service/proxy", "service-lost:Service/proxy"),
        ("Ingress/front", "route-lost:routes/files.example/"),
        ("HorizontalPodAutoscaler/web", "autoscaler-lost:HorizontalPodAutoscaler/web"),
        ("PodDisruptionBudget/web", "disruption-budget-lost:PodDisruptionBudget/web"),
        ("PodMonitoring/web", "object-lost:PodMonitoring/web"),
        ("CronJob/tidy", "schedule-lost:CronJob/tidy"),
        ("Job/migrate", "job-lost:Job/migrate"),
        ("BackendConfig/slow", "object-lost:BackendConfig/slow"),
        ("Deployment/proxy", "object-lost:Deployment/proxy"),
    ];
    for (id, expected) in gone {
        let found = differences(&[(&document(id), "")]);
        assert!(unexplained(&found).contains(expected), "{id}: {:#?}", unexplained(&found));
        assert_eq!(verdict_of(&found), Verdict::Losses, "{id}");
        // Seen from the other side it is new.
        let text = SITE.replacen(&document(id), "", 1);
        let added = unexplained(&compare_installations(&installation(&text), &installation(SITE)));
        let code = expected.split(':').next().expect("a code").replace("-lost", "-added");
        let is_harmless = id.starts_with("Service/");
        assert!(
            is_harmless || added.iter().any(|name| name.starts_with(&code)),
            "{id}: {code} in {added:#?}"
        );
    }
}

#[test]
fn a_gateway_and_a_hook_that_nobody_asked_for_are_told() {
    let text = format!(
        "{SITE}---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: example}}\nspec: \
         {{hostnames: [mastodon.local], parentRefs: [{{name: example-gateway}}], rules: [{{backendRefs: [{{name: web, \
         port: 3000}}]}}]}}\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: prepare, annotations: \
         {{helm.sh/hook: pre-install}}}}\nspec: {{template: {{spec: {{containers: [{{name: m, image: \
         \"ghcr.io/mastodon/mastodon:v4.5.2\", command: [rails, \"db:prepare\"]}}]}}}}}}\n"
    );
    let found = unexplained(&compare_installations(&installation(SITE), &installation(&text)));
    for name in [
        "gateway-unknown:HTTPRoute/example/gateway/example-gateway",
        "route-added:routes/mastodon.local/",
        "hook-added:Job/prepare",
    ] {
        assert!(found.contains(name), "{name} in {found:#?}");
    }
}

#[test]
fn what_a_secret_that_nobody_sees_may_have_said_is_not_called_the_same() {
    let rails = "env: [{name: SECRET_KEY_BASE,";
    let more = "env: [{name: ES_ENABLED, value: \"false\"}, {name: REDIS_PASSWORD, valueFrom: {secretKeyRef: {name: unseen, \
                key: REDIS_PASSWORD}}}, {name: SECRET_KEY_BASE,";
    let found = unexplained(&differences(&[(", {secretRef: {name: unseen}}", ""), (rails, more)]));
    for name in
        ["env-perhaps-changed:web/rails/env/ES_ENABLED", "secret-key-unsure:web/rails/env/REDIS_PASSWORD"]
    {
        assert!(found.contains(name), "{name} in {found:#?}");
    }
}

#[test]
fn names_of_a_release_are_no_difference() {
    let renamed = SITE
        .replace("name: web", "name: tooter-web")
        .replace("app: web", "app: tooter-web")
        .replace("name: streaming", "name: tooter-streaming")
        .replace("name: worker", "name: tooter-sidekiq")
        .replace("app: worker", "app.kubernetes.io/component: sidekiq")
        .replace("name: settings", "name: tooter-env")
        .replace("name: rails", "name: web");
    let found = compare_installations(&installation(SITE), &installation(&renamed));
    assert_eq!(unexplained(&found), BTreeSet::new());
}

#[test]
fn what_is_accepted_by_name_is_explained_and_nothing_else_is() {
    let mut found = differences(&[("Seconds: 40\n", "Seconds: 60\n"), ("replicas: 2\n", "replicas: 3\n")]);
    let named = |text: &str| -> Acceptance { text.parse().expect("CODE:PATH") };
    let acceptances = [
        named("grace-period-changed:web/terminationGracePeriodSeconds"),
        named("grace-period-changed:web/terminationGraceSeconds"),
    ];
    let unmatched = accept(&acceptances, &mut found, None);
    assert_eq!(unmatched, [&acceptances[1]]);
    assert_eq!(unexplained(&found), BTreeSet::from(["replicas-changed:web/replicas".to_owned()]));
    assert_eq!(verdict_of(&found), Verdict::Differences);
    for wrong in ["grace-period-changed", "no-such-code:web", "env-lost:"] {
        assert!(wrong.parse::<Acceptance>().is_err(), "{wrong}");
    }
}

#[test]
fn secrets_and_what_pods_refer_to_stay_where_they_stand() {
    let target: Vec<Object> =
        objects(SITE).into_iter().filter(|object| !matches!(object.kind(), "Secret" | "ConfigMap")).collect();
    let before = installation(SITE);
    let mut names: Vec<String> = standing(&before, &target).iter().map(|own| own.id().to_string()).collect();
    names.sort();
    assert_eq!(names, ["ConfigMap/settings", "Secret/keys"]);
}

#[test]
fn no_value_of_a_secret_is_shown() {
    let found = differences(&[("made-up-base", "made-up-other"), ("made-up-word", "other")]);
    assert!(unexplained(&found).contains("env-changed:web/rails/env/SECRET_KEY_BASE"));
    assert!(!format!("{found:?}").contains("made-up"), "{found:?}");
}

/// Codes that lie in a chart or a writer rather than between two installations.
#[test]
fn every_code_is_tried_here_or_where_it_comes_from() {
    let elsewhere = ["does-not-render", "value-unread", "secret-in-values", "not-recognised", "patch-fails"];
    // Their opposites are tried; a difference of them alone is explained.
    let explained = ["port-added", "port-renamed", "probe-added", "service-added"];
    let here = include_str!("codes.rs");
    for code in Code::ALL {
        let name = code.name();
        let added =
            name.ends_with("-added") && here.contains(&format!("\"{}:", name.replace("-added", "-lost")));
        let known = elsewhere.contains(&name) || explained.contains(&name) || added;
        assert!(known || here.contains(&format!("\"{name}:")), "{name} is tried nowhere");
    }
}

#[test]
fn every_code_is_documented() {
    let documented = include_str!("../../../docs/audit.md");
    for code in Code::ALL {
        let lost = if code.is_loss() { "yes" } else { "" };
        let row = format!("| `{}` | {lost} |", code.name());
        assert!(documented.contains(&row), "{row}");
    }
}

#[test]
fn an_autoscaler_means_the_same_in_the_version_that_is_served_today() {
    let scaler = |version: &str, name: &str, target: &str, number: &str| {
        format!(
            "---\napiVersion: autoscaling/{version}\nkind: HorizontalPodAutoscaler\nmetadata: {{name: {name}}}\n\
             spec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {target}}}, maxReplicas: 3, \
             metrics: [{{type: Resource, resource: {{name: cpu, {number}}}}}]}}\n"
        )
    };
    let before = format!("{SITE}{}", scaler("v2beta1", "worker", "worker", "targetAverageUtilization: 80"));
    let today = "target: {type: Utilization, averageUtilization: 80}";
    let after = |target: &str| format!("{SITE}{}", scaler("v2", "other", "worker", target));
    let compare = |before: &str, after: &str| {
        unexplained(&compare_installations(&installation(before), &installation(after)))
    };
    assert_eq!(compare(&before, &after(today)), BTreeSet::new());
    let less = today.replace("80", "70");
    let changed = compare(&before, &after(&less));
    assert!(changed.iter().all(|one| one.starts_with("autoscaler-changed:")), "{changed:#?}");
    assert_eq!(changed.len(), 1, "{changed:#?}");
    // A worker that names its queues is called otherwise, and is the same worker.
    let names_queues = |text: &str| {
        text.replace(
            "command: [bundle, exec, sidekiq]",
            "command: [bundle, exec, sidekiq, -q, default, -q, scheduler]",
        )
    };
    let found = compare(&before, &names_queues(&after(today)));
    assert!(!found.iter().any(|one| one.starts_with("autoscaler-")), "{found:#?}");
    assert!(found.iter().any(|one| one.starts_with("queue-unserved:")), "{found:#?}");
}

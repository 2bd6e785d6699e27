//! Every check against facts that are good, and against facts that are bad in one thing.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{Server, Tenure, Unlisted};
use plan::{Action, Plan};
use serde_json::{Value, json};

use super::{Facts, Grade, examine, rights};
use crate::StateCopy;
use crate::trials::plan::plan as sample;

/// A plan that a Mastodon would have: the same image on both sides, and what it needs.
fn plan() -> Plan {
    let mut plan = sample(plan::Strategy::BlueGreen, 3000, 1);
    for object in plan.blue.iter_mut().chain(&mut plan.green) {
        if object["kind"] != "Deployment" {
            continue;
        }
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let command = match name.trim_start_matches("green-") {
            "web" => "bundle exec puma -C config/puma.rb",
            "streaming" => "node ./streaming/index.js",
            "worker" => "bundle exec sidekiq -c 5",
            _ => continue,
        };
        let image = if name.ends_with("streaming") { "mastodon-streaming" } else { "mastodon" };
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        container["image"] = json!(format!("ghcr.io/mastodon/{image}:v4.5.2"));
        container["command"] = json!(command.split(' ').collect::<Vec<_>>());
        container["envFrom"] = json!([{"secretRef": {"name": "keys"}}]);
        container["env"] = json!([{"name": "LOCAL_DOMAIN", "value": "mastodon.example"}]);
        container["resources"] =
            json!({"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}});
    }
    plan
}

const KEYS: [&str; 6] = [
    "SECRET_KEY_BASE",
    "VAPID_PRIVATE_KEY",
    "VAPID_PUBLIC_KEY",
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
    "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
    "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
];

fn secret(name: &str) -> Value {
    let data: serde_json::Map<String, Value> = KEYS
        .iter()
        .map(|key| ((*key).to_owned(), json!(STANDARD.encode(format!("{key} of blue")))))
        .collect();
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})
}

fn node(name: &str, cpu: &str, memory: &str) -> Value {
    json!({
        "kind": "Node", "metadata": {"name": name, "labels": {}},
        "status": {"allocatable": {"cpu": cpu, "memory": memory, "pods": "110"}, "images": [{"names": [
            "ghcr.io/mastodon/mastodon:v4.5.2", "ghcr.io/mastodon/mastodon-streaming:v4.5.2", "docker.io/library/stand-in:1",
        ]}]},
    })
}

fn facts(plan: &Plan) -> Facts {
    let mut facts = Facts {
        server: Some(Server { version: "v1.34.1".to_owned(), minor: Some((1, 34)), ahead_s: Some(1) }),
        nodes: Some(vec![node("one", "2", "4Gi"), node("two", "2", "4Gi")]),
        pods: Some(Vec::new()),
        rights: rights::needed(plan).into_iter().map(|right| (right, true)).collect(),
        reach: Some("postgres reached db:5432\nredis reached redis:6379\nsmtp unset\n".to_owned()),
        ..Facts::default()
    };
    facts.snapshot.objects = plan.blue.clone();
    facts.snapshot.objects.push(secret("keys"));
    facts
}

/// The ids of what is graded so.
fn graded(plan: &Plan, facts: &Facts, grade: Grade) -> Vec<&'static str> {
    examine(plan, facts).into_iter().filter(|found| found.grade == grade).map(|found| found.id).collect()
}

#[test]
fn nothing_is_in_the_way_where_all_is_well() {
    let plan = plan();
    let found = examine(&plan, &facts(&plan));
    let bad: Vec<_> = found.iter().filter(|found| found.grade != Grade::Ok).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for id in [
        "operator-alone",
        "rights-held",
        "versions-same",
        "secrets-same",
        "capacity-enough",
        "stores-reached",
    ] {
        assert!(found.iter().any(|found| found.id == id), "{id}");
    }
}

fn green<'a>(plan: &'a mut Plan, name: &str) -> &'a mut Value {
    let found =
        plan.green.iter_mut().find(|it| it["kind"] == "Deployment" && it["metadata"]["name"] == *name);
    &mut found.unwrap()["spec"]["template"]["spec"]
}

/// A bad fact, and what must be said of it.
type Bad = (&'static str, Grade, fn(&mut Plan, &mut Facts));

const OPERATORS: [Bad; 8] = [
    ("operator-held", Grade::Refused, |_, facts| {
        let left = Some(Duration::from_secs(20));
        facts.tenure = Some(Tenure { holder: "another".to_owned(), until: "soon".to_owned(), left });
    }),
    ("operator-unfinished", Grade::Refused, |_, facts| {
        let (lease, voyage, phase) = ("mastoferry".to_owned(), "other".to_owned(), "stopped".to_owned());
        facts.copies.push(StateCopy { lease, voyage, phase, files: Default::default() });
    }),
    ("clock-off", Grade::Refused, |_, facts| facts.server.as_mut().unwrap().ahead_s = Some(-40)),
    ("clock-differs", Grade::Warning, |_, facts| facts.server.as_mut().unwrap().ahead_s = Some(9)),
    ("clock-unknown", Grade::Unchecked, |_, facts| facts.server.as_mut().unwrap().ahead_s = None),
    ("rights-missing", Grade::Refused, |_, facts| {
        facts.rights.iter_mut().filter(|(right, _)| right.subresource == "scale").for_each(|it| it.1 = false);
    }),
    ("rights-looking", Grade::Warning, |_, facts| {
        facts.rights.iter_mut().filter(|(right, _)| right.resource == "nodes").for_each(|it| it.1 = false);
    }),
    ("standing-differs", Grade::Refused, |_, facts| {
        facts.drift.push("Deployment/web does not exist".to_owned())
    }),
];

const VERSIONS: [Bad; 5] = [
    ("versions-kubernetes-old", Grade::Refused, |_, facts| {
        facts.server.as_mut().unwrap().minor = Some((1, 22))
    }),
    ("versions-kubernetes-unknown", Grade::Unchecked, |_, facts| facts.server = None),
    ("versions-jump", Grade::Refused, |plan, _| {
        green(plan, "green-web")["containers"][0]["image"] = json!("ghcr.io/mastodon/mastodon:v4.6.0");
    }),
    ("versions-patch", Grade::Warning, |plan, _| {
        green(plan, "green-web")["containers"][0]["image"] = json!("ghcr.io/mastodon/mastodon:v4.5.3");
    }),
    ("versions-back", Grade::Refused, |plan, _| {
        for name in ["green-web", "green-streaming", "green-worker"] {
            green(plan, name)["containers"][0]["image"] = json!("ghcr.io/mastodon/mastodon:v4.4.1");
        }
    }),
];

const SECRETS: [Bad; 5] = [
    ("secrets-hidden", Grade::Unchecked, |_, facts| {
        facts
            .snapshot
            .unlisted
            .push(Unlisted { resource: "secrets".to_owned(), reason: "forbidden".to_owned() });
    }),
    ("secrets-differ", Grade::Refused, |plan, facts| {
        let mut other = secret("other");
        other["data"]["SECRET_KEY_BASE"] = json!(STANDARD.encode("of green"));
        facts.snapshot.objects.push(other);
        green(plan, "green-web")["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "other"}}]);
    }),
    ("secrets-missing", Grade::Refused, |plan, _| {
        let reference = json!({"secretKeyRef": {"name": "nowhere", "key": "k"}});
        green(plan, "green-web")["containers"][0]["env"] = json!([{"name": "LOCAL_DOMAIN", "value": "m.example"}, {"name": "SECRET_KEY_BASE", "valueFrom": reference}]);
    }),
    ("secrets-unset", Grade::Refused, |plan, facts| {
        facts.snapshot.objects.push(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "few"},
            "data": {"SECRET_KEY_BASE": STANDARD.encode("SECRET_KEY_BASE of blue")},
        }));
        green(plan, "green-web")["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "few"}}]);
    }),
    ("secrets-lost", Grade::Refused, |plan, _| {
        let blue = plan
            .blue
            .iter_mut()
            .find(|it| it["kind"] == "Deployment" && it["metadata"]["name"] == "web")
            .unwrap();
        let container = &mut blue["spec"]["template"]["spec"]["containers"][0];
        container["env"] = json!([
            {"name": "LOCAL_DOMAIN", "value": "mastodon.example"},
            {"name": "OTP_SECRET", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "SECRET_KEY_BASE"}}},
        ]);
    }),
];

const ROOM: [Bad; 7] = [
    ("capacity-unknown", Grade::Unchecked, |_, facts| facts.nodes = None),
    ("capacity-short", Grade::Refused, |_, facts| facts.nodes = Some(vec![node("one", "1", "4Gi")])),
    ("capacity-port", Grade::Refused, |plan, facts| {
        let ports = json!([{"containerPort": 4000, "hostPort": 4040}]);
        green(plan, "green-streaming")["containers"][0]["ports"] = ports.clone();
        let on = |node: &str| json!({"spec": {"nodeName": node, "containers": [{"ports": ports}]}, "status": {"phase": "Running"}});
        facts.pods = Some(vec![on("one"), on("two")]);
    }),
    ("capacity-grows", Grade::Warning, |_, facts| {
        let mut node = node("one", "1", "4Gi");
        node["metadata"]["labels"] = json!({"cloud.google.com/gke-nodepool": "default"});
        facts.nodes = Some(vec![node]);
    }),
    ("capacity-quota", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "ResourceQuota", "metadata": {"name": "all"},
            "status": {"hard": {"pods": "7"}, "used": {"pods": "5"}},
        }));
    }),
    ("capacity-unsaid", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "ResourceQuota", "metadata": {"name": "all"},
            "status": {"hard": {"limits.cpu": "100"}, "used": {"limits.cpu": "1"}},
        }));
    }),
    ("capacity-range", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "LimitRange", "metadata": {"name": "all"},
            "spec": {"limits": [{"type": "Container", "max": {"memory": "900Mi"}}]},
        }));
    }),
];

const PODS: [Bad; 9] = [
    ("images-unknown", Grade::Unchecked, |_, facts| facts.nodes = None),
    ("images-floating", Grade::Warning, |plan, _| {
        green(plan, "green-web")["containers"][0]["image"] = json!("ghcr.io/mastodon/mastodon:latest");
    }),
    ("images-to-pull", Grade::Warning, |plan, _| {
        green(plan, "green-web")["containers"][0]["image"] = json!("mirror.example/mastodon/mastodon:v4.5.2");
    }),
    ("images-pull-secret", Grade::Refused, |plan, _| {
        green(plan, "green-web")["imagePullSecrets"] = json!([{"name": "registry"}]);
    }),
    ("probes-port", Grade::Refused, |plan, _| {
        green(plan, "green-web")["containers"][0]["readinessProbe"] =
            json!({"httpGet": {"path": "/health", "port": "http"}});
    }),
    ("probes-none", Grade::Refused, |plan, _| plan.steps = sample(plan::Strategy::Rolling, 3000, 1).steps),
    ("probes-port-untold", Grade::Warning, |plan, _| {
        green(plan, "green-web")["containers"][0]["readinessProbe"] = json!({"tcpSocket": {"port": 4000}});
    }),
    ("probes-impatient", Grade::Warning, |plan, _| {
        green(plan, "green-web")["containers"][0]["livenessProbe"] =
            json!({"httpGet": {"path": "/health", "port": 3000}, "periodSeconds": 5});
    }),
    ("selectors-service", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "Service", "metadata": {"name": "stray"}, "spec": {"selector": {"run": "green-web"}},
        }));
    }),
];

const MORE: [Bad; 14] = [
    ("selectors-workload", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "StatefulSet", "metadata": {"name": "stray"},
            "spec": {"selector": {"matchLabels": {"run": "green-web"}}},
        }));
    }),
    ("selectors-pods", Grade::Refused, |_, facts| {
        let labels = json!({"run": "green-web"});
        facts.snapshot.objects.push(json!({"kind": "Pod", "metadata": {"name": "stray", "labels": labels}}));
    }),
    ("disruption-none", Grade::Warning, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
            "status": {"disruptionsAllowed": 0, "expectedPods": 2},
        }));
    }),
    ("volumes-missing", Grade::Refused, |plan, _| mount(plan)),
    ("volumes-lost", Grade::Refused, |plan, facts| claim(plan, facts, "Lost", "ReadWriteMany")),
    ("volumes-unbound", Grade::Warning, |plan, facts| claim(plan, facts, "Pending", "ReadWriteMany")),
    ("volumes-one-pod", Grade::Refused, |plan, facts| claim(plan, facts, "Bound", "ReadWriteOncePod")),
    ("volumes-one-node", Grade::Warning, |plan, facts| claim(plan, facts, "Bound", "ReadWriteOnce")),
    ("volumes-owner", Grade::Warning, |plan, facts| {
        claim(plan, facts, "Bound", "ReadWriteMany");
        let blue = plan.blue.iter_mut().find(|it| it["kind"] == "Deployment").unwrap();
        blue["spec"]["template"]["spec"]["volumes"] =
            json!([{"persistentVolumeClaim": {"claimName": "media"}}]);
        green(plan, "green-web")["securityContext"] = json!({"fsGroup": 1000});
    }),
    ("front-tls-missing", Grade::Warning, |plan, facts| {
        let spec = json!({"tls": [{"secretName": "tls"}]});
        let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec});
        plan.blue.push(ingress.clone());
        facts.snapshot.objects.push(ingress);
    }),
    ("front-removed", Grade::Warning, |plan, _| {
        let balancer = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "lb"}, "spec": {"type": "LoadBalancer"}});
        plan.blue.push(balancer);
        for step in &mut plan.steps {
            if let Action::RemoveBlue { objects } = &mut step.action {
                objects.push("Service/lb".to_owned());
            }
        }
    }),
    ("ownership-gitops", Grade::Warning, |_, facts| {
        facts.snapshot.objects[1]["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] =
            json!("mastodon");
    }),
    ("ownership-helm", Grade::Warning, |_, facts| {
        facts.snapshot.objects[1]["metadata"]["annotations"] = json!({"meta.helm.sh/release-name": "old"});
    }),
    ("scaling-stray", Grade::Warning, |_, facts| {
        facts.snapshot.objects.push(json!({
            "kind": "HorizontalPodAutoscaler", "metadata": {"name": "stray"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "worker"}},
        }));
    }),
];

const SCHEDULERS: [Bad; 3] = [
    ("schedulers-stranger", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(stray_worker(&json!([{"secretRef": {"name": "keys"}}]), 1));
    }),
    ("schedulers-other", Grade::Warning, |_, facts| {
        facts.snapshot.objects.push(stray_worker(&json!([{"secretRef": {"name": "others"}}]), 1));
    }),
    ("schedulers-known", Grade::Ok, |_, facts| {
        facts.snapshot.objects.push(stray_worker(&json!([{"secretRef": {"name": "keys"}}]), 0));
    }),
];

/// A worker that no plan knows.
fn stray_worker(settings: &Value, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "stray"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{
            "image": "ghcr.io/mastodon/mastodon:v4.5.2", "command": ["bundle", "exec", "sidekiq"],
            "envFrom": settings,
        }]}}},
    })
}

const INSIDE: [Bad; 8] = [
    ("versions-postgres-old", Grade::Warning, |_, facts| said(facts, "postgres-version 13")),
    ("versions-postgres", Grade::Ok, |_, facts| said(facts, "postgres-version 14")),
    ("versions-redis-old", Grade::Refused, |_, facts| said(facts, "redis-version 6.2.14")),
    ("versions-redis", Grade::Ok, |_, facts| said(facts, "redis-version 7.0.15")),
    ("volumes-readonly", Grade::Warning, |plan, facts| {
        claim(plan, facts, "Bound", "ReadWriteMany");
        said(facts, "volume readonly media /opt/mastodon/public/system 991 991 755 991");
    }),
    ("volumes-denied", Grade::Refused, |plan, facts| {
        claim(plan, facts, "Bound", "ReadWriteMany");
        green(plan, "green-web")["securityContext"] = json!({"runAsUser": 1000});
        said(facts, "volume writable media /opt/mastodon/public/system 991 991 755 991");
    }),
    ("volumes-given", Grade::Warning, |plan, facts| {
        claim(plan, facts, "Bound", "ReadWriteMany");
        green(plan, "green-web")["securityContext"] = json!({"runAsUser": 1000, "fsGroup": 1000});
        said(facts, "volume writable media /opt/mastodon/public/system 991 991 775 991");
    }),
    ("volumes-fit", Grade::Ok, |plan, facts| {
        claim(plan, facts, "Bound", "ReadWriteMany");
        said(facts, "volume writable media /opt/mastodon/public/system 991 991 755 991");
    }),
];

const FREEZE: [Bad; 3] = [
    ("freeze-at-start", Grade::Warning, |plan, _| {
        let init = json!([{"name": "migrate", "command": ["sh", "-c", "bundle exec rails db:migrate"]}]);
        green(plan, "green-web")["initContainers"] = init;
    }),
    ("freeze-running", Grade::Refused, |_, facts| {
        facts.snapshot.objects.push(migration(json!({"active": 1})));
    }),
    ("freeze-holds", Grade::Ok, |_, facts| {
        facts.snapshot.objects.push(migration(json!({"succeeded": 1})));
    }),
];

fn migration(status: Value) -> Value {
    let container = json!({"name": "migrate", "args": ["bundle", "exec", "rails", "db:migrate"]});
    json!({
        "kind": "Job", "metadata": {"name": "db-migrate"},
        "spec": {"template": {"spec": {"containers": [container]}}}, "status": status,
    })
}

const USERS: [Bad; 3] = [
    ("images-user", Grade::Refused, |plan, _| {
        green(plan, "green-web")["securityContext"] = json!({"runAsNonRoot": true});
    }),
    ("images-root", Grade::Refused, |plan, _| {
        let context = json!({"runAsNonRoot": true, "runAsUser": 0});
        green(plan, "green-web")["containers"][0]["securityContext"] = context;
    }),
    ("images-present", Grade::Ok, |plan, _| {
        green(plan, "green-web")["securityContext"] = json!({"runAsNonRoot": true, "runAsUser": 991});
    }),
];

/// A line that a pod of web says besides.
fn said(facts: &mut Facts, line: &str) {
    facts.reach = facts.reach.take().map(|said| format!("{said}{line}\n"));
}

const STORES: [Bad; 3] = [
    ("stores-unknown", Grade::Unchecked, |_, facts| facts.reach = None),
    ("stores-unreached", Grade::Refused, |_, facts| {
        facts.reach = Some("postgres unreached db:5432\nredis reached redis:6379\n".to_owned());
    }),
    ("stores-without", Grade::Warning, |_, facts| {
        facts.reach = Some("postgres reached db:5432\nelasticsearch unreached es:9200\n".to_owned());
    }),
];

fn mount(plan: &mut Plan) {
    green(plan, "green-web")["volumes"] = json!([{"persistentVolumeClaim": {"claimName": "media"}}]);
}

/// A claim that green mounts while a pod of blue does.
fn claim(plan: &mut Plan, facts: &mut Facts, phase: &str, mode: &str) {
    mount(plan);
    let volumes = json!([{"persistentVolumeClaim": {"claimName": "media"}}]);
    facts.snapshot.objects.push(json!({
        "kind": "PersistentVolumeClaim", "metadata": {"name": "media"},
        "spec": {"accessModes": [mode]}, "status": {"phase": phase},
    }));
    facts
        .snapshot
        .objects
        .push(json!({"kind": "Pod", "metadata": {"name": "web-1"}, "spec": {"volumes": volumes}}));
}

#[test]
fn every_bad_fact_is_told_as_what_it_is() {
    let all = OPERATORS
        .iter()
        .chain(&VERSIONS)
        .chain(&SECRETS)
        .chain(&ROOM)
        .chain(&PODS)
        .chain(&MORE)
        .chain(&INSIDE)
        .chain(&USERS)
        .chain(&FREEZE)
        .chain(&STORES)
        .chain(&SCHEDULERS);
    for (id, grade, worsen) in all {
        let mut plan = plan();
        let mut facts = facts(&plan);
        worsen(&mut plan, &mut facts);
        let found = graded(&plan, &facts, *grade);
        assert!(found.contains(id), "{id}: {found:?}");
    }
}

#[test]
fn a_password_that_may_be_missing_and_is_on_both_sides_is_no_reason() {
    let mut plan = plan();
    let reference = |optional: bool| {
        let key = json!({"name": "keys", "key": "DB_PASS", "optional": optional});
        json!({"name": "DB_PASS", "valueFrom": {"secretKeyRef": key}})
    };
    let env = |plan: &mut Plan, optional: bool| {
        green(plan, "green-web")["containers"][0]["env"] =
            json!([{"name": "LOCAL_DOMAIN", "value": "mastodon.example"}, reference(optional)]);
    };
    env(&mut plan, true);
    assert_eq!(graded(&plan, &facts(&plan), Grade::Refused), Vec::<&str>::new());
    env(&mut plan, false);
    assert_eq!(graded(&plan, &facts(&plan), Grade::Refused), ["secrets-missing"]);
}

#[test]
fn no_value_of_a_secret_is_told() {
    let plan = plan();
    for (_, _, worsen) in &SECRETS {
        let (mut plan, mut facts) = (plan.clone(), facts(&plan));
        worsen(&mut plan, &mut facts);
        let told = format!("{:?} {facts:?}", examine(&plan, &facts));
        assert!(!told.contains("of blue") && !told.contains("of green"), "{told}");
        assert!(!told.contains(&STANDARD.encode("of green")), "{told}");
    }
}

#[test]
fn room_is_counted_with_what_runs_already() {
    let plan = plan();
    let mut facts = facts(&plan);
    facts.nodes = Some(vec![node("one", "4", "8Gi")]);
    assert!(!graded(&plan, &facts, Grade::Refused).contains(&"capacity-short"));
    let pod = json!({
        "spec": {"nodeName": "one", "containers": [{"resources": {"requests": {"cpu": "3"}}}]},
        "status": {"phase": "Running"},
    });
    facts.pods = Some(vec![pod.clone()]);
    assert!(graded(&plan, &facts, Grade::Refused).contains(&"capacity-short"));
    let mut ended = pod;
    ended["status"]["phase"] = json!("Succeeded");
    facts.pods = Some(vec![ended]);
    assert!(
        !graded(&plan, &facts, Grade::Refused).contains(&"capacity-short"),
        "what has ended takes no room"
    );
}

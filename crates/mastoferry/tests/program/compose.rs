//! Compose projects, and pods of several parts, converted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::trees::{json as run_json, mastoferry, text};

/// What a person must agree to in the fixture with the split queues.
const AGREED: [&str; 4] =
    ["--accept", "replaced:services.web.init", "--accept", "replaced:services.web.labels[3]"];
const TARGETS: [&str; 3] = ["manifests", "kustomize", "helm"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/compose")
}

/// What is to be accepted for a source.
fn agreed(source: &Path) -> &'static [&'static str] {
    if source.ends_with("queues") { &AGREED } else { &[] }
}

/// Converts to manifests, and gives what stands in `green` and `withheld`, by kind and name.
fn green(source: &Path, more: &[&str]) -> (Value, BTreeMap<String, Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let all = ["convert", text(source), "--to", "manifests", "--out", text(&out)];
    let told = run_json(&[&all, more, agreed(source)].concat());
    let mut objects = BTreeMap::new();
    for part in ["green", "withheld"] {
        for entry in std::fs::read_dir(out.join(part)).into_iter().flatten().flatten() {
            let written = std::fs::read_to_string(entry.path()).expect("a file");
            let mut files = tree::Files::new();
            let file = files.add("object", written);
            let object = tree::parse(&files, file).expect("YAML")[0].to_json();
            let name = |key: &Value| key.as_str().unwrap_or_default().to_owned();
            objects
                .insert(format!("{}/{}", name(&object["kind"]), name(&object["metadata"]["name"])), object);
        }
    }
    (told, objects)
}

fn container<'a>(objects: &'a BTreeMap<String, Value>, id: &str) -> &'a Value {
    &objects.get(id).unwrap_or_else(|| panic!("{id} among {:?}", objects.keys()))["spec"]["template"]["spec"]
        ["containers"][0]
}

fn variable<'a>(container: &'a Value, name: &str) -> &'a Value {
    let items = container["env"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().find(|item| item["name"] == name).unwrap_or(&Value::Null)
}

#[test]
fn every_leaf_of_a_project_is_accounted_for_wherever_it_goes() {
    for source in
        [example(), fixture("compose/queues"), fixture("compose/procfile"), fixture("pods/shared.yaml")]
    {
        for to in TARGETS {
            let told = run_json(&[&["convert", text(&source), "--to", to], agreed(&source)].concat());
            assert_eq!(told["ledger"]["unaccounted"], 0, "{} to {to}", source.display());
            for list in ["differences", "effects"] {
                for one in told[list].as_array().into_iter().flatten() {
                    assert!(one["explained_by"].is_string(), "{} to {to}: {one}", source.display());
                }
            }
        }
    }
}

#[test]
fn no_secret_is_written_anywhere() {
    for source in [example(), fixture("compose/queues"), fixture("compose/procfile")] {
        for (number, to) in TARGETS.iter().enumerate() {
            let folder = tempfile::tempdir().expect("a folder");
            let out = folder.path().join(number.to_string());
            let output = mastoferry(
                &[&["convert", text(&source), "--to", to, "--out", text(&out)], agreed(&source)].concat(),
            )
            .output()
            .expect("runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let told = [output.stdout, output.stderr].concat();
            assert!(!String::from_utf8_lossy(&told).contains("made-up"), "{} to {to}", source.display());
            let mut folders = vec![out];
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                    if entry.path().is_dir() {
                        folders.push(entry.path());
                        continue;
                    }
                    let written = std::fs::read_to_string(entry.path()).expect("text");
                    assert!(!written.contains("made-up"), "{} to {to}", entry.path().display());
                }
            }
        }
    }
}

#[test]
fn one_scheduler_runs_and_the_queues_stay_split() {
    let (_, objects) = green(&fixture("compose/queues"), &[]);
    let scheduler = &objects["Deployment/mastodon-sidekiq-scheduler"]["spec"];
    assert_eq!((&scheduler["replicas"], &scheduler["strategy"]["type"]), (&json!(1), &json!("Recreate")));
    let worker = &objects["Deployment/mastodon-sidekiq-no-scheduler"]["spec"];
    assert_eq!(worker["replicas"], 3);
    assert_eq!(worker["template"]["spec"]["terminationGracePeriodSeconds"], 60);
    assert_eq!(objects["Deployment/mastodon-web"]["spec"]["replicas"], 2);
}

#[test]
fn what_the_kubelet_would_fill_in_is_escaped() {
    let (_, objects) = green(&fixture("compose/queues"), &[]);
    let web = container(&objects, "Deployment/mastodon-web");
    let script = web["args"][2].as_str().expect("a script");
    assert!(script.contains("echo $$(date);"), "{script}");
}

#[test]
fn secrets_and_files_that_are_not_at_hand_are_references() {
    let (told, objects) = green(&fixture("compose/queues"), &[]);
    let web = container(&objects, "Deployment/mastodon-web");
    assert_eq!(web["envFrom"], json!([{ "secretRef": { "name": "mastodon-keys-env" } }]));
    let from = &variable(web, "DB_PASS")["valueFrom"]["secretKeyRef"];
    assert_eq!(*from, json!({ "name": "mastodon-settings", "key": "DB_PASS" }));
    let decided: Vec<&str> = told["decisions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["decision"].as_str())
        .collect();
    for decision in
        ["decide-scheduler", "decide-proxy", "decide-claim", "decide-address", "decide-secret-from-file"]
    {
        assert!(decided.contains(&decision), "{decision} among {decided:?}");
    }
}

#[test]
fn stores_on_the_host_are_found_under_names_that_services_may_have() {
    let (_, objects) = green(&fixture("compose/queues"), &[]);
    let web = container(&objects, "Deployment/mastodon-web");
    assert_eq!(variable(web, "DB_HOST")["value"], "town-db");
    assert_eq!(objects["Service/town-db"]["spec"]["type"], "ExternalName");
    let addresses = ["--address", "town_db=10.0.0.5", "--address", "redis=redis.internal.example"];
    let (_, objects) = green(&fixture("compose/queues"), &addresses);
    assert_eq!(objects["EndpointSlice/town-db-address"]["endpoints"][0]["addresses"], json!(["10.0.0.5"]));
    assert!(objects["Service/town-db"]["spec"]["selector"].is_null());
    assert_eq!(objects["Service/town-redis"]["spec"]["externalName"], "redis.internal.example");
}

#[test]
fn stores_can_be_elsewhere_or_made_anew() {
    let source = fixture("compose/queues");
    let addresses = ["--address", "town_db=pg.example", "--address", "redis=redis.example"];
    let (_, objects) = green(&source, &[&["--stores", "external"][..], &addresses].concat());
    let web = container(&objects, "Deployment/mastodon-web");
    assert_eq!(variable(web, "DB_HOST")["value"], "pg.example");
    assert_eq!(variable(web, "REDIS_HOST")["value"], "redis.example");
    assert!(!objects.contains_key("Service/town-db"), "nothing leads to what nobody names");
    let (_, objects) =
        green(&source, &["--stores", "in-cluster", "--accept", "replaced:services.town_db.command"]);
    let cluster = &objects["Cluster/town-db-postgres"]["spec"];
    assert_eq!(cluster["bootstrap"]["initdb"]["owner"], "town");
    assert_eq!(
        cluster["managed"]["services"]["additional"][0]["serviceTemplate"]["metadata"]["name"],
        "town-db"
    );
    assert_eq!(container(&objects, "StatefulSet/town-redis")["args"][0], "redis-server");
    let refused = mastoferry(&["convert", text(&source), "--stores", "external"]).output().expect("runs");
    assert_eq!(refused.status.code(), Some(2), "an address is needed");
}

#[test]
fn users_come_in_by_every_host_and_streaming_by_its_path() {
    let (_, objects) = green(&fixture("compose/queues"), &[]);
    let rules = objects["Ingress/mastodon-web"]["spec"]["rules"].as_array().expect("rules");
    let hosts: Vec<&str> = rules.iter().filter_map(|rule| rule["host"].as_str()).collect();
    assert_eq!(hosts, ["town.example", "www.town.example"]);
    for rule in rules {
        let paths = rule["http"]["paths"].as_array().expect("paths");
        let ways: Vec<(&Value, &Value)> =
            paths.iter().map(|path| (&path["path"], &path["backend"]["service"]["name"])).collect();
        let expected =
            [(json!("/api/v1/streaming"), json!("mastodon-streaming")), (json!("/"), json!("mastodon-web"))];
        assert_eq!(ways, expected.each_ref().map(|(path, name)| (path, name)));
    }
}

#[test]
fn users_come_in_by_a_gateway_as_by_an_ingress() {
    let source = fixture("compose/queues");
    let (told, objects) = green(&source, &["--routes", "gateway"]);
    assert!(!objects.contains_key("Ingress/mastodon-web"));
    let spec = &objects["HTTPRoute/mastodon-web"]["spec"];
    assert_eq!(spec["hostnames"], json!(["town.example", "www.town.example"]));
    let rules: Vec<(&Value, &Value)> = spec["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| (&rule["matches"], &rule["backendRefs"][0]))
        .collect();
    let path = |path: &str| json!([{ "path": { "type": "PathPrefix", "value": path } }]);
    let expected = [
        (path("/api/v1/streaming"), json!({ "name": "mastodon-streaming", "port": 4000 })),
        (path("/"), json!({ "name": "mastodon-web", "port": 3000 })),
    ];
    assert_eq!(rules, expected.each_ref().map(|(path, to)| (path, to)));
    let decided: Vec<&Value> = told["decisions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|own| own["decision"] == "decide-gateway")
        .collect();
    assert_eq!(decided[0]["arguments"]["gateway"], spec["parentRefs"][0]["name"]);
    let (told, objects) = green(&source, &["--gateway", "edge/public"]);
    let parents = &objects["HTTPRoute/mastodon-web"]["spec"]["parentRefs"];
    assert_eq!(*parents, json!([{ "name": "public", "namespace": "edge" }]));
    let left = told["decisions"].as_array().expect("decisions");
    assert!(left.iter().all(|own| own["decision"] != "decide-gateway"), "it is given");
}

/// What `inspect` reads of a folder: host and path, and where they lead.
fn ways(folder: &Path) -> Vec<(Value, Value, Value)> {
    let told = run_json(&["inspect", text(folder)]);
    let routes = told["routes"].as_array().cloned().unwrap_or_default();
    let mut ways: Vec<_> =
        routes.iter().map(|own| (own["host"].clone(), own["path"].clone(), own["answers"].clone())).collect();
    ways.sort_by_key(|(host, path, _)| (host.to_string(), path.to_string()));
    ways
}

#[test]
fn what_is_read_back_has_the_same_routes_either_way() {
    for to in ["manifests", "kustomize"] {
        let folder = tempfile::tempdir().expect("a folder");
        let source = fixture("compose/queues");
        let mut read = Vec::new();
        for routes in ["ingress", "gateway"] {
            let out = folder.path().join(routes);
            run_json(
                &[
                    &["convert", text(&source), "--to", to, "--routes", routes, "--out", text(&out)],
                    &AGREED[..],
                ]
                .concat(),
            );
            let whole = out.join(if to == "manifests" { "green" } else { "overlays/mastodon" });
            read.push(ways(&whole));
        }
        assert_eq!(read[0].len(), 4, "{to}: {read:?}");
        assert_eq!(read[0], read[1], "{to}");
    }
}

#[test]
fn tasks_run_by_the_clock_and_migrations_by_hand() {
    let (_, objects) = green(&fixture("compose/queues"), &[]);
    let cron = &objects["CronJob/mastodon-media"]["spec"];
    assert_eq!(cron["schedule"], "30 4 * * *");
    let task = &cron["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(task["command"], json!(["tootctl", "media", "remove", "--days", "7"]));
    let migration = container(&objects, "Job/mastodon-db-migrate");
    assert_eq!(migration["command"], json!(["bundle", "exec", "rails", "db:migrate"]));
}

#[test]
fn one_container_of_all_parts_is_taken_apart_where_its_image_can_be() {
    let (_, objects) = green(&fixture("compose/procfile"), &[]);
    for (id, program) in [
        ("Deployment/mastodon-web", "puma"),
        ("Deployment/mastodon-streaming", "./streaming"),
        ("Deployment/mastodon-sidekiq-all-queues", "sidekiq"),
    ] {
        let words = container(&objects, id)["command"].as_array().expect("words").clone();
        assert!(words.contains(&json!(program)), "{id}: {words:?}");
    }
    let refused = mastoferry(&["convert", text(&fixture("compose/bundled"))]).output().expect("runs");
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("ghcr.io/mastodon/mastodon-streaming"), "{told}");
}

#[test]
fn a_pod_of_several_parts_is_taken_apart() {
    let (_, objects) = green(&fixture("pods/shared.yaml"), &[]);
    for id in ["Deployment/mastodon-web", "Deployment/mastodon-sidekiq-all-queues"] {
        let all = &objects[id]["spec"]["template"]["spec"]["containers"];
        let names: Vec<&str> =
            all.as_array().into_iter().flatten().filter_map(|own| own["name"].as_str()).collect();
        assert_eq!(names.len(), 2, "{id}: {names:?}");
        assert_eq!(names[1], "sql", "the proxy to the database goes with each");
    }
    let refused = mastoferry(&["plan", text(&fixture("pods/shared.yaml"))]).output().expect("runs");
    assert_eq!(refused.status.code(), Some(2), "what stands is one");
}

#[test]
fn what_the_host_did_and_the_cluster_does_not_is_to_be_accepted() {
    let refused = mastoferry(&["convert", text(&fixture("compose/queues"))]).output().expect("runs");
    assert_eq!(refused.status.code(), Some(3));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    for path in ["replaced:services.web.init", "replaced:services.web.labels[3]"] {
        assert!(told.contains(path), "{path}: {told}");
    }
    assert!(!told.contains("replicas"), "one scheduler is no loss: {told}");
}

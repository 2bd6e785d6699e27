//! `convert --to kustomize`: what is built of the folder is what `--to manifests` writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::trees::{json, mastoferry, text, trees};

/// Everything that a taking-apart could get wrong: two builds of one image, a digest, a port in an image's name, init
/// containers, a sidecar before the one with resources, a null, one name in two namespaces, labels that all share.
const ODD: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: env, namespace: m, labels: {team: lighthouse}}
data: {LOCAL_DOMAIN: odd.example, DB_HOST: db, DB_PORT: "5432", RAILS_LOG_LEVEL: "warn", yes: "on"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: m, labels: {team: lighthouse}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers:
      - {name: wait, image: "registry.example:5000/wait:1", resources: {limits: {cpu: 1}}}
      containers:
      - {name: log, image: "registry.example:5000/log@sha256:0123456789012345678901234567890123456789012345678901234567890123"}
      - name: web
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bundle, exec, puma]
        envFrom: [{configMapRef: {name: env}}]
        resources: {requests: {cpu: 500m, memory: 1Gi}}
      - {name: other, image: "ghcr.io/mastodon/mastodon:v4.5.1", resources: {limits: {cpu: null}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sidekiq, namespace: m, labels: {team: lighthouse}}
spec:
  selector: {matchLabels: {app: sidekiq}}
  template:
    metadata: {labels: {app: sidekiq}}
    spec:
      containers:
      - name: sidekiq
        image: ghcr.io/mastodon/mastodon:v4.5.2
        command: [bundle, exec, sidekiq]
        envFrom: [{configMapRef: {name: env}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: m}
spec: {selector: {app: web}, ports: [{port: 3000}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: pages, namespace: one}
data: {page: "1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: pages, namespace: two}
data: {page: "2"}
---
apiVersion: issuers.example/v1
kind: ClusterIssuer
metadata: {name: made-up}
spec: {}
"#;

fn parsed(bytes: &[u8]) -> BTreeMap<String, Value> {
    let mut files = tree::Files::new();
    let file = files.add("objects", String::from_utf8_lossy(bytes).into_owned());
    let objects = tree::parse(&files, file).expect("YAML");
    objects
        .iter()
        .map(tree::Node::to_json)
        .map(|object| {
            let metadata = &object["metadata"];
            (format!("{} {} {}", object["kind"], metadata["name"], metadata["namespace"]), object)
        })
        .collect()
}

fn below(folder: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        found.extend(parsed(&std::fs::read(entry.path()).expect("a file")));
    }
    found
}

/// The same source as manifests and as a Kustomize tree.
fn both(source: &Path, folder: &Path) -> (PathBuf, PathBuf) {
    let (plain, tree) = (folder.join("plain"), folder.join("tree"));
    for (to, out) in [("manifests", &plain), ("kustomize", &tree)] {
        let output =
            mastoferry(&["convert", text(source), "--to", to, "--out", text(out)]).output().expect("runs");
        assert!(output.status.success(), "{to}: {}", String::from_utf8_lossy(&output.stderr));
    }
    (plain, tree)
}

fn overlay(tree: &Path) -> PathBuf {
    let mut overlays = std::fs::read_dir(tree.join("overlays")).expect("overlays").flatten();
    overlays.next().expect("one").path()
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped() {
    eprintln!("SKIPPED in part: needs kubectl on the PATH");
}

/// Builds with Mastoferry's own Kustomize, and with the real one where it is at hand.
fn builds(folder: &Path) -> Vec<BTreeMap<String, Value>> {
    let own = mastoferry(&["inspect", "--objects", text(folder)]).output().expect("runs");
    let mut builds = vec![parsed(&own.stdout)];
    match Command::new("kubectl").args(["kustomize", text(folder)]).output() {
        Ok(real) => {
            assert!(real.status.success(), "{}", String::from_utf8_lossy(&real.stderr));
            builds.push(parsed(&real.stdout));
        }
        Err(_) => skipped(),
    }
    builds
}

#[test]
fn the_overlay_builds_exactly_what_plain_manifests_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = folder.path().join("odd.yaml");
    std::fs::write(&odd, ODD).expect("written");
    for (number, source) in trees().into_iter().chain([odd]).enumerate() {
        let place = folder.path().join(number.to_string());
        let (plain, tree) = both(&source, &place);
        let dark = below(&plain.join("green"));
        let mut whole = dark.clone();
        for part in ["adopted", "switched", "kept"] {
            whole.extend(below(&plain.join(part)));
        }
        let overlay = overlay(&tree);
        for built in builds(&overlay) {
            assert_eq!(built, whole, "{}", source.display());
        }
        for built in builds(&overlay.join("dark")) {
            assert_eq!(built, dark, "{}", source.display());
        }
        assert_eq!(below(&plain.join("withheld")), below(&tree.join("withheld")));
    }
}

#[test]
fn what_differs_from_server_to_server_is_in_the_overlay() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = folder.path().join("odd.yaml");
    std::fs::write(&odd, ODD).expect("written");
    let (_, tree) = both(&odd, folder.path());
    let dark = std::fs::read(overlay(&tree).join("dark/kustomization.yaml")).expect("a file");
    let dark = parsed(&dark).into_values().next().expect("a kustomization");
    assert_eq!(dark["namespace"], "m");
    assert_eq!(dark["replicas"].as_array().map(Vec::len), Some(1), "sidekiq says none: {dark}");
    let images: Vec<&Value> =
        dark["images"].as_array().into_iter().flatten().map(|image| &image["name"]).collect();
    assert_eq!(images, ["registry.example:5000/wait", "registry.example:5000/log"], "one build each");
    let base: String = std::fs::read_dir(tree.join("base"))
        .expect("a base")
        .flatten()
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a file"))
        .collect();
    for own in ["odd.example", "DB_HOST", "namespace: m", "replicas:", "500m"] {
        assert!(!base.contains(own), "{own} in the base:\n{base}");
    }
    assert!(base.contains("RAILS_LOG_LEVEL"));
}

#[test]
fn it_reads_back_as_the_same_installation() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, source) in trees().into_iter().enumerate() {
        let (plain, tree) = both(&source, &folder.path().join(number.to_string()));
        let seen = |folder: &Path| {
            let mut seen = json(&["inspect", &format!("manifests:{}", text(folder))]);
            let parts = seen["components"].as_array_mut().expect("components");
            parts.retain(|part| part["component"] != "migration");
            for part in parts.iter_mut() {
                part.as_object_mut().expect("a part").retain(|key, _| key != "at" && key != "source");
            }
            (parts.clone(), seen["domain"].clone(), seen["routes"].clone())
        };
        let built = folder.path().join(format!("{number}.yaml"));
        let objects = mastoferry(&["inspect", "--objects", text(&overlay(&tree))]).output().expect("runs");
        std::fs::write(&built, objects.stdout).expect("written");
        let (mut before, mut after) = (seen(&plain), seen(&built));
        for parts in [&mut before.0, &mut after.0] {
            parts.sort_by_key(|part| part["workload"].to_string());
        }
        let names =
            |parts: &[Value]| -> Vec<Value> { parts.iter().map(|part| part["workload"].clone()).collect() };
        assert_eq!(names(&before.0), names(&after.0));
        assert_eq!(before.1, after.1);
        assert_eq!(before.2.as_array().map(Vec::len), after.2.as_array().map(Vec::len));
    }
}

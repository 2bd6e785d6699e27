//! Real trees through `inspect --objects`, `convert` and `plan`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub(crate) fn mastoferry(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    command.args(["--lang", "en"]).args(arguments);
    command
}

pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kustomize-production")
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
pub(crate) fn trees() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    let k01 = shared.join("corpus/k01-ykzts-infra/k8s/overlays/production");
    if k01.is_dir() {
        return vec![example(), k01];
    }
    eprintln!("SKIPPED in part: the corpus is not at hand; set MASTOFERRY_SHARED to try the k01 tree too");
    vec![example()]
}

pub(crate) fn json(arguments: &[&str]) -> Value {
    let output = mastoferry(arguments).args(["--output", "json"]).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output alone")
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn every_leaf_is_accounted_for_and_names_its_line() {
    for tree in trees() {
        let result = json(&["convert", text(&tree)]);
        assert_eq!(result["ledger"]["unaccounted"], 0, "{}", tree.display());
        assert_eq!(result["verdict"], "equivalent");
        let items = result["items"].as_array().expect("items");
        assert_eq!(result["ledger"]["leaves"], items.len());
        for item in items {
            let source = item["source"].as_str().expect("a place");
            let (file, line) = source.rsplit_once(':').expect("file:line");
            let line: usize = line.parse().expect("a line");
            let written = std::fs::read_to_string(file).expect("the user's own file");
            assert!(line >= 1 && line <= written.lines().count(), "{source}");
        }
    }
}

#[test]
fn no_container_setting_route_or_neighbour_is_missing_on_green() {
    for tree in trees() {
        let before = json(&["inspect", text(&tree)]);
        let plan = json(&["plan", text(&tree)]);
        let web = plan["green"].as_array().into_iter().flatten().find(|object| {
            object["kind"] == "Deployment"
                && object["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "web"
        });
        let web = web.expect("green web");
        let old =
            plan["blue"].as_array().into_iter().flatten().find(|object| {
                object["kind"] == "Deployment" && object["metadata"]["name"] == "mastodon-web"
            });
        let containers =
            |object: &Value| object["spec"]["template"]["spec"]["containers"].as_array().map(Vec::len);
        assert_eq!(containers(web), containers(old.expect("blue web")), "sidecars come along");
        assert_eq!(before["routes"].as_array().map(Vec::len), plan["routes"].as_array().map(Vec::len));
        let scalers = |stage: &str| {
            plan[stage]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|object| object["kind"] == "HorizontalPodAutoscaler")
                .count()
        };
        let removed: Vec<&str> = plan["steps"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|step| step["id"] == "remove-blue")
            .flat_map(|step| step["objects"].as_array().into_iter().flatten().filter_map(Value::as_str))
            .collect();
        let removed_scalers = removed.iter().filter(|id| id.starts_with("HorizontalPodAutoscaler/")).count();
        assert_eq!(scalers("adopted"), removed_scalers, "every autoscaler that goes has a successor");
        for kept in
            ["Ingress/", "Service/", "Secret/", "Certificate/", "ManagedCertificate/", "BackendConfig/"]
        {
            assert!(!removed.iter().any(|id| id.starts_with(kept)), "{kept} stays");
        }
    }
}

#[test]
fn the_objects_are_those_of_the_real_kustomize() {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        skipped();
        return;
    }
    for tree in trees() {
        let ours = mastoferry(&["inspect", "--objects", text(&tree)]).output().expect("runs");
        let theirs = Command::new("kubectl").args(["kustomize", text(&tree)]).output().expect("runs");
        assert!(theirs.status.success());
        let read = |bytes: &[u8]| -> Vec<Value> {
            let mut files = tree::Files::new();
            let file = files.add("objects", String::from_utf8_lossy(bytes).into_owned());
            tree::parse(&files, file).expect("YAML").iter().map(tree::Node::to_json).collect()
        };
        assert_eq!(read(&ours.stdout), read(&theirs.stdout), "{}", tree.display());
    }
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs kubectl on the PATH");
}

#[test]
fn convert_writes_a_whole_folder_or_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let example = example();
    let manifests = ["convert", text(&example), "--to", "manifests", "--out", text(&out)];
    let done = mastoferry(&manifests).output().expect("runs");
    assert!(done.status.success());
    for file in ["LEDGER.md", "LEDGER.json", "green", "adopted", "kept", "switched", "withheld"] {
        assert!(out.join(file).exists(), "{file}");
    }
    let again = mastoferry(&manifests).output().expect("runs");
    assert_eq!(again.status.code(), Some(2), "a folder that holds something is never written to");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "nothing half-written beside it: {left:?}");
}

#[test]
fn a_compose_project_is_seen_as_its_owner_knows_it_and_tells_no_secret() {
    let compose = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/compose");
    let found = json(&["inspect", text(&compose)]);
    assert_eq!(found["domain"], "social.example");
    let part = |name: &str| {
        let parts = found["components"].as_array().into_iter().flatten();
        parts.clone().find(|part| part["component"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(part("web")["workload"], "service/web");
    assert_eq!(part("streaming")["workload"], "service/streaming");
    let secrets: Vec<_> = found["secrets"].as_array().into_iter().flatten().collect();
    assert_eq!(secrets.len(), 1, "{secrets:?}");
    assert_eq!((&secrets[0]["name"], &secrets[0]["held"]), (&".env.production".into(), &"env-file".into()));
    let findings: Vec<_> =
        found["findings"].as_array().into_iter().flatten().map(|finding| &finding["finding"]).collect();
    assert_eq!(findings, ["unserved-queue", "misspelt-settings"]);
    for form in ["text", "json", "markdown"] {
        let output = mastoferry(&["inspect", text(&compose), "--output", form]).output().expect("runs");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("made-up"), "a secret as {form}");
    }
    let objects = mastoferry(&["inspect", text(&compose), "--objects"]).output().expect("runs");
    let normalised = String::from_utf8_lossy(&objects.stdout);
    assert!(normalised.contains("image: ghcr.io/mastodon/mastodon:v4.5.2"), "interpolated: {normalised}");
    assert!(!normalised.contains("made-up"), "a secret among the objects");
}

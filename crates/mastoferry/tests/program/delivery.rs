//! `convert --with`: what Argo CD, Flux and Skaffold are handed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::trees::{json as run_json, mastoferry, text, trees};

const REPOSITORY: &str = "https://charts.example/mastodon";

fn documents(bytes: &[u8]) -> Vec<Value> {
    let mut files = tree::Files::new();
    let file = files.add("documents", String::from_utf8_lossy(bytes).into_owned());
    tree::parse(&files, file).expect("YAML").iter().map(tree::Node::to_json).collect()
}

fn read(path: &Path) -> Vec<Value> {
    documents(&std::fs::read(path).expect("a file"))
}

fn written(source: &Path, to: &str, out: &Path, more: &[&str]) -> String {
    let all = ["convert", text(source), "--to", to, "--out", text(out)];
    let tools = ["--with", "argo-cd", "--with", "flux", "--with", "skaffold"];
    let output = mastoferry(&all).args(tools).args(more).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything written for a tool, by its path.
fn for_tools(out: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    for folder in ["argo-cd", "flux"] {
        for entry in std::fs::read_dir(out.join(folder)).expect("a folder").flatten() {
            found.insert(format!("{folder}/{}", entry.file_name().to_string_lossy()), read(&entry.path()));
        }
    }
    for file in ["skaffold.yaml", "kustomization.yaml"] {
        if out.join(file).exists() {
            found.insert(file.to_owned(), read(&out.join(file)));
        }
    }
    found
}

#[test]
fn flux_gets_the_same_values_and_the_same_patches() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, source) in trees().iter().enumerate() {
        let out = folder.path().join(number.to_string());
        written(source, "helm", &out, &["--repository", REPOSITORY]);
        let release = read(&out.join("flux/release.yaml")).remove(0);
        assert_eq!(release["spec"]["values"], read(&out.join("values.yaml"))[0]);
        for action in ["install", "upgrade", "rollback", "uninstall"] {
            assert_eq!(release["spec"][action]["disableHooks"], true, "{action}");
        }
        let patches: Vec<Value> = release["spec"]["postRenderers"][0]["kustomize"]["patches"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|patch| documents(patch["patch"].as_str().expect("a text").as_bytes()))
            .collect();
        let overlay = read(&out.join("supplements/kustomization.yaml")).remove(0);
        let own: Vec<Value> = overlay["patches"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|patch| read(&out.join("supplements").join(patch["path"].as_str().expect("a path"))))
            .collect();
        assert_eq!(patches, own);
    }
}

/// What `inspect` makes out: every part of Mastodon, its settings and what it needs, without places in files.
fn made_out(source: &str) -> Value {
    let mut seen = run_json(&["inspect", source]);
    fn forget_places(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|key, _| !matches!(key.as_str(), "at" | "source" | "place" | "origin"));
                members.values_mut().for_each(forget_places);
            }
            Value::Array(items) => items.iter_mut().for_each(forget_places),
            _ => {}
        }
    }
    forget_places(&mut seen);
    json!({ "components": seen["components"], "domain": seen["domain"], "stores": seen["stores"] })
}

#[test]
fn flux_documents_read_back_as_the_values_do() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, source) in trees().iter().enumerate() {
        for repository in [REPOSITORY, "oci://registry.example/charts"] {
            let out = folder.path().join(format!("{number}-{}", &repository[..3]));
            written(source, "helm", &out, &["--repository", repository, "--namespace", "lighthouse"]);
            let release = text(&out).to_owned() + "/flux";
            let flux = made_out(&format!("manifests:{release}"));
            let values = made_out(&format!("helm:{}/values.yaml", text(&out)));
            let settings = |seen: &Value| -> Vec<Value> {
                let parts = seen["components"].as_array().into_iter().flatten();
                parts.map(|part| json!([part["component"], part["settings"], part["replicas"]])).collect()
            };
            assert!(!settings(&values).is_empty());
            assert_eq!(settings(&flux), settings(&values), "{}", source.display());
            assert_eq!(flux["domain"], values["domain"]);
        }
    }
}

#[test]
fn argo_cd_neither_prunes_nor_migrates_nor_fights_an_autoscaler() {
    let folder = tempfile::tempdir().expect("a folder");
    for to in ["helm", "kustomize", "manifests"] {
        let out = folder.path().join(to);
        written(&trees()[0], to, &out, &[]);
        let application = read(&out.join("argo-cd/application.yaml")).remove(0);
        let policy = &application["spec"]["syncPolicy"];
        assert_eq!(policy["automated"], Value::Null, "synchronised by hand");
        let options = policy["syncOptions"].as_array().expect("options");
        for option in ["Prune=false", "ServerSideApply=true", "RespectIgnoreDifferences=true"] {
            assert!(options.contains(&option.into()), "{option}");
        }
        assert_eq!(application["metadata"]["finalizers"], Value::Null, "its end is not theirs");
        let ignored = &application["spec"]["ignoreDifferences"][0];
        assert_eq!(ignored["name"], "social-mastodon-web");
        assert_eq!(ignored["jsonPointers"], json!(["/spec/replicas"]));
    }
    let inflated = read(&folder.path().join("helm/kustomization.yaml")).remove(0);
    assert_eq!(inflated["helmCharts"][0]["skipHooks"], true);
    assert_eq!(inflated["helmCharts"][0]["valuesFile"], "values.yaml");
}

#[test]
fn no_delivery_takes_a_job_in_that_changes_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    for to in ["helm", "kustomize", "manifests"] {
        let out = folder.path().join(to);
        written(&trees()[0], to, &out, &[]);
        assert!(out.join("withheld").is_dir());
        for (path, documents) in for_tools(&out) {
            let said = Value::Array(documents).to_string();
            assert!(!said.contains("withheld"), "{to} {path}");
        }
    }
}

#[test]
fn what_only_the_owner_knows_is_left_to_fill_in_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (open, known) = (folder.path().join("open"), folder.path().join("known"));
    let told = written(&trees()[0], "helm", &open, &[]);
    for place in ["CHART-REPOSITORY", "GIT-REPOSITORY", "FOLDER", "NAMESPACE"] {
        assert!(told.contains(&format!("FILL-IN-{place}")), "{told}");
    }
    let more = ["--repository", REPOSITORY, "--namespace", "lighthouse"];
    let told = written(&trees()[0], "helm", &known, &more);
    assert!(!told.contains("CHART-REPOSITORY") && !told.contains("NAMESPACE"), "{told}");
    for (path, documents) in for_tools(&known) {
        let said = Value::Array(documents).to_string();
        assert!(!said.contains("FILL-IN-CHART") && !said.contains("FILL-IN-NAMESPACE"), "{path}: {said}");
    }
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place)
        } else {
            drop(std::fs::copy(entry.path(), place))
        }
    }
}

/// By kind and name, without Helm's hooks.
fn by_name(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let lasting =
        objects.into_iter().filter(|object| object["metadata"]["annotations"]["helm.sh/hook"].is_null());
    lasting.map(|object| (format!("{} {}", object["kind"], object["metadata"]["name"]), object)).collect()
}

#[test]
fn what_kustomize_inflates_is_what_helm_and_the_post_renderer_make() {
    let chart = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/chart");
    let folder = tempfile::tempdir().expect("a folder");
    for (number, source) in trees().iter().enumerate() {
        let out = folder.path().join(number.to_string());
        written(source, "helm", &out, &["--repository", REPOSITORY, "--namespace", "lighthouse"]);
        // The chart lies beside the kustomization instead of in a repository.
        copy(&chart, &out.join("charts/mastodon"));
        let kustomization = std::fs::read_to_string(out.join("kustomization.yaml")).expect("a file");
        let local: String = kustomization
            .lines()
            .filter(|line| !line.contains("repo:") && !line.contains("  version:"))
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(out.join("kustomization.yaml"), local).expect("written");
        let release = read(&out.join("flux/release.yaml"))[0]["spec"]["releaseName"].clone();
        let release = release.as_str().expect("a release");
        let helm = Command::new("helm")
            .args(["template", release, text(&out.join("charts/mastodon")), "-n", "lighthouse", "-f"])
            .arg(out.join("values.yaml"))
            .output();
        let built = Command::new("kubectl").args(["kustomize", "--enable-helm", text(&out)]).output();
        let (Ok(helm), Ok(built)) = (helm, built) else { return skipped("helm and kubectl on the PATH") };
        assert!(helm.status.success(), "{}", String::from_utf8_lossy(&helm.stderr));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let mut script = Command::new(out.join("supplements/post-render.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script runs");
        script.stdin.take().expect("a pipe").write_all(&helm.stdout).expect("written");
        let rendered = script.wait_with_output().expect("rendered");
        assert!(rendered.status.success());
        assert_eq!(by_name(documents(&built.stdout)), by_name(documents(&rendered.stdout)));
    }
}

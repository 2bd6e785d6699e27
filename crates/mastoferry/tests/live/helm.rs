//! What Helm itself makes of a release that a rehearsal left behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chart::release::from_secret;
use clock::Clock;
use rehearsal::{Store, client, router};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{openapi, protobuf};

const NAMESPACE: &str = "mastodon";
const RELEASE: &str = "social-mastodon";

/// A cluster as a rehearsal left it, on a port of its own, and Helm with a home of its own.
struct Left {
    folder: TempDir,
    store: Store,
    runtime: tokio::runtime::Runtime,
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn mastoferry(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    command.args(arguments).arg(repository("examples/kustomize-production")).env("NO_COLOR", "1");
    command
}

impl Left {
    fn by_a_rehearsal() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let mut rehearsal = mastoferry(&["--output", "json", "rehearse"]);
        rehearsal.args(["--speed", "100", "--rate", "40", "--sockets", "2", "--state"]).arg(&state);
        let output = rehearsal.output().expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Beside it lies the identity that the backup's Secrets are encrypted for.
        let mut found =
            std::fs::read_dir(state).expect("a state").map(|entry| entry.expect("readable").path());
        let done = found.find(|path| path.is_dir()).expect("one");
        let store = Store::open(Some(&done.join("cluster/objects.log")), Clock::real()).expect("a cluster");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = router(store.clone())
            .layer(axum::middleware::from_fn(protobuf::as_json))
            .layer(axum::middleware::from_fn(openapi::answered));
        runtime.spawn(async move { axum::serve(listener, app).await });
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": NAMESPACE}}],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).expect("written");
        Self { folder, store, runtime }
    }

    fn helm(&self, arguments: &[&str]) -> String {
        let output = self.try_helm(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {arguments:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn try_helm(&self, arguments: &[&str]) -> Output {
        let home = |name: &str| self.folder.path().join(name);
        let mut command = Command::new("helm");
        command.args(arguments).env("KUBECONFIG", home("config")).env_remove("HELM_PLUGINS");
        command.env("HELM_CACHE_HOME", home("cache")).env("HELM_CONFIG_HOME", home("configuration"));
        command.env("HELM_DATA_HOME", home("data")).output().expect("helm runs")
    }

    /// An upgrade with what `convert` wrote, and more.
    fn upgrade(&self, more: &[&str]) -> String {
        let (chart, values) = (repository("examples/chart"), self.folder.path().join("out/values.yaml"));
        let mut arguments = vec!["upgrade", RELEASE, text(&chart), "-f", text(&values)];
        arguments.extend(["--post-renderer", "social-mastodon-supplements"]);
        arguments.extend(more);
        self.helm(&arguments)
    }

    /// Every object that the release could have changed, with the version that it has.
    fn versions(&self) -> Vec<(String, String)> {
        let cluster = self.cluster();
        let mut versions = Vec::new();
        for (version, kind) in [
            ("v1", "ConfigMap"),
            ("v1", "Service"),
            ("apps/v1", "Deployment"),
            ("batch/v1", "CronJob"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ("policy/v1", "PodDisruptionBudget"),
            ("monitoring.coreos.com/v1", "PodMonitor"),
        ] {
            let found = self.runtime.block_on(cluster.list(&cluster::Kind::new(version, kind), None));
            for object in found.expect("a list") {
                let field = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
                versions.push((format!("{kind}/{}", field("name")), field("resourceVersion")));
            }
        }
        versions
    }

    fn cluster(&self) -> cluster::Cluster {
        let _inside = self.runtime.enter();
        cluster::Cluster::new(client(&self.store, NAMESPACE), NAMESPACE, Clock::real())
    }

    fn secret(&self, revision: u32) -> Value {
        let cluster = self.cluster();
        let name = format!("sh.helm.release.v1.{RELEASE}.v{revision}");
        let place = cluster::ObjectRef::new(cluster::Kind::secret(), &name);
        self.runtime.block_on(cluster.need(&place)).expect("a record")
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub(crate) fn has_helm() -> bool {
    Command::new("helm").arg("version").output().is_ok_and(|output| output.status.success())
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
pub(crate) fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

/// The objects of a manifest, sorted: their order is Helm's own affair.
fn objects(manifest: &Value) -> Vec<String> {
    let mut files = tree::Files::new();
    let file = files.add("manifest", manifest.as_str().expect("a text"));
    let documents = tree::parse(&files, file).expect("YAML");
    let mut objects: Vec<String> =
        documents.iter().map(|object| sorted(&object.to_json()).to_string()).collect();
    objects.sort();
    objects
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, Value)> =
                fields.iter().map(|(key, value)| (key, sorted(value))).collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            fields.into_iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[test]
fn helm_takes_the_release_over_as_its_own() {
    if !has_helm() {
        return skipped("helm 4 on PATH");
    }
    let left = Left::by_a_rehearsal();
    let out = left.folder.path().join("out");
    let mut convert = mastoferry(&["convert", "--out", text(&out)]);
    assert!(convert.output().expect("runs").status.success());

    let listed: Value = serde_json::from_str(&left.helm(&["list", "-o", "json"])).expect("JSON");
    assert_eq!(listed[0]["name"], RELEASE);
    assert_eq!(listed[0]["status"], "deployed");
    assert_eq!(listed[0]["chart"], "mastodon-1.0.2+example");
    let history: Value = serde_json::from_str(&left.helm(&["history", RELEASE, "-o", "json"])).expect("JSON");
    assert_eq!(history.as_array().map(Vec::len), Some(1));
    let values: Value =
        serde_json::from_str(&left.helm(&["get", "values", RELEASE, "-o", "json"])).expect("JSON");
    let mut files = tree::Files::new();
    let file = files.add("values.yaml", std::fs::read_to_string(out.join("values.yaml")).expect("values"));
    let written = tree::parse(&files, file).expect("YAML").remove(0).to_json();
    assert_eq!(sorted(&values), sorted(&written), "Helm has the values that `convert` writes");
    for name in ["Deployment", "CronJob", "HorizontalPodAutoscaler"] {
        assert!(left.helm(&["get", "manifest", RELEASE]).contains(&format!("kind: {name}")));
    }

    left.helm(&["plugin", "install", text(&out.join("supplements"))]);
    let before = left.versions();
    left.upgrade(&[]);
    assert_eq!(left.versions(), before, "the same values change nothing");
    let (ours, helms) = (from_secret(&left.secret(1)), from_secret(&left.secret(2)));
    let (ours, helms) = (ours.expect("our record"), helms.expect("Helm's record"));
    assert_eq!(objects(&ours["manifest"]), objects(&helms["manifest"]), "Helm keeps what we kept");
    assert_eq!(sorted(&ours["config"]), sorted(&helms["config"]));
    assert_eq!(sorted(&ours["chart"]["metadata"]), sorted(&helms["chart"]["metadata"]));
    assert_eq!(sorted(&ours["chart"]["values"]), sorted(&helms["chart"]["values"]));
    assert_eq!(names(&ours["chart"]["templates"]), names(&helms["chart"]["templates"]));

    left.upgrade(&["--set", "mastodon.web.replicas=3"]);
    let after = left.versions();
    let changed: Vec<&str> =
        before.iter().zip(&after).filter(|(a, b)| a != b).map(|((name, _), _)| name.as_str()).collect();
    assert_eq!(changed, ["Deployment/social-mastodon-web"], "no field is held against Helm");

    left.helm(&["uninstall", RELEASE]);
    let rest: Vec<String> = left.versions().into_iter().map(|(name, _)| name).collect();
    assert!(
        rest.iter().any(|name| name == "Service/mastodon-web"),
        "what was there before Helm stays: {rest:?}"
    );
    assert!(!rest.iter().any(|name| name.contains(RELEASE)), "{rest:?}");
}

fn names(files: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        files.as_array().into_iter().flatten().filter_map(|file| file["name"].as_str()).collect();
    names.sort_unstable();
    names
}

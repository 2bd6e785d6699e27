//! What Helm makes of the release that a migration left: each strategy, moved by the program as its users run it, with the
//! users' files on a claim.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cluster::{Kind, ObjectRef};
use serde_json::{Value, json};

use crate::helm::{has_helm, repository, skipped, text};
use crate::migrate::{Field, code, said};

const RELEASE: &str = "social-mastodon";
const CLAIM: &str = "mastodon-system";

/// One move at a time: two clusters and their users are much for a small machine. Whether users noticed is held elsewhere.
static TURN: Mutex<()> = Mutex::new(());

/// The example with its media on a claim that web and Sidekiq mount.
fn tree(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(repository("examples/kustomize-production")).arg(&tree);
    assert!(copy.status().expect("cp runs").success());
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": CLAIM},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}},
    });
    std::fs::write(tree.join("claim.yaml"), claim.to_string()).expect("written");
    let file = tree.join("kustomization.yaml");
    let kustomization = std::fs::read_to_string(&file).expect("a kustomization");
    let mut kustomization =
        kustomization.replace("resources:\n", "namespace: mastodon\nresources:\n- claim.yaml\n");
    for name in mounting(&tree) {
        let pod = "/spec/template/spec";
        let volume =
            format!("[{{\"name\": \"media\", \"persistentVolumeClaim\": {{\"claimName\": \"{CLAIM}\"}}}}]");
        let mount = "[{\"name\": \"media\", \"mountPath\": \"/opt/mastodon/public/system\"}]";
        kustomization += &format!(
            "- target: {{kind: Deployment, name: {name}}}\n  patch: |-\n    - {{op: add, path: {pod}/volumes, value: {volume}}}\n    - {{op: add, path: {pod}/containers/0/volumeMounts, value: {mount}}}\n"
        );
    }
    std::fs::write(file, kustomization).expect("written");
    tree
}

/// The Deployments that keep users' files.
fn mounting(tree: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for file in ["web", "sidekiq"] {
        let file = tree.join(format!("base/{file}.yaml"));
        let text = std::fs::read_to_string(file).expect("a file of the example");
        for document in text.split("\n---\n").filter(|it| it.contains("kind: Deployment")) {
            let name = document.lines().find_map(|line| line.strip_prefix("  name: "));
            names.push(name.expect("a name").to_owned());
        }
    }
    names
}

struct Moved {
    field: Field,
    tree: PathBuf,
    _folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Moved {
    fn by(strategy: &str) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder");
        let tree = tree(folder.path());
        let field = Field::of(&tree, &["--strategy", strategy]);
        // What every Mastodon's Secret holds, and a stand-in's does not.
        let keys = installation::required_secrets(Some((4, 5))).into_iter();
        let data: serde_json::Map<String, Value> =
            keys.map(|key| (key.to_owned(), json!("c2VjcmV0"))).collect();
        field.change(Kind::secret(), "mastodon-secrets", &json!({"data": data}));
        let moved = field.on("migrate", &["--approve"]).output().expect("runs");
        assert_eq!(code(&moved), 0, "{strategy}: {}", said(&moved));
        Self { field, tree, _folder: folder, _turn: turn }
    }

    fn helm(&self, arguments: &[&str]) -> String {
        let home = |name: &str| self.field.path(name);
        let mut command = Command::new("helm");
        command.args(arguments).args(["--namespace", &self.field.plan.namespace]);
        command.env("KUBECONFIG", home("config")).env_remove("HELM_PLUGINS");
        command.env("HELM_CACHE_HOME", home("cache")).env("HELM_CONFIG_HOME", home("configuration"));
        let output = command.env("HELM_DATA_HOME", home("data")).output().expect("helm runs");
        assert!(output.status.success(), "helm {arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn asked(&self, arguments: &[&str]) -> Value {
        let text = self.helm(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    fn upgrade(&self, more: &[&str]) {
        let (chart, values) = (repository("examples/chart"), self.field.path("out/values.yaml"));
        let base = ["upgrade", RELEASE, text(&chart), "-f", text(&values)];
        self.helm(&[&base[..], &["--post-renderer", "social-mastodon-supplements"], more].concat());
    }

    /// What Helm may write to, and the version that each has.
    fn versions(&self) -> Vec<(String, String)> {
        let kinds = [
            ("v1", "ConfigMap"),
            ("v1", "Service"),
            ("v1", "PersistentVolumeClaim"),
            ("apps/v1", "Deployment"),
            ("batch/v1", "CronJob"),
            ("networking.k8s.io/v1", "Ingress"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ("policy/v1", "PodDisruptionBudget"),
        ];
        let mut versions = Vec::new();
        for (version, kind) in kinds {
            let kind_of = Kind::new(version, kind);
            let listed = self.field.cluster.list(&kind_of, None);
            for object in self.field.runtime.block_on(listed).expect("a list") {
                let field = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
                // Controllers write the status, which is not Helm's: what is asked for has a generation, or is compared itself.
                let version = match kind {
                    "HorizontalPodAutoscaler" | "PodDisruptionBudget" => object["spec"].to_string(),
                    _ if object["metadata"]["generation"].is_null() => field("resourceVersion"),
                    _ => object["metadata"]["generation"].to_string(),
                };
                versions.push((format!("{kind}/{}", field("name")), version));
            }
        }
        versions
    }

    fn replicas(&self, deployment: &str) -> Value {
        let place = ObjectRef::new(Kind::deployment(), deployment);
        let found = self.field.runtime.block_on(self.field.cluster.need(&place)).expect("it stands");
        found["spec"]["replicas"].clone()
    }
}

fn changed(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let known = |own: &&(String, String)| !before.contains(own);
    after.iter().filter(known).map(|(name, _)| name.clone()).collect()
}

fn helm_goes_on_after(strategy: &str) {
    if !has_helm() {
        return skipped("helm 4 on PATH");
    }
    let moved = Moved::by(strategy);
    let out = moved.field.path("out");
    let mut convert = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    let converted = convert.args(["convert", "--out", text(&out)]).arg(&moved.tree).output().expect("runs");
    assert!(converted.status.success(), "{}", said(&converted));

    assert_eq!(moved.asked(&["list"])[0]["status"], "deployed");
    assert_eq!(moved.asked(&["history", RELEASE]).as_array().map(Vec::len), Some(1));
    assert!(moved.asked(&["get", "values", RELEASE]).is_object());
    assert!(moved.helm(&["get", "manifest", RELEASE]).contains("kind: Deployment"));

    moved.helm(&["plugin", "install", text(&out.join("supplements"))]);
    let before = moved.versions();
    moved.upgrade(&[]);
    assert_eq!(changed(&before, &moved.versions()), Vec::<String>::new(), "the same values change nothing");
    let web = format!("{RELEASE}-web");
    let wanted = moved.replicas(&web);
    moved.upgrade(&["--set", "mastodon.web.replicas=3"]);
    let upgraded = moved.versions();
    assert_eq!(changed(&before, &upgraded), [format!("Deployment/{web}")]);
    assert_eq!(moved.replicas(&web), 3);
    moved.helm(&["rollback", RELEASE, "1"]);
    assert_eq!(changed(&upgraded, &moved.versions()), [format!("Deployment/{web}")], "what we recorded");
    assert_eq!(moved.replicas(&web), wanted);

    moved.helm(&["uninstall", RELEASE]);
    let rest: Vec<String> = moved.versions().into_iter().map(|(name, _)| name).collect();
    for kept in [&*format!("PersistentVolumeClaim/{CLAIM}"), "Service/mastodon-web", "Ingress/mastodon"] {
        assert!(rest.iter().any(|name| name == kept), "{kept} was there before Helm: {rest:?}");
    }
    assert!(!rest.iter().any(|name| name.contains(RELEASE)), "{rest:?}");
    let claim = ObjectRef::new(Kind::new("v1", "PersistentVolumeClaim"), CLAIM);
    let claim = moved.field.runtime.block_on(moved.field.cluster.need(&claim)).expect("the users' files");
    assert!(claim["metadata"]["deletionTimestamp"].is_null(), "{claim}");
}

#[test]
fn helm_goes_on_after_a_blue_green_migration() {
    helm_goes_on_after("blue-green");
}

#[test]
fn helm_goes_on_after_a_rolling_migration() {
    helm_goes_on_after("rolling");
}

#[test]
fn helm_goes_on_after_a_migration_with_a_maintenance_page() {
    helm_goes_on_after("maintenance");
}

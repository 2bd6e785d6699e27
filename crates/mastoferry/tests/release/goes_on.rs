//! What Helm makes of a release that a migration left, wherever it stands: the checks, and the tree that they need, with the
//! users' files on a claim.

use std::path::{Path, PathBuf};
use std::process::Command;

use cluster::{Cluster, Kind, ObjectRef};
use serde_json::{Value, json};

const RELEASE: &str = "social-mastodon";
const CLAIM: &str = "mastodon-system";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The example with its media on a claim that web and Sidekiq mount.
pub(crate) fn tree(folder: &Path) -> PathBuf {
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

/// A release that the program left, and Helm with a home of its own.
pub(crate) struct Release<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) namespace: &'a str,
    pub(crate) kubeconfig: &'a Path,
    /// Helm's home, and what is written for it.
    pub(crate) folder: &'a Path,
}

impl Release<'_> {
    fn helm(&self, arguments: &[&str]) -> String {
        let home = |name: &str| self.folder.join(name);
        let mut command = Command::new("helm");
        command.args(arguments).args(["--namespace", self.namespace]);
        command.env("KUBECONFIG", self.kubeconfig).env_remove("HELM_PLUGINS");
        command.env("HELM_CACHE_HOME", home("cache")).env("HELM_CONFIG_HOME", home("configuration"));
        command.env("HELM_DATA_HOME", home("data"));
        // Whoever plays the node goes on meanwhile.
        let output = tokio::task::block_in_place(|| command.output().expect("helm runs"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn asked(&self, arguments: &[&str]) -> Value {
        let text = self.helm(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    fn upgrade(&self, more: &[&str]) {
        let (chart, values) = (repository("examples/chart"), self.folder.join("out/values.yaml"));
        let base = ["upgrade", RELEASE, text(&chart), "-f", text(&values)];
        self.helm(&[&base[..], &["--post-renderer", "social-mastodon-supplements"], more].concat());
    }

    /// What Helm may write to, and the version that each has.
    async fn versions(&self) -> Vec<(String, String)> {
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
            for object in self.cluster.list(&kind_of, None).await.expect("a list") {
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

    async fn replicas(&self, deployment: &str) -> Value {
        let place = ObjectRef::new(Kind::deployment(), deployment);
        self.cluster.need(&place).await.expect("it stands")["spec"]["replicas"].clone()
    }

    /// Helm lists it, upgrades it, goes back to what the program recorded, and takes it away; the users' files and what was
    /// there before Helm stay.
    pub(crate) async fn helm_goes_on(&self, tree: &Path) {
        let out = self.folder.join("out");
        let mut convert = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
        let converted = convert.args(["convert", "--out", text(&out)]).arg(tree).output().expect("runs");
        assert!(converted.status.success(), "{}", String::from_utf8_lossy(&converted.stderr));

        assert_eq!(self.asked(&["list"])[0]["status"], "deployed");
        assert_eq!(self.asked(&["history", RELEASE]).as_array().map(Vec::len), Some(1));
        assert!(self.asked(&["get", "values", RELEASE]).is_object());
        assert!(self.helm(&["get", "manifest", RELEASE]).contains("kind: Deployment"));

        self.helm(&["plugin", "install", text(&out.join("supplements"))]);
        let before = self.versions().await;
        self.upgrade(&[]);
        let same = self.versions().await;
        assert_eq!(changed(&before, &same), Vec::<String>::new(), "the same values change nothing");
        let web = format!("{RELEASE}-web");
        let wanted = self.replicas(&web).await;
        self.upgrade(&["--set", "mastodon.web.replicas=3"]);
        let upgraded = self.versions().await;
        assert_eq!(changed(&before, &upgraded), [format!("Deployment/{web}")]);
        assert_eq!(self.replicas(&web).await, 3);
        self.helm(&["rollback", RELEASE, "1"]);
        let back = self.versions().await;
        assert_eq!(changed(&upgraded, &back), [format!("Deployment/{web}")], "what we recorded");
        assert_eq!(self.replicas(&web).await, wanted);

        self.helm(&["uninstall", RELEASE]);
        let rest: Vec<String> = self.versions().await.into_iter().map(|(name, _)| name).collect();
        for kept in [&*format!("PersistentVolumeClaim/{CLAIM}"), "Service/mastodon-web", "Ingress/mastodon"] {
            assert!(rest.iter().any(|name| name == kept), "{kept} was there before Helm: {rest:?}");
        }
        assert!(!rest.iter().any(|name| name.contains(RELEASE)), "{rest:?}");
        let claim = ObjectRef::new(Kind::new("v1", "PersistentVolumeClaim"), CLAIM);
        let claim = self.cluster.need(&claim).await.expect("the users' files");
        assert!(claim["metadata"]["deletionTimestamp"].is_null(), "{claim}");
    }
}

fn changed(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let known = |own: &&(String, String)| !before.contains(own);
    after.iter().filter(known).map(|(name, _)| name.clone()).collect()
}

/// What every Mastodon's Secret holds, and a stand-in's does not.
pub(crate) fn required_secrets() -> Value {
    let keys = installation::required_secrets(Some((4, 5))).into_iter();
    let data: serde_json::Map<String, Value> = keys.map(|key| (key.to_owned(), json!("c2VjcmV0"))).collect();
    json!({ "data": data })
}

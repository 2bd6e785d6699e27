//! `mastoferry rehearse --cluster` against a cluster on loopback that runs its pods.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Command, Output};

use clock::Clock;
use cluster::{Cluster, Kind, ObjectRef, Selector};
use rehearsal::node::Addresses;
use rehearsal::{ClusterInside, HollowNode, Options, World, router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "trial";
const SPEED: f64 = 60.0;

/// What the example's stores are called in the trial.
const OWN_STORES: [&str; 6] = [
    "--setting",
    "DB_HOST=db.trial.internal",
    "--setting",
    "REDIS_HOST=redis.trial.internal",
    "--setting",
    "S3_BUCKET=trial-media",
];

/// A cluster with a namespace for trials, served on a port, and a kubeconfig that leads there.
struct Field {
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
    cluster: Cluster,
    inside: Option<ClusterInside>,
    kubeconfig: PathBuf,
    context: String,
    namespace: String,
}

impl Field {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (inside, address) = runtime.block_on(async {
            let options = Options {
                state_dir: None,
                clock: Clock::faster(SPEED),
                namespace: NAMESPACE.to_owned(),
                release: String::new(),
                faults: Vec::new(),
                listen: (Ipv4Addr::LOCALHOST, 0).into(),
                front: rehearsal::Profile::IngressNginx,
            };
            let inside = ClusterInside::start(options).expect("a cluster");
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let app = router(inside.store().clone());
            tokio::spawn(async move { axum::serve(listener, app).await });
            (inside, address)
        });
        let folder = tempfile::tempdir().expect("a folder");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "trials",
            "clusters": [{"name": "trials", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "trials", "context": {"cluster": "trials", "user": "me"}}],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).expect("written");
        let cluster = Cluster::new(inside.client(), NAMESPACE, Clock::real());
        let kubeconfig = folder.path().join("config");
        let (context, namespace) = ("trials".to_owned(), NAMESPACE.to_owned());
        Self { folder, runtime, cluster, inside: Some(inside), kubeconfig, context, namespace }
    }

    fn rehearse(&self, more: &[&str]) -> Output {
        self.rehearse_in(&self.namespace, more)
    }

    fn rehearse_in(&self, namespace: &str, more: &[&str]) -> Output {
        let example = format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
        command.args(["--lang", "en", "--output", "json", "rehearse", &example, "--to", "manifests"]);
        command.args(["--cluster", &self.context, "--namespace", namespace, "--rate", "40"]);
        if !more.contains(&"--speed") {
            command.args(["--speed", "60"]);
        }
        command.arg("--state").arg(self.folder.path().join("state")).args(more);
        command.env("KUBECONFIG", &self.kubeconfig).env("NO_COLOR", "1");
        command.output().expect("runs")
    }

    fn told(&self, more: &[&str]) -> (i32, Value) {
        let output = self.rehearse(more);
        let error = String::from_utf8_lossy(&output.stderr);
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {error}"));
        (output.status.code().unwrap_or(-1), told)
    }

    /// The Secrets that the preview asks for, with values of the trial's own.
    fn bring(&self, preview: &Value) {
        for need in preview["secrets"].as_array().expect("a list") {
            let keys = need["keys"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let data: serde_json::Map<String, Value> =
                keys.map(|key| (key.to_owned(), json!("bWFkZSB1cCBmb3IgdGhlIHRyaWFs"))).collect();
            let secret = json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": need["secret"]}, "data": data,
            });
            self.runtime.block_on(self.cluster.create(&secret)).expect("made");
        }
    }

    fn of_trial(&self) -> Vec<String> {
        let label =
            std::collections::BTreeMap::from([("mastoferry.dev/staging".to_owned(), "true".to_owned())]);
        let selector = Selector::labels(&label);
        let kinds = [
            Kind::deployment(),
            Kind::service(),
            Kind::new("v1", "ConfigMap"),
            Kind::new("networking.k8s.io/v1", "NetworkPolicy"),
            Kind::new("networking.k8s.io/v1", "Ingress"),
            Kind::new("batch/v1", "CronJob"),
        ];
        let list = async {
            let mut found = Vec::new();
            for kind in &kinds {
                let objects = self.cluster.list(kind, Some(&selector)).await.expect("listed");
                found.extend(
                    objects.iter().map(|object| format!("{}/{}", object["kind"], object["metadata"]["name"])),
                );
            }
            found
        };
        self.runtime.block_on(list)
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        if let Some(inside) = self.inside.take() {
            self.runtime.block_on(inside.stop());
        }
    }
}

fn findings(told: &Value) -> String {
    let lines = told["findings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_move_is_rehearsed_in_a_namespace_and_nothing_of_it_stays() {
    let field = Field::new();
    let (code, told) = field.told(&[]);
    assert_eq!(code, 6, "{told:#}");
    assert!(findings(&told).contains("Secret"), "{told:#}");
    assert!(findings(&told).contains("DB_HOST"), "production's database is not rehearsed on: {told:#}");
    assert!(field.of_trial().is_empty(), "a preview makes nothing");

    field.bring(&told);
    let approved = field.rehearse(&["--approve"]);
    assert_eq!(approved.status.code(), Some(6), "stores are still production's");
    assert!(field.of_trial().is_empty());

    let (code, told) = field.told(&OWN_STORES);
    assert_eq!((code, findings(&told).as_str()), (0, ""), "{told:#}");
    let (code, told) = field.told(&[&OWN_STORES[..], &["--approve"]].concat());
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    assert!(told["traffic"]["requests"].as_u64() > Some(200), "{:#}", told["traffic"]);
    assert!(told["invariants"]["jobs_lost"].is_null(), "what nobody counted is not called fine");
    assert!(field.of_trial().is_empty(), "{:?}", field.of_trial());
    let secret = ObjectRef::new(Kind::secret(), "none-of-ours");
    assert!(field.runtime.block_on(field.cluster.get(&secret)).expect("asked").is_none());
    let secrets = field.runtime.block_on(field.cluster.list(&Kind::secret(), None)).expect("listed");
    assert!(!secrets.is_empty(), "what the user brought stays");
}

#[test]
fn the_live_namespace_and_occupied_ones_are_refused() {
    let field = Field::new();
    let foreign = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "somebodys"},
        "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x"}]}},
        },
    });
    field.runtime.block_on(field.cluster.create(&foreign)).expect("made");
    let (code, told) = field.told(&OWN_STORES);
    assert_eq!(code, 6);
    assert!(findings(&told).contains("Deployment/somebodys runs in namespace trial"), "{told:#}");
    let live = field.rehearse_in("mastodon", &["--approve"]);
    assert_eq!(live.status.code(), Some(6), "{}", String::from_utf8_lossy(&live.stderr));
    let absent = field.rehearse_in("nowhere", &[]);
    let absent: Value = serde_json::from_slice(&absent.stdout).expect("JSON");
    assert!(findings(&absent).contains("kubectl create namespace nowhere"), "{absent:#}");
}

#[test]
fn what_was_kept_is_found_again_and_goes_before_the_next_rehearsal() {
    let field = Field::new();
    let (_, told) = field.told(&[]);
    field.bring(&told);
    let (code, told) = field.told(&[&OWN_STORES[..], &["--approve", "--keep"]].concat());
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert!(field.of_trial().iter().any(|object| object.contains("Deployment")), "{:?}", field.of_trial());
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "looks-like-ours", "labels": {"mastoferry.dev/staging": "true"},
    }});
    let other = field.inside.as_ref().expect("a cluster").client();
    field.runtime.block_on(async {
        let api = kube::Api::<k8s_openapi::api::core::v1::ConfigMap>::namespaced(other, NAMESPACE);
        let parameters =
            kube::api::PostParams { field_manager: Some("kubectl".to_owned()), ..Default::default() };
        api.create(&parameters, &serde_json::from_value(foreign).expect("a ConfigMap")).await.expect("made");
    });

    let (code, told) = field.told(&[&OWN_STORES[..], &["--approve"]].concat());
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    // The label alone does not make an object ours.
    assert_eq!(field.of_trial(), [r#""ConfigMap"/"looks-like-ours""#]);
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped() {
    eprintln!("SKIPPED: needs a real control plane: cargo xtask testbed -- cargo test");
}

#[test]
fn a_move_is_rehearsed_on_a_real_control_plane() {
    // A KUBECONFIG alone is no leave to make objects in somebody's cluster.
    let (Some(_), Some(kubeconfig)) =
        (std::env::var_os("MASTOFERRY_TESTBED"), std::env::var_os("KUBECONFIG"))
    else {
        return skipped();
    };
    let kubeconfig = PathBuf::from(kubeconfig);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let namespace = format!("trial-{}", std::process::id());
    let (cluster, node, context) = runtime.block_on(async {
        let client = kube::Client::try_default().await.expect("the kubeconfig of the testbed");
        let known = kube::config::Kubeconfig::read_from(&kubeconfig).expect("a kubeconfig");
        let context = known.current_context.expect("a current context");
        let node = HollowNode::start_within(
            Addresses::network(Ipv4Addr::new(10, 244, 0, 0)),
            client.clone(),
            World::open(None).expect("a world in memory"),
            Clock::faster(20.0),
            CancellationToken::new(),
        );
        let cluster = Cluster::new(client, &namespace, Clock::real());
        let made = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        cluster.create(&made).await.expect("a namespace");
        (cluster, node, context)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let field = Field { folder, runtime, cluster, inside: None, kubeconfig, context, namespace };
    let (_, told) = field.told(&[]);
    field.bring(&told);
    let (code, told) = field.told(&[&OWN_STORES[..], &["--approve", "--speed", "20"]].concat());
    assert_eq!((code, &told["outcome"]), (0, &Value::from("completed")), "{told:#}");
    assert_eq!(told["traffic"]["failed"], 0, "{:#}", told["traffic"]);
    assert!(field.of_trial().is_empty(), "{:?}", field.of_trial());
    let place = ObjectRef::new(Kind::new("v1", "Namespace"), &field.namespace);
    field.runtime.block_on(async {
        let namespace = field.cluster.need(&place).await.expect("there");
        field.cluster.delete(&namespace, cluster::Propagation::Background).await.expect("deleted");
        node.stop().await;
    });
}

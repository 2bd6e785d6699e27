//! `mastoferry inspect cluster:…` against a server on loopback.

use std::process::{Command, Output};

use clock::Clock;
use cluster::Cluster;
use rehearsal::{Store, client, router};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::reading_back::{example, objects, store_for};

const NAMESPACE: &str = "social";

/// A server on a port of its own, and a kubeconfig that leads to it.
struct Served {
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Served {
    fn new(store: &Store) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = router(store.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        let folder = tempfile::tempdir().expect("a folder");
        // The second context's name is as those of a cloud are.
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [
                {"name": "here", "cluster": {"server": format!("http://{address}")}},
                {"name": "dead", "cluster": {"server": "http://127.0.0.1:9"}},
            ],
            "users": [{"name": "me", "user": {}}],
            "contexts": [
                {"name": "here", "context": {"cluster": "here", "user": "me"}},
                {"name": "arn:cloud:eks/cluster/here", "context": {"cluster": "here", "user": "me"}},
                {"name": "dead", "context": {"cluster": "dead", "user": "me"}},
            ],
        });
        std::fs::write(folder.path().join("config"), config.to_string()).expect("written");
        Self { folder, runtime }
    }

    fn inspect(&self, arguments: &[&str]) -> Output {
        self.run("inspect", arguments)
    }

    fn run(&self, name: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
        command.arg(name).args(arguments).env("NO_COLOR", "1");
        command.env("KUBECONFIG", self.folder.path().join("config"));
        command.output().expect("runs")
    }
}

fn filled() -> Served {
    let objects = objects(&example());
    let store = store_for(&objects);
    let served = Served::new(&store);
    served.runtime.block_on(async {
        let cluster = Cluster::new(client(&store, NAMESPACE), NAMESPACE, Clock::real());
        for object in &objects {
            cluster.apply(object, true).await.expect("applied");
        }
    });
    served
}

fn json_of(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON on standard output: {error}"))
}

#[test]
fn a_namespace_is_inspected_as_its_tree_is() {
    let served = filled();
    let tree = example();
    let components = |output: &Output| -> Vec<Value> {
        let json = json_of(output);
        let all = json["components"].as_array().expect("components").iter();
        let mut all: Vec<Value> = all
            .map(|one| {
                // A server keeps keys in its own order.
                let mut settings = one["settings"].clone();
                settings.as_array_mut().expect("settings").sort_by_key(ToString::to_string);
                json!([one["component"], one["workload"], one["replicas"], one["queues"], settings])
            })
            .collect();
        all.sort_by_key(ToString::to_string);
        all
    };
    let expected = components(&served.inspect(&["--output", "json", tree.to_str().expect("UTF-8")]));
    assert!(!expected.is_empty());
    for source in ["cluster:social", "cluster:here/social", "cluster:arn:cloud:eks/cluster/here/social"] {
        let output = served.inspect(&["--output", "json", source]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(components(&output), expected, "{source}");
    }
    let text = String::from_utf8(served.inspect(&["--output", "json", "cluster:here/social"]).stdout);
    assert!(text.expect("UTF-8").contains("cluster:here/social/Deployment/"), "every place can be found");
}

#[test]
fn what_keeps_a_cluster_from_being_asked_is_said_in_both_languages() {
    let served = filled();
    for (source, lang, word) in [
        ("cluster:nowhere", "en", "no namespace nowhere"),
        ("cluster:nowhere", "ja", "名前空間 nowhere"),
        ("cluster:other/social", "en", "no context other"),
        ("cluster:other/social", "ja", "コンテキスト other"),
        ("cluster:dead/social", "en", "context dead cannot be asked"),
        ("cluster:dead/social", "ja", "コンテキスト dead"),
    ] {
        let output = served.inspect(&["--lang", lang, source]);
        let said = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(word), "{source}: {said}");
    }
    let without = Command::new(env!("CARGO_BIN_EXE_mastoferry"))
        .args(["--lang", "en", "inspect", "cluster:social"])
        .env("KUBECONFIG", served.folder.path().join("none"))
        .env("HOME", served.folder.path())
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&without.stderr);
    assert_eq!(without.status.code(), Some(2), "{said}");
    assert!(said.contains("no kubeconfig"), "{said}");
}

#[test]
fn what_stands_in_a_cluster_is_converted_with_every_leaf_accounted_for() {
    let served = filled();
    let output = served.run("convert", &["--lang", "en", "--output", "json", "cluster:social"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let json = json_of(&output);
    assert_eq!(json["ledger"]["unaccounted"], 0);
    assert_eq!(json["verdict"], "equivalent");
}

//! An oracle for telling the server's fields from the owner's: objects are given to the API server inside, which
//! fills in its own, and what is read back must be what was given.

use std::path::{Path, PathBuf};

use clock::Clock;
use cluster::Cluster;
use rehearsal::{Store, client};
use serde_json::{Map, Value, json};
use source::{Form, Sourced};

const NAMESPACE: &str = "social";

pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kustomize-production")
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn trees() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        eprintln!("SKIPPED in part: needs the corpus; set MASTOFERRY_SHARED to try real trees too");
        return vec![example()];
    }
    vec![
        example(),
        corpus.join("k01-ykzts-infra/k8s/overlays/production"),
        corpus.join("k13-yudejp-2024-10/mastodon"),
        corpus.join("k17-k8s-play/mastodon"),
    ]
}

/// The objects of a tree in one namespace, as their owner would apply them.
pub(crate) fn objects(tree: &Path) -> Vec<Value> {
    let path = tree.to_str().expect("UTF-8");
    let mut files = tree::Files::new();
    let nodes = match kustomize::build(path.into(), &mut files) {
        Ok(build) => build.objects,
        Err(_) => source::read(&path.parse().expect("a source"))
            .expect("readable")
            .objects
            .into_iter()
            .map(|object| object.node)
            .collect(),
    };
    let objects = nodes.iter().map(tree::Node::to_json);
    objects
        .filter(|object| object["kind"] != "Namespace")
        .map(|mut object| {
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.shift_remove("namespace");
            }
            object
        })
        .collect()
}

pub(crate) fn store_for(objects: &[Value]) -> Store {
    let store = Store::open(None, Clock::real()).expect("a store in memory");
    store.ensure_namespace(NAMESPACE).expect("made");
    for object in objects {
        let text = |key: &str| object[key].as_str().expect("text").to_owned();
        store.register(&text("apiVersion"), &text("kind")).expect("registered");
    }
    store
}

enum Way {
    ServerSide,
    ClientSide,
    Created,
}

/// Gives objects to a server in one of three ways, and reads back what stands there then.
async fn round_trip(objects: &[Value], way: &Way) -> Sourced {
    let store = store_for(objects);
    let cluster = Cluster::new(client(&store, NAMESPACE), NAMESPACE, Clock::real());
    for object in objects {
        match way {
            Way::ServerSide => cluster.apply(object, true).await.expect("applied"),
            Way::Created => cluster.create(object).await.expect("created"),
            Way::ClientSide => {
                let mut object = object.clone();
                let given = object.to_string();
                object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
                    given.into();
                cluster.create(&object).await.expect("created")
            }
        };
    }
    let snapshot = cluster.snapshot().await.expect("listed");
    assert_eq!(snapshot.unlisted, []);
    source::live("cluster:inside/social", snapshot.objects, Vec::new())
}

/// Without what means nothing to Kubernetes: nulls, and the namespace that the server adds.
fn comparable(json: &Value) -> Value {
    match json {
        Value::Object(members) => {
            // A server leaves out the value of a variable that is empty.
            let is_nothing =
                |key: &str, child: &Value| child.is_null() || (key == "value" && *child == json!(""));
            let kept = members.iter().filter(|(key, child)| !is_nothing(key, child) && *key != "namespace");
            let kept: Map<String, Value> = kept
                .map(|(key, child)| match (key.as_str(), child) {
                    // Quantities are compared by what they amount to.
                    ("limits" | "requests", Value::Object(quantities)) => {
                        let quantities =
                            quantities.iter().map(|(key, quantity)| (key.clone(), amount(quantity)));
                        (key.clone(), Value::Object(quantities.collect()))
                    }
                    _ => (key.clone(), comparable(child)),
                })
                .collect();
            let kept = kept.into_iter().filter(|(key, child)| !(is_labelling(key) && *child == json!({})));
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(comparable).collect()),
        other => other.clone(),
    }
}

/// How much a quantity is: servers write them otherwise than their owners (`1.5Gi` becomes `1536Mi`).
fn amount(quantity: &Value) -> Value {
    const UNITS: [(&str, f64); 6] =
        [("Ki", 1024.0), ("Mi", 1_048_576.0), ("Gi", 1_073_741_824.0), ("m", 0.001), ("M", 1e6), ("G", 1e9)];
    let written = quantity.as_str().map_or_else(|| quantity.to_string(), str::to_owned);
    let (digits, scale) = UNITS
        .iter()
        .find_map(|(unit, scale)| Some((written.strip_suffix(unit)?, *scale)))
        .unwrap_or((&written, 1.0));
    digits.parse::<f64>().map_or_else(|_| quantity.clone(), |number| Value::from(number * scale))
}

fn is_labelling(key: &str) -> bool {
    matches!(key, "labels" | "annotations")
}

fn find<'a>(objects: &'a Sourced, like: &Value) -> &'a installation::Object {
    let named = |object: &&installation::Object| {
        like["kind"] == object.kind() && like["metadata"]["name"] == object.name()
    };
    objects.objects.iter().find(named).unwrap_or_else(|| panic!("{} is gone", like["metadata"]["name"]))
}

#[tokio::test]
async fn what_was_applied_is_read_back_leaf_by_leaf() {
    for tree in trees() {
        let objects = objects(&tree);
        for way in [Way::ServerSide, Way::ClientSide] {
            let sourced = round_trip(&objects, &way).await;
            assert_eq!(sourced.form, Form::Live);
            // Values of Secrets are sealed; volumes that no claim is bound to are not the namespace's.
            let is_compared = |kind: &str| !matches!(kind, "Secret" | "PersistentVolume" | "StorageClass");
            for object in objects.iter().filter(|object| object["kind"].as_str().is_some_and(is_compared)) {
                let read = find(&sourced, object).node.to_json();
                let name = format!("{} {}", tree.display(), object["metadata"]["name"]);
                pretty(&comparable(&read), &comparable(object), &name);
            }
        }
    }
}

fn pretty(read: &Value, given: &Value, name: &str) {
    assert_eq!(format!("{:#}", sorted(read)), format!("{:#}", sorted(given)), "{name}");
}

fn sorted(json: &Value) -> Value {
    let mut json = json.clone();
    json.sort_all_objects();
    json
}

#[tokio::test]
async fn of_what_was_created_only_defaults_are_taken_for_the_servers() {
    for tree in trees() {
        let objects = objects(&tree);
        let sourced = round_trip(&objects, &Way::Created).await;
        // What is missing from the owner's text must come back when the same is created again.
        let again: Vec<Value> = sourced
            .objects
            .iter()
            .filter(|object| !matches!(object.kind(), "Namespace" | "Secret"))
            .map(|object| comparable(&object.node.to_json()))
            .collect();
        let first = standing(&objects).await;
        let second = standing(&again).await;
        for (id, object) in &second {
            pretty(object, &first[id], id);
        }
    }
}

/// What a server makes of objects, its bookkeeping left out.
async fn standing(objects: &[Value]) -> std::collections::BTreeMap<String, Value> {
    let store = store_for(objects);
    let cluster = Cluster::new(client(&store, NAMESPACE), NAMESPACE, Clock::real());
    let mut standing = std::collections::BTreeMap::new();
    for object in objects {
        let mut stands = cluster.create(object).await.expect("created");
        if let Some(metadata) = stands["metadata"].as_object_mut() {
            for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"] {
                metadata.shift_remove(key);
            }
        }
        for key in ["clusterIP", "clusterIPs"] {
            stands["spec"].as_object_mut().map(|spec| spec.shift_remove(key));
        }
        if object["kind"] == "Job" {
            continue;
        }
        standing.insert(format!("{}/{}", object["kind"], object["metadata"]["name"]), comparable(&stands));
    }
    standing
}

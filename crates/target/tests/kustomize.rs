//! Whatever the objects are, the build of base and overlay is just these objects.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use installation::{Installation, Object};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use target::kustomize::write_kustomize;
use target::{GreenObject, Naming, Stage, Target};
use tree::{Files, Node};

/// Texts that YAML, Kustomize or an image's name could read as something else.
const ODD: [&str; 16] = [
    "",
    "yes",
    "0x10",
    "1e3",
    "~",
    "null",
    " spaces ",
    "two\nlines\n",
    "a: b",
    "# no",
    "日本語",
    "$(NAME)",
    "-",
    "'",
    "1.0",
    "2026-11-21",
];

fn odd() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(&ODD[..]).prop_map(ToOwned::to_owned), "[ -~]{0,12}"]
}

fn image() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("x/web"), Just("x/stream"), Just("registry.example:5000/log"), Just("plain")];
    let build = prop_oneof![
        Just(String::new()),
        Just(":v1".to_owned()),
        Just(":1".to_owned()),
        Just(":v2".to_owned()),
        Just(format!("@sha256:{}", "0".repeat(64))),
        Just(format!(":v1@sha256:{}", "0".repeat(64))),
    ];
    (name, build).prop_map(|(name, build)| format!("{name}{build}"))
}

fn resources() -> impl Strategy<Value = Option<Value>> {
    proptest::option::of(prop_oneof![
        Just(json!({})),
        Just(json!({"limits": {}})),
        Just(json!({"limits": {"cpu": null}})),
        Just(json!({"limits": {"cpu": 1, "memory": "1Gi"}})),
        Just(json!({"requests": {"cpu": "0.5"}, "claims": [{"name": "gpu"}]})),
        Just(json!({"requests": {"cpu": 0.5}})),
    ])
}

fn containers(most: usize) -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec((image(), resources(), proptest::bool::weighted(0.05)), 0..=most).prop_map(
        |all| {
            let made = all.into_iter().enumerate().map(|(index, (image, resources, nameless))| {
                let mut container = Map::new();
                if !nameless {
                    container.insert("name".into(), format!("c{index}").into());
                }
                container.insert("image".into(), image.into());
                container.extend(resources.map(|own| ("resources".to_owned(), own)));
                Value::Object(container)
            });
            made.collect()
        },
    )
}

fn metadata(name: &str, namespace: Option<&str>, labelled: bool) -> Value {
    let mut metadata = json!({ "name": name });
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    if labelled {
        metadata["labels"] = json!({ "app": "m", "own": name });
    }
    metadata
}

fn workload() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![Just("Deployment"), Just("StatefulSet"), Just("CronJob"), Just("Old")];
    let replicas = proptest::option::of(0..4i64);
    (kind, replicas, containers(2), containers(3)).prop_map(|(kind, replicas, first, main)| {
        let mut pod = json!({ "containers": main });
        if !first.is_empty() {
            pod["initContainers"] = first.into();
        }
        let template = json!({ "metadata": { "labels": { "app": "m" } }, "spec": pod });
        match kind {
            "CronJob" => json!({
                "apiVersion": "batch/v1", "kind": "CronJob",
                "spec": { "schedule": "1 * * * *", "jobTemplate": { "spec": { "template": template } } },
            }),
            _ => {
                let (api, kind) =
                    if kind == "Old" { ("extensions/v1beta1", "Deployment") } else { ("apps/v1", kind) };
                let mut object = json!({ "apiVersion": api, "kind": kind, "spec": { "template": template } });
                if let Some(replicas) = replicas {
                    object["spec"]["replicas"] = replicas.into();
                }
                object
            }
        }
    })
}

fn config_map() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("LOCAL_DOMAIN"),
        Just("DB_HOST"),
        Just("S3_BUCKET"),
        Just("MALLOC"),
        Just("file.conf")
    ];
    proptest::collection::btree_map(name.prop_map(ToOwned::to_owned), odd(), 0..4)
        .prop_map(|data| json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": data }))
}

/// Objects of one namespace, of none, or of several.
fn objects() -> impl Strategy<Value = Vec<Value>> {
    let one = prop_oneof![2 => workload(), 1 => config_map()];
    let own = proptest::collection::vec((one, any::<bool>(), 0..3u8), 1..6);
    (own, 0..3u8, any::<bool>()).prop_map(|(all, spaces, labels)| {
        let made = all.into_iter().enumerate().map(|(index, (mut object, labelled, space))| {
            let namespace = match (spaces, space) {
                (0, _) => None,
                (1, _) => Some("m"),
                (_, 0) => Some("m"),
                _ => Some("n"),
            };
            // Names repeat over kinds, and over namespaces.
            let name = format!("o{}", index / 2);
            let other = format!("o{index}");
            let name = if spaces == 2 || object["kind"] == "ConfigMap" { &other } else { &name };
            object["metadata"] = metadata(name, namespace, labels || labelled);
            object
        });
        made.collect()
    })
}

fn installation() -> Installation {
    let web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{
                    "name": "web", "image": "m", "command": ["bundle", "exec", "puma"],
                    "env": [{ "name": "LOCAL_DOMAIN", "value": "social.example" }],
                }] },
            },
        },
    });
    Installation::understand(vec![Object::new(Node::from(web))], None).expect("a Mastodon")
}

fn key(object: &Value) -> String {
    format!(
        "{} {} {} {}",
        object["apiVersion"], object["kind"], object["metadata"]["name"], object["metadata"]["namespace"]
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_build_is_what_was_taken_apart(objects in objects()) {
        let wanted: BTreeMap<String, Value> = objects.iter().map(|object| (key(object), object.clone())).collect();
        let green = wanted.values().map(|object| GreenObject {
            object: Object::new(Node::from(object.clone())),
            stage: Stage::Dark,
            supplement: false,
            from: None,
            component: String::new(),
        });
        let target = Target {
            naming: Naming::of("mastodon"),
            green: green.collect(),
            switched: Vec::new(),
            kept: Vec::new(),
            removed: Vec::new(),
            notes: Vec::new(),
        };
        let folder = write_kustomize(&installation(), &target);
        let root = tempfile::tempdir().expect("a folder");
        let root = Utf8PathBuf::from_path_buf(root.path().to_owned()).expect("UTF-8");
        for file in &folder.files {
            let path = root.join(&file.path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            prop_assert!(!path.exists(), "{} is written twice", file.path);
            std::fs::write(&path, tree::to_yaml(&file.node).expect("YAML")).expect("written");
        }
        let built = kustomize::build(&root.join(&folder.overlay), &mut Files::new());
        let built = built.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let built: BTreeMap<String, Value> =
            built.objects.iter().map(Node::to_json).map(|object| (key(&object), object)).collect();
        std::fs::remove_dir_all(&root).expect("removed");
        prop_assert_eq!(built, wanted);
    }
}

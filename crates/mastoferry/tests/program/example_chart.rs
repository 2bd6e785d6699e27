//! `examples/chart`: a chart of our own that takes the official one's values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use chart::{Capabilities, Chart, ChartError, Release, Rendered, Values};
use installation::chart::OfficialChart;
use installation::{Installation, Object};
use serde_json::Value as Json;
use tree::Files;

use crate::trees::{example, json, text};

const CONFIGURATIONS: [&str; 4] = ["small", "everything", "odd", "mounts"];

fn folder(path: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn example_chart() -> Utf8PathBuf {
    folder("../../examples/chart")
}

fn configuration(name: &str) -> Utf8PathBuf {
    folder("tests/example-chart").join(format!("{name}.yaml"))
}

fn rendered(chart: &Utf8Path, values: &str, release: &Release) -> Result<Rendered, ChartError> {
    let values = Values::read("values.yaml", values)?;
    chart::render(&Chart::load(chart)?, &values, release, &Capabilities::default(), &mut Files::new())
}

fn configured(chart: &Utf8Path, name: &str) -> Rendered {
    let values = std::fs::read_to_string(configuration(name)).expect("a file of the tests");
    rendered(chart, &values, &Release::new("sea", "harbour")).expect(name)
}

#[expect(clippy::print_stderr, reason = "a test left out must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED in part: needs {what}");
}

#[test]
fn it_renders_as_helm_renders_it() {
    for name in CONFIGURATIONS {
        let found = configured(&example_chart(), name).to_text();
        let helm = Command::new("helm")
            .args(["template", "sea", example_chart().as_str(), "--namespace", "harbour", "-f"])
            .arg(configuration(name))
            .output();
        let Ok(helm) = helm else {
            skipped("helm on PATH");
            continue;
        };
        assert!(helm.status.success(), "{name}: {}", String::from_utf8_lossy(&helm.stderr));
        assert!(found == String::from_utf8_lossy(&helm.stdout), "{name} is not what helm renders");
    }
}

/// Every leaf of an object with its way: variables by name, volumes in any order, nothing that is empty.
fn leaves(value: &Json, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Json::Object(members) => {
            for (key, member) in members {
                leaves(member, &format!("{path}.{key}"), found);
            }
        }
        Json::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let named = [".env", ".volumes", ".volumeMounts"].iter().any(|list| path.ends_with(list));
                let name = named.then(|| item["name"].as_str()).flatten().map(str::to_owned);
                leaves(item, &format!("{path}.{}", name.unwrap_or_else(|| number.to_string())), found);
            }
        }
        Json::Null => {}
        leaf => drop(found.insert(format!("{path} = {leaf}"))),
    }
}

type Objects = BTreeMap<String, BTreeSet<String>>;

fn objects(rendered: &Rendered) -> Objects {
    let mut objects = Objects::new();
    for node in rendered.manifests.iter().flat_map(|manifest| &manifest.documents) {
        let object = node.to_json();
        let name = object["metadata"]["name"].as_str().expect("a name");
        let id = format!("{}/{name}", object["kind"].as_str().expect("a kind"));
        let mut found = BTreeSet::new();
        leaves(&object, "", &mut found);
        assert!(objects.insert(id.clone(), found).is_none(), "{id} stands twice");
    }
    objects
}

/// What is meant to differ: of which objects (a part of kind and name), which leaf (a part of its way), and why.
const DELIBERATE: [(&str, &str, &str); 12] = [
    ("", "labels.helm.sh/chart", "it is another chart"),
    ("", "checksum/config-configmap", "the same settings, in another order"),
    ("-db-prepare", ".name = ", "the Job and its container are called alike, and not after db-migrate"),
    ("PersistentVolumeClaim/", "annotations.helm.sh/", "the annotation by which Helm keeps a claim"),
    ("-ldap-auth", "data.", "the password stands under the key by which it is read"),
    ("", "env.REPLICA_DB_", "what is written for the replica reaches those who read from it"),
    ("-db-", "env.LDAP_PASSWORD", "a job that runs before the Secret is there would wait for it forever"),
    ("-db-", "nodeSelector", "jobs run where pods may run"),
    ("-deploy-search", "nodeSelector", "its own key for it, not create-admin's"),
    ("-deploy-search", "env.ES_", "it cannot log in without"),
    ("-deploy-search", "spec.suspend = false", "the default of Kubernetes"),
    ("-sidekiq-", "env.MASTODON_SIDEKIQ_READY_FILENAME", "without it the probe never passes"),
];

#[test]
fn the_official_chart_makes_the_same_objects() {
    let Ok(official) = std::env::var("MASTOFERRY_HELM_CHART") else {
        return skipped("MASTOFERRY_HELM_CHART, the folder of the official chart");
    };
    let mut unused: BTreeSet<_> = DELIBERATE.iter().map(|(_, _, why)| *why).collect();
    let mut different = Vec::new();
    for name in ["small", "everything", "odd"] {
        let theirs = objects(&configured(Utf8Path::new(&official), name));
        let ours = objects(&configured(&example_chart(), name));
        let ids = |objects: &Objects| objects.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(&theirs), ids(&ours), "{name}");
        for (id, leaves) in &theirs {
            for leaf in leaves.symmetric_difference(&ours[id]) {
                let meant = DELIBERATE.iter().find(|(of, part, _)| id.contains(of) && leaf.contains(part));
                match meant {
                    Some((_, _, why)) => drop(unused.remove(why)),
                    None => different.push(format!("{name}: {id} {leaf}")),
                }
            }
        }
    }
    assert_eq!(different, Vec::<String>::new());
    assert_eq!(unused, BTreeSet::new(), "no longer different");
}

#[test]
fn its_values_are_the_official_ones_with_their_defaults() {
    // What the official chart declares and never reads, or reads and cannot render, and this one does.
    let repaired = [
        "mastodon.hooks.dbPrepare.nodeSelector",
        "mastodon.hooks.dbMigrate.nodeSelector",
        "mastodon.hooks.deploySearch.nodeSelector",
        "elasticsearch.caSecret.name",
        "elasticsearch.caSecret.key",
    ];
    let mut files = Files::new();
    let written = std::fs::read_to_string(example_chart().join("values.yaml")).expect("values");
    let file = files.add("values.yaml", written);
    let values = tree::parse(&files, file).expect("YAML").remove(0);
    let unread = OfficialChart::HelmCharts.unread_keys(&values);
    let unread: BTreeSet<&str> = unread.iter().map(|unread| unread.key.as_str()).collect();
    assert!(unread.iter().all(|key| repaired.contains(key)), "{unread:?}");

    let values = values.to_json();
    for key in OfficialChart::HelmCharts.keys() {
        let own = key.path.split('.').try_fold(&values, |value, step| match step.strip_suffix("[]") {
            Some(list) => value.get(list)?.get(0),
            None => value.get(step),
        });
        let read = !matches!(key.effect, installation::chart::Effect::Inert);
        let left_out = key.path.starts_with("mastodon.hooks.s3Upload.");
        match (own, key.default) {
            (Some(own), Some(default)) => {
                let default: Json = serde_json::from_str(default).expect("JSON");
                assert_eq!(*own, default, "{}", key.path);
            }
            (None, Some(_)) => assert!(!read || left_out, "{} has no default", key.path),
            (_, None) => {}
        }
    }
}

#[test]
fn what_the_official_chart_cannot_mount_is_mounted() {
    let objects = objects(&configured(&example_chart(), "mounts"));
    for id in ["Deployment/sea-mastodon-web", "Deployment/sea-mastodon-sidekiq-all-queues"] {
        let container = ".spec.template.spec.containers.0.volumeMounts";
        for (mount, path) in [
            ("extra", "/extra"),
            ("elasticsearch-ca", "/opt/opensearch/config/ca.certs"),
            ("system", "/opt/mastodon/public/system"),
        ] {
            let leaf = format!("{container}.{mount}.mountPath = \"{path}\"");
            assert!(objects[id].contains(&leaf), "{id} {leaf}: {:#?}", objects[id]);
        }
    }
}

#[test]
fn what_cannot_run_is_refused() {
    let small = std::fs::read_to_string(configuration("small")).expect("a file of the tests");
    for (from, to, said) in [
        ("hostname: db.harbour.example, ", "", "postgresql.hostname is required"),
        (", existingSecret: harbour-db", "", "postgresql.password is required"),
        ("s3: {enabled: false}", "s3: {enabled: true}", "either mastodon.s3 or mastodon.pvc"),
        (
            "redis: {",
            "elasticsearch: {enabled: true, hostname: es, existingSecret: es}\nredis: {",
            "deploySearch.only",
        ),
        ("existingClaim: harbour-media", "accessMode: ReadWriteOnce", "ReadWriteMany"),
        (
            "pvc:\n",
            "sidekiq: {workers: [{name: two, replicas: 2, concurrency: 1, queues: ['scheduler,1']}]}\n  pvc:\n",
            "replicas cannot exceed 1",
        ),
    ] {
        assert!(small.contains(from), "{from}");
        let refused = rendered(&example_chart(), &small.replace(from, to), &Release::new("sea", "harbour"));
        let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains(said), "{said}: {refused}");
    }
}

#[test]
fn the_kustomize_example_keeps_its_configuration() {
    let written = json(&["convert", text(&example()), "--to", "helm", "--chart", example_chart().as_str()]);
    assert_eq!(written["verdict"], "equivalent");
    assert_eq!(written["ledger"]["unaccounted"], 0);

    let path: PathBuf = example();
    let sourced = source::read(&text(&path).parse().expect("a source")).expect("read");
    let before = Installation::understand(sourced.objects, None).expect("understood");
    let options = target::helm::Options { chart: OfficialChart::HelmCharts, release: None };
    let target = target::helm::write_helm(&before, options).expect("written");
    let values = tree::to_yaml(&target.values).expect("YAML");
    let namespace = before.components.first().and_then(|own| before.workload(own).namespace());
    let release = Release::new(target.naming.release.as_str(), namespace.unwrap_or("default"));
    let rendered = rendered(&example_chart(), &values, &release).expect("renders");
    let nodes = rendered.manifests.into_iter().flat_map(|manifest| manifest.documents);
    let mut objects: Vec<Object> = nodes.map(Object::new).collect();
    for object in &mut objects {
        if let Some(namespace) = namespace {
            object.node.ensure(&["metadata"]).set("namespace", namespace);
        }
    }
    let differences = audit::compare_helm(&before, &target, &objects);
    let unexplained: Vec<_> = differences.iter().filter(|found| found.explained_by.is_none()).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

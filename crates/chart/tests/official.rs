//! The official Mastodon charts under many values, against the real `helm`.
//!
//! `MASTOFERRY_CHARTS` names a folder with a copy of each repository: `helm-charts` and `chart`. Nothing of them is
//! kept here.

mod oracle;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use chart::Values;
use serde_json::{Value as Json, json};

fn charts() -> Option<Utf8PathBuf> {
    let found = std::env::var("MASTOFERRY_CHARTS").ok().map(Utf8PathBuf::from);
    let found = found.filter(|folder| folder.is_dir());
    if found.is_none() {
        oracle::skipped("MASTOFERRY_CHARTS, a folder with copies of the official charts");
    }
    found
}

fn temporary() -> (tempfile::TempDir, Utf8PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).expect("UTF-8");
    (directory, root)
}

/// Draws that are the same at every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).expect("small")].clone()
    }
}

/// Changes about one in `rarity` of the leaves of values to something that could stand there.
fn changed(values: &Json, draw: &mut Draw, rarity: u64) -> Json {
    let stays = draw.below(rarity) != 0;
    match values {
        Json::Object(members) if !members.is_empty() => {
            members.iter().map(|(key, member)| (key.clone(), changed(member, draw, rarity))).collect()
        }
        Json::Array(items) if !items.is_empty() => {
            items.iter().map(|item| changed(item, draw, rarity)).collect()
        }
        same if stays => same.clone(),
        Json::Bool(truth) => Json::Bool(!truth),
        Json::Number(_) => draw.one(&[json!(0), json!(1), json!(8080), json!(2_500_000), json!(0.25)]),
        // No line breaks: where a chart puts one into a quoted scalar at column 0, go-yaml reads what YAML forbids,
        // and this program refuses.
        Json::String(_) => draw.one(&[
            json!(""),
            json!("harbour"),
            json!("two words"),
            json!("yes"),
            json!("1.50"),
            json!("{{ .Release.Name }}-x"),
            json!("v4.6.3@sha256:0123"),
            json!("colon: and #hash"),
        ]),
        Json::Null => draw.one(&[json!("given"), json!({"cpu": "100m"}), json!(["a"]), json!(7)]),
        Json::Object(_) => {
            draw.one(&[json!({"example.social/a": "b", "n": "5"}), json!({"KEY": "value: x"})])
        }
        Json::Array(_) => draw.one(&[
            json!([{"name": "A", "value": "1"}]),
            json!(["one", "two"]),
            json!([{"hosts": ["h"]}]),
        ]),
    }
}

/// Renders a chart under values, here and there; whether it rendered.
fn assert_same(chart: &Utf8Path, root: &Utf8Path, values: &Json, context: &str) -> bool {
    let file = root.join("values.yaml");
    fs::write(&file, values.to_string()).expect("writes");
    let expected = oracle::helm(chart, &["-f", file.as_str()]);
    let given = Values::read("values.yaml", &values.to_string()).expect("JSON is YAML");
    match (expected, oracle::ours(chart, &given)) {
        (Ok(expected), Ok(found)) => {
            oracle::assert_same(&expected, &found.to_text(), context);
            true
        }
        (Err(_), Err(error)) => {
            assert!(error.line().is_some(), "{context}: no line in {}", oracle::place(&error));
            false
        }
        (Ok(_), Err(error)) => panic!("helm renders; {}: {context}", oracle::place(&error)),
        (Err(reason), Ok(_)) => panic!("helm refuses: {reason}: {context}"),
    }
}

#[expect(clippy::print_stderr, reason = "the numbers are wanted")]
fn assert_many(chart: &Utf8Path, root: &Utf8Path, base: &Json, fixed: &[Json]) {
    let defaults = chart::Chart::load(chart).expect("loads").defaults().expect("values").clone();
    let over = |below: Json, above: &Json| {
        let map = |json: Json| Values::from(json.as_object().cloned().expect("a mapping"));
        Json::Object(map(below).under(map(above.clone())).into_map())
    };
    let mut rendered = u32::from(assert_same(chart, root, &json!({}), "defaults"));
    let mut all = 1;
    for values in fixed {
        rendered += u32::from(assert_same(chart, root, &over(base.clone(), values), &values.to_string()));
        all += 1;
    }
    for seed in 0..30 {
        let mut draw = Draw(seed);
        let random = changed(&Json::Object(defaults.clone()), &mut draw, 4 + (seed % 5) * 8);
        let values = over(random, base);
        rendered += u32::from(assert_same(chart, root, &values, &format!("seed {seed}: {values}")));
        all += 1;
    }
    eprintln!("{chart}: {all} values files, {rendered} rendered alike, {} refused alike", all - rendered);
    assert!(rendered >= 15, "only {rendered} of {all} rendered");
}

#[test]
fn the_new_chart() {
    let (Some(charts), true) = (charts(), oracle::has_helm()) else { return };
    let (_directory, root) = temporary();
    let base = json!({
        "mastodon": {
            "localDomain": "sea.example",
            "secrets": {"existingSecret": "s"},
            "smtp": {"existingSecret": "m", "bulk": {"existingSecret": "b"}},
            "s3": {"existingSecret": "s3", "bucket": "b", "endpoint": "https://e", "hostname": "h"},
            "deepl": {"existingSecret": "d"},
            "hcaptcha": {"existingSecret": "h", "siteId": "x"},
            "cacheBuster": {"existingSecret": "c"},
        },
        "postgresql": {"hostname": "db", "username": "u", "existingSecret": "p", "readReplica": {"hostname": "", "existingSecret": ""}},
        "redis": {
            "hostname": "r",
            "existingSecret": "r",
            "sidekiq": {"enabled": false},
            "cache": {"enabled": false},
        },
        "elasticsearch": {"hostname": "es", "existingSecret": "e"},
        "externalAuth": {"oidc": {"enabled": false}, "ldap": {"enabled": false}},
        "volumes": [],
        "volumeMounts": [],
    });
    let fixed = [
        json!({}),
        json!({"mastodon": {"s3": {"enabled": false}}}),
        json!({"mastodon": {"sidekiq": {"workers": [{"name": "all", "concurrency": 5, "replicas": 2, "queues": ["default,8", "push"]}]}}}),
        json!({"mastodon": {"extraEnvVars": {"A": "1", "B": "two words"}}}),
        json!({"mastodon": {"pvc": {"enabled": true}}}),
        json!({"ingress": {"enabled": true, "hosts": [{"host": "sea.example", "paths": [{"path": "/"}]}], "streaming": {"enabled": true}}}),
        json!({"httproute": {"enabled": false}}),
        json!({"elasticsearch": {"enabled": true, "hostname": "es", "existingSecret": "e"}}),
        json!({"nameOverride": "other", "fullnameOverride": "full"}),
        json!({"image": {"tag": "v4.5.0"}, "imagePullSecrets": [{"name": "x"}], "podAnnotations": {"a": "b"}}),
        json!({"mastodon": {"web": {"resources": {"limits": {"cpu": 1}}}, "streaming": {"replicas": 0}}}),
        json!({"serviceAccount": {"create": false}}),
    ];
    assert_many(&charts.join("helm-charts/charts/mastodon"), &root, &base, &fixed);
}

/// The old chart rests on three charts that are not in its repository; others of these names stand in for them.
fn with_stand_ins(chart: &Utf8Path, root: &Utf8Path) -> Utf8PathBuf {
    let copy = root.join("mastodon");
    copy_folder(chart, &copy);
    let loaded = tree_of(&copy.join("Chart.yaml"));
    for wanted in loaded.get("dependencies").into_iter().flat_map(tree::Node::items) {
        let word = |key: &str| wanted.str_at(&[key]).unwrap_or_default().to_owned();
        let folder = copy.join("charts").join(word("name"));
        fs::create_dir_all(folder.join("templates")).expect("makes folders");
        let about = format!("apiVersion: v2\nname: {}\nversion: {}\n", word("name"), word("version"));
        fs::write(folder.join("Chart.yaml"), about).expect("writes");
        fs::write(folder.join("values.yaml"), "auth: {username: \"\", existingSecret: \"\"}\n")
            .expect("writes");
        let template = "kind: StandIn\nname: {{ .Chart.Name }}\nvalues: {{ toJson .Values | quote }}\n";
        fs::write(folder.join("templates/stand-in.yaml"), template).expect("writes");
    }
    copy
}

fn tree_of(file: &Utf8Path) -> tree::Node {
    let mut files = tree::Files::new();
    let id = files.add(file.as_str(), fs::read_to_string(file).expect("readable"));
    tree::parse(&files, id).expect("YAML").remove(0)
}

fn copy_folder(from: &Utf8Path, to: &Utf8Path) {
    fs::create_dir_all(to).expect("makes folders");
    for entry in from.read_dir_utf8().expect("a folder") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copies");
        }
    }
}

#[test]
fn the_old_chart() {
    let (Some(charts), true) = (charts(), oracle::has_helm()) else { return };
    let (_directory, root) = temporary();
    let chart = with_stand_ins(&charts.join("chart"), &root);
    let base = json!({
        "mastodon": {"local_domain": "sea.example", "secrets": {"existingSecret": "s"}},
        "postgresql": {"enabled": false, "postgresqlHostname": "db", "auth": {"existingSecret": "p"}},
        "redis": {"enabled": false, "hostname": "r", "auth": {"existingSecret": "r"}},
        "elasticsearch": {"enabled": false},
    });
    let fixed = [
        json!({}),
        json!({"postgresql": {"enabled": true}}),
        json!({"redis": {"enabled": true}, "elasticsearch": {"enabled": true}}),
        json!({"mastodon": {"s3": {"enabled": true, "existingSecret": "s3", "bucket": "b"}}}),
        json!({"mastodon": {"cron": {"removeMedia": {"enabled": false}}}}),
        json!({"mastodon": {"createAdmin": {"enabled": true}}}),
        json!({"mastodon": {"metrics": {"statsd": {"exporter": {"enabled": true}}}}}),
        json!({"mastodon": {"sidekiq": {"workers": [{"name": "a", "concurrency": 5, "replicas": 1, "queues": ["default"]}]}}}),
        json!({"ingress": {"enabled": false}}),
        json!({"mastodon": {"secrets": {"existingSecret": "", "secret_key_base": "made up", "otp_secret": "made up",
            "vapid": {"private_key": "made up", "public_key": "made up"}, "activeRecordEncryption":
            {"primaryKey": "made up", "deterministicKey": "made up", "keyDerivationSalt": "made up"}}}}),
        json!({"fullnameOverride": "full", "nameOverride": "other"}),
        json!({"mastodon": {"web": {"pdb": {"enable": true}}, "extraEnvFrom": "more"}}),
    ];
    assert_many(&chart, &root, &base, &fixed);
}

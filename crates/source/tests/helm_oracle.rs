//! What this room makes of values, against what Helm renders with the charts themselves.
//!
//! Needs `helm` on the PATH and the charts' repositories in the folder that `MASTOFERRY_CHARTS` names:
//! `helm-charts` (mastodon/helm-charts at f6905d5) and `chart` (mastodon/chart at 3c8d76d).

use std::collections::BTreeMap;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use source::{SourceKind, SourceRef, read};
use tree::{Files, Node};

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: needs {what}");
}

type Objects = BTreeMap<String, Value>;

/// The charts' folder, copied without the dependencies that only a registry has.
fn chart(name: &str, folder: &str) -> Option<(tempfile::TempDir, Utf8PathBuf)> {
    let Ok(charts) = std::env::var("MASTOFERRY_CHARTS") else {
        skipped("MASTOFERRY_CHARTS");
        return None;
    };
    if Command::new("helm").arg("version").output().is_err() {
        skipped("helm");
        return None;
    }
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let to = Utf8PathBuf::from_path_buf(temporary.path().join(name)).expect("UTF-8");
    let from = Utf8Path::new(&charts).join(folder);
    assert!(Command::new("cp").args(["-rL", from.as_str(), to.as_str()]).status().expect("cp").success());
    let description = std::fs::read_to_string(to.join("Chart.yaml")).expect("Chart.yaml");
    let own = description.split("\ndependencies:").next().unwrap_or_default();
    std::fs::write(to.join("Chart.yaml"), format!("{own}\n")).expect("written");
    std::fs::remove_file(to.join("Chart.lock")).ok();
    Some((temporary, to))
}

fn rendered(chart: &Utf8Path, values: &Utf8Path) -> Objects {
    let arguments = ["--api-versions", "gateway.networking.k8s.io/v1", "--skip-tests"];
    let output = Command::new("helm")
        .args(["template", "mastodon", chart.as_str(), "-f", values.as_str()])
        .args(arguments)
        .output()
        .expect("helm");
    assert!(output.status.success(), "{values}: {}", String::from_utf8_lossy(&output.stderr));
    let mut files = Files::new();
    let file = files.add("rendered", String::from_utf8(output.stdout).expect("UTF-8"));
    keyed(tree::parse(&files, file).expect("YAML").iter())
}

fn keyed<'a>(nodes: impl Iterator<Item = &'a Node>) -> Objects {
    nodes
        .map(|node| {
            let text = |keys: &[&str]| node.str_at(keys).unwrap_or_default();
            let key = format!("{}/{}", text(&["kind"]), text(&["metadata", "name"]));
            (key, plain(node.to_json()))
        })
        .collect()
}

/// Without what is empty, and without checksums, which differ by design. Of Secrets only the keys are left: their
/// values are sealed here.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let is_secret = members.get("kind").is_some_and(|kind| kind == "Secret");
            let members =
                members.into_iter().filter(|(key, _)| key != "rollme" && !key.starts_with("checksum/"));
            let plain = members.map(|(key, value)| match (is_secret, key.as_str()) {
                (true, "data" | "stringData") => {
                    let keys: Vec<String> =
                        value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
                    ("data".to_owned(), Value::from(keys))
                }
                (true, "type") => (key, Value::Null),
                _ => (key, plain(value)),
            });
            Value::Object(plain.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))) {
                let at = format!("{path}/{key}");
                let side = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or_default();
                differences(&at, &side(ours), &side(theirs), found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differences(&format!("{path}[{index}]"), ours, theirs, found);
            }
        }
        _ if ours != theirs => found.push(format!("{path}: {ours} here, {theirs} from Helm")),
        _ => {}
    }
}

/// Compares all values files of a folder; `known` are paths at which a difference is meant.
fn compare(name: &str, folder: &str, known: &[&str]) {
    let Some((_temporary, chart)) = chart(name, folder) else { return };
    let values = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/values").join(name);
    let mut found = Vec::new();
    let mut compared = 0;
    for entry in values.read_dir_utf8().expect("values") {
        let path = entry.expect("an entry").into_path();
        let theirs = rendered(&chart, &path);
        let sourced = read(&SourceRef { kind: Some(SourceKind::Helm), path }).expect("read");
        let ours = keyed(sourced.objects.iter().map(|object| &object.node));
        compared += theirs.len();
        let every: Vec<&String> =
            ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))).collect();
        for key in every {
            let side = |side: &Objects| side.get(key).cloned().unwrap_or_default();
            differences(key, &side(&ours), &side(&theirs), &mut found);
        }
    }
    found.retain(|difference| !known.iter().any(|known| difference.starts_with(known)));
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(compared > 30, "only {compared} objects");
}

#[test]
fn mastodon_helm_charts() {
    // Sealed here.
    compare("helm-charts", "helm-charts/charts/mastodon", &["ConfigMap/mastodon-env/data/SAML_PRIVATE_KEY"]);
}

#[test]
fn mastodon_chart() {
    compare(
        "chart",
        "chart",
        &[
            // Sealed here.
            "ConfigMap/mastodon-env/data/LDAP_PASSWORD",
            "ConfigMap/mastodon-env/data/OIDC_CLIENT_SECRET",
            // The chart writes these as they are; no ConfigMap takes anything but texts.
            "ConfigMap/mastodon-env/data/OIDC_SEND_NONCE",
            "ConfigMap/mastodon-env/data/CAS_PORT",
            // Long, and of no interest.
            "ConfigMap/mastodon-statsd-mappings/data",
            // The Bitnami charts are not there.
            "Service/mastodon-postgresql",
            "Service/mastodon-redis-master",
            "Service/mastodon-elasticsearch-master-hl",
            "StatefulSet/",
        ],
    );
}

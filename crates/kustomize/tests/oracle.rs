//! What this room builds, against what the real Kustomize builds.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use kustomize::{Build, KustomizeErrorKind, build};
use serde_json::Value as Json;
use tree::Files;

fn tests() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees")
}

/// The corpus of real trees, where there is one.
fn corpus() -> Option<Utf8PathBuf> {
    let shared = std::env::var("MASTOFERRY_SHARED").map_or_else(
        |_| Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Utf8PathBuf::from,
    );
    let corpus = shared.join("corpus");
    if corpus.is_dir() {
        return Some(corpus.canonicalize_utf8().expect("is there"));
    }
    skipped("the corpus");
    None
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(missing: &str) {
    eprintln!("SKIPPED: needs {missing}");
}

/// What kubectl makes of a directory: its objects, or that it refuses.
fn real(directory: &Utf8Path) -> Option<Result<Vec<Json>, String>> {
    let Ok(output) = Command::new("kubectl").args(["kustomize", directory.as_str()]).output() else {
        skipped("kubectl");
        return None;
    };
    if !output.status.success() {
        return Some(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let mut files = Files::new();
    let file = files.add("kubectl", String::from_utf8(output.stdout).expect("text"));
    let documents = tree::parse(&files, file).expect("kubectl writes YAML");
    Some(Ok(documents.iter().map(|node| comparable(node.to_json())).collect()))
}

/// To Kubernetes nothing, a null and empty annotations are the same. Kustomize drops some of these, this
/// build keeps them, so that each leaf stays where its author can find it.
fn comparable(mut json: Json) -> Json {
    for member in ["annotations", "labels"] {
        if json["metadata"][member].as_object().is_some_and(serde_json::Map::is_empty) {
            json["metadata"][member] = Json::Null;
        }
    }
    without_nulls(json)
}

fn without_nulls(json: Json) -> Json {
    match json {
        Json::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(key, member)| (key, without_nulls(member)))
            .collect(),
        Json::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn built(directory: &Utf8Path) -> Build {
    build(directory, &mut Files::new()).unwrap_or_else(|error| panic!("{directory}: {error:?}"))
}

fn assert_same(directory: &Utf8Path) {
    let Some(expected) = real(directory) else { return };
    let expected = expected.unwrap_or_else(|error| panic!("kubectl refuses {directory}: {error}"));
    assert_equal(directory, &expected);
}

fn assert_equal(directory: &Utf8Path, expected: &[Json]) {
    let found: Vec<Json> = built(directory).objects.iter().map(|node| comparable(node.to_json())).collect();
    let names = |objects: &[Json]| -> Vec<String> {
        objects.iter().map(|object| format!("{} {}", object["kind"], object["metadata"]["name"])).collect()
    };
    assert_eq!(names(&found), names(expected), "the order of {directory}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(
            serde_json::to_string_pretty(&sorted(found)).expect("json"),
            serde_json::to_string_pretty(&sorted(expected)).expect("json"),
            "in {directory}"
        );
    }
}

fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            members.into_iter().map(|(key, member)| (key.clone(), sorted(member))).collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[test]
fn own_trees_are_built_as_kustomize_builds_them() {
    for tree in ["overlay/base", "overlay/top", "older", "unsorted", "keys"] {
        assert_same(&tests().join(tree));
    }
}

#[test]
fn real_trees_are_built_as_kustomize_builds_them() {
    let Some(corpus) = corpus() else { return };
    for overlay in ["production", "development"] {
        assert_same(&corpus.join("k01-ykzts-infra/k8s/overlays").join(overlay));
    }
}

#[test]
fn every_real_tree_is_built_alike_or_refused_by_name() {
    let Some(corpus) = corpus() else { return };
    let mut alike = 0;
    for directory in kustomizations(&corpus) {
        let Some(expected) = real(&directory) else { return };
        match (build(&directory, &mut Files::new()), expected) {
            (Ok(_), Ok(expected)) => {
                assert_equal(&directory, &expected);
                alike += 1;
            }
            (Ok(_), Err(error)) => panic!("{directory}: Kustomize refuses it: {error}"),
            (Err(error), Ok(_)) => {
                let KustomizeErrorKind::Unsupported { field } = &error.kind else {
                    panic!("{directory}: {error:?}");
                };
                assert!(!field.is_empty() && error.origin.is_some(), "{directory}: {error:?}");
            }
            (Err(_), Err(_)) => {}
        }
    }
    assert!(alike > 30, "only {alike} real trees were compared");
}

fn kustomizations(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<_> =
        directory.read_dir_utf8().expect("readable").map(|entry| entry.expect("readable")).collect();
    entries.sort_by(|one, other| one.path().cmp(other.path()));
    for entry in entries {
        if entry.file_type().expect("known").is_dir() {
            found.extend(kustomizations(entry.path()));
        } else if entry.file_name().to_lowercase().starts_with("kustomization") {
            found.push(directory.to_owned());
        }
    }
    found
}

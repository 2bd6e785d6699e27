//! Asking the real Kustomize.

#![allow(dead_code, reason = "each test that asks needs a part of this")]

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use kustomize::Build;
use serde_json::Value as Json;
use tree::Files;

/// The objects, or why there are none.
pub(crate) type Answer = Result<Vec<Json>, String>;

/// The corpus of real trees, where there is one.
pub(crate) fn corpus() -> Option<Utf8PathBuf> {
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
pub(crate) fn skipped(missing: &str) {
    eprintln!("SKIPPED: needs {missing}");
}

/// What kubectl makes of some directories, a few at a time. `None` where there is no kubectl.
pub(crate) fn answers(directories: &[Utf8PathBuf]) -> Option<Vec<Answer>> {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        skipped("kubectl");
        return None;
    }
    let next = AtomicUsize::new(0);
    let mut all: Vec<(usize, Answer)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(directory) = directories.get(place) else { return mine };
                        mine.push((place, answer(directory)));
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("asks")).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    Some(all.into_iter().map(|(_, answer)| answer).collect())
}

fn answer(directory: &Utf8Path) -> Answer {
    let output = Command::new("kubectl").args(["kustomize", directory.as_str()]).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut files = Files::new();
    let file = files.add("kubectl", String::from_utf8(output.stdout).expect("text"));
    let documents = tree::parse(&files, file).expect("kubectl writes YAML");
    Ok(documents.iter().map(|node| comparable(node.to_json())).collect())
}

/// The same value in one form: keys sorted, and whole numbers without a point.
fn comparable(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.into_iter().map(|(key, member)| (key, comparable(member))).collect()
        }
        Json::Array(items) => items.into_iter().map(comparable).collect(),
        // JSON knows one kind of number only.
        Json::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => Json::from(whole as i64),
            _ => Json::Number(number),
        },
        other => other,
    }
}

/// How a build differs from what kubectl built, if it does.
pub(crate) fn difference(built: &Build, expected: &[Json]) -> Option<String> {
    let found: Vec<Json> = built.objects.iter().map(|node| comparable(node.to_json())).collect();
    let names = |objects: &[Json]| -> Vec<String> {
        let name = |object: &Json| {
            format!("{} {} {}", object["kind"], object["metadata"]["name"], object["metadata"]["namespace"])
        };
        objects.iter().map(name).collect()
    };
    if names(&found) != names(expected) {
        return Some(format!("objects\n  found    {:?}\n  expected {:?}", names(&found), names(expected)));
    }
    found.iter().zip(expected).find(|(found, expected)| found != expected).map(|(found, expected)| {
        let text = |json: &Json| serde_json::to_string_pretty(json).expect("json");
        let (found, expected) = (text(found), text(expected));
        let differing = found.lines().zip(expected.lines()).filter(|(one, other)| one != other).take(4);
        let lines: Vec<String> = differing.map(|(one, other)| format!("  {one}\n  {other}")).collect();
        let name = expected.lines().find(|line| line.contains("\"name\"")).unwrap_or_default();
        format!("in {name}, found and expected:\n{}", lines.join("\n"))
    })
}

/// Every directory with a kustomization that is no component.
pub(crate) fn kustomizations(directory: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<_> =
        directory.read_dir_utf8().expect("readable").map(|entry| entry.expect("readable")).collect();
    entries.sort_by(|one, other| one.path().cmp(other.path()));
    for entry in entries {
        if entry.file_type().expect("known").is_dir() {
            found.extend(kustomizations(entry.path()));
        } else if entry.file_name().to_lowercase().starts_with("kustomization") {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            if !text.contains("kind: Component") {
                found.push(directory.to_owned());
            }
        }
    }
    found
}

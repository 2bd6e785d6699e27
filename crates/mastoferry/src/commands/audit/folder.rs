//! A folder that `convert` wrote.

use std::fs;

use audit::{Code, Difference};
use camino::{Utf8Path, Utf8PathBuf};
use installation::Object;
use serde_json::Value as Json;
use source::{Form, Sourced};
use tree::{Files, Node};

use super::against::{Against, Place, given, manifests};
use super::values;
use crate::prepare;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// The parts of the folder that hold objects.
const PARTS: [&str; 5] = ["green", "adopted", "withheld", "switched", "kept"];

/// Whether `convert` wrote this folder.
pub(crate) fn is_written(path: &Utf8Path) -> bool {
    path.join("LEDGER.json").is_file()
}

/// Reads what the folder says shall stand.
///
/// # Errors
/// If a part of it cannot be read.
pub(crate) fn read(
    path: &Utf8Path,
    chart: Option<&str>,
    namespace: &str,
    words: &Words,
) -> Result<Against, Problem> {
    let ledger = ledger(path, words)?;
    let mut all = Against {
        objects: Vec::new(),
        files: Files::new(),
        faults: Vec::new(),
        chart: None,
        ledger: Some(ledger),
    };
    if path.join("values.yaml").is_file() {
        rendered(path, chart, namespace, &mut all, words)?;
    } else if let Some(overlay) = overlay(path) {
        // Base and overlay: the build says what stands.
        let source = overlay.as_str().parse().map_err(|error: String| unreadable(&overlay, &error, words))?;
        let sourced = prepare::sourced(&source, words)?;
        all.objects = sourced.objects;
        all.files = sourced.files;
    }
    for part in PARTS.iter().map(|part| path.join(part)).filter(|part| part.is_dir()) {
        all.objects.extend(manifests(&part, words)?.objects);
    }
    Ok(all)
}

fn unreadable(path: &Utf8Path, reason: &str, words: &Words) -> Problem {
    let arguments = [("path", path.as_str()), ("reason", reason)];
    Problem::new(words, Exit::Unreadable, "unreadable", &arguments)
}

fn ledger(path: &Utf8Path, words: &Words) -> Result<Json, Problem> {
    let path = path.join("LEDGER.json");
    let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error.to_string(), words))?;
    serde_json::from_str(&text).map_err(|error| unreadable(&path, &error.to_string(), words))
}

/// The overlay of a Kustomize base.
fn overlay(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let overlays = path.join("overlays").read_dir_utf8().ok()?.flatten();
    let mut overlays: Vec<Utf8PathBuf> = overlays.map(camino::Utf8DirEntry::into_path).collect();
    overlays.sort();
    overlays.into_iter().find(|overlay| overlay.join("kustomization.yaml").is_file())
}

/// What the chart renders of `values.yaml`, under the overlay in `supplements`.
fn rendered(
    path: &Utf8Path,
    chart: Option<&str>,
    namespace: &str,
    all: &mut Against,
    words: &Words,
) -> Result<(), Problem> {
    let source = format!("helm:{}", path.join("values.yaml"));
    let source = source.parse().map_err(|error: String| unreadable(path, &error, words))?;
    let sourced = prepare::sourced(&source, words)?;
    let release = all.ledger.as_ref().and_then(|ledger| ledger["release"].as_str()).unwrap_or("mastodon");
    let place = Place { release, namespace };
    let given = given(&sourced, chart, words)?;
    let made = values::read(sourced, &given, &place);
    all.faults = made.faults;
    all.chart = made.chart;
    all.files = made.files;
    let supplements = path.join("supplements");
    let patches = documents(&supplements.join("patches"), words)?;
    for object in made.objects {
        let id = object.id();
        let mut node = Some(object.node);
        for patch in patches.iter().filter(|patch| Object::new((*patch).clone()).id() == id) {
            let Some(below) = node.take() else { break };
            let losses = &mut tree::patch::Losses::new();
            match tree::patch::strategic_merge_as_kustomize(below, patch, &id.kind, losses) {
                Ok(merged) => node = merged,
                Err(error) => {
                    let (component, reason) = (id.to_string(), error.to_string());
                    all.faults.push(Difference::of_target(Code::PatchFails, &component, "", "", &reason));
                }
            }
        }
        all.objects.extend(node.map(Object::new));
    }
    let objects = supplements.join("objects");
    if objects.is_dir() {
        all.objects.extend(manifests(&objects, words)?.objects);
    }
    Ok(())
}

/// Every document of a folder's files, as it is written.
fn documents(folder: &Utf8Path, words: &Words) -> Result<Vec<Node>, Problem> {
    let Ok(entries) = folder.read_dir_utf8() else { return Ok(Vec::new()) };
    let mut paths: Vec<Utf8PathBuf> = entries.flatten().map(camino::Utf8DirEntry::into_path).collect();
    paths.sort();
    let mut nodes = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error.to_string(), words))?;
        let mut files = Files::new();
        let file = files.add(path.as_str(), text);
        let parsed = tree::parse(&files, file);
        let parsed = parsed.map_err(|error| unreadable(&path, &error.to_string(), words))?;
        // What is secret in a patch is sealed as it is in the object.
        let mut sourced = Sourced::new(Form::Manifests, files);
        sourced.objects = parsed.into_iter().map(Object::new).collect();
        source::seal(&mut sourced);
        nodes.extend(sourced.objects.into_iter().map(|object| object.node));
    }
    Ok(nodes)
}

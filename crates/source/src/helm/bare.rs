//! `helm:PATH`: values as they lie on a disk.
//!
//! - a values file: the values of a release called `mastodon`; which chart they are for, their keys tell;
//! - a folder with `Chart.yaml`: the owner's chart with its `values.yaml`; values of an official chart that it depends on
//!   stand under that dependency's alias or name. A values file beside a `Chart.yaml` is laid over `values.yaml`;
//! - a folder with `values.yaml` alone, or with one other values file: that. Several values files are alternatives (for
//!   production, for a rehearsal) more often than layers, so that one must be named;
//! - any other folder: every document in it, for the releases that Flux, Argo CD or Kustomize make of them; where there are
//!   none, the one chart or the one values file below it.

use camino::{Utf8Path, Utf8PathBuf};
use installation::chart::OfficialChart;
use tree::{Files, Node, Origin, Segment};

use super::charts::for_dependency;
use super::expand::make;
use super::flux::merged;
use super::release::{KnownChart, Reference, Release};
use super::valuefile::{self, Found};
use crate::folder::manifests_below;
use crate::manifests::read_manifests;
use crate::{Driver, Form, Note, NoteKind, Passed, Role, SourceError, SourceErrorKind, Sourced, Unread};

/// The name of a release that nothing names: the one in the charts' instructions.
const RELEASE: &str = "mastodon";

/// Reads values, and makes of them what their chart makes.
///
/// # Errors
/// Nothing could be read, or the values are for a chart that is not known.
pub(crate) fn read_values(path: &Utf8Path) -> Result<Sourced, SourceError> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Utf8Path::new(".")) };
    let mut sourced = Sourced::new(Form::HelmValues, Files::new());
    let is_chart_file = path.file_name().is_some_and(|name| name == "Chart.yaml");
    let named = if path.is_dir() || is_chart_file { None } else { Some(path.to_owned()) };
    let chart_file = folder.join("Chart.yaml");
    let files = match (named, chart_file.is_file()) {
        (Some(file), true) if file.file_name() != Some("values.yaml") => {
            let defaults = Some(folder.join("values.yaml")).filter(|file| file.is_file());
            defaults.into_iter().chain([file]).collect()
        }
        (Some(file), _) => vec![file],
        (None, has_chart) => match choose(folder, has_chart, &mut sourced)? {
            Some(files) => files,
            None => return read_folder(path),
        },
    };
    let mut layers = Vec::new();
    for file in &files {
        match valuefile::read(file, &mut sourced) {
            Ok(Found::Values(values)) => layers.push(values),
            Ok(Found::Empty) => {}
            Err(unread) => return Err(refused(unread, sourced.files)),
        }
    }
    let chart = if chart_file.is_file() { own_chart(&chart_file, &mut sourced)? } else { None };
    release(layers, chart, files.last(), &mut sourced);
    match sourced.unread.pop() {
        Some(unread) if sourced.objects.is_empty() => return Err(refused(unread, sourced.files)),
        unread => sourced.unread.extend(unread),
    }
    Ok(sourced)
}

/// A folder without values of its own: the releases that its documents ask for, or else the one chart or the one
/// file of values that lies below it.
fn read_folder(folder: &Utf8Path) -> Result<Sourced, SourceError> {
    const ASKING: [&str; 3] = ["HelmRelease", "Application", "ApplicationSet"];
    let read = read_manifests(folder);
    let asks = |sourced: &Sourced| sourced.objects.iter().any(|object| ASKING.contains(&object.kind()));
    match read {
        Ok(sourced) if asks(&sourced) => Ok(sourced),
        other => below(folder).unwrap_or(other),
    }
}

/// Reads the one chart or file of values of an official chart below a folder; `None` where there is none.
pub(crate) fn below(folder: &Utf8Path) -> Option<Result<Sourced, SourceError>> {
    let files = manifests_below(folder).ok()?;
    let is_chart = |file: &&Utf8PathBuf| file.file_name() == Some("Chart.yaml");
    let charts: Vec<&Utf8Path> = files.iter().filter(is_chart).filter_map(|file| file.parent()).collect();
    let named = |file: &&Utf8PathBuf| {
        let name = file.file_name().unwrap_or_default();
        matches!(name, "values.yaml" | "values.yml") || is_values_name(name)
    };
    let alone = files.iter().filter(named).filter(|file| !charts.iter().any(|chart| file.starts_with(chart)));
    let alone = alone.filter(|file| holds_values(file)).map(|file| file.as_path());
    let choices: Vec<&Utf8Path> = charts.iter().copied().chain(alone).collect();
    match choices.as_slice() {
        [] => None,
        [only] => Some(read_values(only)),
        several => {
            let choices = several.iter().map(|path| format!("helm:{path}")).collect();
            let kind = SourceErrorKind::SeveralTrees { path: folder.to_owned(), choices };
            Some(Err(SourceError { kind, origin: None, files: Files::new() }))
        }
    }
}

/// Whether a file, named without saying what it is, holds values: a mapping that is no object of Kubernetes and has an
/// official chart's keys, or describes containers as `app-template` takes them.
pub(crate) fn holds_values(path: &Utf8Path) -> bool {
    let mut sourced = Sourced::new(Form::HelmValues, Files::new());
    let Ok((_, Some(node))) = valuefile::document(path, &mut sourced) else { return false };
    let is_object = node.get("apiVersion").is_some() || node.get("services").is_some();
    !is_object && Reference::default().known(&node) != KnownChart::Other
}

fn refused(unread: Unread, files: Files) -> SourceError {
    SourceError { kind: unread.kind, origin: unread.origin, files }
}

/// The values files of a folder; `None` where it holds something else.
fn choose(
    folder: &Utf8Path,
    has_chart: bool,
    sourced: &mut Sourced,
) -> Result<Option<Vec<Utf8PathBuf>>, SourceError> {
    let mut main = Vec::new();
    let mut others = Vec::new();
    let entries = folder.read_dir_utf8().map_err(|error| {
        let kind = SourceErrorKind::Unreadable { path: folder.to_owned(), reason: error.to_string() };
        SourceError { kind, origin: None, files: Files::new() }
    })?;
    for path in entries.flatten().map(camino::Utf8DirEntry::into_path).filter(|path| path.is_file()) {
        match path.file_name().unwrap_or_default() {
            "values.yaml" | "values.yml" => main.push(path),
            name if is_values_name(name) => others.push(path),
            _ => {}
        }
    }
    others.sort();
    if others.len() > 1 || (has_chart && !others.is_empty()) {
        for other in others.drain(..) {
            let kind = NoteKind::PassedOver { file: other.into_string(), what: Passed::Values };
            sourced.notes.push(Note { kind, origin: None });
        }
    }
    main.extend(others);
    Ok(Some(main).filter(|files| !files.is_empty() || has_chart))
}

fn is_values_name(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    stem.is_some_and(|stem| {
        ["values-", "values.", "values_"].iter().any(|prefix| stem.starts_with(prefix))
            || stem.ends_with("-values")
            || stem.ends_with(".values")
    })
}

/// An owner's chart.
struct OwnChart {
    node: Node,
    name: String,
    version: Option<String>,
}

fn own_chart(path: &Utf8Path, sourced: &mut Sourced) -> Result<Option<OwnChart>, SourceError> {
    let read = valuefile::document(path, sourced);
    let (file, node) = match read {
        Ok((file, Some(node))) => (file, node),
        Ok(_) => return Ok(None),
        Err(unread) => return Err(refused(unread, std::mem::take(&mut sourced.files))),
    };
    sourced.documents.push(crate::Document { file, role: Role::Directives, node: node.clone() });
    let name = node.str_at(&["name"]).unwrap_or_default().to_owned();
    let version = node.get("version").and_then(Node::as_text);
    Ok(Some(OwnChart { node, name, version }))
}

fn release(layers: Vec<Node>, chart: Option<OwnChart>, file: Option<&Utf8PathBuf>, sourced: &mut Sourced) {
    let origin = layers.last().and_then(|layer| layer.origin);
    let mut release = Release {
        name: RELEASE.to_owned(),
        namespace: None,
        chart: Reference::default(),
        layers,
        is_whole: true,
        origin,
        driver: Driver::Helm,
        changed_after: None,
    };
    let Some(chart) = chart else {
        if release.chart.known(&merged(&release, &mut Vec::new())) != KnownChart::Other {
            return make(sourced, release);
        }
        let chart = format!("of {}", file.and_then(|file| file.file_name()).unwrap_or("these values"));
        return sourced.unread.push(Unread { kind: SourceErrorKind::OtherChart { chart }, origin });
    };
    let origin: Option<Origin> = chart.node.get("name").and_then(|node| node.origin).or(chart.node.origin);
    let mut is_umbrella = false;
    let mut keys = Vec::new();
    for dependency in chart.node.get("dependencies").into_iter().flat_map(Node::items) {
        let text = |key: &str| dependency.str_at(&[key]).map(str::to_owned);
        let (name, repository) = (text("name"), text("repository"));
        let key = text("alias").or_else(|| name.clone()).unwrap_or_default();
        let version = dependency.get("version").and_then(Node::as_text);
        let reference = Reference { name, repository, path: None, version };
        let below: Vec<Node> =
            release.layers.iter().filter_map(|layer| for_dependency(layer, &key)).collect();
        let is_official = reference.official().is_some()
            || below.iter().any(|values| OfficialChart::recognise(values).is_some());
        if is_official {
            is_umbrella = true;
            keys.push(key.clone());
            make(
                sourced,
                Release {
                    name: RELEASE.to_owned(),
                    namespace: None,
                    chart: reference,
                    layers: below,
                    is_whole: true,
                    origin: dependency.origin,
                    driver: Driver::Helm,
                    changed_after: None,
                },
            );
        }
    }
    if is_umbrella {
        let foreign = release.layers.iter().flat_map(|layer| layer.leaves());
        let foreign = foreign.filter(|leaf| {
            let key = leaf.path.0.first();
            !matches!(key, Some(Segment::Key(key)) if key == "global" || keys.contains(key))
        });
        let foreign: Vec<Origin> = foreign.filter_map(|leaf| leaf.node.origin).collect();
        if let Some(release) = sourced.releases.last_mut() {
            release.foreign = foreign;
        }
    } else {
        // What an owner's chart makes of its values, its templates say; only keys that are an official chart's tell
        // that it is a copy of that.
        release.chart = Reference { path: Some(chart.name), version: chart.version, ..Reference::default() };
        release.origin = origin;
        make(sourced, release);
    }
}

//! `helmCharts` of kustomizations: the values that Kustomize would hand to Helm, read without the charts.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use tree::{Node, Value};

use super::release::{Reference, Release};
use super::valuefile::{self, Found};
use super::values::overlay;
use crate::detect::{KUSTOMIZATIONS, is_kustomization};
use crate::folder::tidy;
use crate::{Driver, SourceErrorKind, Sourced, Unread};

/// The most kustomizations that are followed.
const MAX_FOLDERS: usize = 1_000;

/// The most charts of one kustomization.
const MAX_CHARTS: usize = 100;

/// Every release that the kustomizations among the files ask for, those they take in as resources too.
pub(crate) fn releases(sourced: &mut Sourced) -> Vec<Release> {
    let mut open: Vec<Utf8PathBuf> = Vec::new();
    for id in sourced.files.ids() {
        let path = Utf8PathBuf::from(sourced.files.name(id));
        if path.file_name().is_some_and(is_kustomization) {
            open.push(path);
        }
    }
    let mut seen = BTreeSet::new();
    let mut releases = Vec::new();
    while let Some(path) = open.pop() {
        if seen.len() >= MAX_FOLDERS || !seen.insert(tidy(&path)) {
            continue;
        }
        let Ok((_, Some(node))) = valuefile::document(&path, sourced) else { continue };
        let folder = path.parent().unwrap_or(Utf8Path::new("."));
        for field in ["resources", "bases", "components"] {
            let entries = node.get(field).into_iter().flat_map(Node::items).filter_map(Node::as_str);
            for below in entries.map(|entry| tidy(&folder.join(entry))).filter(|path| path.is_dir()) {
                open.extend(KUSTOMIZATIONS.iter().map(|name| below.join(name)).find(|path| path.is_file()));
            }
        }
        for chart in node.get("helmCharts").into_iter().flat_map(Node::items).take(MAX_CHARTS) {
            releases.extend(release(chart, &node, folder, sourced));
        }
    }
    releases
}

fn release(chart: &Node, kustomization: &Node, folder: &Utf8Path, sourced: &mut Sourced) -> Option<Release> {
    let text = |key: &str| chart.str_at(&[key]).map(str::to_owned);
    let name = text("name")?;
    let home = kustomization.str_at(&["helmGlobals", "chartHome"]).unwrap_or("charts");
    // A chart that lies on the disk is its owner's, or a copy: its name says nothing about its templates.
    let local = text("repo").is_none() && folder.join(home).join(&name).join("Chart.yaml").is_file();
    let path = local.then(|| tidy(&folder.join(home).join(&name)).into_string());
    let namespace = text("namespace").or_else(|| kustomization.str_at(&["namespace"]).map(str::to_owned));
    let gaps = sourced.unread.len();
    let layers = layers(chart, folder, sourced);
    Some(Release {
        is_whole: sourced.unread.len() == gaps,
        name: text("releaseName").unwrap_or_else(|| name.clone()),
        namespace,
        chart: Reference {
            name: path.is_none().then_some(name),
            repository: text("repo"),
            path,
            version: chart.get("version").and_then(Node::as_text),
        },
        layers,
        origin: chart.origin,
        driver: Driver::Kustomize,
        changed_after: None,
    })
}

/// The values in Kustomize's order: the file, the inline values with or under it, the additional files.
fn layers(chart: &Node, folder: &Utf8Path, sourced: &mut Sourced) -> Vec<Node> {
    let mut layers = Vec::new();
    let mut file = |named: &Node| {
        let path = tidy(&folder.join(named.as_str()?));
        if !path.is_file() {
            let kind = SourceErrorKind::MissingValues { what: named.as_str()?.to_owned() };
            sourced.unread.push(Unread { kind, origin: named.origin });
            return None;
        }
        match valuefile::read(&path, sourced) {
            Ok(Found::Values(values)) => Some(values),
            Ok(Found::Empty) => None,
            Err(unread) => {
                sourced.unread.push(unread);
                None
            }
        }
    };
    let from_file = chart.get("valuesFile").and_then(&mut file);
    let inline = chart.get("valuesInline").filter(|node| node.as_mapping().is_some()).cloned();
    match chart.str_at(&["valuesMerge"]) {
        Some("replace") if inline.is_some() => layers.extend(inline),
        // `merge`: what the file says stays, the inline values fill in.
        Some("merge") => layers.extend(inline.into_iter().chain(from_file)),
        _ => layers.extend(from_file.into_iter().chain(inline)),
    }
    layers.extend(chart.get("additionalValuesFiles").into_iter().flat_map(Node::items).filter_map(&mut file));
    layers
}

/// The values that a chart's own `values.yaml` gives to one of its dependencies: under its alias or name, with the
/// globals.
pub(crate) fn for_dependency(values: &Node, key: &str) -> Option<Node> {
    let mut own = values.get(key)?.clone();
    if let (Some(global), Value::Mapping(_)) = (values.get("global"), &own.value) {
        let mut around = Node::mapping().at(global.origin);
        around.set("global", global.clone());
        overlay(&mut own, around, &mut Vec::new());
    }
    Some(own)
}

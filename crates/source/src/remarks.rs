//! What a person should know of objects that were read: old APIs, Helm's marks, values still to be filled in.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use installation::Object;
use tree::{Node, Origin, Value};

use crate::objects::successor;
use crate::{Note, NoteKind};

/// Notes on objects, in the order read.
pub(crate) fn remarks(objects: &[Object]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut seen = BTreeSet::new();
    for object in objects {
        notes.extend(old_api(object));
        for (text, origin) in placeholders(object) {
            if seen.insert((origin.map(|origin| origin.file), text.clone())) {
                notes.push(Note { kind: NoteKind::Placeholder { text }, origin });
            }
        }
    }
    notes.extend(rendered_charts(objects));
    notes
}

fn old_api(object: &Object) -> Option<Note> {
    let (today, gone_since) = successor(object.api_version(), object.kind())?;
    let kind = NoteKind::OldApi {
        api_version: object.api_version().to_owned(),
        kind: object.kind().to_owned(),
        today,
        gone_since,
    };
    Some(Note { kind, origin: object.node.get("apiVersion").and_then(|node| node.origin) })
}

/// What Helm writes on the objects it renders.
struct Marks {
    release: Option<String>,
    chart: Option<String>,
    is_hook: bool,
}

fn marks(object: &Object) -> Option<Marks> {
    let label = |key: &str| object.node.str_at(&["metadata", "labels", key]);
    let annotation = |key: &str| object.node.str_at(&["metadata", "annotations", key]);
    let chart = label("helm.sh/chart");
    let by_helm = |key: &str| label(key).is_some_and(|manager| matches!(manager, "Helm" | "Tiller"));
    let release = annotation("meta.helm.sh/release-name");
    let is_hook = annotation("helm.sh/hook").is_some();
    let old = by_helm("heritage");
    if chart.is_none() && release.is_none() && !is_hook && !old && !by_helm("app.kubernetes.io/managed-by") {
        return None;
    }
    let old_label = |key: &str| if old { label(key) } else { None };
    Some(Marks {
        release: release
            .or_else(|| label("app.kubernetes.io/instance"))
            .or_else(|| old_label("release"))
            .map(str::to_owned),
        chart: chart.or_else(|| old_label("chart")).map(str::to_owned),
        is_hook,
    })
}

/// One note for each release.
fn rendered_charts(objects: &[Object]) -> Vec<Note> {
    struct Rendered {
        charts: BTreeSet<String>,
        objects: usize,
        hooks: usize,
        first: Option<Origin>,
    }
    let mut releases: BTreeMap<Option<String>, Rendered> = BTreeMap::new();
    for object in objects {
        let Some(marks) = marks(object) else { continue };
        let first = object.node.origin;
        let rendered = releases.entry(marks.release).or_insert_with(|| Rendered {
            charts: BTreeSet::new(),
            objects: 0,
            hooks: 0,
            first,
        });
        rendered.charts.extend(marks.chart);
        rendered.objects += 1;
        rendered.hooks += usize::from(marks.is_hook);
    }
    releases
        .into_iter()
        .map(|(release, rendered)| Note {
            kind: NoteKind::RenderedChart {
                release,
                charts: rendered.charts.into_iter().collect(),
                objects: rendered.objects,
                hooks: rendered.hooks,
            },
            origin: rendered.first,
        })
        .collect()
}

/// The charts that `helm template` names in its comments (`# Source: CHART/…`), for objects without labels.
pub(crate) fn charts_in_comments(text: &str) -> BTreeSet<String> {
    let mut charts = BTreeSet::new();
    for line in text.lines() {
        let Some((chart, rest)) = line.strip_prefix("# Source: ").and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if rest.contains("templates/") || rest.starts_with("crds/") {
            charts.insert(chart.to_owned());
        }
    }
    charts
}

/// Values that Flux's substitution, `envsubst` or a template would fill in, where Kubernetes itself would not: the
/// contents of files, scripts and Secrets are left alone, as `${…}` means something else there.
fn placeholders(object: &Object) -> Vec<(String, Option<Origin>)> {
    /// Kinds whose controllers fill in templates themselves.
    const TEMPLATED: [&str; 6] = [
        "PrometheusRule",
        "AlertmanagerConfig",
        "ExternalSecret",
        "ClusterExternalSecret",
        "ApplicationSet",
        "Workflow",
    ];
    let mut found = Vec::new();
    if !TEMPLATED.contains(&object.kind()) {
        collect_placeholders(&object.node, &mut found);
    }
    found
}

fn collect_placeholders(node: &Node, found: &mut Vec<(String, Option<Origin>)>) {
    const TEXTS: [&str; 6] = ["data", "stringData", "binaryData", "command", "args", "managedFields"];
    match &node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping {
                if !TEXTS.contains(&key.as_str()) {
                    collect_placeholders(child, found);
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect_placeholders(item, found)),
        Value::String(text) if !text.contains('\n') => {
            if let Some(placeholder) = placeholder(text) {
                found.push((placeholder.to_owned(), node.origin));
            }
        }
        _ => {}
    }
}

/// The first `${NAME…}` or `{{ … }}` in a text.
pub(crate) fn placeholder(text: &str) -> Option<&str> {
    if let Some(start) = text.find("{{") {
        let length = text[start..].find("}}")?;
        return Some(&text[start..start + length + 2]);
    }
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let length = text[start..].find('}')?;
        let name = &text[start + 2..start + length];
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
        let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        // `$${X}` is what an author writes who wants `${X}` left alone.
        let escaped = text[..start].ends_with('$');
        let ends_well = name[end..].chars().next().is_none_or(|operator| ":-=?+/#%^,".contains(operator));
        if begins_well && !escaped && ends_well {
            return Some(&text[start..=start + length]);
        }
        from = start + 2;
    }
    None
}

/// The line and byte offset of the first template expression of a text.
pub(crate) fn first_template(text: &str) -> Option<(u32, u32, usize)> {
    let at = text.find("{{")?;
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].rsplit('\n').next().map_or(0, |before| before.chars().count()) + 1;
    Some((u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX), at))
}

/// Whether a file is a template of a Helm chart: it lies in `templates/` of a folder with a `Chart.yaml`.
pub(crate) fn is_chart_template(file: &Utf8Path) -> bool {
    file.ancestors()
        .skip(1)
        .filter(|folder| folder.file_name() == Some("templates"))
        .filter_map(Utf8Path::parent)
        .any(|chart| chart.join("Chart.yaml").is_file())
}

//! Argo CD: `Application` and `ApplicationSet` objects whose sources are charts.
//!
//! Values in Argo CD's order, the last winning: `valueFiles`, `values`, `valuesObject`, `parameters`.

use camino::{Utf8Path, Utf8PathBuf};
use tree::{FileId, Node, Value};

use super::flux::{parsed, remember};
use super::release::{Reference, Release};
use super::valuefile::{self, Found};
use super::values::{overlay, set_path};
use crate::folder::tidy;
use crate::{Driver, Driving, Note, NoteKind, SourceErrorKind, Sourced, Unread};

/// The most applications one set may become.
const MAX_APPLICATIONS: usize = 1_000;

/// The most nodes that the applications of one set may have together.
const MAX_NODES: usize = 1_000_000;

/// Every release that the objects ask Argo CD for.
pub(crate) fn releases(sourced: &mut Sourced) -> Vec<Release> {
    let of_argo = sourced.objects.iter().filter(|object| object.api_version().starts_with("argoproj.io/"));
    let mut applications: Vec<(Node, Driving)> = Vec::new();
    let mut unread = Vec::new();
    for object in of_argo {
        match object.kind() {
            "Application" => applications.push((object.node.clone(), Driving::by(object))),
            "ApplicationSet" => match members(&object.node) {
                Ok(members) => {
                    let driving = Driving::by(object);
                    applications.extend(members.into_iter().map(|member| (member, driving.clone())));
                }
                Err(gap) => unread.push(gap),
            },
            _ => {}
        }
    }
    sourced.unread.extend(unread);
    applications
        .iter()
        .flat_map(|(application, driving)| of_application(application, driving, sourced))
        .collect()
}

fn of_application(application: &Node, driving: &Driving, sourced: &mut Sourced) -> Vec<Release> {
    let Some(spec) = application.get("spec") else { return Vec::new() };
    let sources: Vec<&Node> = match spec.get("sources") {
        Some(sources) => sources.items().collect(),
        None => spec.get("source").into_iter().collect(),
    };
    let name = application.str_at(&["metadata", "name"]).unwrap_or_default();
    let mut releases = Vec::new();
    for source in sources.iter().filter(|source| source.get("ref").is_none() || is_chart(source)) {
        if !is_chart(source) {
            let path = source.str_at(&["path"]).unwrap_or_default().to_owned();
            let kind = NoteKind::ElsewhereSource { application: name.to_owned(), path };
            sourced.notes.push(Note { kind, origin: source.origin });
            continue;
        }
        let text = |keys: &[&str]| source.str_at(keys).map(str::to_owned);
        let chart = Reference {
            name: text(&["chart"]),
            repository: text(&["repoURL"]),
            path: text(&["path"]),
            version: source.get("targetRevision").and_then(Node::as_text).filter(|text| text != "HEAD"),
        };
        let gaps = sourced.unread.len();
        let layers = layers(source, application, sourced);
        releases.push(Release {
            is_whole: sourced.unread.len() == gaps,
            name: text(&["helm", "releaseName"]).unwrap_or_else(|| name.to_owned()),
            namespace: spec.str_at(&["destination", "namespace"]).map(str::to_owned),
            chart,
            layers,
            origin: source.origin.or(application.origin),
            driver: Driver::ArgoCd(driving.clone()),
            changed_after: None,
        });
    }
    releases
}

/// Whether a source is a chart: it says so, sets Helm's options, or is where an official chart is.
fn is_chart(source: &Node) -> bool {
    let repository = source.str_at(&["repoURL"]).map(str::to_owned);
    let path = source.str_at(&["path"]).map(str::to_owned);
    let reference = Reference { repository, path, ..Reference::default() };
    source.get("chart").is_some() || source.get("helm").is_some() || reference.official().is_some()
}

fn layers(source: &Node, application: &Node, sourced: &mut Sourced) -> Vec<Node> {
    let mut layers = Vec::new();
    let Some(helm) = source.get("helm") else { return layers };
    let ignores_missing =
        helm.get("ignoreMissingValueFiles").is_some_and(|node| node.value == Value::Bool(true));
    let file = application.origin.map(|origin| origin.file);
    for named in helm.get("valueFiles").into_iter().flat_map(Node::items) {
        match value_file(named, source, file, sourced) {
            Ok(Some(values)) => layers.push(values),
            Err(unread) if !ignores_missing => sourced.unread.push(unread),
            _ => {}
        }
    }
    if let Some(text) = helm.get("values").filter(|node| node.as_str().is_some_and(|text| !text.is_empty())) {
        match parsed(text.as_str().unwrap_or_default(), text.origin, "spec.source.helm.values") {
            Ok(values) => {
                remember(&values, sourced);
                layers.push(values);
            }
            Err(unread) => sourced.unread.push(unread),
        }
    }
    match helm.get("valuesObject") {
        Some(values) if values.as_mapping().is_some() => layers.push(values.clone()),
        Some(values) if values.value != Value::Null => {
            let key = "spec.source.helm.valuesObject".to_owned();
            let kind = SourceErrorKind::BadValues { key, wanted: "a mapping" };
            sourced.unread.push(Unread { kind, origin: values.origin });
        }
        _ => {}
    }
    layers.extend(parameters(helm));
    layers
}

fn parameters(helm: &Node) -> Option<Node> {
    let parameters = helm.get("parameters")?;
    let mut values = Node::mapping().at(parameters.origin);
    for parameter in parameters.items() {
        let (Some(name), Some(value)) = (parameter.str_at(&["name"]), parameter.get("value")) else {
            continue;
        };
        let as_text = parameter.get("forceString").is_some_and(|node| node.value == Value::Bool(true));
        set_path(&mut values, name, &value.as_text().unwrap_or_default(), value.origin, as_text);
    }
    Some(values)
}

/// A values file of the application's repository, looked for in the folders above the application's file.
fn value_file(
    named: &Node,
    source: &Node,
    file: Option<FileId>,
    sourced: &mut Sourced,
) -> Result<Option<Node>, Unread> {
    let text = named.as_str().unwrap_or_default();
    let missing =
        || Unread { kind: SourceErrorKind::MissingValues { what: text.to_owned() }, origin: named.origin };
    let relative: Utf8PathBuf = match text.strip_prefix('$') {
        // `$ref/path`: from the root of the repository that another source of the application names.
        Some(rest) => rest.split_once('/').map(|(_, path)| path.into()).ok_or_else(missing)?,
        None if text.starts_with('/') => text.trim_start_matches('/').into(),
        None => Utf8Path::new(source.str_at(&["path"]).unwrap_or_default()).join(text),
    };
    if text.contains("://") {
        return Err(missing());
    }
    let relative = tidy(&relative);
    if relative.components().any(|component| component == camino::Utf8Component::ParentDir) {
        return Err(missing());
    }
    let from = file.map(|file| Utf8PathBuf::from(sourced.files.name(file))).ok_or_else(missing)?;
    let found =
        from.ancestors().skip(1).take(16).map(|folder| folder.join(&relative)).find(|path| path.is_file());
    match valuefile::read(&found.ok_or_else(missing)?, sourced)? {
        Found::Values(values) => Ok(Some(values)),
        Found::Empty => Ok(None),
    }
}

/// The applications of a set: one for each element of its list generators.
fn members(set: &Node) -> Result<Vec<Node>, Unread> {
    let mut members = Vec::new();
    let Some(template) = set.at_keys(&["spec", "template"]) else { return Ok(members) };
    for generator in set.at_keys(&["spec", "generators"]).into_iter().flat_map(Node::items) {
        let Some(elements) = generator.at_keys(&["list", "elements"]) else {
            let first = generator.as_mapping().and_then(|mapping| mapping.keys().next()).cloned();
            let kind = SourceErrorKind::UnknownGenerator { generator: first.unwrap_or_default() };
            return Err(Unread { kind, origin: generator.origin.or(set.origin) });
        };
        let room = MAX_NODES / installation::chart::go::size(template).max(1);
        for element in elements.items().take(room.min(MAX_APPLICATIONS)) {
            let mut template = template.clone();
            if let Some(own) = generator.at_keys(&["list", "template"]) {
                overlay(&mut template, own.clone(), &mut Vec::new());
            }
            fill(&mut template, element);
            let mut application = Node::mapping().at(set.origin);
            for key in ["metadata", "spec"] {
                if let Some(child) = template.get(key) {
                    application.set(key, child.clone());
                }
            }
            members.push(application);
        }
    }
    Ok(members)
}

/// Puts an element's values in place of `{{name}}` and `{{.name}}`. Templates that do more stay as written.
fn fill(node: &mut Node, element: &Node) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(|child| fill(child, element)),
        Value::Sequence(items) => items.iter_mut().for_each(|item| fill(item, element)),
        Value::String(text) if text.contains("{{") => {
            let mut made = String::new();
            for (number, piece) in text.split("{{").enumerate() {
                let (inside, rest) = match piece.split_once("}}") {
                    Some((inside, rest)) if number > 0 => (inside, rest),
                    _ => ("", piece),
                };
                let name = inside.trim().trim_start_matches('.').trim_start_matches("values.");
                match installation::chart::go::at(element, name).and_then(Node::as_text) {
                    Some(value) if number > 0 => made.push_str(&value),
                    _ if number > 0 && !inside.is_empty() => made.push_str(&format!("{{{{{inside}}}}}")),
                    _ => {}
                }
                made.push_str(rest);
            }
            *text = made;
        }
        _ => {}
    }
}

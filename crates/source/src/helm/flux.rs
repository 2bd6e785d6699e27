//! Flux: `HelmRelease` objects and the values they draw from ConfigMaps and Secrets.
//!
//! Names and order as Flux's helm-controller has them: `valuesFrom` in order, `values` over them; a release is called
//! `[targetNamespace-]name` unless it says `releaseName`.

use installation::Object;
use installation::chart::{Effect, OfficialChart};
use tree::{Node, Origin, Value};

use super::release::{Reference, Release};
use super::values::{is_encrypted, overlay, set_path};
use crate::{Document, Driver, Driving, Note, NoteKind, Role, SourceErrorKind, Sourced, Unread};

/// What a `HelmRelease` reads where it does not say which key.
const VALUES_KEY: &str = "values.yaml";
/// How many letters Kustomize hangs on the names that it generates, after a hyphen.
const HASH: usize = 10;

/// Every release that the objects ask Flux for.
pub(crate) fn releases(sourced: &mut Sourced) -> Vec<Release> {
    let objects = std::mem::take(&mut sourced.objects);
    let is_release = |object: &&Object| {
        // Flux takes no release that names no chart.
        let names_chart =
            ["chart", "chartRef"].iter().any(|key| object.node.at_keys(&["spec", key]).is_some());
        object.kind() == "HelmRelease"
            && object.api_version().starts_with("helm.toolkit.fluxcd.io/")
            && names_chart
    };
    let found = objects.iter().filter(is_release).map(|object| release(object, &objects, sourced)).collect();
    sourced.objects = objects;
    found
}

fn release(object: &Object, objects: &[Object], sourced: &mut Sourced) -> Release {
    let spec = |keys: &[&str]| object.node.get("spec").and_then(|spec| spec.str_at(keys)).map(str::to_owned);
    let target = spec(&["targetNamespace"]);
    let name = spec(&["releaseName"]).unwrap_or_else(|| match &target {
        Some(target) => format!("{target}-{}", object.name()),
        None => object.name().to_owned(),
    });
    let mut layers = Vec::new();
    let gaps = sourced.unread.len();
    for from in object.node.at_keys(&["spec", "valuesFrom"]).into_iter().flat_map(Node::items) {
        match drawn(from, object, objects) {
            Ok(Some(Drawn { values, is_text })) => {
                if is_text {
                    remember(&values, sourced);
                }
                layers.push(values);
            }
            Ok(None) => {}
            Err(unread) => sourced.unread.push(unread),
        }
    }
    match object.node.at_keys(&["spec", "values"]) {
        Some(values) if values.as_mapping().is_some() => layers.push(values.clone()),
        Some(values) if values.value != Value::Null => {
            let kind = SourceErrorKind::BadValues { key: "spec.values".to_owned(), wanted: "a mapping" };
            sourced.unread.push(Unread { kind, origin: values.origin });
        }
        _ => {}
    }
    if let Some(renderers) = object.node.at_keys(&["spec", "postRenderers"]) {
        let kind = NoteKind::PostRendered { release: name.clone() };
        sourced.notes.push(Note { kind, origin: renderers.origin });
    }
    let changed_after = object.node.at_keys(&["spec", "postRenderers"]).and_then(|node| node.origin);
    let namespace = target.or_else(|| object.namespace().map(str::to_owned));
    let is_whole = sourced.unread.len() == gaps;
    Release {
        name,
        namespace,
        chart: reference(object, objects),
        layers,
        is_whole,
        origin: object.node.origin,
        driver: Driver::Flux(Driving::by(object)),
        changed_after,
    }
}

/// The chart a release names, its repository looked up among the objects.
fn reference(object: &Object, objects: &[Object]) -> Reference {
    if let Some(chart) = object.node.at_keys(&["spec", "chartRef"]) {
        let found = find(objects, chart.str_at(&["kind"]), chart.str_at(&["name"]));
        return match found {
            Some(found) if found.kind() == "HelmChart" => from_template(found.node.get("spec"), objects),
            Some(found) => from_repository(found, None, None),
            None => Reference { name: chart.str_at(&["name"]).map(str::to_owned), ..Reference::default() },
        };
    }
    from_template(object.node.at_keys(&["spec", "chart", "spec"]), objects)
}

fn from_template(template: Option<&Node>, objects: &[Object]) -> Reference {
    let text = |keys: &[&str]| template.and_then(|template| template.str_at(keys));
    let (kind, name) = (text(&["sourceRef", "kind"]), text(&["sourceRef", "name"]));
    let version = template.and_then(|template| template.get("version")).and_then(Node::as_text);
    // A repository that is not in the source is known by the name of its object only.
    let unfound = kind.zip(name).map(|(kind, name)| format!("{kind}/{name}"));
    let chart = text(&["chart"]).map(str::to_owned);
    match find(objects, kind, name) {
        Some(repository) => from_repository(repository, chart, version),
        None if kind == Some("HelmRepository") => {
            Reference { name: chart, repository: unfound, version, ..Reference::default() }
        }
        None => Reference { path: chart, repository: unfound, ..Reference::default() },
    }
}

fn from_repository(repository: &Object, chart: Option<String>, version: Option<String>) -> Reference {
    let text = |keys: &[&str]| repository.node.str_at(keys).map(str::to_owned);
    let url = text(&["spec", "url"]);
    let reference =
        ["tag", "semver", "branch", "commit", "digest"].iter().find_map(|key| text(&["spec", "ref", key]));
    match repository.kind() {
        "HelmRepository" => Reference { name: chart, repository: url, version, ..Reference::default() },
        "OCIRepository" => {
            let name = url.as_deref().and_then(|url| url.rsplit('/').next()).map(str::to_owned);
            Reference { name, repository: url, version: reference, ..Reference::default() }
        }
        // Flux takes no version from a release whose chart comes from Git.
        _ => Reference { path: chart, repository: url, version: reference, ..Reference::default() },
    }
}

fn find<'a>(objects: &'a [Object], kind: Option<&str>, name: Option<&str>) -> Option<&'a Object> {
    let (kind, name) = (kind?, name?);
    objects.iter().find(|object| {
        object.kind() == kind
            && object.name() == name
            && object.api_version().starts_with("source.toolkit.fluxcd.io/")
    })
}

/// Values out of an object, and whether they stand there as a text of their own.
struct Drawn {
    values: Node,
    is_text: bool,
}

/// Keeps values that stand as a text in another document among the documents, so that each can be accounted for.
pub(crate) fn remember(values: &Node, sourced: &mut Sourced) {
    if let Some(origin) = values.origin {
        sourced.documents.push(Document { file: origin.file, role: Role::Values, node: values.clone() });
    }
}

/// The values that one entry of `valuesFrom` brings.
fn drawn(from: &Node, release: &Object, objects: &[Object]) -> Result<Option<Drawn>, Unread> {
    let text = |key: &str| from.str_at(&[key]);
    let (kind, name) = (text("kind").unwrap_or_default(), text("name").unwrap_or_default());
    let is_optional = from.get("optional").is_some_and(|node| node.value == Value::Bool(true));
    let missing = |what: String| {
        let unread = Unread { kind: SourceErrorKind::MissingValues { what }, origin: from.origin };
        if is_optional { Ok(None) } else { Err(unread) }
    };
    let Some(holder) = holder(kind, name, release, objects) else {
        return missing(format!("{kind}/{name}"));
    };
    let key = text("valuesKey").unwrap_or(VALUES_KEY);
    let Some(value) = entry(holder, key) else { return missing(format!("{kind}/{name} {key}")) };
    let origin = value.origin.or(holder.node.origin);
    if is_encrypted(&value) {
        let kind = SourceErrorKind::EncryptedValues { what: format!("{kind}/{name} {key}") };
        return Err(Unread { kind, origin });
    }
    let is_secret = kind == "Secret";
    let plain = value.as_secret().map(|secret| secret.reveal().to_owned()).or_else(|| value.as_text());
    let plain = plain.unwrap_or_default();
    let mut values = match text("targetPath") {
        Some(path) => {
            let mut values = Node::mapping().at(origin);
            let unquoted = plain.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
            set_path(&mut values, path, unquoted.unwrap_or(&plain), origin, unquoted.is_some());
            values
        }
        None => parsed(&plain, origin, &format!("{kind}/{name} {key}"))?,
    };
    if is_secret {
        seal_all(&mut values, "", text("targetPath").is_some());
    }
    Ok(Some(Drawn { values, is_text: text("targetPath").is_none() }))
}

/// Reads values that stand in a text of another document.
///
/// # Errors
/// What is wrong with them, with its place.
pub(crate) fn parsed(text: &str, origin: Option<Origin>, what: &str) -> Result<Node, Unread> {
    let documents = tree::parse_embedded(&Node::from(text).at(origin)).map_err(|error| {
        let origin = origin.map(|_| error.origin);
        Unread { kind: SourceErrorKind::Parse(Box::new(error)), origin }
    })?;
    let values = documents.into_iter().next().unwrap_or_else(|| Node::mapping().at(origin));
    if values.as_mapping().is_some() {
        return Ok(values);
    }
    let kind = SourceErrorKind::BadValues { key: what.to_owned(), wanted: "a mapping" };
    Err(Unread { kind, origin: values.origin.or(origin) })
}

fn holder<'a>(kind: &str, name: &str, release: &Object, objects: &'a [Object]) -> Option<&'a Object> {
    let fits = |object: &&Object| {
        object.kind() == kind && matches!((object.namespace(), release.namespace()), (None, _) | (_, None))
            || object.kind() == kind && object.namespace() == release.namespace()
    };
    let generated = |own: &str| {
        own.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).is_some_and(|hash| {
            hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
    };
    let mut candidates = objects.iter().filter(fits);
    candidates
        .clone()
        .find(|object| object.name() == name)
        .or_else(|| candidates.find(|object| generated(object.name())))
}

/// A key of a ConfigMap or Secret, decoded. What SOPS encrypted stays as it is.
fn entry(holder: &Object, key: &str) -> Option<Node> {
    if let Some(value) = holder.node.at_keys(&["stringData", key]) {
        return Some(value.clone());
    }
    let value = holder.node.at_keys(&["data", key])?;
    if holder.kind() != "Secret" || is_encrypted(value) {
        return Some(value.clone());
    }
    let encoded = value.as_secret().map(|secret| secret.reveal().to_owned()).or_else(|| value.as_text())?;
    let mut decoded =
        Node::from(String::from_utf8(installation::decode_base64(&encoded)?).ok()?).at(value.origin);
    decoded.seal();
    Some(decoded)
}

/// Seals what came out of a Secret, but for what only shapes objects: names, images, hosts, switches.
fn seal_all(node: &mut Node, path: &str, whole: bool) {
    match &mut node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                seal_all(child, &path, whole);
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| seal_all(item, path, whole)),
        Value::String(_) => {
            let shapes = |key: &installation::chart::ValueKey| {
                key.effect == Effect::Objects && path.strip_prefix(key.path).is_some_and(is_below)
            };
            if whole || !OfficialChart::ALL.iter().any(|chart| chart.keys().iter().any(shapes)) {
                node.seal();
            }
        }
        _ => {}
    }
}

fn is_below(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// All layers of a release in one.
pub(crate) fn merged(release: &Release, overridden: &mut Vec<(Origin, Origin)>) -> Node {
    let mut values = Node::mapping().at(release.origin);
    for layer in &release.layers {
        overlay(&mut values, layer.clone(), overridden);
    }
    values
}

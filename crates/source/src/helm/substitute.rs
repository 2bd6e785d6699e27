//! What Flux's `postBuild` puts in place of `${NAME}`, where the `Kustomization` that does it is in the source.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use installation::Object;
use tree::{Node, Value};

use crate::folder::tidy;
use crate::{NoteKind, Sourced};

/// The longest text that variables may make of another.
const MAX_TEXT: usize = 16 * 1024 * 1024;

struct Substitution {
    folder: Utf8PathBuf,
    variables: BTreeMap<String, String>,
    namespace: Option<Node>,
}

/// Puts in what is known. What is not stays as written, and was told before.
pub(crate) fn substitute(sourced: &mut Sourced) {
    let substitutions: Vec<Substitution> =
        sourced.objects.iter().filter_map(|object| read(object, &sourced.objects)).collect();
    if substitutions.is_empty() {
        return;
    }
    let mut known = BTreeMap::new();
    for object in &mut sourced.objects {
        let Some(origin) = object.node.origin else { continue };
        let file = tidy(camino::Utf8Path::new(sourced.files.name(origin.file)));
        let Some(folder) = file.parent() else { continue };
        let fits = |substitution: &&Substitution| {
            folder.ancestors().any(|ancestor| ancestor.ends_with(&substitution.folder))
        };
        let Some(substitution) =
            substitutions.iter().filter(fits).max_by_key(|one| one.folder.as_str().len())
        else {
            continue;
        };
        if is_left_alone(object) {
            continue;
        }
        fill(&mut object.node, &substitution.variables);
        if let (Some(namespace), "HelmRelease") = (&substitution.namespace, object.kind()) {
            *object.node.ensure(&["metadata", "namespace"]) = namespace.clone();
        }
        known.extend(substitution.variables.clone());
    }
    sourced.notes.retain(|note| match &note.kind {
        NoteKind::Placeholder { text } => filled(text, &known).as_ref() == Some(text),
        _ => true,
    });
}

fn read(object: &Object, objects: &[Object]) -> Option<Substitution> {
    if object.kind() != "Kustomization" || !object.api_version().starts_with("kustomize.toolkit.fluxcd.io/") {
        return None;
    }
    let spec = object.node.get("spec")?;
    let folder = tidy(camino::Utf8Path::new(spec.str_at(&["path"])?));
    folder.file_name()?;
    let mut variables = BTreeMap::new();
    for from in spec.at_keys(&["postBuild", "substituteFrom"]).into_iter().flat_map(Node::items) {
        let holder = objects.iter().find(|held| {
            held.kind() == "ConfigMap"
                && from.str_at(&["kind"]) == Some("ConfigMap")
                && from.str_at(&["name"]) == Some(held.name())
        });
        variables.extend(texts(holder.and_then(|holder| holder.node.get("data"))));
    }
    variables.extend(texts(spec.at_keys(&["postBuild", "substitute"])));
    Some(Substitution { folder, variables, namespace: spec.get("targetNamespace").cloned() })
}

fn texts(node: Option<&Node>) -> Vec<(String, String)> {
    let mapping = node.and_then(Node::as_mapping);
    mapping.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), value.as_text()?))).collect()
}

fn is_left_alone(object: &Object) -> bool {
    const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";
    ["annotations", "labels"]
        .iter()
        .any(|place| object.node.str_at(&["metadata", place, SWITCH]) == Some("disabled"))
}

fn fill(node: &mut Node, variables: &BTreeMap<String, String>) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(|child| fill(child, variables)),
        Value::Sequence(items) => items.iter_mut().for_each(|item| fill(item, variables)),
        Value::String(text) => {
            if let Some(filled) = filled(text, variables) {
                *text = filled;
            }
        }
        _ => {}
    }
}

/// The text with every variable that is known put in, as envsubst does: `${A}`, `${A:-default}`, `${A:=default}` and
/// `${A/x/y}`; `$${A}` stands for `${A}`.
fn filled(text: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    if !text.contains("${") {
        return None;
    }
    let mut made = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        let Some(end) = from.find('}') else { break };
        let (whole, after) = from.split_at(end + 1);
        made.push_str(before);
        if before.ends_with('$') {
            made.push_str(&whole[1..]);
        } else {
            match put_in(&whole[2..end], variables) {
                Some(value) => made.push_str(&value),
                None => made.push_str(whole),
            }
        }
        rest = after;
        if made.len() > MAX_TEXT {
            return None;
        }
    }
    made.push_str(rest);
    Some(made)
}

fn put_in(inside: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inside.len());
    let (name, operator) = inside.split_at(end);
    let value = variables.get(name);
    if operator.is_empty() {
        return value.cloned();
    }
    if let Some(default) = operator.strip_prefix(":-").or_else(|| operator.strip_prefix(":=")) {
        let set = value.filter(|value| !value.is_empty()).cloned();
        // A variable that is not here may be set elsewhere.
        return set.or_else(|| variables.contains_key(name).then(|| default.to_owned()));
    }
    let (from, to) = operator.strip_prefix('/')?.split_once('/')?;
    let value = value?;
    match from.strip_prefix('/') {
        Some(from) => Some(value.replace(from, to)),
        None => Some(value.replacen(from, to, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_as_flux_does() {
        let variables = BTreeMap::from([("HOST".to_owned(), "a.b.example".to_owned())]);
        let filled = |text| filled(text, &variables).unwrap_or_default();
        assert_eq!(filled("https://${HOST}/x"), "https://a.b.example/x");
        assert_eq!(filled("${HOST/./-}-tls"), "a-b.example-tls");
        assert_eq!(filled("${OTHER} ${HOST:-x}"), "${OTHER} a.b.example");
        assert_eq!(filled("${broken"), "${broken");
    }
}

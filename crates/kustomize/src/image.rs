//! `images` and `replicas`: small changes that need no patch.

use std::collections::HashSet;

use regex_lite::Regex;
use tree::patch::{self, Losses};
use tree::{Node, Value};

use crate::error::KustomizeErrorKind;
use crate::field::{self, FieldSpec, Make, Visit};
use crate::identity::Object;

/// An entry of `images`.
pub(crate) fn change(
    objects: &mut [Object],
    entry: &Node,
    specs: &[FieldSpec],
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    let name = entry.str_at(&["name"]).unwrap_or_default();
    let tail = "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$";
    let pattern = Regex::new(&format!("^{name}{tail}")).map_err(|_| KustomizeErrorKind::BadField {
        field: "images.name".to_owned(),
        wanted: "an image's name",
    })?;
    for object in objects.iter_mut().filter(|object| object.id().kind != "CustomResourceDefinition") {
        let id = object.id().clone();
        containers(&mut object.node, &mut |image| update(image, &pattern, entry, losses));
        for spec in specs {
            let mut act = |image: &mut Node, losses: &mut Losses| {
                if matches!(image.value, Value::Mapping(_) | Value::Sequence(_)) {
                    let field = spec.path.clone();
                    return Err(KustomizeErrorKind::BadShape { field, id: id.to_string() });
                }
                update(image, &pattern, entry, losses);
                Ok(())
            };
            let visit = Visit { make: Make::Nothing, origin: entry.origin, losses, act: &mut act };
            spec.visit(&id, &mut object.node, visit)?;
        }
    }
    Ok(())
}

/// An entry of `replicas`.
pub(crate) fn scale(
    objects: &mut [Object],
    entry: &Node,
    specs: &[FieldSpec],
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    let name = entry.str_at(&["name"]).unwrap_or_default();
    let zero = Node::from(0).at(entry.origin);
    let count = entry.get("count").unwrap_or(&zero);
    let mut found = HashSet::new();
    for (place, object) in objects.iter_mut().enumerate() {
        let id = object.id().clone();
        for spec in specs {
            let gvk = &spec.gvk;
            let now = id.name == name && spec.of(&id);
            let then = object
                .former
                .iter()
                .any(|former| former.name == name && gvk.selects(&id.group, &id.version, &former.kind));
            if !now && !then {
                continue;
            }
            found.insert(place);
            let mut act = |node: &mut Node, losses: &mut Losses| {
                field::put(node, count, losses);
                Ok(())
            };
            let visit = Visit { make: Make::Text, origin: count.origin, losses, act: &mut act };
            spec.visit(&id, &mut object.node, visit)?;
        }
    }
    if found.is_empty() {
        return Err(KustomizeErrorKind::NoMatch { id: format!("workload named {name}") });
    }
    Ok(())
}

/// Does something with the image of everything that is called a container, however deep.
fn containers(node: &mut Node, act: &mut dyn FnMut(&mut Node)) {
    match &mut node.value {
        Value::Mapping(members) => {
            for (key, member) in members {
                containers(member, act);
                if key == "containers" || key == "initContainers" {
                    let items = member.as_sequence_mut().into_iter().flatten();
                    items.filter_map(|item| item.get_mut("image")).for_each(&mut *act);
                }
            }
        }
        Value::Sequence(items) => items.iter_mut().for_each(|item| containers(item, act)),
        _ => {}
    }
}

fn update(image: &mut Node, pattern: &Regex, entry: &Node, losses: &mut Losses) {
    let Some(old) = image.as_text().filter(|text| pattern.is_match(text)) else { return };
    let member = |key: &str| entry.get(key).filter(|node| node.as_str().is_some_and(|text| !text.is_empty()));
    let text = |node: &Node| node.as_text().unwrap_or_default();
    let (name, tag, digest) = split(&old);
    let (new_name, new_tag, new_digest) = (member("newName"), member("newTag"), member("digest"));
    let suffix = member("tagSuffix");
    let mut new = new_name.map_or_else(|| name.to_owned(), text);
    let (tag, digest) = match (new_tag, new_digest, suffix) {
        (Some(tag), Some(digest), _) => (text(tag), text(digest)),
        (Some(tag), None, _) => (text(tag), String::new()),
        (None, Some(digest), _) => (String::new(), text(digest)),
        (None, None, Some(suffix)) => (format!("{tag}{}", text(suffix)), String::new()),
        (None, None, None) => (tag.to_owned(), digest.to_owned()),
    };
    if !tag.is_empty() {
        new = format!("{new}:{tag}");
    }
    if !digest.is_empty() {
        new = format!("{new}@{digest}");
    }
    if new != old {
        let by = new_tag.or(new_digest).or(suffix).or(new_name);
        let origin = by.and_then(|node| node.origin);
        patch::note_lost(losses, image, origin);
        *image = Node::from(new).at(origin);
    }
}

/// Name, tag and digest of an image; a colon in the registry's address is none of a tag.
fn split(image: &str) -> (&str, &str, &str) {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    let path = rest.find('/').filter(|place| *place > 0).unwrap_or(0);
    match rest[path..].find(':') {
        Some(colon) => (&rest[..path + colon], &rest[path + colon + 1..], digest),
        None => (rest, "", digest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_name_a_tag_and_a_digest() {
        let table = [
            ("nginx", ("nginx", "", "")),
            ("nginx:1", ("nginx", "1", "")),
            ("host:5000/a/b", ("host:5000/a/b", "", "")),
            ("host:5000/a/b:v1@sha256:0", ("host:5000/a/b", "v1", "sha256:0")),
            ("a@sha256:0", ("a", "", "sha256:0")),
        ];
        for (image, expected) in table {
            assert_eq!(split(image), expected);
        }
    }
}

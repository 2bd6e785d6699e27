//! `images` and `replicas`: small changes that need no patch.

use regex_lite::Regex;
use tree::patch::{self, Losses};
use tree::{Node, Value};

use crate::error::KustomizeErrorKind;
use crate::field;
use crate::identity::Object;
use crate::kustomization::known;

/// An entry of `images`.
pub(crate) fn change(
    objects: &mut [Object],
    entry: &Node,
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    known("images", entry, &["name", "newName", "newTag", "digest"])?;
    let name = entry.get("name").and_then(Node::as_text).unwrap_or_default();
    let tail = "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$";
    let pattern = Regex::new(&format!("^{name}{tail}")).map_err(|_| KustomizeErrorKind::BadField {
        field: "images.name".to_owned(),
        wanted: "an image's name",
    })?;
    for object in objects.iter_mut().filter(|object| object.id().kind != "CustomResourceDefinition") {
        containers(&mut object.node, &mut |image| update(image, &pattern, entry, losses));
        for path in [&["spec", "volumes"][..], &["spec", "template", "spec", "volumes"][..]] {
            if let Some(volumes) = at(&mut object.node, path).and_then(Node::as_sequence_mut) {
                let references = volumes.iter_mut().filter_map(|volume| at(volume, &["image", "reference"]));
                references.for_each(|reference| update(reference, &pattern, entry, losses));
            }
        }
    }
    Ok(())
}

/// An entry of `replicas`.
pub(crate) fn scale(
    objects: &mut [Object],
    entry: &Node,
    losses: &mut Losses,
) -> Result<(), KustomizeErrorKind> {
    known("replicas", entry, &["name", "count"])?;
    let name = entry.get("name").and_then(Node::as_text).unwrap_or_default();
    let Some(count) = entry.get("count").filter(|count| count.as_i64().is_some()) else {
        let field = "replicas.count".to_owned();
        return Err(KustomizeErrorKind::BadField { field, wanted: "a whole number" });
    };
    let kinds = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
    let mut found = false;
    for object in objects {
        let id = object.id();
        let named = id.name == name || object.former.iter().any(|former| former.name == name);
        if named && kinds.contains(&id.kind.as_str()) {
            found = true;
            if object.node.get("spec").is_none_or(|spec| spec.value == Value::Null) {
                object.node.set("spec", Node::mapping().at(count.origin));
            }
            if let Some(spec) = object.node.get_mut("spec") {
                field::set(spec, "replicas", count, losses);
            }
        }
    }
    if found { Ok(()) } else { Err(KustomizeErrorKind::NoMatch { id: format!("workload named {name}") }) }
}

fn at<'a>(node: &'a mut Node, keys: &[&str]) -> Option<&'a mut Node> {
    keys.iter().try_fold(node, |node, key| node.get_mut(key))
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
    let Some(old) = image.as_str().filter(|text| pattern.is_match(text)) else { return };
    let member =
        |key: &str| entry.get(key).filter(|node| node.as_text().is_some_and(|text| !text.is_empty()));
    let text = |node: &Node| node.as_text().unwrap_or_default();
    let (name, tag, digest) = split(old);
    let (new_name, new_tag, new_digest) = (member("newName"), member("newTag"), member("digest"));
    let mut new = new_name.map_or_else(|| name.to_owned(), text);
    let (tag, digest) = match (new_tag, new_digest) {
        (Some(tag), Some(digest)) => (text(tag), text(digest)),
        (Some(tag), None) => (text(tag), String::new()),
        (None, Some(digest)) => (String::new(), text(digest)),
        (None, None) => (tag.to_owned(), digest.to_owned()),
    };
    if !tag.is_empty() {
        new = format!("{new}:{tag}");
    }
    if !digest.is_empty() {
        new = format!("{new}@{digest}");
    }
    if new != old {
        let origin = new_tag.or(new_digest).or(new_name).and_then(|node| node.origin);
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

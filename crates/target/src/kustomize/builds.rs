//! Builds of images: what stands behind the name of one.

use indexmap::IndexMap;
use installation::Object;
use tree::{Node, Value};

use super::at_mut;

/// A tag or a digest, with the origin of the image that said it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Build {
    /// `newTag` or `digest`, as a kustomization calls it.
    pub(crate) field: &'static str,
    /// The tag or digest.
    pub(crate) value: Node,
}

/// Takes the builds out of pod templates, by the image's name, where all images of that name are of one build.
pub(crate) fn take(base: &mut [Object]) -> IndexMap<String, Build> {
    let mut builds: IndexMap<String, Option<Build>> = IndexMap::new();
    for object in &mut *base {
        each(object, &mut |image| {
            let Some((name, build)) = image.as_str().map(|text| split(text, image)) else { return };
            let entry = builds.entry(name).or_insert_with(|| build.clone());
            if entry.as_ref().map(Build::said) != build.as_ref().map(Build::said) {
                *entry = None;
            }
        });
    }
    let builds: IndexMap<String, Build> =
        builds.into_iter().filter_map(|(name, build)| Some((name, build?))).collect();
    for object in base {
        each(object, &mut |image| {
            let Some((name, _)) = image.as_str().map(|text| split(text, image)) else { return };
            if builds.contains_key(&name) {
                image.value = Value::String(name);
            }
        });
    }
    builds
}

impl Build {
    fn said(&self) -> (&'static str, Option<&str>) {
        (self.field, self.value.as_str())
    }
}

fn each(object: &mut Object, then: &mut dyn FnMut(&mut Node)) {
    let Some(keys) = object.template_keys() else { return };
    let Some(pod) = at_mut(&mut object.node, keys).and_then(|template| template.get_mut("spec")) else {
        return;
    };
    for list in ["initContainers", "containers"] {
        let containers = pod.get_mut(list).and_then(Node::as_sequence_mut);
        for image in containers.into_iter().flatten().filter_map(|container| container.get_mut("image")) {
            then(image);
        }
    }
}

/// An image's name, and its build where that is a tag or a digest alone, of the letters that Kustomize knows.
fn split(text: &str, image: &Node) -> (String, Option<Build>) {
    let build = |field, value: &str| Some(Build { field, value: Node::from(value).at(image.origin) });
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    let name_of = |text: &str| match text.rsplit_once(':') {
        // A colon before a slash is a port's.
        Some((name, tag)) if !tag.contains('/') => (name.to_owned(), Some(tag.to_owned())),
        _ => (text.to_owned(), None),
    };
    match text.split_once('@') {
        None => match name_of(text) {
            (name, Some(tag)) if plain(&tag) => (name, build("newTag", &tag)),
            (name, _) => (name, None),
        },
        Some((before, digest)) => match (name_of(before), digest.strip_prefix("sha256:")) {
            ((name, None), Some(hex)) if plain(hex) => (name, build("digest", digest)),
            ((name, _), _) => (name, None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_before_its_tag_or_digest() {
        let table = [
            ("x/y:v1", "x/y", Some(("newTag", Some("v1")))),
            ("host:5000/x", "host:5000/x", None),
            ("host:5000/x:1", "host:5000/x", Some(("newTag", Some("1")))),
            ("x@sha256:ab", "x", Some(("digest", Some("sha256:ab")))),
            ("x:v1@sha256:ab", "x", None),
            ("x:${TAG}", "x", None),
        ];
        for (text, name, said) in table {
            let (own, build) = split(text, &Node::from(text));
            assert_eq!((own.as_str(), build.as_ref().map(Build::said)), (name, said), "{text}");
        }
    }
}

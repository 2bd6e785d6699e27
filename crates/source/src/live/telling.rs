//! A source that holds what an API server gave out: taken apart into what is the owner's and what is not.

use std::collections::BTreeMap;

use tree::Node;

use super::apart::{Apart, apart, ids};
use super::defaults::is_served;
use super::strip::strip;
use crate::manifests::read_texts;
use crate::remarks::remarks;
use crate::{Form, Note, NoteKind, Sourced};

/// A kind that a server would not list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// `resource.group`.
    pub resource: String,
    /// The server's words.
    pub reason: String,
}

/// What stands in a namespace, as listed: every object becomes a file in memory called
/// `cluster:CONTEXT/NAMESPACE/KIND/NAME`, so that each leaf has a line to be shown at. What is secret is sealed.
#[must_use]
pub fn live(place: &str, objects: Vec<serde_json::Value>, unlisted: Vec<Unlisted>) -> Sourced {
    let texts = objects.into_iter().map(|object| {
        let text = |pointer: &str| object.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or("?");
        let name = format!("{place}/{}/{}", text("/kind"), text("/metadata/name"));
        (name, as_text(object))
    });
    let mut sourced = read_texts(texts);
    sourced.notes.extend(remarks(&sourced.objects));
    tell_apart(&mut sourced);
    sourced.form = Form::Live;
    sourced.notes.extend(unlisted.into_iter().map(|Unlisted { resource, reason }| Note {
        kind: NoteKind::NotListed { kind: resource, reason },
        origin: None,
    }));
    crate::seal(&mut sourced);
    sourced
}

/// YAML, or JSON (which is YAML too) should the text not mean the same again.
fn as_text(object: serde_json::Value) -> String {
    let node = Node::from(object);
    if let Ok(text) = tree::to_yaml(&node) {
        let mut files = tree::Files::new();
        let file = files.add("", text.as_str());
        let read = tree::parse(&files, file);
        if read.is_ok_and(|read| read.len() == 1 && read[0].to_json() == node.to_json()) {
            return text;
        }
    }
    format!("{:#}", node.to_json())
}

/// Takes out of every object that a server gave out what its owner did not write, and sets objects apart that
/// controllers made. A source whose objects mostly come from a server is live.
pub(crate) fn tell_apart(sourced: &mut Sourced) {
    let served = sourced.objects.iter().filter(|object| is_served(&object.node)).count();
    if served == 0 {
        return;
    }
    if served * 2 >= sourced.objects.len() {
        sourced.form = Form::Live;
    }
    let all = std::mem::take(&mut sourced.objects);
    let present = ids(&all);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut releases: BTreeMap<String, u32> = BTreeMap::new();
    let verdicts: Vec<Option<Apart>> = all
        .iter()
        .map(|object| if is_served(&object.node) { apart(object, &present, &all) } else { None })
        .collect();
    for (mut object, verdict) in all.into_iter().zip(verdicts) {
        match verdict {
            Some(verdict) => {
                let leaves = object.node.leaves();
                sourced.server_filled.extend(leaves.iter().filter_map(|leaf| leaf.node.origin));
                match verdict {
                    Apart::Made => *counts.entry(object.kind().to_owned()).or_default() += 1,
                    Apart::HelmRelease { release, revision } => {
                        let newest = releases.entry(release).or_default();
                        *newest = revision.max(*newest);
                    }
                }
            }
            None => {
                if is_served(&object.node) {
                    sourced.server_filled.extend(strip(&mut object.node));
                }
                sourced.objects.push(object);
            }
        }
    }
    let releases =
        releases.into_iter().map(|(release, revision)| NoteKind::HelmRelease { release, revision });
    let counts = counts.into_iter().map(|(kind, count)| NoteKind::SetApart { kind, count });
    sourced.notes.extend(releases.chain(counts).map(|kind| Note { kind, origin: None }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(object: &installation::Object) -> String {
        object.node.to_json().to_string()
    }

    #[test]
    fn texts_that_yaml_could_misread_come_back_as_they_are() {
        for value in
            ["0755", "yes", "1e3", "~", "a: b", "- x", "line\nline\n", " lead", "\ttab", "trail ", "\u{7f}"]
        {
            let object = serde_json::json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": value},
            });
            let sourced = live("cluster:c/n", vec![object.clone()], Vec::new());
            assert_eq!(text(&sourced.objects[0]), object.to_string());
        }
    }
}

//! `configMapGenerator` and `secretGenerator`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;

use tree::patch::{self, Losses};
use tree::{Mapping, Node, Origin, Value};

use crate::error::KustomizeErrorKind;
use crate::identity::Object;

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generated {
    ConfigMap,
    Secret,
}

/// What is to be done with an object that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// Nothing: there must be none.
    Create,
    Replace,
    Merge,
}

/// A value, and the key it stands under.
pub(crate) struct Pair {
    pub(crate) key: String,
    /// Bytes, because a file need not be text.
    pub(crate) value: Vec<u8>,
    /// Where it is written.
    pub(crate) origin: Option<Origin>,
}

impl Generated {
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// The object that an entry describes.
    pub(crate) fn object(
        self,
        entry: &Node,
        shared: Option<&Node>,
        pairs: Vec<Pair>,
    ) -> Result<Object, KustomizeErrorKind> {
        let Some(name) = entry.get("name").filter(|name| name.as_str().is_some_and(|text| !text.is_empty()))
        else {
            let field = format!("{}.name", self.field());
            return Err(KustomizeErrorKind::BadField { field, wanted: "given" });
        };
        let at = entry.origin;
        let mut node = Node::mapping().at(at);
        node.set("apiVersion", Node::from("v1").at(at));
        node.set("kind", Node::from(self.kind()).at(at));
        let mut metadata = Node::mapping().at(at);
        metadata.set("name", name.clone());
        if let Some(namespace) = entry.get("namespace").filter(|node| node.as_str() != Some("")) {
            metadata.set("namespace", namespace.clone());
        }
        let own = entry.get("options");
        for holder in ["labels", "annotations"] {
            if let Some(pairs) = joined(holder, own, shared) {
                metadata.set(holder, pairs);
            }
        }
        node.set("metadata", metadata);
        if self == Self::Secret {
            let given = entry.get("type").filter(|node| node.as_str() != Some(""));
            node.set("type", given.cloned().unwrap_or_else(|| Node::from("Opaque").at(at)));
            node.set("data", Node::mapping().at(at));
        }
        self.fill(&mut node, name, pairs, at)?;
        if let Some(immutable) = truth("immutable", own, shared) {
            node.set("immutable", immutable.clone());
        }
        let mut object = Object::new(node);
        object.hashed = truth("disableNameSuffixHash", own, shared).is_none();
        object.behavior = match entry.str_at(&["behavior"]) {
            Some("replace") => Behavior::Replace,
            Some("merge") => Behavior::Merge,
            _ => Behavior::Create,
        };
        Ok(object)
    }

    fn fill(
        self,
        node: &mut Node,
        name: &Node,
        pairs: Vec<Pair>,
        at: Option<Origin>,
    ) -> Result<(), KustomizeErrorKind> {
        let mut seen = HashMap::new();
        for Pair { key, value, origin } in pairs {
            if seen.insert(key.clone(), ()).is_some() {
                let name = name.as_text().unwrap_or_default();
                return Err(KustomizeErrorKind::TwiceKey { name, key });
            }
            let (field, text) = match (self, String::from_utf8(value)) {
                (Self::ConfigMap, Ok(text)) => ("data", text),
                (Self::ConfigMap, Err(bytes)) => ("binaryData", base64(bytes.as_bytes())),
                (Self::Secret, Ok(text)) => ("data", base64(text.as_bytes())),
                (Self::Secret, Err(bytes)) => ("data", base64(bytes.as_bytes())),
            };
            if node.get(field).is_none() {
                node.set(field, Node::mapping().at(at));
            }
            if let Some(data) = node.get_mut(field) {
                data.set(&key, Node::from(text).at(origin));
            }
        }
        Ok(())
    }
}

/// Labels or annotations of an entry's own options and of those for all.
fn joined(holder: &str, own: Option<&Node>, shared: Option<&Node>) -> Option<Node> {
    let of = |options: Option<&Node>| options.and_then(|options| options.get(holder)).cloned();
    let mut pairs = match (of(own), of(shared)) {
        (Some(own), None) => own,
        (None, Some(shared)) => shared,
        (Some(mut own), Some(shared)) => {
            for (key, value) in shared.as_mapping().into_iter().flatten() {
                if own.get(key).is_none() {
                    own.set(key, value.clone());
                }
            }
            own
        }
        (None, None) => return None,
    };
    let members = pairs.as_mapping_mut()?;
    members.sort_keys();
    if members.is_empty() { None } else { Some(pairs) }
}

fn truth<'a>(member: &str, own: Option<&'a Node>, shared: Option<&'a Node>) -> Option<&'a Node> {
    let says = |options: Option<&'a Node>| {
        options.and_then(|options| options.get(member)).filter(|node| node.value == Value::Bool(true))
    };
    says(own).or_else(|| says(shared))
}

/// A generated object that replaces one that is there, or is merged into it.
pub(crate) fn absorb(old: Object, new: &mut Object, losses: &mut Losses) {
    let at = new.node.origin;
    for holder in ["labels", "annotations"] {
        take(&old.node, &mut new.node, &["metadata", holder]);
    }
    for member in ["name", "namespace"] {
        let metadata = new.node.ensure(&["metadata"]);
        match old.node.at_keys(&["metadata", member]) {
            Some(value) => metadata.set(member, value.clone()),
            None => {
                metadata.as_mapping_mut().and_then(|metadata| metadata.shift_remove(member));
            }
        }
    }
    if new.behavior == Behavior::Merge {
        take(&old.node, &mut new.node, &["data"]);
        take(&old.node, &mut new.node, &["binaryData"]);
    }
    for leaf in old.node.leaves() {
        let kept = new.node.at_path(&leaf.path).is_some_and(|node| node.origin == leaf.node.origin);
        let by = new.node.at_path(&leaf.path).and_then(|node| node.origin).or(at);
        if !kept {
            patch::note_lost(losses, leaf.node, by);
        }
    }
    new.hashed &= old.hashed;
    new.former = old.former;
    new.prefixes = old.prefixes;
    new.suffixes = old.suffixes;
    new.variables = old.variables;
    if new.behavior == Behavior::Merge && old.source.is_some() {
        new.source = old.source;
    }
    new.changes = old.changes;
    new.behavior = old.behavior;
    new.settle();
}

/// Adds the members that only the old object has, as texts.
fn take(old: &Node, new: &mut Node, keys: &[&str]) {
    let Some(members) = old.at_keys(keys).and_then(Node::as_mapping) else { return };
    if members.is_empty() {
        return;
    }
    let origin = old.at_keys(keys).and_then(|node| node.origin);
    if new.at_keys(keys).is_none() {
        *new.ensure(keys) = Node::from(Value::Mapping(Mapping::new())).at(origin);
    }
    let holder = new.ensure(keys);
    for (key, value) in members {
        if holder.get(key).is_none() {
            let text = value.as_text().unwrap_or_default();
            holder.set(key, Node::from(text).at(value.origin));
        }
    }
}

/// Base64, in lines of seventy letters where it is longer, as Kustomize writes it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < 70 {
        return encoded;
    }
    let lines = encoded.as_bytes().chunks(70).filter_map(|line| std::str::from_utf8(line).ok());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The key and the path of an entry of `files`.
pub(crate) fn file_source(source: &str) -> Option<(&str, &str)> {
    match source.split_once('=') {
        None => {
            let base = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
            Some((base, source))
        }
        Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => Some((key, path)),
        Some(_) => None,
    }
}

/// The key and the value of an entry of `literals`.
pub(crate) fn literal(source: &str) -> Option<(&str, &str)> {
    let (key, value) = source.split_once('=').filter(|(key, _)| !key.is_empty())?;
    let quoted = ['"', '\''].iter().find_map(|quote| {
        let inner = value.strip_prefix(*quote)?;
        inner.strip_suffix(*quote)
    });
    Some((key, quoted.unwrap_or(value)))
}

/// A line of an env file that sets something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
    /// Counted from 1.
    pub(crate) line: u32,
    /// Bytes from the start of the file to the value.
    pub(crate) offset: usize,
    /// Characters from the start of the line to the value.
    pub(crate) column: usize,
}

/// The lines of an env file as Kustomize reads it: no quotes, no interpolation, a name without `=` is set
/// to nothing, and blanks before a name are no part of it.
pub(crate) fn env_lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let mut line = whole.strip_suffix('\n').unwrap_or(whole);
        line = line.strip_suffix('\r').unwrap_or(line);
        let mut at = start;
        start += whole.len();
        if number == 0
            && let Some(rest) = line.strip_prefix('\u{feff}')
        {
            at += line.len() - rest.len();
            line = rest;
        }
        let rest = line.trim_start();
        let indented = line.len() - rest.len();
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
        if key.is_empty() {
            continue;
        }
        let before = (indented + key.len() + 1).min(line.len());
        lines.push(Line {
            key,
            value,
            line: u32::try_from(number + 1).unwrap_or(u32::MAX),
            offset: at + before,
            column: line.get(..before).map_or(before, |text| text.chars().count()),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_what_everybody_reads() {
        let table = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (text, expected) in table {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        let long = base64(&[0; 60]);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [70, 10]);
    }

    #[test]
    fn env_files_are_lines_and_nothing_more() {
        let text = "\u{feff}A=1\r\n\n# c\n  B = 'x' # y\nC\nD=a=b\n=lost\n";
        let read: Vec<_> =
            env_lines(text).into_iter().map(|line| (line.key, line.value, line.line)).collect();
        assert_eq!(read, [("A", "1", 1), ("B ", " 'x' # y", 4), ("C", "", 5), ("D", "a=b", 6)]);
        for line in env_lines(text) {
            assert_eq!(text.get(line.offset..line.offset + line.value.len()), Some(line.value));
        }
    }
}

//! Field paths, as replacements and variables write them: `spec.containers.[name=web].image`.

use regex_lite::Regex;
use tree::{Mapping, Node, Origin, Path, Segment, Value};

use crate::error::KustomizeErrorKind;
use crate::field::split;

/// The parts of a path. Dots within brackets, and those after a backslash, separate nothing.
pub(crate) fn parts(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut names = split(path, '.').into_iter().peekable();
    while let Some(name) = names.next() {
        if !name.starts_with('[') || name.ends_with(']') {
            parts.push(name);
            continue;
        }
        let mut whole = name;
        for more in names.by_ref() {
            whole.push('.');
            whole.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        parts.push(if whole.contains('=') { whole } else { whole.trim_matches(['[', ']']).to_owned() });
    }
    parts
}

/// The one node at a path, if there is one.
pub(crate) fn look_up<'a>(node: &'a Node, parts: &[String]) -> Option<&'a Node> {
    let named = |part: &&String| !part.trim().is_empty();
    parts.iter().filter(named).try_fold(node, |node, part| match part.trim() {
        part if part.parse::<usize>().is_ok() => node.as_sequence()?.get(part.parse::<usize>().ok()?),
        "-" => node.as_sequence()?.last(),
        part if is_match(part) => {
            let (field, value) = match_of(part)?;
            node.items().find(|item| {
                let found = if field.is_empty() { Some(*item) } else { item.get(field) };
                found.and_then(Node::as_text).as_deref() == Some(value)
            })
        }
        part => node.get(part),
    })
}

/// The path of a variable, in which `ports[0]` is another way to write `ports.0`.
pub(crate) fn parts_with_indices(path: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in parts(path) {
        let indexed = part.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
        match indexed.filter(|(_, index)| index.parse::<usize>().is_ok()) {
            Some((name, index)) => {
                if !name.is_empty() {
                    all.push(name.to_owned());
                }
                all.push(index.to_owned());
            }
            None => all.push(part),
        }
    }
    all
}

/// The kind of node to make where a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    Scalar,
    Sequence,
    Mapping,
}

impl Create {
    pub(crate) fn like(node: &Node) -> Self {
        match node.value {
            Value::Mapping(_) => Self::Mapping,
            Value::Sequence(_) => Self::Sequence,
            _ => Self::Scalar,
        }
    }

    /// What to make of a part, by the part after it.
    fn before(self, next: Option<&String>, origin: Option<Origin>) -> Node {
        let kind = match next {
            Some(next) if is_match(next) || next.parse::<usize>().is_ok() => Self::Sequence,
            None => self,
            Some(_) => Self::Mapping,
        };
        let value = match kind {
            Self::Scalar => Value::String(String::new()),
            Self::Sequence => Value::Sequence(Vec::new()),
            Self::Mapping => Value::Mapping(Mapping::new()),
        };
        Node::from(value).at(origin)
    }
}

/// Finds every node that a path with wildcards and matches leads to.
pub(crate) struct Search {
    pub(crate) create: Option<Create>,
    /// The origin of what is made.
    pub(crate) origin: Option<Origin>,
    /// The field as it was written, for errors.
    pub(crate) field: String,
    pub(crate) found: Vec<Path>,
}

impl Search {
    pub(crate) fn run(&mut self, node: &mut Node, parts: &[String]) -> Result<(), KustomizeErrorKind> {
        self.step(node, parts, &Path::root())
    }

    fn wrong(&self, wanted: &'static str) -> KustomizeErrorKind {
        KustomizeErrorKind::BadField { field: self.field.clone(), wanted }
    }

    fn step(&mut self, node: &mut Node, parts: &[String], at: &Path) -> Result<(), KustomizeErrorKind> {
        let Some((part, rest)) = parts.split_first() else {
            self.found.push(at.clone());
            return Ok(());
        };
        if let Ok(index) = part.parse::<usize>() {
            return self.index(node, index, rest, at);
        }
        if is_match(part) {
            return self.matching(node, part, rest, at);
        }
        if part == "*" {
            let Value::Sequence(items) = &mut node.value else {
                return Err(self.wrong("a path whose * stands for the items of a list"));
            };
            for (index, item) in items.iter_mut().enumerate() {
                self.step(item, rest, &at.index(index))?;
            }
            return Ok(());
        }
        if node.get(part).is_none() {
            let Some(create) = self.create else { return Ok(()) };
            if node.value == Value::Null {
                node.value = Value::Mapping(Mapping::new());
            }
            if node.as_mapping().is_none() {
                return Err(self.wrong("a path through mappings"));
            }
            node.set(part, create.before(rest.first(), self.origin));
        }
        match node.get_mut(part) {
            Some(child) => self.step(child, rest, &at.key(part.clone())),
            None => Ok(()),
        }
    }

    fn index(
        &mut self,
        node: &mut Node,
        index: usize,
        rest: &[String],
        at: &Path,
    ) -> Result<(), KustomizeErrorKind> {
        let (create, origin) = (self.create, self.origin);
        let Some(items) = node.as_sequence_mut() else {
            return Err(self.wrong("a path whose numbers stand for the items of a list"));
        };
        if items.len() == index
            && let Some(create) = create
        {
            items.push(create.before(rest.first(), origin));
        }
        match items.get_mut(index) {
            Some(item) => self.step(item, rest, &at.index(index)),
            None => Err(self.wrong("a path to an item that is there")),
        }
    }

    fn matching(
        &mut self,
        node: &mut Node,
        part: &str,
        rest: &[String],
        at: &Path,
    ) -> Result<(), KustomizeErrorKind> {
        let Some((field, pattern)) = match_of(part) else {
            return Err(self.wrong("a path whose brackets hold field=value"));
        };
        let regex = Regex::new(pattern).map_err(|_| self.wrong("a path with regular expressions"))?;
        let before = self.found.len();
        for attempt in 0..2 {
            let Value::Sequence(items) = &mut node.value else {
                return Err(self.wrong("a path whose brackets stand for the items of a list"));
            };
            for (index, item) in items.iter_mut().enumerate() {
                let text =
                    if field.is_empty() { item.as_text() } else { item.get(field).and_then(Node::as_text) };
                if text.is_some_and(|text| regex.is_match(text.trim())) {
                    // An item that is itself the match has nothing below.
                    let rest = if field.is_empty() { &[] } else { rest };
                    self.step(item, rest, &at.index(index))?;
                }
            }
            if self.found.len() > before || self.create.is_none() || attempt == 1 {
                break;
            }
            let value = Node::from(pattern).at(self.origin);
            let mut item = value.clone();
            if !field.is_empty() {
                item = Node::mapping().at(self.origin);
                item.set(field, value);
            }
            items.push(item);
        }
        Ok(())
    }
}

/// The node at a path, to change.
pub(crate) fn at_mut<'a>(node: &'a mut Node, path: &Path) -> Option<&'a mut Node> {
    path.0.iter().try_fold(node, |node, segment| match segment {
        Segment::Key(key) => node.get_mut(key),
        Segment::Index(index) => node.as_sequence_mut()?.get_mut(*index),
    })
}

fn is_match(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

fn match_of(part: &str) -> Option<(&str, &str)> {
    let inner = part.strip_prefix('[')?.strip_suffix(']')?;
    inner.split_once('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_as_kustomize_splits_them() {
        let table = [
            ("spec.containers.[name=web].image", vec!["spec", "containers", "[name=web]", "image"]),
            ("data.app\\.conf", vec!["data", "app.conf"]),
            ("metadata.annotations.[a.b/c]", vec!["metadata", "annotations", "a.b/c"]),
            ("spec.rules.[host=a.b.c].http", vec!["spec", "rules", "[host=a.b.c]", "http"]),
            ("spec.*.x", vec!["spec", "*", "x"]),
        ];
        for (path, expected) in table {
            assert_eq!(parts(path), expected, "{path}");
        }
        assert_eq!(parts_with_indices("spec.ports[0].port"), ["spec", "ports", "0", "port"]);
    }
}

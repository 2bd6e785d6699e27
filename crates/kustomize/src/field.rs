//! Setting values at fields that only some kinds have.

use tree::patch::{self, Losses};
use tree::{Mapping, Node, Origin, Value};

use crate::error::KustomizeErrorKind;
use crate::identity::{Gvk, Id};

/// A field of certain kinds, as transformer configurations name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The kinds that have it.
    pub(crate) gvk: Gvk,
    /// As it was written: names separated by slashes, those of lists perhaps followed by `[]`.
    pub(crate) path: String,
    /// The path's names; lists are walked through.
    steps: Vec<String>,
    /// It is made where it is missing.
    pub(crate) create: bool,
}

/// What to make of a field that is missing and is to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Make {
    Nothing,
    Text,
    Mapping,
}

/// A visit to all nodes at one field of an object.
pub(crate) struct Visit<'a, 'b> {
    pub(crate) make: Make,
    /// The origin of what is made.
    pub(crate) origin: Option<Origin>,
    pub(crate) losses: &'a mut Losses,
    pub(crate) act: &'b mut dyn FnMut(&mut Node, &mut Losses) -> Result<(), KustomizeErrorKind>,
}

impl FieldSpec {
    pub(crate) fn new(gvk: Gvk, path: &str, create: bool) -> Self {
        Self { gvk, path: path.to_owned(), steps: split(path, '/'), create }
    }

    pub(crate) fn of(&self, id: &Id) -> bool {
        self.gvk.selects(&id.group, &id.version, &id.kind)
    }

    /// Whether another spec says nothing that this one does not.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.path == other.path && other.gvk.selects(&self.gvk.group, &self.gvk.version, &self.gvk.kind)
    }

    /// Does something with every node at this field, if the object is of its kind.
    pub(crate) fn visit(
        &self,
        id: &Id,
        object: &mut Node,
        visit: Visit<'_, '_>,
    ) -> Result<(), KustomizeErrorKind> {
        if self.of(id) { self.visit_in(id, object, visit) } else { Ok(()) }
    }

    /// As [`FieldSpec::visit`], whatever kind the object is of.
    pub(crate) fn visit_in(
        &self,
        id: &Id,
        object: &mut Node,
        mut visit: Visit<'_, '_>,
    ) -> Result<(), KustomizeErrorKind> {
        if !self.create {
            visit.make = Make::Nothing;
        }
        walk(object, &self.steps, &mut visit).map_err(|stop| match stop {
            Stop::Shape => KustomizeErrorKind::BadShape { field: self.path.clone(), id: id.to_string() },
            Stop::Error(kind) => kind,
        })
    }
}

enum Stop {
    Shape,
    Error(KustomizeErrorKind),
}

fn walk(node: &mut Node, path: &[String], visit: &mut Visit<'_, '_>) -> Result<(), Stop> {
    let Some((first, rest)) = path.split_first() else {
        return (visit.act)(node, visit.losses).map_err(Stop::Error);
    };
    match &mut node.value {
        Value::Null => Ok(()),
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| walk(item, path, visit)),
        Value::Mapping(_) => {
            let name = first.strip_suffix("[]").unwrap_or(first);
            // A list is never made.
            if visit.make != Make::Nothing && name == first {
                make(node, name, rest.is_empty() && visit.make == Make::Text, visit);
            }
            match node.get_mut(name) {
                // A null that is said to be a list becomes an empty one.
                Some(member) if name != first && member.value == Value::Null => {
                    member.value = Value::Sequence(Vec::new());
                    member.spelling = None;
                    Ok(())
                }
                Some(member) => walk(member, rest, visit),
                None => Ok(()),
            }
        }
        _ => Err(Stop::Shape),
    }
}

fn make(node: &mut Node, name: &str, text: bool, visit: &mut Visit<'_, '_>) {
    let Value::Mapping(members) = &mut node.value else { return };
    let before = members.is_empty();
    let value = if text { Value::String(String::new()) } else { Value::Mapping(Mapping::new()) };
    let made = Node::from(value).at(visit.origin);
    match members.get_mut(name) {
        Some(member) if member.value == Value::Null => {
            patch::note_lost(visit.losses, member, visit.origin);
            *member = made;
        }
        Some(_) => {}
        None => {
            members.insert(name.to_owned(), made);
        }
    }
    patch::note_filled(visit.losses, before, node, visit.origin);
}

/// The names of a path. A separator after a backslash is part of a name.
pub(crate) fn split(path: &str, separator: char) -> Vec<String> {
    let mut parts = path.split(separator).peekable();
    if path.starts_with(separator) && path.len() > 1 {
        parts.next();
    }
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        match names.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            _ => names.push(part.to_owned()),
        }
    }
    names
}

/// Sets a member. A member that has the value already keeps its origin.
pub(crate) fn set(holder: &mut Node, key: &str, new: &Node, losses: &mut Losses) {
    let before = matches!(&holder.value, Value::Mapping(members) if members.is_empty());
    if let Value::Mapping(members) = &mut holder.value {
        match members.get_mut(key) {
            Some(old) => put(old, new, losses),
            None => {
                members.insert(key.to_owned(), new.clone());
            }
        }
    }
    patch::note_filled(losses, before, holder, new.origin);
}

/// Replaces a node. One that has the value already keeps its origin.
pub(crate) fn put(old: &mut Node, new: &Node, losses: &mut Losses) {
    if old.value != new.value {
        patch::note_lost(losses, old, new.origin);
        *old = new.clone();
    }
}

/// Gives a text another value without taking it from its author.
pub(crate) fn rewrite(node: &mut Node, text: String) {
    node.value = Value::String(text);
    node.spelling = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_can_be_escaped() {
        let table = [
            ("spec/a[]/b", vec!["spec", "a[]", "b"]),
            (r"metadata/annotations/a.b\/c", vec!["metadata", "annotations", "a.b/c"]),
            ("/spec", vec!["spec"]),
        ];
        for (path, names) in table {
            assert_eq!(split(path, '/'), names, "{path}");
        }
    }
}

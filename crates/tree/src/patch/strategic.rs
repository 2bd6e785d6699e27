//! Strategic merge patch, Kubernetes' own.
//!
//! Where new elements of a keyed list go depends on who merges: the [`Dialect`] holds the difference. What
//! Kustomize does in all its corners is told elsewhere (`kustomize.rs`).

use super::error::{PatchError, PatchErrorKind};
use super::loss::{self, Losses};
use super::order;
use crate::schema::{Cursor, ListKind};
use crate::{Mapping, Node, Value};

pub(super) const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Applies a strategic merge patch: all directives obeyed, new elements of keyed lists put before the
/// others as Kustomize does. `None` if the patch deletes the object.
///
/// # Errors
/// If a directive is unknown, or an element of a keyed list has no key.
pub fn strategic_merge(base: Node, patch: &Node, kind: &str) -> Result<Option<Node>, PatchError> {
    Merging { dialect: Dialect::Lenient, losses: &mut Losses::new() }.start(base, patch, kind)
}

/// [`strategic_merge`] as an API server does it: the elements of keyed lists come in the server's order.
///
/// # Errors
/// As [`strategic_merge`].
pub fn strategic_merge_as_server(base: Node, patch: &Node, kind: &str) -> Result<Option<Node>, PatchError> {
    Merging { dialect: Dialect::Server, losses: &mut Losses::new() }.start(base, patch, kind)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// All directives, Kustomize's order.
    Lenient,
    /// All directives, the API server's order.
    Server,
}

pub(super) struct Merging<'a> {
    pub(super) dialect: Dialect,
    pub(super) losses: &'a mut Losses,
}

pub(super) type Merged = Result<Option<Node>, PatchError>;

impl Merging<'_> {
    fn start(mut self, base: Node, patch: &Node, kind: &str) -> Merged {
        let root = Cursor::merge(kind);
        self.value(Some(base), patch, (root, ListKind::Atomic))
    }

    pub(super) fn value(&mut self, base: Option<Node>, patch: &Node, place: (Cursor, ListKind)) -> Merged {
        match &patch.value {
            Value::Null => {
                self.lose(base.as_ref(), patch);
                Ok(None)
            }
            Value::Mapping(changes) => self.mapping(base, patch, changes, place.0),
            Value::Sequence(items) => self.sequence(base, patch, items, place),
            _ => {
                let base = self.of_kind(base, patch, "scalar");
                self.lose(base.as_ref(), patch);
                Ok(Some(patch.clone()))
            }
        }
    }

    fn lose(&mut self, base: Option<&Node>, patch: &Node) {
        if let Some(base) = base {
            loss::note(self.losses, base, patch.origin);
        }
    }

    /// The base if it is of the patch's kind; nothing if it is null, or of another kind and yields.
    fn of_kind(&mut self, base: Option<Node>, patch: &Node, wanted: &'static str) -> Option<Node> {
        let node = base?;
        if kind_name(&node) == wanted {
            return Some(node);
        }
        self.lose(Some(&node), patch);
        None
    }

    fn mapping(&mut self, base: Option<Node>, patch: &Node, changes: &Mapping, cursor: Cursor) -> Merged {
        let mut base = base;
        match changes.get(DIRECTIVE) {
            None => {}
            Some(directive) => match directive.as_str() {
                Some("merge") => {}
                Some("replace") => {
                    self.lose(base.take().as_ref(), patch);
                }
                Some("delete") => {
                    self.lose(base.as_ref(), directive);
                    return Ok(None);
                }
                _ => return Err(unknown(directive)),
            },
        }
        let mut target = self
            .of_kind(base, patch, "mapping")
            .unwrap_or_else(|| Node::from(Value::Mapping(Mapping::new())).at(patch.origin));
        let mut was_empty = false;
        if let Value::Mapping(members) = &mut target.value {
            was_empty = members.is_empty();
            self.retain(members, changes);
            for (key, change) in changes {
                if !is_directive(key) {
                    self.member(members, key, change, cursor)?;
                }
            }
            self.arrange(members, changes, cursor);
        }
        loss::note_filled(self.losses, was_empty, &target, patch.origin);
        Ok(Some(target))
    }

    /// Merges one member in its place.
    fn member(
        &mut self,
        members: &mut Mapping,
        key: &str,
        change: &Node,
        cursor: Cursor,
    ) -> Result<(), PatchError> {
        let place = cursor.field(key);
        match members.get_mut(key) {
            Some(slot) => {
                let old = std::mem::replace(slot, Value::Null.into());
                match self.value(Some(old), change, place)? {
                    Some(new) => *slot = new,
                    None => {
                        members.shift_remove(key);
                    }
                }
            }
            None => {
                if let Some(new) = self.value(None, change, place)? {
                    members.insert(key.to_owned(), new);
                }
            }
        }
        Ok(())
    }

    /// What `$retainKeys` says, before all else is merged.
    fn retain(&mut self, members: &mut Mapping, changes: &Mapping) {
        let Some(retained) = changes.get(RETAIN) else { return };
        let keep: Vec<&str> = retained.items().filter_map(Node::as_str).collect();
        members.retain(|key, old| {
            let kept = keep.contains(&key.as_str());
            if !kept {
                loss::note(self.losses, old, retained.origin);
            }
            kept
        });
    }

    /// What `$deleteFromPrimitiveList` and `$setElementOrder` say, after all else is merged.
    fn arrange(&mut self, members: &mut Mapping, changes: &Mapping, cursor: Cursor) {
        for (key, change) in changes {
            if let Some(field) = key.strip_prefix(DELETE_FROM)
                && let Some(list) = members.get_mut(field).and_then(Node::as_sequence_mut)
            {
                list.retain(|item| {
                    let gone = change.items().any(|lost| lost.as_text() == item.as_text());
                    if gone {
                        loss::note(self.losses, item, change.origin);
                    }
                    !gone
                });
            }
            if let Some(field) = key.strip_prefix(ORDER) {
                let primary = match cursor.field(field).1 {
                    ListKind::Map(keys) => keys.first().copied(),
                    _ => None,
                };
                if let Some(list) = members.get_mut(field).and_then(Node::as_sequence_mut) {
                    order::arrange(list, change, primary);
                }
            }
        }
    }

    fn sequence(
        &mut self,
        base: Option<Node>,
        patch: &Node,
        items: &[Node],
        place: (Cursor, ListKind),
    ) -> Merged {
        let base = self.of_kind(base, patch, "list");
        if place.1 == ListKind::Atomic {
            self.lose(base.as_ref(), patch);
            return Ok(Some(patch.clone()));
        }
        let directive = items.iter().find_map(list_directive);
        let mut base = base;
        match directive.map(|node| (node, node.as_str())) {
            None | Some((_, Some("merge"))) => {}
            Some((_, Some("replace"))) => self.lose(base.take().as_ref(), patch),
            Some((node, Some("delete"))) => {
                self.lose(base.as_ref(), node);
                return Ok(None);
            }
            Some((node, _)) => return Err(unknown(node)),
        }
        let changes = items.iter().filter(|item| list_directive(item).is_none());
        let mut target = base.unwrap_or_else(|| Node::from(Value::Sequence(Vec::new())).at(patch.origin));
        let mut was_empty = false;
        if let Value::Sequence(elements) = &mut target.value {
            was_empty = elements.is_empty();
            let before = std::mem::take(elements);
            *elements = match place.1 {
                ListKind::Map(keys) => self.keyed(before, changes, keys, place.0)?,
                _ => self.set(before, changes),
            };
        }
        loss::note_filled(self.losses, was_empty, &target, patch.origin);
        Ok(Some(target))
    }

    fn set<'b>(&mut self, before: Vec<Node>, changes: impl Iterator<Item = &'b Node>) -> Vec<Node> {
        let mut kept: Vec<Node> = before;
        let mut front: Vec<Node> = Vec::new();
        for change in changes {
            let text = change.as_text();
            if front.iter().any(|item| item.as_text() == text) {
                continue;
            }
            match kept.iter().position(|item| item.as_text() == text) {
                Some(_) if self.dialect == Dialect::Server => {}
                Some(place) => front.push(kept.remove(place)),
                None => front.push(change.clone()),
            }
        }
        self.joined(front, kept)
    }

    pub(super) fn joined(&self, mut new: Vec<Node>, mut kept: Vec<Node>) -> Vec<Node> {
        if self.dialect == Dialect::Server {
            kept.append(&mut new);
            return kept;
        }
        new.append(&mut kept);
        new
    }
}

/// Whether a member of a patch is a directive and no change itself.
fn is_directive(key: &str) -> bool {
    key == DIRECTIVE || key == RETAIN || key.starts_with(DELETE_FROM) || key.starts_with(ORDER)
}

/// The directive for the whole list, which stands in an element of its own.
fn list_directive(element: &Node) -> Option<&Node> {
    let members = element.as_mapping()?;
    if members.len() == 1 { members.get(DIRECTIVE) } else { None }
}

fn unknown(directive: &Node) -> PatchError {
    let text = directive.as_text().unwrap_or_else(|| kind_name(directive).to_owned());
    PatchError { kind: PatchErrorKind::UnknownDirective(text), origin: directive.origin }
}

pub(super) fn kind_name(node: &Node) -> &'static str {
    match node.value {
        Value::Mapping(_) => "mapping",
        Value::Sequence(_) => "list",
        Value::Null => "null",
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Secret(_) => "scalar",
    }
}

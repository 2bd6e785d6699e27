//! Strategic merge patch, Kubernetes' own.
//!
//! Kustomize and the API server read the same patch differently in corners: where new elements of a
//! keyed list go, and which directives are obeyed. The [`Dialect`] holds the differences.

use super::error::{PatchError, PatchErrorKind};
use super::keyed::refuse_lookalikes;
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

/// [`strategic_merge`] as an API server does it: new elements of keyed lists come last.
///
/// # Errors
/// As [`strategic_merge`].
pub fn strategic_merge_as_server(base: Node, patch: &Node, kind: &str) -> Result<Option<Node>, PatchError> {
    Merging { dialect: Dialect::Server, losses: &mut Losses::new() }.start(base, patch, kind)
}

/// [`strategic_merge`] exactly as Kustomize does it, with the leaves of the base that were lost. What
/// Kustomize silently gets wrong is refused.
///
/// # Errors
/// As [`strategic_merge`]; also for directives Kustomize ignores, for a patch whose value is of another
/// kind than the base's, and for elements Kustomize would drop.
pub fn strategic_merge_as_kustomize(
    base: Node,
    patch: &Node,
    kind: &str,
    losses: &mut Losses,
) -> Result<Option<Node>, PatchError> {
    Merging { dialect: Dialect::Kustomize, losses }.start(base, patch, kind)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// All directives, Kustomize's order.
    Lenient,
    /// All directives, the API server's order.
    Server,
    /// Kustomize's directives and order, and no more.
    Kustomize,
}

pub(super) struct Merging<'a> {
    pub(super) dialect: Dialect,
    pub(super) losses: &'a mut Losses,
}

pub(super) type Merged = Result<Option<Node>, PatchError>;

impl Merging<'_> {
    fn start(mut self, base: Node, patch: &Node, kind: &str) -> Merged {
        let root = Cursor::merge(kind);
        let mut merged = self.value(Some(base), patch, (root, ListKind::Atomic))?;
        if self.dialect == Dialect::Kustomize
            && let Some(object) = &mut merged
        {
            self.settle(object, (root, ListKind::Atomic))?;
        }
        Ok(merged)
    }

    /// Kustomize rewrites every keyed list of an object it patches, touched or not: of elements with the
    /// same key the last is kept.
    fn settle(&mut self, node: &mut Node, (cursor, list): (Cursor, ListKind)) -> Result<(), PatchError> {
        match &mut node.value {
            Value::Mapping(members) => {
                members.iter_mut().try_for_each(|(key, child)| self.settle(child, cursor.field(key)))
            }
            Value::Sequence(elements) => {
                let ListKind::Map(keys) = list else { return Ok(()) };
                let second = keys.get(1);
                if second.is_some_and(|key| elements.iter().any(|element| element.get(key).is_some())) {
                    refuse_lookalikes(elements.iter(), keys)?;
                } else {
                    self.drop_duplicates(elements, keys);
                }
                elements.iter_mut().try_for_each(|element| self.settle(element, (cursor, ListKind::Atomic)))
            }
            _ => Ok(()),
        }
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
                let base = self.of_kind(base, patch, "scalar")?;
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
    fn of_kind(
        &mut self,
        base: Option<Node>,
        patch: &Node,
        wanted: &'static str,
    ) -> Result<Option<Node>, PatchError> {
        let Some(node) = base else { return Ok(None) };
        let found = kind_name(&node);
        if found == wanted {
            return Ok(Some(node));
        }
        if node.value != Value::Null && self.dialect == Dialect::Kustomize {
            let kind = PatchErrorKind::WrongKind { base: found, patch: wanted };
            return Err(PatchError { kind, origin: patch.origin });
        }
        self.lose(Some(&node), patch);
        Ok(None)
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
            .of_kind(base, patch, "mapping")?
            .unwrap_or_else(|| Node::from(Value::Mapping(Mapping::new())).at(patch.origin));
        let mut was_empty = false;
        if let Value::Mapping(members) = &mut target.value {
            was_empty = members.is_empty();
            self.retain(members, changes)?;
            for (key, change) in changes {
                if !self.obeyed_elsewhere(key, change)? {
                    self.member(members, key, change, cursor)?;
                }
            }
            self.arrange(members, changes, cursor)?;
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

    /// Whether a member of a patch is a directive and no change itself.
    fn obeyed_elsewhere(&self, key: &str, change: &Node) -> Result<bool, PatchError> {
        if key == DIRECTIVE {
            return Ok(true);
        }
        let directive = key == RETAIN || key.starts_with(DELETE_FROM) || key.starts_with(ORDER);
        if directive && self.dialect == Dialect::Kustomize {
            let kind = PatchErrorKind::IgnoredDirective(key.to_owned());
            return Err(PatchError { kind, origin: change.origin });
        }
        Ok(directive)
    }

    fn retain(&mut self, members: &mut Mapping, changes: &Mapping) -> Result<(), PatchError> {
        let Some(retained) = changes.get(RETAIN) else { return Ok(()) };
        self.obeyed_elsewhere(RETAIN, retained)?;
        let keep: Vec<&str> = retained.items().filter_map(Node::as_str).collect();
        members.retain(|key, old| {
            let kept = keep.contains(&key.as_str());
            if !kept {
                loss::note(self.losses, old, retained.origin);
            }
            kept
        });
        Ok(())
    }

    /// What `$deleteFromPrimitiveList` and `$setElementOrder` say, after all else is merged.
    fn arrange(
        &mut self,
        members: &mut Mapping,
        changes: &Mapping,
        cursor: Cursor,
    ) -> Result<(), PatchError> {
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
        Ok(())
    }

    fn sequence(
        &mut self,
        base: Option<Node>,
        patch: &Node,
        items: &[Node],
        place: (Cursor, ListKind),
    ) -> Merged {
        let base = self.of_kind(base, patch, "list")?;
        if place.1 == ListKind::Atomic {
            self.lose(base.as_ref(), patch);
            return Ok(Some(patch.clone()));
        }
        let directive = items.iter().find_map(list_directive);
        // Kustomize leaves a list's directive standing where there is no list yet, spoils the list with one
        // that says what is true anyway, and overlooks one behind an element with a directive of its own.
        let overlooked =
            || items.iter().find(|item| item.get(DIRECTIVE).is_some()).and_then(list_directive).is_none();
        if let Some(node) = directive
            && self.dialect == Dialect::Kustomize
            && (base.is_none() || node.as_str() == Some("merge") || overlooked())
        {
            let kind = PatchErrorKind::IgnoredDirective(DIRECTIVE.to_owned());
            return Err(PatchError { kind, origin: node.origin });
        }
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

/// The directive for the whole list, which stands in an element of its own.
fn list_directive(element: &Node) -> Option<&Node> {
    let members = element.as_mapping()?;
    if members.len() == 1 { members.get(DIRECTIVE) } else { None }
}

fn unknown(directive: &Node) -> PatchError {
    let text = directive.as_text().unwrap_or_else(|| kind_name(directive).to_owned());
    PatchError { kind: PatchErrorKind::UnknownDirective(text), origin: directive.origin }
}

fn kind_name(node: &Node) -> &'static str {
    match node.value {
        Value::Mapping(_) => "mapping",
        Value::Sequence(_) => "list",
        Value::Null => "null",
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Secret(_) => "scalar",
    }
}

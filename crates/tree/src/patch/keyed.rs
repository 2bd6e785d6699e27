//! Lists whose elements are told apart by keys.

use super::error::{PatchError, PatchErrorKind};
use super::loss;
use super::strategic::{DIRECTIVE, Dialect, Merged, Merging};
use crate::schema::{Cursor, ListKind};
use crate::{Node, Value};

impl Merging<'_> {
    /// Merges the elements of a keyed list.
    pub(super) fn keyed<'b>(
        &mut self,
        mut before: Vec<Node>,
        changes: impl Iterator<Item = &'b Node>,
        keys: &'static [&'static str],
        cursor: Cursor,
    ) -> Result<Vec<Node>, PatchError> {
        let changes: Vec<&Node> = changes.collect();
        let primary = keys.first().copied().unwrap_or_default();
        if self.dialect == Dialect::Kustomize {
            refuse_spoilt(&before, &changes, keys)?;
        }
        // Where elements have a second key, Kustomize leaves those it has merged in their old place.
        let second = keys.get(1).copied();
        let stays = self.dialect == Dialect::Server
            || second.is_some_and(|key| {
                before.iter().chain(changes.iter().copied()).any(|item| key_text(item, key).is_some())
            });
        let mut front: Vec<Node> = Vec::new();
        for change in changes {
            if key_text(change, primary).is_none() {
                let kind = PatchErrorKind::NoMergeKey(primary);
                return Err(PatchError { kind, origin: change.origin });
            }
            if let Some(place) = front.iter().position(|item| same(item, change, keys)) {
                let old = front.remove(place);
                if let Some(merged) = self.element(old, change, keys, cursor)? {
                    front.insert(place, merged);
                }
                continue;
            }
            match self.counterpart(&before, change, keys)? {
                None => front.extend(self.value(None, change, (cursor, ListKind::Atomic))?),
                Some(place) if stays => {
                    let old = std::mem::replace(&mut before[place], Value::Null.into());
                    match self.element(old, change, keys, cursor)? {
                        Some(merged) => before[place] = merged,
                        None => {
                            before.remove(place);
                        }
                    }
                }
                Some(place) => {
                    let old = before.remove(place);
                    front.extend(self.element(old, change, keys, cursor)?);
                }
            }
        }
        Ok(self.joined(front, before))
    }

    /// Merges a change into the element it is meant for. What only says which element that is stays the
    /// base's own.
    fn element(&mut self, base: Node, change: &Node, keys: &[&str], cursor: Cursor) -> Merged {
        let place = (cursor, ListKind::Atomic);
        if let Some(directive) = change.get(DIRECTIVE).filter(|node| node.as_str() == Some("replace")) {
            if self.dialect == Dialect::Kustomize {
                let kind = PatchErrorKind::IgnoredDirective("$patch: replace".to_owned());
                return Err(PatchError { kind, origin: directive.origin });
            }
            return self.value(Some(base), change, place);
        }
        let mut change = change.clone();
        if let Value::Mapping(members) = &mut change.value {
            members.retain(|key, member| {
                let says_which = keys.contains(&key.as_str()) && key_text(&base, key) == member.as_text();
                !says_which
            });
        }
        self.value(Some(base), &change, place)
    }

    /// The element of the base that a change is meant for.
    fn counterpart(
        &self,
        before: &[Node],
        change: &Node,
        keys: &'static [&'static str],
    ) -> Result<Option<usize>, PatchError> {
        let mut exact = before.iter().enumerate().filter(|(_, item)| same(item, change, keys));
        if let Some((place, _)) = exact.next() {
            if self.dialect == Dialect::Kustomize && exact.next().is_some() {
                let kind = PatchErrorKind::Twice(keys.first().copied().unwrap_or_default());
                return Err(PatchError { kind, origin: change.origin });
            }
            return Ok(Some(place));
        }
        let half = before.iter().position(|item| alike(item, change, keys));
        match (half, keys.get(1)) {
            (Some(_), Some(key)) if self.dialect == Dialect::Kustomize => {
                Err(PatchError { kind: PatchErrorKind::HalfKey(key), origin: change.origin })
            }
            _ => Ok(half),
        }
    }

    /// Of elements with the same key Kustomize keeps the last, in the place of the first.
    pub(super) fn drop_duplicates(&mut self, elements: &mut Vec<Node>, keys: &'static [&'static str]) {
        let mut kept: Vec<Node> = Vec::with_capacity(elements.len());
        for element in elements.drain(..) {
            let named = key_text(&element, keys.first().copied().unwrap_or_default()).is_some();
            match kept.iter_mut().find(|earlier| named && same(earlier, &element, keys)) {
                Some(earlier) => {
                    loss::note(self.losses, earlier, element.origin);
                    *earlier = element;
                }
                None => kept.push(element),
            }
        }
        *elements = kept;
    }
}

fn key_text(element: &Node, key: &str) -> Option<String> {
    element.get(key).filter(|node| node.value != Value::Null).and_then(Node::as_text)
}

fn same(one: &Node, other: &Node, keys: &[&str]) -> bool {
    keys.iter().all(|key| key_text(one, key) == key_text(other, key))
}

/// Whether two elements may be meant as one: their second keys are the same, or one of them has none.
fn alike(one: &Node, other: &Node, keys: &[&str]) -> bool {
    keys.iter().enumerate().all(|(position, key)| {
        let (one, other) = (key_text(one, key), key_text(other, key));
        one == other || (position > 0 && (one.is_none() || other.is_none()))
    })
}

/// Refuses a patch of which Kustomize would drop elements, or add what is to be deleted.
fn refuse_spoilt(
    before: &[Node],
    changes: &[&Node],
    keys: &'static [&'static str],
) -> Result<(), PatchError> {
    refuse_lookalikes(changes.iter().copied(), keys)?;
    let Some(second) = keys.get(1) else { return Ok(()) };
    let has_second = |item: &Node| key_text(item, second).is_some();
    if !before.iter().chain(changes.iter().copied()).any(has_second) {
        return Ok(());
    }
    refuse_lookalikes(before.iter(), keys)?;
    // Where some elements have a second key, Kustomize does not find the one to delete without it.
    let deletes = |change: &&&Node| change.get(DIRECTIVE).is_some_and(|node| node.as_str() == Some("delete"));
    match changes.iter().filter(deletes).find(|change| !has_second(change)) {
        None => Ok(()),
        Some(change) => {
            let kind = PatchErrorKind::IgnoredDirective("$patch: delete".to_owned());
            Err(PatchError { kind, origin: change.origin })
        }
    }
}

/// Refuses a list of which Kustomize would drop elements.
pub(super) fn refuse_lookalikes<'a>(
    elements: impl Iterator<Item = &'a Node> + Clone,
    keys: &'static [&'static str],
) -> Result<(), PatchError> {
    let primary = keys.first().copied().unwrap_or_default();
    for (nth, element) in elements.clone().enumerate() {
        let named = key_text(element, primary).is_some();
        if named && elements.clone().take(nth).any(|earlier| alike(earlier, element, keys)) {
            return Err(PatchError { kind: PatchErrorKind::Twice(primary), origin: element.origin });
        }
    }
    Ok(())
}

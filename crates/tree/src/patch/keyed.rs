//! Lists whose elements are told apart by keys.

use super::error::{PatchError, PatchErrorKind};
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
        // Where elements have a second key, Kustomize leaves those it has merged in their old place.
        let second = keys.get(1).copied();
        let stays = self.dialect == Dialect::Server
            || second.is_some_and(|key| {
                before.iter().chain(changes.iter().copied()).any(|item| key_text(item, key).is_some())
            });
        let order: Vec<Node> = if self.dialect == Dialect::Server { before.clone() } else { Vec::new() };
        let mut front: Vec<Node> = Vec::new();
        for change in changes.iter().copied() {
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
            match counterpart(&before, change, keys) {
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
        if self.dialect == Dialect::Server {
            before.extend(front);
            return Ok(as_server_orders(before, &changes, &order, keys));
        }
        Ok(self.joined(front, before))
    }

    /// Merges a change into the element it is meant for. What only says which element that is stays the
    /// base's own.
    fn element(&mut self, base: Node, change: &Node, keys: &[&str], cursor: Cursor) -> Merged {
        let place = (cursor, ListKind::Atomic);
        if change.get(DIRECTIVE).is_some_and(|node| node.as_str() == Some("replace")) {
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
}

/// The order of `k8s.io/apimachinery/pkg/util/strategicpatch`: what the patch names comes in its order, the rest in
/// the order it stood in, and each of the rest before the first that stood behind it.
fn as_server_orders(merged: Vec<Node>, changes: &[&Node], order: &[Node], keys: &[&str]) -> Vec<Node> {
    let place = |node: &Node| order.iter().position(|was| same(was, node, keys));
    let rank =
        |node: &Node| changes.iter().position(|change| same(change, node, keys) || alike(node, change, keys));
    let (mut named, rest): (Vec<Node>, Vec<Node>) = merged.into_iter().partition(|node| rank(node).is_some());
    named.sort_by_key(rank);
    let mut rest = rest.into_iter().peekable();
    let mut ordered = Vec::new();
    for node in named {
        let here = place(&node);
        while let Some(before) =
            rest.next_if(|other| matches!((place(other), here), (Some(l), Some(r)) if l < r))
        {
            ordered.push(before);
        }
        ordered.push(node);
    }
    ordered.extend(rest);
    ordered
}

/// The element of the base that a change is meant for.
fn counterpart(before: &[Node], change: &Node, keys: &[&str]) -> Option<usize> {
    let exact = before.iter().position(|item| same(item, change, keys));
    exact.or_else(|| before.iter().position(|item| alike(item, change, keys)))
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

//! Strategic merge exactly as Kustomize does it, mistakes included.
//!
//! Kustomize walks base and patch together, as pointers into two trees: what it adds from the patch it
//! walks once more as if it were base and patch in one, and a directive is taken out of the patch the
//! first time it is met. Elements of lists are therefore kept in an [`Arena`] here, and named by their
//! places in it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::error::{PatchError, PatchErrorKind};
use super::loss::{self, Losses};
use super::strategic::{DIRECTIVE, kind_name};
use crate::schema::{Cursor, ListKind};
use crate::{Mapping, Node, Origin, Value};

/// [`strategic_merge`](super::strategic_merge) exactly as Kustomize (v5.8) does it, with the leaves of the
/// base that were lost. `None` if the patch deletes the object.
///
/// # Errors
/// If a directive is unknown, or the patch has a value of another kind than the base.
pub fn strategic_merge_as_kustomize(
    base: Node,
    patch: &Node,
    kind: &str,
    losses: &mut Losses,
) -> Result<Option<Node>, PatchError> {
    let mut before = Vec::new();
    origins(&base, &mut before);
    let mut walk = Walk { blame: Losses::new(), identity: HashSet::new() };
    let mut change = patch.clone();
    let place = (Cursor::merge(kind), ListKind::Atomic);
    let merged = walk.both(Some(base), Some(&mut change), place)?.node;
    let mut after = Vec::new();
    merged.iter().for_each(|node| origins(node, &mut after));
    let left: HashSet<Origin> = after.into_iter().collect();
    let blame: HashMap<Origin, Origin> = walk.blame.into_iter().collect();
    for lost in before.into_iter().filter(|origin| !left.contains(origin)) {
        let by = blame.get(&lost).copied().or(patch.origin);
        losses.extend(by.filter(|by| *by != lost).map(|by| (lost, by)));
    }
    // What Kustomize drops of the patch is lost to nothing but the patch itself.
    for leaf in patch.leaves() {
        let says_nothing = leaf.node.value == Value::Null
            || leaf.path.last_key().is_some_and(|key| key.starts_with('$'))
            || matches!(leaf.node.value, Value::Mapping(_) | Value::Sequence(_));
        if let Some(origin) = leaf.node.origin
            && !says_nothing
            && merged.is_some()
            && !left.contains(&origin)
            && !walk.identity.contains(&origin)
        {
            losses.extend(patch.origin.filter(|by| *by != origin).map(|by| (origin, by)));
        }
    }
    Ok(merged)
}

/// Where the leaves of a node were written.
fn origins(node: &Node, into: &mut Vec<Origin>) {
    match &node.value {
        Value::Mapping(members) if !members.is_empty() => {
            members.values().for_each(|member| origins(member, into));
        }
        Value::Sequence(items) if !items.is_empty() => items.iter().for_each(|item| origins(item, into)),
        _ => into.extend(node.origin),
    }
}

type Place = (Cursor, ListKind);

struct Walk {
    /// What was replaced or deleted, and by what.
    blame: Losses,
    /// Leaves of the patch that only say which element is meant.
    identity: HashSet<Origin>,
}

/// What a walk leaves, and whose it is.
struct Outcome {
    node: Option<Node>,
    /// It is the base's own node, changed or not.
    is_base: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

fn base(node: Node) -> Outcome {
    Outcome { node: Some(node), is_base: true }
}

fn nothing() -> Outcome {
    Outcome { node: None, is_base: false }
}

fn is_null(node: &Node) -> bool {
    node.value == Value::Null
}

impl Walk {
    fn lose(&mut self, base: Option<&Node>, by: Option<Origin>) {
        if let Some(base) = base {
            loss::note(&mut self.blame, base, by);
        }
    }

    /// Walks a node of the base and the patch's node for the same place.
    fn both(
        &mut self,
        base_node: Option<Node>,
        patch: Option<&mut Node>,
        place: Place,
    ) -> Result<Outcome, PatchError> {
        let present = base_node.as_ref().filter(|node| !is_null(node));
        let changing = patch.as_deref().filter(|node| !is_null(node));
        if let (Some(one), Some(other)) = (present, changing)
            && kind_name(one) != kind_name(other)
        {
            let kind = PatchErrorKind::WrongKind { base: kind_name(one), patch: kind_name(other) };
            return Err(PatchError { kind, origin: other.origin });
        }
        match present.or(changing).map(|node| &node.value) {
            Some(Value::Mapping(_)) | None => self.mapping(base_node, patch, place.0),
            Some(Value::Sequence(_)) => self.sequence(base_node, patch, place),
            Some(_) => Ok(self.whole(base_node, patch)),
        }
    }

    /// What is not merged: the patch's where there is one.
    fn whole(&mut self, base_node: Option<Node>, patch: Option<&mut Node>) -> Outcome {
        let Some(patch) = patch else {
            return Outcome { node: base_node, is_base: true };
        };
        self.lose(base_node.as_ref(), patch.origin);
        Outcome { node: if is_null(patch) { None } else { Some(patch.clone()) }, is_base: false }
    }

    fn mapping(
        &mut self,
        base_node: Option<Node>,
        patch: Option<&mut Node>,
        cursor: Cursor,
    ) -> Result<Outcome, PatchError> {
        let Some(target) = base_node.filter(|node| !is_null(node) || patch.is_none()) else {
            return self.added(patch, cursor);
        };
        if is_null(&target) {
            // A null that was written stays, an empty value goes.
            let written = target.origin.is_none_or(|origin| origin.length > 0);
            return Ok(if written { base(target) } else { nothing() });
        }
        let Some(patch) = patch else { return self.merged(target, None, cursor) };
        if is_null(patch) {
            self.lose(Some(&target), patch.origin);
            return Ok(nothing());
        }
        let by = patch.get(DIRECTIVE).and_then(|node| node.origin).or(patch.origin);
        match mapping_directive(patch)? {
            Directive::Delete => {
                self.lose(Some(&target), by);
                Ok(nothing())
            }
            Directive::Replace => {
                self.lose(Some(&target), by);
                self.own_members(patch, cursor)?;
                Ok(Outcome { node: Some(patch.clone()), is_base: false })
            }
            Directive::Merge => self.merged(target, Some(patch), cursor),
        }
    }

    /// A mapping that only the patch has.
    fn added(&mut self, patch: Option<&mut Node>, cursor: Cursor) -> Result<Outcome, PatchError> {
        let Some(patch) = patch.filter(|node| !is_null(node)) else { return Ok(nothing()) };
        if mapping_directive(patch).is_ok_and(|directive| directive == Directive::Delete) {
            return Ok(nothing());
        }
        self.own_members(patch, cursor)?;
        Ok(Outcome { node: Some(patch.clone()), is_base: false })
    }

    fn merged(
        &mut self,
        mut target: Node,
        mut patch: Option<&mut Node>,
        cursor: Cursor,
    ) -> Result<Outcome, PatchError> {
        let by = patch.as_deref().and_then(|patch| patch.origin);
        let was_empty = target.as_mapping().is_some_and(Mapping::is_empty);
        let names: BTreeSet<String> = [Some(&target), patch.as_deref()]
            .into_iter()
            .flatten()
            .filter_map(Node::as_mapping)
            .flat_map(|members| members.keys().cloned())
            .collect();
        for name in names {
            let slot = target.get_mut(&name);
            let old = slot.map(|slot| std::mem::replace(slot, Value::Null.into()));
            let change = patch.as_deref_mut().and_then(|patch| patch.get_mut(&name));
            let new = self.both(old, change, cursor.field(&name))?.node;
            if let Value::Mapping(members) = &mut target.value {
                match new {
                    Some(new) => {
                        members.insert(name, new);
                    }
                    None => {
                        members.shift_remove(&name);
                    }
                }
            }
        }
        loss::note_filled(&mut self.blame, was_empty, &target, by);
        Ok(base(target))
    }

    /// Walks what was added from the patch as base and patch in one.
    fn own(&mut self, node: &mut Node, place: Place) -> Result<bool, PatchError> {
        match &node.value {
            Value::Null => Ok(false),
            Value::Mapping(_) => {
                if mapping_directive(node)? == Directive::Delete {
                    return Ok(false);
                }
                self.own_members(node, place.0)?;
                Ok(true)
            }
            Value::Sequence(_) if place.1 != ListKind::Atomic => {
                if list_directive(node)? == Directive::Delete {
                    return Ok(false);
                }
                self.own_elements(node, place)?;
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    fn own_members(&mut self, node: &mut Node, cursor: Cursor) -> Result<(), PatchError> {
        let Value::Mapping(members) = &mut node.value else { return Ok(()) };
        let mut names: Vec<String> = members.keys().cloned().collect();
        names.sort();
        for name in names {
            if let Some(member) = members.get_mut(&name)
                && !self.own(member, cursor.field(&name))?
            {
                members.shift_remove(&name);
            }
        }
        Ok(())
    }

    fn own_elements(&mut self, node: &mut Node, place: Place) -> Result<(), PatchError> {
        let Value::Sequence(items) = &mut node.value else { return Ok(()) };
        let mut arena = Arena { nodes: std::mem::take(items) };
        let all: Vec<usize> = (0..arena.nodes.len()).collect();
        let left = self.elements(&mut arena, all, None, place)?;
        *items = arena.pick(&left);
        Ok(())
    }

    fn sequence(
        &mut self,
        base_node: Option<Node>,
        patch: Option<&mut Node>,
        place: Place,
    ) -> Result<Outcome, PatchError> {
        if place.1 == ListKind::Atomic {
            return Ok(self.whole(base_node, patch));
        }
        let Some(mut target) = base_node.filter(|node| !is_null(node)) else {
            let Some(patch) = patch.filter(|node| !is_null(node)) else { return Ok(nothing()) };
            self.own_elements(patch, place)?;
            return Ok(Outcome { node: Some(patch.clone()), is_base: false });
        };
        let Some(patch) = patch else {
            // Kustomize rewrites every keyed list of what it patches, touched or not.
            if let Value::Sequence(items) = &mut target.value {
                let mut arena = Arena { nodes: std::mem::take(items) };
                let all = (0..arena.nodes.len()).collect();
                let left = self.elements(&mut arena, all, Some(Vec::new()), place)?;
                *items = arena.pick(&left);
            }
            return Ok(base(target));
        };
        if is_null(patch) {
            self.lose(Some(&target), patch.origin);
            return Ok(nothing());
        }
        let by = patch.origin;
        match list_directive(patch)? {
            Directive::Delete => {
                self.lose(Some(&target), by);
                return Ok(nothing());
            }
            Directive::Replace => {
                self.lose(Some(&target), by);
                self.own_elements(patch, place)?;
                return Ok(Outcome { node: Some(patch.clone()), is_base: false });
            }
            Directive::Merge => {}
        }
        let (Value::Sequence(old), Value::Sequence(new)) = (&mut target.value, &mut patch.value) else {
            return Ok(base(target));
        };
        let was_empty = old.is_empty();
        let mut arena = Arena { nodes: std::mem::take(old) };
        let own: Vec<usize> = (0..arena.nodes.len()).collect();
        let more: Vec<usize> = (own.len()..own.len() + new.len()).collect();
        arena.nodes.append(new);
        let left = self.elements(&mut arena, own, Some(more), place)?;
        *old = arena.pick(&left);
        loss::note_filled(&mut self.blame, was_empty, &target, by);
        Ok(base(target))
    }

    /// Merges the elements of a list; where there is no patch, the list is base and patch in one.
    fn elements(
        &mut self,
        arena: &mut Arena,
        own: Vec<usize>,
        patch: Option<Vec<usize>>,
        place: Place,
    ) -> Result<Vec<usize>, PatchError> {
        let ListKind::Map(keys) = place.1 else {
            return Ok(arena.union(own, patch));
        };
        let mut list = Keyed { arena, own, patch, keys };
        let mut values = list.values();
        if keys.len() > 1 {
            join_values(&mut values);
        }
        let mut added: Vec<usize> = Vec::new();
        let mut last = (Vec::new(), Vec::new());
        for wanted in &values {
            let (valid_keys, valid_values) = valid(&values, wanted, keys);
            let found = self.element(&mut list, (&valid_keys, &valid_values), place.0)?;
            match found {
                None => list.own = list.arena.put(&list.own, None, &valid_keys, &valid_values),
                Some(element) => {
                    for (key, value) in valid_keys.iter().zip(&valid_values) {
                        list.arena.name(element, key, value);
                    }
                    added = list.arena.put(&added, Some(element), &valid_keys, &valid_values);
                }
            }
            last = (valid_keys, valid_values);
        }
        if values.is_empty() {
            return Ok(list.own);
        }
        Ok(list.arena.append(added, &list.own, &last.0))
    }

    /// Walks the element that has some values, in base and patch. `None` if nothing of it is left.
    fn element(
        &mut self,
        list: &mut Keyed<'_>,
        (keys, values): (&[&'static str], &[String]),
        cursor: Cursor,
    ) -> Result<Option<usize>, PatchError> {
        let place = (cursor, ListKind::Atomic);
        let (keys, values) = valid(&[values.to_vec()], values, keys);
        let own = list.arena.find(&list.own, &keys, &values);
        let Some(patch) = &list.patch else {
            // Base and patch in one.
            let Some(at) = own else { return Ok(None) };
            let mut node = list.arena.take(at);
            let kept = self.own(&mut node, place)?;
            list.arena.give(at, node);
            return Ok(if kept && !list.arena.is_empty(at) { Some(at) } else { None });
        };
        let other = list.arena.find(patch, &keys, &values);
        let base_node = own.map(|at| list.arena.node(at));
        let mut change = other.map(|at| list.arena.node(at));
        let own_keys: Vec<(&str, Node)> = keys
            .iter()
            .filter_map(|key| base_node.as_ref()?.get(key).map(|node| (*key, node.clone())))
            .collect();
        let mut outcome = self.both(base_node, change.as_mut(), place)?;
        let change_keys = keys.iter().filter_map(|key| change.as_ref()?.get(key)?.origin);
        self.identity.extend(change_keys);
        if let (true, Some(node)) = (outcome.is_base, &mut outcome.node) {
            // What only says which element is meant stays the base's own.
            for (key, own) in own_keys {
                if let Some(slot) = node.get_mut(key).filter(|slot| slot.as_text() == own.as_text()) {
                    *slot = own;
                }
            }
        }
        if let (Some(at), Some(change)) = (other, change) {
            list.arena.give(at, change);
        }
        let Some(node) = outcome.node else { return Ok(None) };
        let at = if outcome.is_base { own } else { other };
        let Some(at) = at else { return Ok(None) };
        list.arena.give(at, node);
        Ok(if list.arena.is_empty(at) { None } else { Some(at) })
    }
}

/// A list whose elements are told apart by keys.
struct Keyed<'a> {
    arena: &'a mut Arena,
    own: Vec<usize>,
    patch: Option<Vec<usize>>,
    keys: &'static [&'static str],
}

impl Keyed<'_> {
    /// The keys' values of all elements, the patch's first, each once.
    fn values(&self) -> Vec<Vec<String>> {
        let mut seen = HashSet::new();
        let all = self.patch.iter().flatten().chain(&self.own);
        let values = all.map(|at| {
            let text = |key: &&str| self.arena.key_text(*at, key).unwrap_or_default();
            self.keys.iter().map(text).collect::<Vec<String>>()
        });
        values.filter(|values| seen.insert(values.clone())).collect()
    }
}

/// Elements that are known by their places, as Kustomize knows them by pointers.
struct Arena {
    nodes: Vec<Node>,
}

impl Arena {
    fn node(&self, at: usize) -> Node {
        self.nodes.get(at).cloned().unwrap_or_else(|| Value::Null.into())
    }

    fn take(&mut self, at: usize) -> Node {
        self.nodes
            .get_mut(at)
            .map_or_else(|| Value::Null.into(), |node| std::mem::replace(node, Value::Null.into()))
    }

    fn give(&mut self, at: usize, node: Node) {
        if let Some(slot) = self.nodes.get_mut(at) {
            *slot = node;
        }
    }

    fn pick(&self, places: &[usize]) -> Vec<Node> {
        places.iter().map(|at| self.node(*at)).collect()
    }

    fn is_empty(&self, at: usize) -> bool {
        self.nodes.get(at).is_none_or(|node| match &node.value {
            Value::Null => true,
            Value::Mapping(members) => members.is_empty(),
            _ => false,
        })
    }

    /// The text under a key of an element; nothing where it is missing or empty.
    fn key_text(&self, at: usize, key: &str) -> Option<String> {
        self.nodes.get(at)?.get(key).filter(|node| !is_null(node)).and_then(Node::as_text)
    }

    /// The first element all of whose keys have these values.
    fn find(&self, places: &[usize], keys: &[&'static str], values: &[String]) -> Option<usize> {
        let fits = |at: &usize| {
            keys.iter().zip(values).all(|(key, value)| self.key_text(*at, key).as_ref() == Some(value))
        };
        places.iter().copied().find(fits)
    }

    /// Gives an element a key that it lacks.
    fn name(&mut self, at: usize, key: &str, value: &str) {
        if let Some(node) = self.nodes.get_mut(at)
            && node.as_mapping().is_some()
            && node.get(key).is_none()
            && !value.is_empty()
        {
            let origin = node.origin;
            node.set(key, Node::from(value).at(origin));
        }
    }

    /// Sets an element in a list: in the place of each that fits, else at the end. Without an element, those
    /// that fit are taken out. An empty value fits any.
    fn put(
        &self,
        list: &[usize],
        element: Option<usize>,
        keys: &[&'static str],
        values: &[String],
    ) -> Vec<usize> {
        let named = values.first().is_some_and(|value| !value.is_empty());
        let mut new = Vec::with_capacity(list.len() + 1);
        let mut found = false;
        for at in list.iter().copied().filter(|at| !self.is_empty(*at)) {
            let is_mapping = self.nodes.get(at).is_some_and(|node| node.as_mapping().is_some());
            let fits = is_mapping
                && keys.iter().enumerate().all(|(place, key)| {
                    let own = self.key_text(at, key);
                    match values.get(place) {
                        Some(value) if value.is_empty() => own.is_some(),
                        Some(value) => own.as_ref() == Some(value),
                        None => true,
                    }
                });
            if !fits {
                if is_mapping || named {
                    new.push(at);
                }
                continue;
            }
            found = true;
            new.extend(element);
        }
        if !found {
            new.extend(element);
        }
        new
    }

    /// Adds the base's elements after those that were merged.
    fn append(&self, merged: Vec<usize>, own: &[usize], keys: &[&'static str]) -> Vec<usize> {
        if keys.len() == 1 {
            return self.append_by_one_key(merged, own, keys);
        }
        let mut all = merged;
        for at in own {
            let values: Vec<String> = keys.iter().filter_map(|key| self.key_text(*at, key)).collect();
            // An element is added once for each key it lacks, and then set by those it has.
            for _ in values.len()..keys.len() {
                all.push(*at);
            }
            all = self.put(&all, None, keys, &values);
            all = self.put(&all, Some(*at), keys, &values);
        }
        all
    }

    /// As [`Arena::append`] does it where there is one key, in one go.
    fn append_by_one_key(&self, merged: Vec<usize>, own: &[usize], keys: &[&'static str]) -> Vec<usize> {
        let key = keys.first().copied().unwrap_or_default();
        let mut all = merged;
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, at) in all.iter().enumerate() {
            places.entry(self.key_text(*at, key).unwrap_or_default()).or_insert(place);
        }
        for at in own {
            let Some(value) = self.key_text(*at, key) else {
                all.push(*at);
                continue;
            };
            match places.get(&value).and_then(|place| all.get_mut(*place)) {
                Some(slot) => *slot = *at,
                None => {
                    places.insert(value, all.len());
                    all.push(*at);
                }
            }
        }
        all
    }

    /// A set: the patch's values first, each once.
    fn union(&self, own: Vec<usize>, patch: Option<Vec<usize>>) -> Vec<usize> {
        let text = |at: usize| self.nodes.get(at).and_then(Node::as_text);
        let mut seen = HashSet::new();
        let all = patch.into_iter().flatten().chain(own);
        all.filter(|at| seen.insert(text(*at))).collect()
    }
}

/// The keys that any element has a value for, and this element's values of them.
fn valid(all: &[Vec<String>], values: &[String], keys: &[&'static str]) -> (Vec<&'static str>, Vec<String>) {
    let used: Vec<bool> = (0..keys.len())
        .map(|place| all.iter().any(|values| values.get(place).is_some_and(|value| !value.is_empty())))
        .collect();
    if !used.contains(&true) {
        return (keys.to_vec(), values.to_vec());
    }
    let kept = |place: &usize| used.get(*place).copied().unwrap_or_default();
    let places: Vec<usize> = (0..keys.len()).filter(kept).collect();
    let key = |place: &usize| keys.get(*place).copied();
    let value = |place: &usize| values.get(*place).cloned();
    (places.iter().filter_map(key).collect(), places.iter().filter_map(value).collect())
}

/// Takes two elements for one where they share a key's value and none contradicts the other.
fn join_values(all: &mut [Vec<String>]) {
    for one in 0..all.len() {
        let own = all.get(one).cloned().unwrap_or_default();
        for other in 0..all.len() {
            let joined = all.get(other).and_then(|values| join(&own, values));
            if let Some(joined) = joined {
                for place in [one, other] {
                    if let Some(slot) = all.get_mut(place) {
                        slot.clone_from(&joined);
                    }
                }
            }
        }
    }
}

fn join(one: &[String], other: &[String]) -> Option<Vec<String>> {
    if one.len() != other.len() {
        return None;
    }
    let mut common = false;
    let mut joined = Vec::with_capacity(one.len());
    for (one, other) in one.iter().zip(other) {
        if one == other {
            common = true;
        } else if !one.is_empty() && !other.is_empty() {
            return None;
        }
        joined.push(if one.is_empty() { other.clone() } else { one.clone() });
    }
    common.then_some(joined)
}

fn read(node: &Node) -> Result<Directive, PatchError> {
    match node.as_text().as_deref() {
        Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        other => {
            let text = other.unwrap_or_else(|| kind_name(node)).to_owned();
            Err(PatchError { kind: PatchErrorKind::UnknownDirective(text), origin: node.origin })
        }
    }
}

/// What a mapping's directive says; it is taken out.
fn mapping_directive(node: &mut Node) -> Result<Directive, PatchError> {
    let Some(found) = node.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let directive = read(found)?;
    if let Value::Mapping(members) = &mut node.value {
        members.shift_remove(DIRECTIVE);
    }
    Ok(directive)
}

/// What the first element with a directive says for the whole list, if it says nothing else; all elements
/// that say the same are taken out.
fn list_directive(node: &mut Node) -> Result<Directive, PatchError> {
    let Value::Sequence(items) = &mut node.value else { return Ok(Directive::Merge) };
    let first = items.iter().find(|item| item.get(DIRECTIVE).is_some());
    let alone = first.filter(|item| item.as_mapping().is_some_and(|members| members.len() == 1));
    let Some(found) = alone.and_then(|item| item.get(DIRECTIVE)) else { return Ok(Directive::Merge) };
    let directive = read(found)?;
    let text = found.as_text();
    items.retain(|item| item.get(DIRECTIVE).is_none_or(|other| other.as_text() != text));
    Ok(directive)
}

//! The strategic merge patch between what a chart renders and what shall stand.

use tree::schema::{ListKind, merge_keys};
use tree::{Mapping, Node, Value};

/// The patch that makes `from` into `to`; `None` where nothing differs. Leaves of `from` that are equal get the
/// origins of those in `to`, so that it can be told what a default of the chart carries.
pub(crate) fn difference(kind: &str, from: &mut Node, to: &Node) -> Option<Node> {
    nodes(kind, &mut Vec::new(), from, to)
}

fn nodes(kind: &str, path: &mut Vec<String>, from: &mut Node, to: &Node) -> Option<Node> {
    match (&mut from.value, &to.value) {
        (Value::Mapping(old), Value::Mapping(new)) => mappings(kind, path, old, new, to),
        (Value::Sequence(old), Value::Sequence(new)) => {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            match merge_keys(kind, &keys) {
                ListKind::Map(keys) => keyed(kind, path, keys, old, new),
                ListKind::Atomic | ListKind::Set => whole(from, to),
            }
        }
        _ => whole(from, to),
    }
}

fn whole(from: &mut Node, to: &Node) -> Option<Node> {
    if from.to_json() == to.to_json() && !has_secret(to) {
        stamp(from, to);
        return None;
    }
    Some(to.clone())
}

fn has_secret(node: &Node) -> bool {
    node.leaves().iter().any(|leaf| leaf.node.as_secret().is_some())
}

/// Takes over the origins of an equal node.
fn stamp(from: &mut Node, to: &Node) {
    from.origin = to.origin.or(from.origin);
    match (&mut from.value, &to.value) {
        (Value::Mapping(old), Value::Mapping(new)) => {
            for (key, child) in old {
                if let Some(other) = new.get(key) {
                    stamp(child, other);
                }
            }
        }
        (Value::Sequence(old), Value::Sequence(new)) => {
            for (child, other) in old.iter_mut().zip(new) {
                stamp(child, other);
            }
        }
        _ => {}
    }
}

fn mappings(kind: &str, path: &mut Vec<String>, old: &mut Mapping, new: &Mapping, to: &Node) -> Option<Node> {
    let mut patch = Mapping::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null.into());
    }
    for (key, wanted) in new {
        match old.get_mut(key) {
            None => {
                patch.insert(key.clone(), wanted.clone());
            }
            Some(given) => {
                path.push(key.clone());
                if let Some(change) = nodes(kind, path, given, wanted) {
                    patch.insert(key.clone(), change);
                }
                path.pop();
            }
        }
    }
    (!patch.is_empty()).then(|| Node::from(Value::Mapping(patch)).at(to.origin))
}

fn keyed(kind: &str, path: &mut Vec<String>, keys: &[&str], old: &mut [Node], new: &[Node]) -> Option<Node> {
    if new.first().is_some_and(|first| first.str_at(&["$patch"]) == Some("replace")) {
        return Some(Value::Sequence(new.to_vec()).into());
    }
    let identity = |item: &Node| -> Vec<Option<String>> {
        let default = |key: &str| (key == "protocol").then(|| "TCP".to_owned());
        keys.iter().map(|key| item.get(key).and_then(Node::as_text).or_else(|| default(key))).collect()
    };
    let mut patches = Vec::new();
    for item in old.iter().filter(|item| !new.iter().any(|other| identity(other) == identity(item))) {
        let mut gone = names(item, keys);
        gone.set("$patch", "delete");
        patches.push(gone);
    }
    for wanted in new {
        match old.iter_mut().find(|item| identity(item) == identity(wanted)) {
            None => patches.push(wanted.clone()),
            Some(given) => {
                let Some(change) = nodes(kind, path, given, wanted) else { continue };
                let mut patch = names(wanted, keys);
                for (key, value) in change.as_mapping().into_iter().flatten() {
                    patch.set(key, value.clone());
                }
                patches.push(patch);
            }
        }
    }
    (!patches.is_empty()).then(|| Value::Sequence(patches).into())
}

/// What tells an element of a list apart.
fn names(item: &Node, keys: &[&str]) -> Node {
    let mut node = Node::mapping();
    for key in keys {
        if let Some(value) = item.get(key) {
            node.set(key, value.clone());
        }
    }
    node
}

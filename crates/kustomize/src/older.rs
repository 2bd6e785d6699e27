//! YAML 1.1, in which Kustomize reads kustomizations and JSON patches, though not objects: `yes`, `on` and
//! their like are truth values there.

use tree::{Node, Value};

/// The truth value that a plain word is in YAML 1.1.
pub(crate) fn truth(node: &Node) -> Option<bool> {
    let text = node.as_str()?;
    // A quoted word is longer where it stands than what it says.
    let plain = node.origin.is_some_and(|origin| origin.length as usize == text.len());
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if plain => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if plain => Some(false),
        _ => None,
    }
}

/// Makes truth values of all plain words that YAML 1.1 takes for some.
pub(crate) fn reread(node: &mut Node) {
    if let Some(truth) = truth(node) {
        node.spelling = node.as_str().map(Into::into);
        node.value = Value::Bool(truth);
        return;
    }
    match &mut node.value {
        Value::Mapping(members) => members.values_mut().for_each(reread),
        Value::Sequence(items) => items.iter_mut().for_each(reread),
        _ => {}
    }
}

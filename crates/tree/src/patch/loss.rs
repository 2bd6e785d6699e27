//! Which leaves were lost to a patch, and to what.

use crate::{Node, Origin, Value};

/// Pairs of a lost leaf's origin and the origin of what replaced or deleted it.
pub type Losses = Vec<(Origin, Origin)>;

/// Notes that every leaf of a node is lost to what stands at `by`.
pub fn note(losses: &mut Losses, node: &Node, by: Option<Origin>) {
    match &node.value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            mapping.values().for_each(|child| note(losses, child, by));
        }
        Value::Sequence(items) if !items.is_empty() => {
            items.iter().for_each(|child| note(losses, child, by));
        }
        _ => {
            if let (Some(lost), Some(by)) = (node.origin, by)
                && lost != by
            {
                losses.push((lost, by));
            }
        }
    }
}

/// Notes that a collection which was empty `before`, and so a leaf, is none any more.
pub fn note_filled(losses: &mut Losses, before: bool, node: &Node, by: Option<Origin>) {
    let empty_now = match &node.value {
        Value::Mapping(mapping) => mapping.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        _ => true,
    };
    if before
        && !empty_now
        && let (Some(lost), Some(by)) = (node.origin, by)
        && lost != by
    {
        losses.push((lost, by));
    }
}

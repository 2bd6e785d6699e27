//! `$setElementOrder`: the order a patch's author saw, kept around what only the base has.

use crate::Node;

/// Orders a merged list: the elements named come in the order given, the others stay where they stood
/// relative to their neighbours.
pub(super) fn arrange(elements: &mut Vec<Node>, wanted: &Node, key: Option<&str>) {
    let name = |node: &Node| match key {
        Some(key) => node.get(key).and_then(Node::as_text),
        None => node.as_text(),
    };
    let wanted: Vec<Option<String>> = wanted.items().map(name).collect();
    let rank = |node: &Node| {
        let own = name(node);
        wanted.iter().position(|wanted| *wanted == own)
    };
    let (mut named, others): (Vec<_>, Vec<_>) =
        elements.drain(..).enumerate().partition(|(_, node)| rank(node).is_some());
    named.sort_by_key(|(_, node)| rank(node));
    let mut others = others.into_iter().peekable();
    for (place, node) in named {
        while let Some((_, other)) = others.next_if(|(earlier, _)| *earlier < place) {
            elements.push(other);
        }
        elements.push(node);
    }
    elements.extend(others.map(|(_, node)| node));
}

//! Taking out of an object what its owner did not write.

use tree::{Node, Origin, Path, Segment};

use super::defaults::{Candidates, Reason};
use super::ownership::Ownership;

/// Takes out what a server filled in; returns the origins of the leaves taken.
pub(crate) fn strip(object: &mut Node) -> Vec<Origin> {
    let whole = object.clone();
    let ownership = Ownership::of(&whole);
    let mut paths: Vec<Path> = Candidates::of(&whole)
        .places
        .into_iter()
        .filter(|(path, reason)| is_servers(&ownership, &whole, path, *reason))
        .map(|(path, _)| path)
        .collect();
    paths.extend(nobodys(&ownership, &whole));
    paths.sort();
    paths.dedup();
    let mut taken = Vec::new();
    // From the end, so that places in lists stay where they are until their turn comes.
    for path in paths.iter().rev() {
        if let Some(node) = remove(object, path) {
            taken.extend(node.leaves().iter().filter_map(|leaf| leaf.node.origin));
            prune(object, path, &ownership, &whole);
        }
    }
    taken
}

fn is_servers(ownership: &Ownership, object: &Node, path: &Path, reason: Reason) -> bool {
    match reason {
        Reason::Bookkeeping => true,
        Reason::Default => !ownership.applied(object, path),
        // A port on every node may be what a proxy in front was told: kept where nobody says whose it is.
        Reason::Allocated if path.last_key() == Some("nodePort") && !ownership.is_known() => false,
        Reason::Allocated if path.last_key() == Some("tolerations") && !ownership.is_known() => false,
        Reason::Allocated if path.last_key() == Some("nodePort") && !ownership.is_exact() => {
            !ownership.wrote(object, path)
        }
        Reason::Allocated => !ownership.applied(object, path),
    }
}

/// Leaves that `managedFields` give to no owner.
fn nobodys(ownership: &Ownership, object: &Node) -> Vec<Path> {
    const NEVER: [&[&str]; 7] = [
        &["apiVersion"],
        &["kind"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["data"],
        &["stringData"],
        &["binaryData"],
    ];
    let leaves = object.leaves().into_iter().map(|leaf| leaf.path);
    leaves
        .filter(|path| !NEVER.iter().any(|keys| path.starts_with(keys)))
        .filter(|path| ownership.is_nobodys(object, path))
        .collect()
}

fn remove(object: &mut Node, path: &Path) -> Option<Node> {
    let (last, above) = path.0.split_last()?;
    let mut node = object;
    for segment in above {
        node = match segment {
            Segment::Key(key) => node.get_mut(key)?,
            Segment::Index(index) => node.as_sequence_mut()?.get_mut(*index)?,
        };
    }
    match last {
        Segment::Key(key) => node.as_mapping_mut()?.shift_remove(key),
        Segment::Index(index) => {
            let items = node.as_sequence_mut()?;
            (*index < items.len()).then(|| items.remove(*index))
        }
    }
}

/// Removes what has become empty above a place, but not what the owner wrote empty, and never an element of a list.
fn prune(object: &mut Node, path: &Path, ownership: &Ownership, whole: &Node) {
    let mut above = path.clone();
    while above.0.pop().is_some() && above.0.len() > 1 {
        let is_empty = object.at_path(&above).is_some_and(|node| match &node.value {
            tree::Value::Mapping(mapping) => mapping.is_empty(),
            tree::Value::Sequence(items) => items.is_empty(),
            _ => false,
        });
        let is_element = matches!(above.0.last(), Some(Segment::Index(_)));
        if !is_empty || is_element || ownership.applied(whole, &above) {
            return;
        }
        remove(object, &above);
    }
}

//! Setting values at fields that only some kinds have.

use tree::patch::{self, Losses};
use tree::{Mapping, Node, Origin, Value};

use crate::identity::Id;

/// A field of certain kinds.
pub(crate) struct Field {
    /// Names from the root; lists are walked through.
    pub(crate) path: &'static [&'static str],
    pub(crate) kind: Option<&'static str>,
    pub(crate) group: Option<&'static str>,
    pub(crate) version: Option<&'static str>,
    /// It is made where it is missing.
    pub(crate) create: bool,
}

impl Field {
    pub(crate) fn of(&self, id: &Id) -> bool {
        self.kind.is_none_or(|kind| kind == id.kind)
            && self.group.is_none_or(|group| group == id.group)
            && self.version.is_none_or(|version| version == id.version)
    }

    /// Does something with every node at this field. Nodes made on the way have the given origin.
    pub(crate) fn visit(&self, object: &mut Node, origin: Option<Origin>, act: &mut dyn FnMut(&mut Node)) {
        walk(object, self.path, self.create, origin, act);
    }
}

fn walk(
    node: &mut Node,
    path: &[&str],
    create: bool,
    origin: Option<Origin>,
    act: &mut dyn FnMut(&mut Node),
) {
    let Some((first, rest)) = path.split_first() else {
        act(node);
        return;
    };
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| walk(item, path, create, origin, act)),
        Value::Mapping(members) => {
            // A list is never made.
            let name = first.trim_end_matches("[]");
            if create && name == *first {
                let made = || Node::from(Value::Mapping(Mapping::new())).at(origin);
                let member = members.entry(name.to_owned()).or_insert_with(made);
                if member.value == Value::Null {
                    *member = made();
                }
            }
            if let Some(member) = members.get_mut(name)
                && member.value != Value::Null
            {
                walk(member, rest, create, origin, act);
            }
        }
        _ => {}
    }
}

/// Sets a member. A member that has the value already keeps its origin.
pub(crate) fn set(holder: &mut Node, key: &str, new: &Node, losses: &mut Losses) {
    let before = matches!(&holder.value, Value::Mapping(members) if members.is_empty());
    if let Value::Mapping(members) = &mut holder.value {
        match members.get_mut(key) {
            Some(old) if old.value == new.value => {}
            Some(old) => {
                patch::note_lost(losses, old, new.origin);
                *old = new.clone();
            }
            None => {
                members.insert(key.to_owned(), new.clone());
            }
        }
    }
    patch::note_filled(losses, before, holder, new.origin);
}

//! JSON merge patch (RFC 7386).

use super::loss::{self, Losses};
use crate::{Mapping, Node, Value};

/// Merges a patch into a document: mappings member by member, nulls delete, all else is replaced.
#[must_use]
pub fn merge(base: Node, patch: &Node) -> Node {
    merge_noting(base, patch, &mut Losses::new())
}

/// [`merge`], with the leaves of the base that were lost.
#[must_use]
pub fn merge_noting(mut base: Node, patch: &Node, losses: &mut Losses) -> Node {
    let Value::Mapping(changes) = &patch.value else {
        loss::note(losses, &base, patch.origin);
        return patch.clone();
    };
    if !matches!(base.value, Value::Mapping(_)) {
        loss::note(losses, &base, patch.origin);
        base = Node::from(Value::Mapping(Mapping::new())).at(patch.origin);
    }
    let mut was_empty = false;
    if let Value::Mapping(members) = &mut base.value {
        was_empty = members.is_empty();
        for (key, change) in changes {
            if change.value == Value::Null {
                if let Some(old) = members.shift_remove(key) {
                    loss::note(losses, &old, change.origin);
                }
                continue;
            }
            match members.get_mut(key) {
                Some(slot) => {
                    let old = std::mem::replace(slot, Value::Null.into());
                    *slot = merge_noting(old, change, losses);
                }
                None => {
                    let nothing = Node::from(Value::Null);
                    members.insert(key.clone(), merge_noting(nothing, change, losses));
                }
            }
        }
    }
    loss::note_filled(losses, was_empty, &base, patch.origin);
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_hold() {
        let table = [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, r#"null"#, r#"null"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            (r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ];
        for (base, patch, expected) in table {
            let read =
                |text: &str| Node::from(serde_json::from_str::<serde_json::Value>(text).expect("valid"));
            let merged = merge(read(base), &read(patch));
            assert_eq!(merged.to_json().to_string(), expected, "{base} + {patch}");
        }
    }
}

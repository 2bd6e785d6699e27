//! JSON patch (RFC 6902).

use super::error::{PatchError, PatchErrorKind};
use super::loss::{self, Losses};
use crate::{Mapping, Node, Origin, Value};

/// Applies a list of operations.
///
/// # Errors
/// If the list or an operation is malformed, points nowhere, or is a test that fails.
pub fn json_patch(base: Node, operations: &Node) -> Result<Node, PatchError> {
    json_patch_noting(base, operations, &mut Losses::new())
}

/// [`json_patch`], with the leaves of the base that were lost.
///
/// # Errors
/// As [`json_patch`].
pub fn json_patch_noting(mut base: Node, operations: &Node, losses: &mut Losses) -> Result<Node, PatchError> {
    let Some(list) = operations.as_sequence() else {
        return Err(PatchError { kind: PatchErrorKind::NotOperations, origin: operations.origin });
    };
    for operation in list {
        apply(&mut base, operation, losses)?;
    }
    Ok(base)
}

fn apply(document: &mut Node, operation: &Node, losses: &mut Losses) -> Result<(), PatchError> {
    let name = text(operation, "op")?;
    let at = Pointer::read(operation, "path")?;
    match name {
        "add" => at.add(document, value(operation)?.clone(), losses),
        "replace" => {
            let old = at.find(document)?;
            let new = value(operation)?.clone();
            loss::note(losses, old, new.origin);
            *old = new;
            Ok(())
        }
        "remove" => {
            let old = at.remove(document)?;
            loss::note(losses, &old, at.origin);
            Ok(())
        }
        "test" => {
            let wanted = value(operation)?.to_json();
            if at.find(document)?.to_json() == wanted {
                return Ok(());
            }
            Err(at.error(PatchErrorKind::TestFailed(at.text.clone())))
        }
        "copy" => {
            let node = Pointer::read(operation, "from")?.find(document)?.clone();
            at.add(document, node, losses)
        }
        "move" => {
            let from = Pointer::read(operation, "from")?;
            if at.segments.len() > from.segments.len() && at.segments.starts_with(&from.segments) {
                return Err(at.error(PatchErrorKind::NothingThere(at.text.clone())));
            }
            let node = from.remove(document)?;
            at.add(document, node, losses)
        }
        other => Err(at.error(PatchErrorKind::UnknownOperation(other.to_owned()))),
    }
}

fn text<'a>(operation: &'a Node, member: &'static str) -> Result<&'a str, PatchError> {
    operation
        .str_at(&[member])
        .ok_or(PatchError { kind: PatchErrorKind::MissingMember(member), origin: operation.origin })
}

fn value(operation: &Node) -> Result<&Node, PatchError> {
    operation
        .get("value")
        .ok_or(PatchError { kind: PatchErrorKind::MissingMember("value"), origin: operation.origin })
}

/// A JSON pointer (RFC 6901) and where it was written.
struct Pointer {
    segments: Vec<String>,
    text: String,
    origin: Option<Origin>,
}

impl Pointer {
    fn read(operation: &Node, member: &'static str) -> Result<Self, PatchError> {
        let text = text(operation, member)?.to_owned();
        let origin = operation.get(member).and_then(|node| node.origin);
        let segments = match text.strip_prefix('/') {
            Some(rest) => rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
            None if text.is_empty() => Vec::new(),
            None => return Err(PatchError { kind: PatchErrorKind::BadPointer(text), origin }),
        };
        Ok(Self { segments, text, origin })
    }

    fn error(&self, kind: PatchErrorKind) -> PatchError {
        PatchError { kind, origin: self.origin }
    }

    fn nothing(&self) -> PatchError {
        self.error(PatchErrorKind::NothingThere(self.text.clone()))
    }

    fn find<'a>(&self, document: &'a mut Node) -> Result<&'a mut Node, PatchError> {
        self.segments
            .iter()
            .try_fold(document, |node, segment| child(node, segment))
            .ok_or_else(|| self.nothing())
    }

    /// The node that holds the target, and the last segment.
    fn parent<'a>(&self, document: &'a mut Node) -> Result<(&'a mut Node, &str), PatchError> {
        let (last, before) = self.segments.split_last().ok_or_else(|| self.nothing())?;
        let parent = before
            .iter()
            .try_fold(document, |node, segment| child(node, segment))
            .ok_or_else(|| self.nothing())?;
        Ok((parent, last))
    }

    fn add(&self, document: &mut Node, new: Node, losses: &mut Losses) -> Result<(), PatchError> {
        if self.segments.is_empty() {
            loss::note(losses, document, new.origin);
            *document = new;
            return Ok(());
        }
        let (parent, last) = self.parent(document)?;
        let by = new.origin;
        let was_empty = match &mut parent.value {
            Value::Mapping(members) => {
                let was_empty = members.is_empty();
                if let Some(old) = members.insert(last.to_owned(), new) {
                    loss::note(losses, &old, by);
                }
                was_empty
            }
            Value::Sequence(items) => {
                let was_empty = items.is_empty();
                let place = if last == "-" { Some(items.len()) } else { index(last) };
                let place = place.filter(|place| *place <= items.len()).ok_or_else(|| self.nothing())?;
                items.insert(place, new);
                was_empty
            }
            _ => return Err(self.nothing()),
        };
        loss::note_filled(losses, was_empty, parent, by);
        Ok(())
    }

    fn remove(&self, document: &mut Node) -> Result<Node, PatchError> {
        let (parent, last) = self.parent(document)?;
        let removed = match &mut parent.value {
            Value::Mapping(members) => Mapping::shift_remove(members, last),
            Value::Sequence(items) => {
                index(last).filter(|place| *place < items.len()).map(|place| items.remove(place))
            }
            _ => None,
        };
        removed.ok_or_else(|| self.nothing())
    }
}

fn child<'a>(node: &'a mut Node, segment: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Mapping(members) => members.get_mut(segment),
        Value::Sequence(items) => items.get_mut(index(segment)?),
        _ => None,
    }
}

/// An index as the standard writes it: no sign, no leading zero.
fn index(segment: &str) -> Option<usize> {
    let plain = segment == "0"
        || (!segment.starts_with('0') && !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit()));
    plain.then(|| segment.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        serde_json::from_str::<serde_json::Value>(text).expect("valid").into()
    }

    #[test]
    fn operations_do_what_the_standard_says() {
        let table = [
            (r#"{"a":1}"#, r#"[{"op":"add","path":"/b","value":null}]"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":[1,2]}"#, r#"[{"op":"add","path":"/a/1","value":9}]"#, r#"{"a":[1,9,2]}"#),
            (r#"{"a":[1]}"#, r#"[{"op":"add","path":"/a/-","value":2}]"#, r#"{"a":[1,2]}"#),
            (r#"{"a":1,"b":2}"#, r#"[{"op":"remove","path":"/a"}]"#, r#"{"b":2}"#),
            (r#"{"a":[1,2]}"#, r#"[{"op":"remove","path":"/a/0"}]"#, r#"{"a":[2]}"#),
            (r#"{"a/b":{"~":1}}"#, r#"[{"op":"replace","path":"/a~1b/~0","value":2}]"#, r#"{"a/b":{"~":2}}"#),
            (
                r#"{"a":{"b":1},"c":{}}"#,
                r#"[{"op":"move","from":"/a/b","path":"/c/d"}]"#,
                r#"{"a":{},"c":{"d":1}}"#,
            ),
            (
                r#"{"a":{"b":1}}"#,
                r#"[{"op":"copy","from":"/a","path":"/c"}]"#,
                r#"{"a":{"b":1},"c":{"b":1}}"#,
            ),
            (r#"{"a":1}"#, r#"[{"op":"test","path":"/a","value":1}]"#, r#"{"a":1}"#),
        ];
        for (base, operations, expected) in table {
            let patched = json_patch(read(base), &read(operations)).expect(operations);
            assert_eq!(patched.to_json(), read(expected).to_json(), "{operations}");
        }
    }

    #[test]
    fn what_points_nowhere_is_refused() {
        let refused = [
            r#"[{"op":"replace","path":"/x","value":1}]"#,
            r#"[{"op":"remove","path":"/x"}]"#,
            r#"[{"op":"add","path":"/x/y","value":1}]"#,
            r#"[{"op":"add","path":"/a/2","value":1}]"#,
            r#"[{"op":"add","path":"/a/01","value":1}]"#,
            r#"[{"op":"test","path":"/a","value":[2]}]"#,
            r#"[{"op":"add","path":"a","value":1}]"#,
            r#"[{"op":"add","path":"/b"}]"#,
            r#"[{"op":"frob","path":"/a"}]"#,
            r#"[{"path":"/a"}]"#,
            r#"{"op":"remove","path":"/a"}"#,
        ];
        for operations in refused {
            assert!(json_patch(read(r#"{"a":[1]}"#), &read(operations)).is_err(), "{operations}");
        }
    }
}

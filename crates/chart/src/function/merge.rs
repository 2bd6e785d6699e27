//! `merge` and `mergeOverwrite`, as mergo does it: in place, and sharing what it takes over.

use super::{Answer, Call, Function};
use crate::value::{MAX_DEPTH, Map, MapKind, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "merge" | "mustMerge" => |call| merge(call, false),
        "mergeOverwrite" | "mustMergeOverwrite" => |call| merge(call, true),
        _ => return None,
    })
}

fn merge(call: &mut Call<'_>, overwrites: bool) -> Answer {
    call.at_least(1)?;
    let target = call.map(0)?;
    for index in 1..call.arguments.len() {
        let source = call.map(index)?;
        if !merge_into(&target, &source, overwrites, MAX_DEPTH) {
            return call.fail("the value contains itself");
        }
    }
    Ok(Value::Map(target.with_kind(MapKind::Any)))
}

/// Whether the values were shallow enough to be merged.
fn merge_into(target: &Map, source: &Map, overwrites: bool, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    if std::rc::Rc::ptr_eq(&target.entries, &source.entries) {
        return true;
    }
    for (key, value) in source.snapshot() {
        if value.is_nil() {
            if overwrites {
                target.insert(&key, Value::Nil);
            }
            continue;
        }
        let known = target.get(&key);
        if let (Some(Value::Map(inner)), Value::Map(other)) = (&known, &value) {
            if !merge_into(inner, other, overwrites, depth) {
                return false;
            }
            if inner.len() > 0 {
                continue;
            }
        }
        let is_empty = known.is_none_or(|known| !known.truth());
        if overwrites || is_empty {
            target.insert(&key, value);
        }
    }
    true
}

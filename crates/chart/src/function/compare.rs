//! Go's comparisons, and `index`, `len` and `not`.

use std::cmp::Ordering;

use super::{Answer, Call, Function};
use crate::template::Fault;
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "eq" => |call| Ok(Value::Bool(equal_to_any(call)?)),
        "ne" => |call| {
            call.exactly(2)?;
            Ok(Value::Bool(!equal_to_any(call)?))
        },
        "lt" => |call| ordered(call, Ordering::is_lt),
        "le" => |call| ordered(call, Ordering::is_le),
        "gt" => |call| ordered(call, Ordering::is_gt),
        "ge" => |call| ordered(call, Ordering::is_ge),
        "not" => not,
        "len" => len,
        "index" => index,
        _ => return None,
    })
}

/// Go's kinds of values that can be compared with each other.
#[derive(PartialEq)]
enum Basic {
    Bool,
    Whole,
    Float,
    Text,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(_) | Value::Int64(_) => Basic::Whole,
        Value::Float(_) => Basic::Float,
        Value::Text(_) => Basic::Text,
        _ => Basic::Other,
    }
}

fn equal_to_any(call: &Call<'_>) -> Result<bool, Fault> {
    let Some((first, others)) = call.arguments.split_first() else {
        return call.fail("missing argument for comparison");
    };
    if others.is_empty() {
        return call.fail("missing argument for comparison");
    }
    for other in others {
        let is_equal = match (basic(first), basic(other)) {
            (a, b) if a != b => {
                if !first.is_nil() && !other.is_nil() {
                    return call.fail("incompatible types for comparison");
                }
                false
            }
            (Basic::Bool, _) => first.truth() == other.truth(),
            (Basic::Other, _) => {
                if first.is_nil() || other.is_nil() {
                    first.is_nil() == other.is_nil()
                } else {
                    return call.fail(format!("non-comparable type {}", first.type_name()));
                }
            }
            _ => first.compare(other) == Some(Ordering::Equal),
        };
        if is_equal {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ordered(call: &mut Call<'_>, test: fn(Ordering) -> bool) -> Answer {
    call.exactly(2)?;
    let (a, b) = (&call.arguments[0], &call.arguments[1]);
    let (kind, other) = (basic(a), basic(b));
    if kind == Basic::Other || other == Basic::Other {
        return call.fail("invalid type for comparison");
    }
    if kind != other {
        return call.fail("incompatible types for comparison");
    }
    match a.compare(b) {
        Some(order) => Ok(Value::Bool(test(order))),
        None => call.fail("invalid type for comparison"),
    }
}

fn not(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    Ok(Value::Bool(!call.any(0).truth()))
}

fn len(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let length = match call.any(0) {
        Value::Text(text) => text.len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.len(),
        Value::Host(host) if host.items().is_some() => host.items().map_or(0, |items| items.len()),
        Value::Nil | Value::Absent => return call.fail("len of nil pointer"),
        other => return call.fail(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let mut value = call.any(0);
    if value.is_nil() {
        return call.fail("index of untyped nil");
    }
    for position in 1..call.arguments.len() {
        let key = call.any(position);
        value = match &value {
            Value::Map(map) => match &key {
                Value::Text(key) => map.field(key),
                Value::Nil | Value::Absent => return call.fail("value is nil; should be of type string"),
                other => {
                    return call.fail(format!("value has type {}; should be string", other.type_name()));
                }
            },
            Value::List(list) => {
                let found = place(call, &key, list.items.len())?;
                list.items[found].clone()
            }
            Value::Text(text) => {
                let found = place(call, &key, text.len())?;
                Value::Int(i64::from(text.as_bytes()[found]))
            }
            Value::Nil | Value::Absent => return call.fail("index of nil pointer"),
            other => return call.fail(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

fn place(call: &Call<'_>, key: &Value, length: usize) -> Result<usize, Fault> {
    let (Value::Int(number) | Value::Int64(number)) = key else {
        return call.fail(format!("cannot index slice/array with type {}", key.type_name()));
    };
    match usize::try_from(*number) {
        Ok(found) if found < length => Ok(found),
        _ => call.fail(format!("index out of range: {number}")),
    }
}

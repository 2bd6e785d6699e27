//! Maps.

use std::rc::Rc;

use super::{Answer, Call, Function};
use crate::function::text::text_of;
use crate::value::{Entries, MAX_DEPTH, Map, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "dict" => dict,
        "get" => get,
        "set" => set,
        "unset" => unset,
        "hasKey" => has_key,
        "pluck" => pluck,
        "dig" => dig,
        "keys" => keys,
        "values" => values,
        "pick" => pick,
        "omit" => omit,
        "deepCopy" | "mustDeepCopy" => |call| {
            call.exactly(1)?;
            let copy = deep_copy(call, &call.any(0), MAX_DEPTH)?;
            Ok(copy)
        },
        _ => return None,
    })
}

fn dict(call: &mut Call<'_>) -> Answer {
    let map = Map::of(Entries::new());
    for pair in call.arguments.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| Value::from(""));
        map.insert(&text_of(&pair[0]), value);
    }
    Ok(Value::Map(map))
}

fn get(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (map, key) = (call.map(0)?, call.text(1)?);
    Ok(map.get(&key).unwrap_or_else(|| Value::from("")))
}

fn set(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (map, key) = (call.map(0)?, call.text(1)?);
    if call.any(0).is_nil() {
        return call.fail("assignment to entry in nil map");
    }
    map.insert(&key, call.any(2));
    Ok(Value::Map(map.with_kind(crate::value::MapKind::Any)))
}

fn unset(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (map, key) = (call.map(0)?, call.text(1)?);
    map.entries.borrow_mut().remove(&*key);
    Ok(Value::Map(map.with_kind(crate::value::MapKind::Any)))
}

fn has_key(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (map, key) = (call.map(0)?, call.text(1)?);
    Ok(Value::Bool(map.get(&key).is_some()))
}

fn pluck(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let key = call.text(0)?;
    let mut found = Vec::new();
    for index in 1..call.arguments.len() {
        found.extend(call.map(index)?.get(&key));
    }
    Ok(Value::from(found))
}

fn dig(call: &mut Call<'_>) -> Answer {
    if call.arguments.len() < 3 {
        return call.fail("dig needs at least three arguments");
    }
    let last = call.arguments.len() - 1;
    let mut map = match call.any(last) {
        Value::Map(map) => map,
        other => return call.fail(format!("interface conversion: interface {{}} is {}", other.type_name())),
    };
    for index in 0..last - 1 {
        let key = call.text(index)?;
        let Some(value) = map.get(&key) else { return Ok(call.any(last - 1)) };
        if index == last - 2 {
            return Ok(value);
        }
        map = match value {
            Value::Map(inner) => inner,
            other => {
                return call.fail(format!("interface conversion: interface {{}} is {}", other.type_name()));
            }
        };
    }
    Ok(Value::Nil)
}

/// Go gives the keys in no order; here they are sorted, which is one of its orders.
fn keys(call: &mut Call<'_>) -> Answer {
    let mut keys: Vec<Value> = Vec::new();
    for index in 0..call.arguments.len() {
        keys.extend(call.map(index)?.snapshot().into_iter().map(|(key, _)| Value::Text(key)));
    }
    Ok(Value::texts(keys))
}

fn values(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let values = call.map(0)?.snapshot().into_iter().map(|(_, value)| value);
    Ok(Value::from(values.collect::<Vec<_>>()))
}

fn pick(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let (map, picked) = (call.map(0)?, Map::of(Entries::new()));
    for index in 1..call.arguments.len() {
        let key = call.text(index)?;
        if let Some(value) = map.get(&key) {
            picked.insert(&key, value);
        }
    }
    Ok(Value::Map(picked))
}

fn omit(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let mut entries = call.map(0)?.entries.borrow().clone();
    for index in 1..call.arguments.len() {
        entries.remove(&call.text(index)?);
    }
    Ok(Value::from(entries))
}

fn deep_copy(call: &Call<'_>, value: &Value, depth: usize) -> Answer {
    let Some(depth) = depth.checked_sub(1) else { return call.fail("the value contains itself") };
    Ok(match value {
        Value::Map(map) => {
            let mut entries = Entries::new();
            for (key, value) in map.snapshot() {
                entries.insert(Rc::clone(&key), deep_copy(call, &value, depth)?);
            }
            Value::Map(Map::of(entries).with_kind(map.kind))
        }
        Value::List(list) => {
            let items: Result<Vec<Value>, _> =
                list.items.iter().map(|item| deep_copy(call, item, depth)).collect();
            match Value::from(items?) {
                Value::List(copied) => Value::List(crate::value::List { kind: list.kind, ..copied }),
                other => other,
            }
        }
        other => other.clone(),
    })
}

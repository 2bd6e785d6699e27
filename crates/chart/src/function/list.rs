//! Lists.

use std::rc::Rc;

use super::{Answer, Call, Function};
use crate::function::number::whole;
use crate::function::text::{strings, text_of};
use crate::value::{Items, List, ListCell, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "list" | "tuple" => |call| Ok(Value::from(std::mem::take(&mut call.arguments))),
        "first" | "mustFirst" => |call| {
            call.exactly(1)?;
            Ok(call.list(0, "find first")?.items.first().cloned().unwrap_or(Value::Nil))
        },
        "last" | "mustLast" => |call| {
            call.exactly(1)?;
            Ok(call.list(0, "find last")?.items.last().cloned().unwrap_or(Value::Nil))
        },
        "rest" | "mustRest" => |call| part(call, "find rest", |items| items.get(1..)),
        "initial" | "mustInitial" => {
            |call| part(call, "find initial", |items| items.get(..items.len().saturating_sub(1)))
        }
        "append" | "push" | "mustAppend" | "mustPush" => append,
        "prepend" | "mustPrepend" => prepend,
        "concat" => concat,
        "reverse" | "mustReverse" => reverse,
        "uniq" | "mustUniq" => uniq,
        "compact" | "mustCompact" => compact,
        "without" | "mustWithout" => without,
        "has" | "mustHas" => has,
        "slice" | "mustSlice" => slice,
        "chunk" | "mustChunk" => chunk,
        "sortAlpha" => sort_alpha,
        _ => return None,
    })
}

fn part(call: &mut Call<'_>, purpose: &str, choose: impl Fn(&[Value]) -> Option<&[Value]>) -> Answer {
    call.exactly(1)?;
    let list = call.list(0, purpose)?;
    if list.items.is_empty() {
        return Ok(Value::no_list(Items::None));
    }
    Ok(Value::from(choose(&list.items).unwrap_or_default().to_vec()))
}

fn append(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let list = call.list(0, "push")?;
    call.run.step(list.items.len() as u64)?;
    let mut items = list.items.to_vec();
    items.push(call.any(1));
    Ok(Value::from(items))
}

fn prepend(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let list = call.list(0, "prepend")?;
    call.run.step(list.items.len() as u64)?;
    let mut items = vec![call.any(1)];
    items.extend_from_slice(&list.items);
    Ok(Value::from(items))
}

fn concat(call: &mut Call<'_>) -> Answer {
    let mut items = Vec::new();
    for index in 0..call.arguments.len() {
        let list = call.list(index, "concat")?;
        call.run.step(list.items.len() as u64)?;
        items.extend_from_slice(&list.items);
    }
    if items.is_empty() {
        return Ok(Value::no_list(Items::None));
    }
    Ok(Value::from(items))
}

fn reverse(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let list = call.list(0, "find reverse")?;
    Ok(Value::from(list.items.iter().rev().cloned().collect::<Vec<_>>()))
}

fn uniq(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let list = call.list(0, "find uniq")?;
    let mut items: Vec<Value> = Vec::new();
    for item in list.items.iter() {
        call.run.step(items.len() as u64)?;
        if !items.iter().any(|known| known.deep_equal(item)) {
            items.push(item.clone());
        }
    }
    Ok(Value::from(items))
}

fn compact(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let list = call.list(0, "compact")?;
    Ok(Value::from(list.items.iter().filter(|item| item.truth()).cloned().collect::<Vec<_>>()))
}

fn without(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let list = call.list(0, "find without")?;
    let omitted = &call.arguments[1..];
    let items = list.items.iter().filter(|item| !omitted.iter().any(|other| other.deep_equal(item)));
    Ok(Value::from(items.cloned().collect::<Vec<_>>()))
}

fn has(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    if call.any(1).is_nil() {
        return Ok(Value::Bool(false));
    }
    let (needle, list) = (call.any(0), call.list(1, "find has")?);
    Ok(Value::Bool(list.items.iter().any(|item| item.deep_equal(&needle))))
}

fn slice(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let list = match call.any(0) {
        Value::List(list) => list,
        Value::Nil => return call.fail("runtime error: invalid memory address"),
        other => {
            return call.fail(format!("list should be type of slice or array but {}", other.kind_name()));
        }
    };
    if list.items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, otherwise: usize| match call.arguments.get(index) {
        Some(value) => usize::try_from(whole(value)).ok(),
        None => Some(otherwise),
    };
    let found = match (bound(1, 0), bound(2, list.items.len())) {
        (Some(start), Some(end)) => list.items.get(start..end),
        _ => None,
    };
    match found {
        Some(items) => {
            Ok(Value::List(List { items: Rc::new(ListCell::from(items.to_vec())), kind: list.kind }))
        }
        None => call.fail("reflect.Value.Slice: slice index out of bounds"),
    }
}

fn chunk(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (size, list) = (call.int(0)?, call.list(1, "chunk")?);
    match usize::try_from(size) {
        Ok(size) if size > 0 => {
            let chunks = list.items.chunks(size).map(|items| Value::from(items.to_vec()));
            Ok(Value::from(chunks.collect::<Vec<_>>()))
        }
        _ => call.fail("runtime error: makeslice: len out of range"),
    }
}

fn sort_alpha(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let value = call.any(0);
    Ok(match &value {
        Value::List(list) if list.kind != Items::Ints || !list.items.is_empty() => {
            let mut texts = strings(&value);
            texts.sort();
            Value::texts(texts)
        }
        other => Value::texts([text_of(other)]),
    })
}

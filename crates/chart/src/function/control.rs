//! What only Helm can do: templates inside of templates, and stopping.

use super::{Answer, Call, Function};
use crate::template::FaultKind;
use crate::value::{Entries, Value};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "include" => include,
        "tpl" => tpl,
        "required" => required,
        "fail" => fail,
        "lookup" => lookup,
        "default" => default,
        "coalesce" => coalesce,
        "ternary" => ternary,
        "empty" => empty,
        "all" => all,
        "any" => any,
        "hello" => |_| Ok(Value::from("Hello!")),
        "getHostByName" => |_| Ok(Value::from("")),
        // Both are decided before their arguments are known; see the runner.
        "and" | "or" => |_| Ok(Value::Nil),
        "call" => |call| call.fail("no function of this template engine is a value"),
        _ => return None,
    })
}

fn include(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (name, dot) = (call.text(0)?, call.any(1));
    Ok(Value::from(call.run.include(call.scope, &name, &dot)?))
}

fn tpl(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (text, dot) = (call.text(0)?, call.any(1));
    Ok(Value::from(call.run.inline(call.scope, &text, &dot)?))
}

fn required(call: &mut Call<'_>) -> Answer {
    call.exactly(2)?;
    let (message, value) = (call.text(0)?, call.any(1));
    let is_missing = match &value {
        Value::Text(text) => text.is_empty(),
        other => other.is_nil(),
    };
    if is_missing {
        let kind = FaultKind::Required { message: message.to_string(), key: call.key.take() };
        return Err(kind.into());
    }
    Ok(value)
}

fn fail(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    Err(FaultKind::Fail(call.text(0)?.to_string()).into())
}

/// Without a cluster there is never anything to find.
fn lookup(call: &mut Call<'_>) -> Answer {
    call.exactly(4)?;
    for index in 0..4 {
        call.text(index)?;
    }
    Ok(Value::from(Entries::new()))
}

fn default(call: &mut Call<'_>) -> Answer {
    call.at_least(1)?;
    let given = call.any(1);
    Ok(if given.truth() { given } else { call.any(0) })
}

fn coalesce(call: &mut Call<'_>) -> Answer {
    Ok(call.arguments.iter().find(|value| value.truth()).cloned().unwrap_or(Value::Nil))
}

fn ternary(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    Ok(call.any(if call.truth(2)? { 0 } else { 1 }))
}

fn empty(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    Ok(Value::Bool(!call.any(0).truth()))
}

fn all(call: &mut Call<'_>) -> Answer {
    Ok(Value::Bool(call.arguments.iter().all(Value::truth)))
}

fn any(call: &mut Call<'_>) -> Answer {
    Ok(Value::Bool(call.arguments.iter().any(Value::truth)))
}

//! Arithmetic and conversions of numbers.

use super::{Answer, Call, Function};
use crate::decimal::Decimal;
use crate::number::parse_any_base;
use crate::print;
use crate::template::FaultKind;
use crate::value::Value;

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "int" => |call| one(call, |value| Value::Int(whole(value))),
        "int64" => |call| one(call, |value| Value::Int64(whole(value))),
        "float64" => |call| one(call, |value| Value::Float(float(value))),
        "atoi" => atoi,
        "toDecimal" => |call| {
            one(call, |value| Value::Int64(i64::from_str_radix(&print::plain(value), 8).unwrap_or_default()))
        },
        "add" => |call| fold(call, 0, |sum, number| Some(sum.wrapping_add(number))),
        "add1" => |call| one(call, |value| Value::Int64(whole(value).wrapping_add(1))),
        "sub" => |call| pair(call, |a, b| Some(a.wrapping_sub(b))),
        "div" => |call| pair(call, i64::checked_div),
        "mod" => |call| pair(call, i64::checked_rem),
        "mul" => |call| {
            call.at_least(1)?;
            fold(call, 1, |product, number| Some(product.wrapping_mul(number)))
        },
        "max" | "biggest" => |call| extreme(call, i64::max),
        "min" => |call| extreme(call, i64::min),
        "maxf" => |call| extreme_float(call, f64::max),
        "minf" => |call| extreme_float(call, f64::min),
        "ceil" => |call| one(call, |value| Value::Float(float(value).ceil())),
        "floor" => |call| one(call, |value| Value::Float(float(value).floor())),
        "round" => round,
        "addf" => |call| decimal(call, 0, Decimal::add),
        "add1f" => |call| {
            call.exactly(1)?;
            call.arguments.push(Value::Int(1));
            decimal(call, 1, Decimal::add)
        },
        "subf" => |call| decimal(call, 1, Decimal::sub),
        "mulf" => |call| decimal(call, 1, Decimal::mul),
        "divf" => |call| decimal(call, 1, Decimal::div),
        "until" => until,
        "untilStep" => until_step,
        "seq" => seq,
        _ => return None,
    })
}

/// Go's `cast.ToInt64`: what cannot be read is 0.
pub(super) fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        #[expect(clippy::cast_possible_truncation, reason = "Go truncates too")]
        Value::Float(number) => *number as i64,
        Value::Text(text) => parse_any_base(without_zero_decimals(text)).unwrap_or_default(),
        Value::Bool(truth) => i64::from(*truth),
        _ => 0,
    }
}

/// `1.00` is `1`; other decimals stay and are then no whole number.
fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    }
}

/// Go's `cast.ToFloat64`: what cannot be read is 0.
fn float(value: &Value) -> f64 {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "Go loses it too")]
        Value::Int(number) | Value::Int64(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Text(text) => text.parse().unwrap_or_default(),
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        _ => 0.0,
    }
}

fn one(call: &mut Call<'_>, change: impl Fn(&Value) -> Value) -> Answer {
    call.exactly(1)?;
    Ok(change(&call.any(0)))
}

fn fold(call: &mut Call<'_>, start: i64, operation: impl Fn(i64, i64) -> Option<i64>) -> Answer {
    let result = call.arguments.iter().map(whole).try_fold(start, operation);
    Ok(Value::Int64(result.unwrap_or_default()))
}

fn pair(call: &mut Call<'_>, operation: impl Fn(i64, i64) -> Option<i64>) -> Answer {
    call.exactly(2)?;
    match operation(whole(&call.any(0)), whole(&call.any(1))) {
        Some(result) => Ok(Value::Int64(result)),
        None => call.fail("runtime error: integer divide by zero"),
    }
}

fn extreme(call: &mut Call<'_>, choose: impl Fn(i64, i64) -> i64) -> Answer {
    call.at_least(1)?;
    Ok(Value::Int64(call.arguments.iter().map(whole).reduce(choose).unwrap_or_default()))
}

fn extreme_float(call: &mut Call<'_>, choose: impl Fn(f64, f64) -> f64) -> Answer {
    call.at_least(1)?;
    Ok(Value::Float(call.arguments.iter().map(float).reduce(choose).unwrap_or_default()))
}

fn atoi(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    Ok(Value::Int(call.text(0)?.parse().unwrap_or_default()))
}

fn round(call: &mut Call<'_>) -> Answer {
    call.between(2, 3)?;
    let (value, places) = (float(&call.any(0)), call.int(1)?);
    let border = if call.arguments.len() > 2 { float(&call.any(2)) } else { 0.5 };
    let power = 10_f64.powi(i32::try_from(places).unwrap_or(0));
    let digit = power * value;
    let rounded = if digit.fract() >= border { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}

fn decimal(call: &mut Call<'_>, least: usize, operation: fn(Decimal, Decimal) -> Option<Decimal>) -> Answer {
    call.at_least(least)?;
    let numbers: Vec<Decimal> = call.arguments.iter().map(|value| Decimal::of(float(value))).collect();
    let start = if least == 0 { Decimal::of(0.0) } else { numbers[0] };
    let rest = if least == 0 { &numbers[..] } else { &numbers[1..] };
    match rest.iter().try_fold(start, |sum, number| operation(sum, *number)) {
        Some(result) => Ok(Value::Float(result.to_float())),
        None => call.fail("decimal division by 0 or overflow"),
    }
}

/// Whole numbers from a start to before a stop.
fn steps(call: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, crate::template::Fault> {
    let is_empty = if stop < start { step >= 0 } else { step <= 0 };
    if is_empty {
        return Ok(Vec::new());
    }
    let count = stop.abs_diff(start).div_ceil(step.unsigned_abs());
    if count > 10_000_000 {
        return Err(FaultKind::Bound("size").into());
    }
    call.run.step(count)?;
    let count = i64::try_from(count).unwrap_or_default();
    Ok((0..count).map(|index| start + index * step).collect())
}

fn until(call: &mut Call<'_>) -> Answer {
    call.exactly(1)?;
    let count = call.int(0)?;
    Ok(Value::ints(steps(call, 0, count, if count < 0 { -1 } else { 1 })?))
}

fn until_step(call: &mut Call<'_>) -> Answer {
    call.exactly(3)?;
    let (start, stop, step) = (call.int(0)?, call.int(1)?, call.int(2)?);
    Ok(Value::ints(steps(call, start, stop, step)?))
}

fn seq(call: &mut Call<'_>) -> Answer {
    let mut numbers = Vec::new();
    for index in 0..call.arguments.len() {
        numbers.push(call.int(index)?);
    }
    let toward = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let steps = match numbers.as_slice() {
        [end] => steps(call, 1, end.saturating_add(toward(1, *end)), toward(1, *end))?,
        [start, end] => steps(call, *start, end.saturating_add(toward(*start, *end)), toward(*start, *end))?,
        [start, step, end] if !(end < start && *step > 0) => {
            steps(call, *start, end.saturating_add(toward(*start, *end)), *step)?
        }
        _ => Vec::new(),
    };
    let words: Vec<String> = steps.iter().map(i64::to_string).collect();
    call.made(words.join(" "))
}

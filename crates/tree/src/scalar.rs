//! What a plain scalar means.
//!
//! The rules are those of the YAML library under Kustomize and kubectl (go-yaml v3): YAML 1.2 words for
//! null and truth, and of YAML 1.1 the octal `0755` that file modes are written in.

use crate::Value;

/// Resolves a plain (unquoted) scalar.
pub(crate) fn resolve(text: &str) -> Value {
    match text {
        _ if is_null(text) => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if !may_be_number(text) {
        return Value::String(text.to_owned());
    }
    integer(text).or_else(|| float(text)).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// Whether a text begins as numbers do; most texts do not, and are known for texts by their first byte.
fn may_be_number(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.'))
}

/// Whether a plain scalar is nothing.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Resolves a plain (unquoted) scalar as go-yaml v2 does, the library under Helm and the Kubernetes API: all of
/// YAML 1.1's words for truth, binary numbers, and floats such as `2.`.
#[must_use]
pub fn resolve_old(text: &str) -> Value {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    match resolve(text) {
        Value::String(text) if may_be_number(&text) => {
            let digits = text.trim_start_matches(['-', '+']).replace('_', "");
            let parts = digits.split_once('.').map(|(whole, rest)| (whole, rest.split(['e', 'E']).next()));
            let is_open_float = parts.is_some_and(|(whole, _)| whole.chars().all(|c| c.is_ascii_digit()))
                || digits.split_once(['e', 'E']).is_some_and(|(whole, _)| !whole.is_empty());
            let number = is_open_float.then(|| float(&text.replace('_', ""))).flatten();
            number.map_or(Value::String(text), Value::Number)
        }
        value => value,
    }
}

/// The text that go-yaml v2 makes of a plain key.
pub(crate) fn key_of_old(text: &str) -> String {
    match resolve_old(text) {
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) if number.is_f64() => text.to_owned(),
        Value::Number(number) => number.to_string(),
        _ => text.to_owned(),
    }
}

fn integer(text: &str) -> Option<serde_json::Number> {
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', b'o', ..] => (8, &digits[2..]),
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(&digits, radix).ok()?;
    if negative {
        let value = i64::try_from(-i128::from(magnitude)).ok()?;
        Some(value.into())
    } else {
        Some(magnitude.into())
    }
}

fn float(text: &str) -> Option<serde_json::Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first_digit = digits.strip_prefix('.').unwrap_or(digits);
    let plausible = first_digit.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if !plausible {
        return None;
    }
    serde_json::Number::from_f64(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_are_told_apart() {
        let table = [
            ("22:22", "\"22:22\""),
            ("yes", "\"yes\""),
            ("0755", "493"),
            ("089", "89.0"),
            ("0x1F", "31"),
            ("-5", "-5"),
            ("0.5", "0.5"),
            ("1e3", "1000.0"),
            ("1.5Gi", "\"1.5Gi\""),
            ("1.2.3", "\"1.2.3\""),
            ("-", "\"-\""),
            (".", "\".\""),
            ("~", "null"),
            ("True", "true"),
            ("0", "0"),
        ];
        for (text, expected) in table {
            let node = crate::Node::from(resolve(text));
            assert_eq!(node.to_json().to_string(), expected, "for {text:?}");
        }
    }
}

//! JSON as Go's `encoding/json` writes it.

use crate::number;
use crate::value::{Items, MAX_DEPTH, MapKind, Value};

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// On one line, `<`, `>` and `&` escaped.
    Compact,
    /// Two blanks a level, `<`, `>` and `&` escaped.
    Pretty,
    /// On one line, nothing escaped that need not be.
    Raw,
}

/// JSON text; `None` for what has none: an infinite number, a value that contains itself.
pub(crate) fn write(value: &Value, layout: Layout) -> Option<String> {
    let mut text = String::new();
    write_value(value, layout, 0, &mut text)?;
    Some(text)
}

fn line(layout: Layout, level: usize, text: &mut String) {
    if layout == Layout::Pretty {
        text.push('\n');
        text.push_str(&"  ".repeat(level));
    }
}

fn write_value(value: &Value, layout: Layout, level: usize, text: &mut String) -> Option<()> {
    if level > MAX_DEPTH {
        return None;
    }
    match value {
        Value::Absent | Value::Nil => text.push_str("null"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) | Value::Int64(number) => text.push_str(&number.to_string()),
        Value::Float(number) => text.push_str(&number::json(*number)?),
        Value::Text(words) => write_text(words, layout, text),
        Value::List(list) if matches!(list.kind, Items::None | Items::NoTexts) => text.push_str("null"),
        Value::List(list) => {
            text.push('[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                line(layout, level + 1, text);
                write_value(item, layout, level + 1, text)?;
            }
            if !list.items.is_empty() {
                line(layout, level, text);
            }
            text.push(']');
        }
        Value::Map(map) if map.kind == MapKind::NoTexts => text.push_str("null"),
        Value::Map(map) => write_members(&map.snapshot(), layout, level, text)?,
        Value::Time(time) => write_text(&crate::date::rfc3339(time), layout, text),
        Value::Host(host) => match host.fields() {
            Some(fields) => write_members(&fields, layout, level, text)?,
            None => write_value(&host.plain_value(), layout, level, text)?,
        },
    }
    Some(())
}

fn write_members<T: AsRef<str>>(
    members: &[(T, Value)],
    layout: Layout,
    level: usize,
    text: &mut String,
) -> Option<()> {
    text.push('{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        line(layout, level + 1, text);
        write_text(key.as_ref(), layout, text);
        text.push_str(if layout == Layout::Pretty { ": " } else { ":" });
        write_value(value, layout, level + 1, text)?;
    }
    if !members.is_empty() {
        line(layout, level, text);
    }
    text.push('}');
    Some(())
}

fn write_text(words: &str, layout: Layout, text: &mut String) {
    text.push('"');
    for letter in words.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' if layout != Layout::Raw => {
                text.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter if letter < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text.push('"');
}

/// The value of a JSON text, every number a `float64`.
///
/// # Errors
/// In words, if it is not JSON.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(Value::of_json(&floats(json)))
}

/// A document as JSON, every number a float, as Go reads YAML.
pub(crate) fn of_node(node: tree::Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match node.value {
        tree::Value::Null => Json::Null,
        tree::Value::Bool(truth) => Json::Bool(truth),
        tree::Value::Number(number) => {
            number.as_f64().and_then(serde_json::Number::from_f64).map_or(Json::Null, Json::Number)
        }
        tree::Value::String(text) => Json::String(text),
        tree::Value::Secret(_) => Json::String(String::new()),
        tree::Value::Sequence(items) => Json::Array(items.into_iter().map(of_node).collect()),
        tree::Value::Mapping(members) => {
            Json::Object(members.into_iter().map(|(key, member)| (key, of_node(member))).collect())
        }
    }
}

/// Whole numbers made floats, as Go reads JSON.
pub(crate) fn floats(json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::Number(number) => {
            number.as_f64().and_then(serde_json::Number::from_f64).map_or(Json::Null, Json::Number)
        }
        Json::Array(items) => Json::Array(items.into_iter().map(floats).collect()),
        Json::Object(members) => {
            Json::Object(members.into_iter().map(|(key, member)| (key, floats(member))).collect())
        }
        other => other,
    }
}

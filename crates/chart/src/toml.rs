//! TOML, as `toToml` writes it and `fromToml` reads it.

use ::toml::{Table, Value as Toml, de::Error as TomlError};

use crate::number;
use crate::print;
use crate::value::{Entries, MAX_DEPTH, Map, Value};

/// As BurntSushi's encoder: plain values first, then tables, each with its path.
pub(crate) fn write(value: &Value) -> Option<String> {
    let Value::Map(map) = value else { return Some(String::new()) };
    let mut text = String::new();
    table(map, &mut Vec::new(), &mut text, 0)?;
    Some(text)
}

fn is_table(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        Value::List(list) => {
            !list.items.is_empty() && list.items.iter().all(|item| matches!(item, Value::Map(_)))
        }
        _ => false,
    }
}

fn table(map: &Map, path: &mut Vec<String>, text: &mut String, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    let indent = "  ".repeat(path.len());
    let entries = map.snapshot();
    for (name, value) in entries.iter().filter(|(_, value)| !is_table(value) && !value.is_nil()) {
        text.push_str(&format!("{indent}{} = {}\n", key(name), inline(value, depth)?));
    }
    for (name, value) in entries.iter().filter(|(_, value)| is_table(value)) {
        let header = |path: &[String]| path.join(".");
        let outer = "  ".repeat(path.len());
        path.push(key(name));
        match value {
            Value::Map(inner) => {
                if path.len() == 1 && !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&format!("{outer}[{}]\n", header(path)));
                table(inner, path, text, depth + 1)?;
            }
            Value::List(list) => {
                for item in list.items.iter() {
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    text.push_str(&format!("{outer}[[{}]]\n", header(path)));
                    if let Value::Map(inner) = item {
                        table(inner, path, text, depth + 1)?;
                    }
                }
            }
            _ => {}
        }
        path.pop();
    }
    Some(())
}

fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { name.to_owned() } else { print::quoted(name) }
}

fn inline(value: &Value, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) | Value::Int64(number) => number.to_string(),
        Value::Float(number) => {
            let text = number::general(*number);
            if text.contains(['.', 'e', 'N', 'I']) { text } else { format!("{text}.0") }
        }
        Value::Text(text) => print::quoted(text),
        Value::List(list) => {
            let items: Option<Vec<String>> = list.items.iter().map(|item| inline(item, depth + 1)).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Map(map) => {
            let entries: Option<Vec<String>> = map
                .snapshot()
                .iter()
                .map(|(name, value)| Some(format!("{} = {}", key(name), inline(value, depth + 1)?)))
                .collect();
            format!("{{{}}}", entries?.join(", "))
        }
        Value::Time(time) => crate::date::rfc3339(time),
        Value::Absent | Value::Nil | Value::Host(_) => return None,
    })
}

/// The value of a TOML text.
///
/// # Errors
/// In words, if it is not TOML.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    let table: Table = text.parse().map_err(|error: TomlError| error.message().to_owned())?;
    Ok(of(Toml::Table(table)))
}

fn of(toml: Toml) -> Value {
    match toml {
        Toml::String(text) => Value::from(text),
        Toml::Integer(number) => Value::Int64(number),
        Toml::Float(number) => Value::Float(number),
        Toml::Boolean(truth) => Value::Bool(truth),
        Toml::Datetime(date) => Value::from(date.to_string()),
        Toml::Array(items) => Value::from(items.into_iter().map(of).collect::<Vec<_>>()),
        Toml::Table(members) => Value::from(
            members.into_iter().map(|(key, member)| (key.into(), of(member))).collect::<Entries>(),
        ),
    }
}

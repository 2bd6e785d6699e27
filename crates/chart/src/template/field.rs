//! What `.name` means on a value.

use std::rc::Rc;

use jiff::Zoned;

use super::run::FaultKind;
use crate::date;
use crate::print;
use crate::value::{Map, MapKind, Value};
use crate::yaml;

/// A field, an entry or a method of a value.
///
/// # Errors
/// As Go refuses: a field of nil, of a text or a number, arguments to an entry.
pub(crate) fn field(receiver: &Value, name: &Rc<str>, arguments: &[Value]) -> Result<Value, FaultKind> {
    match receiver {
        Value::Absent => Ok(Value::Absent),
        Value::Nil => Err(format!("nil pointer evaluating interface {{}}.{name}").into()),
        Value::Map(map) => {
            if map.kind == MapKind::Values
                && let Some(value) = values_method(map, name, arguments)?
            {
                return Ok(value);
            }
            if !arguments.is_empty() {
                return Err(format!("{name} is not a method but has arguments").into());
            }
            Ok(map.field(name))
        }
        Value::Host(host) => host
            .field(name, arguments)?
            .ok_or_else(|| format!("can't evaluate field {name} in type {}", receiver.type_name()).into()),
        Value::Time(time) => time_method(time, name, arguments),
        other => Err(format!("can't evaluate field {name} in type {}", other.type_name()).into()),
    }
}

/// The methods Helm's type for values has.
fn values_method(map: &Map, name: &str, arguments: &[Value]) -> Result<Option<Value>, FaultKind> {
    let path = || match arguments.first() {
        Some(Value::Text(path)) => Ok(Rc::clone(path)),
        _ => Err(FaultKind::Message(format!("wrong number of args for {name}: want 1"))),
    };
    let table = |path: &[&str]| {
        path.iter().try_fold(map.clone(), |table, key| match table.get(key) {
            Some(Value::Map(inner)) => Some(inner),
            _ => None,
        })
    };
    match name {
        "AsMap" => Ok(Some(Value::Map(map.clone().with_kind(MapKind::Any)))),
        "YAML" => {
            let text = yaml::write(&Value::Map(map.clone())).unwrap_or_default();
            Ok(Some(Value::from(format!("{text}\n"))))
        }
        "Table" => {
            let path = path()?;
            let keys: Vec<&str> = path.split('.').collect();
            let found = table(&keys).ok_or_else(|| FaultKind::Message(format!("{path:?} is not a table")))?;
            Ok(Some(Value::Map(found.with_kind(MapKind::Values))))
        }
        "PathValue" => {
            let path = path()?;
            let mut keys: Vec<&str> = path.split('.').collect();
            let last = keys.pop().unwrap_or_default();
            let found = table(&keys).and_then(|table| table.get(last));
            match found {
                Some(value) if !matches!(value, Value::Map(_)) => Ok(Some(value)),
                _ => Err(FaultKind::Message(format!("{path:?} is not a value"))),
            }
        }
        _ => Ok(None),
    }
}

fn time_method(time: &Rc<Zoned>, name: &str, arguments: &[Value]) -> Result<Value, FaultKind> {
    Ok(match (name, arguments) {
        ("Format", [Value::Text(layout)]) => Value::from(date::format(time, layout)),
        ("Unix", []) => Value::Int64(time.timestamp().as_second()),
        ("Year", []) => Value::Int(i64::from(time.year())),
        ("Day", []) => Value::Int(i64::from(time.day())),
        ("YearDay", []) => Value::Int(i64::from(time.day_of_year())),
        ("Hour", []) => Value::Int(i64::from(time.hour())),
        ("Minute", []) => Value::Int(i64::from(time.minute())),
        ("Second", []) => Value::Int(i64::from(time.second())),
        ("Month", []) => Value::from(date::format(time, "January")),
        ("Weekday", []) => Value::from(date::format(time, "Monday")),
        ("UTC", []) => Value::Time(Rc::new(time.with_time_zone(jiff::tz::TimeZone::UTC))),
        ("String", []) => Value::from(print::plain(&Value::Time(Rc::clone(time)))),
        _ => return Err(format!("can't evaluate field {name} in type time.Time").into()),
    })
}

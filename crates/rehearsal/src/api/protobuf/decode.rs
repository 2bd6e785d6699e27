//! Protobuf on the wire, read into JSON by the table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::table::{Class, Field, Shape, fields};

/// Deeper than any object of Kubernetes goes.
const DEEPEST: usize = 32;

/// The bytes are no such message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

type Read<T> = Result<T, Malformed>;

/// A value as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, one after another.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next field's number and value; none at the end.
    pub(super) fn next(&mut self) -> Read<Option<(u32, Wire<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| Malformed)?;
        let value = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Number(u64::from_le_bytes(self.take(8)?.try_into().map_err(|_| Malformed)?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Wire::Bytes(self.take(length)?)
            }
            5 => {
                Wire::Number(u64::from(u32::from_le_bytes(self.take(4)?.try_into().map_err(|_| Malformed)?)))
            }
            _ => return Err(Malformed),
        };
        Ok(Some((number, value)))
    }

    fn varint(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first().ok_or(Malformed)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        if length > self.0.len() {
            return Err(Malformed);
        }
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(taken)
    }
}

/// Reads a message of that name. Fields that are not known are passed over.
pub(super) fn message(name: &str, bytes: &[u8]) -> Read<Map<String, Value>> {
    Reader { depth: 0 }.message(name, bytes)
}

#[derive(Clone, Copy)]
struct Reader {
    depth: usize,
}

impl Reader {
    fn message(self, name: &str, bytes: &[u8]) -> Read<Map<String, Value>> {
        if self.depth > DEEPEST {
            return Err(Malformed);
        }
        let known = fields(name).ok_or(Malformed)?;
        let below = Self { depth: self.depth + 1 };
        let mut members = Map::new();
        let mut wire = Fields(bytes);
        while let Some((number, value)) = wire.next()? {
            let Some(field) = known.iter().find(|field| field.number == number) else { continue };
            below.field(field, value, &mut members)?;
        }
        Ok(members)
    }

    fn field(self, field: &Field, wire: Wire<'_>, members: &mut Map<String, Value>) -> Read<()> {
        let Some(name) = field.name else {
            if let Value::Object(inner) = self.value(field.class, wire)? {
                members.extend(inner);
            }
            return Ok(());
        };
        match field.shape {
            Shape::One => {
                let value = self.value(field.class, wire)?;
                if !(field.sparse && is_empty(&value)) {
                    members.insert(name.to_owned(), value);
                }
            }
            Shape::List => {
                let value = self.value(field.class, wire)?;
                let list = members.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut().ok_or(Malformed)?.push(value);
            }
            Shape::Map => {
                let (mut key, mut value) = (String::new(), Value::Null);
                let mut entry = Fields(bytes(wire)?);
                while let Some((number, inner)) = entry.next()? {
                    match number {
                        1 => key = text(inner)?,
                        2 => value = self.value(field.class, inner)?,
                        _ => {}
                    }
                }
                if value.is_null() {
                    value = if field.class == Class::Text || field.class == Class::Bytes {
                        "".into()
                    } else {
                        self.value(field.class, Wire::Bytes(&[]))?
                    };
                }
                let map = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
                map.as_object_mut().ok_or(Malformed)?.insert(key, value);
            }
            Shape::Wrapped => {
                let mut items = Vec::new();
                let mut wrapped = Fields(bytes(wire)?);
                while let Some((_, inner)) = wrapped.next()? {
                    items.push(self.value(field.class, inner)?);
                }
                members.insert(name.to_owned(), items.into());
            }
        }
        Ok(())
    }

    fn value(self, class: Class, wire: Wire<'_>) -> Read<Value> {
        Ok(match class {
            Class::Text => text(wire)?.into(),
            Class::Flag => (number(wire)? != 0).into(),
            Class::Int => number(wire)?.cast_signed().into(),
            Class::Real => f64::from_bits(number(wire)?).into(),
            Class::Bytes => STANDARD.encode(bytes(wire)?).into(),
            Class::Time => time(bytes(wire)?)?,
            Class::Span => {
                let nanoseconds = inner(bytes(wire)?, 1)?.map_or(Ok(0), number)?.cast_signed();
                format!("{}ns", nanoseconds).into()
            }
            Class::Quantity => inner(bytes(wire)?, 1)?.map_or(Ok(String::new()), text)?.into(),
            Class::Either => either(bytes(wire)?)?,
            Class::Raw => match inner(bytes(wire)?, 1)? {
                Some(raw) => serde_json::from_slice(bytes(raw)?).map_err(|_| Malformed)?,
                None => Value::Null,
            },
            Class::Message(name) => Value::Object(self.message(name, bytes(wire)?)?),
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        // Times that were never set are written as empty messages, and read as nothing.
        Value::Object(members) => members.values().all(Value::is_null),
        Value::Bool(true) => false,
    }
}

fn bytes(wire: Wire<'_>) -> Read<&[u8]> {
    match wire {
        Wire::Bytes(bytes) => Ok(bytes),
        Wire::Number(_) => Err(Malformed),
    }
}

fn number(wire: Wire<'_>) -> Read<u64> {
    match wire {
        Wire::Number(number) => Ok(number),
        Wire::Bytes(_) => Err(Malformed),
    }
}

pub(super) fn text(wire: Wire<'_>) -> Read<String> {
    String::from_utf8(bytes(wire)?.to_vec()).map_err(|_| Malformed)
}

/// The last value of a field of a small message.
pub(super) fn inner(bytes: &[u8], wanted: u32) -> Read<Option<Wire<'_>>> {
    let mut found = None;
    let mut fields = Fields(bytes);
    while let Some((number, value)) = fields.next()? {
        if number == wanted {
            found = Some(value);
        }
    }
    Ok(found)
}

/// Seconds and nanoseconds since 1970; an empty message is no time.
fn time(message: &[u8]) -> Read<Value> {
    let Some(seconds) = inner(message, 1)? else { return Ok(Value::Null) };
    let nanoseconds = inner(message, 2)?.map_or(Ok(0), number)?;
    let nanoseconds = i32::try_from(nanoseconds).map_err(|_| Malformed)?;
    let time = jiff::Timestamp::new(number(seconds)?.cast_signed(), nanoseconds).map_err(|_| Malformed)?;
    Ok(time.to_string().into())
}

/// A number or a text, and which of them.
fn either(message: &[u8]) -> Read<Value> {
    let is_text = inner(message, 1)?.map_or(Ok(0), number)? == 1;
    if is_text {
        return Ok(inner(message, 3)?.map_or(Ok(String::new()), text)?.into());
    }
    Ok(inner(message, 2)?.map_or(Ok(0), number)?.cast_signed().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_is_read_with_what_stands_in_its_parents_place() {
        fn field(number: u8, content: &[u8]) -> Vec<u8> {
            [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
        }
        // A container whose readiness is asked over HTTP at a named port, once a second.
        let port = [vec![0x08, 1], field(3, b"http")].concat();
        let get = [field(1, b"/health"), field(2, &port)].concat();
        let probe = [field(1, &field(2, &get)), vec![0x20, 1, 0x28, 0]].concat();
        let container = [field(1, b"web"), field(2, b""), field(11, &probe)].concat();
        let pod = [field(1, &field(1, b"one")), field(2, &field(2, &container))].concat();
        assert_eq!(
            Value::Object(message("core.v1.Pod", &pod).unwrap()),
            json!({"metadata": {"name": "one"}, "spec": {"containers": [{"name": "web", "readinessProbe":
                {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 1}}]}})
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = message("apps.v1.Deployment", &bytes);
        }
    }
}

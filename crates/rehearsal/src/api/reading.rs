//! How bodies become objects: JSON and YAML in, objects as their kinds have them out.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use tree::{Dialect, Files, parse_as};

use super::object;
use super::registry::Kind;
use super::schema::{Reading, named, of_kind, prune_and_fill};
use super::status::ApiError;

/// What is to be done about fields that are unknown or written twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Strictness {
    /// Nothing.
    Ignore,
    /// They are told in `Warning` headers.
    #[default]
    Warn,
    /// They are refused.
    Strict,
}

/// A body that was read, and the fields written twice in it.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) value: Value,
    pub(crate) duplicates: Vec<String>,
}

/// Reads JSON. The message of a failure is what Go's reader says, as far as the two agree.
pub(crate) fn json(text: &[u8]) -> Result<Parsed, String> {
    let mut duplicates = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let seed = Seed { at: String::new(), duplicates: &mut duplicates };
    let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(value) => Ok(Parsed { value, duplicates }),
        Err(why) => Err(in_gos_words(&why, text)),
    }
}

fn in_gos_words(why: &serde_json::Error, text: &[u8]) -> String {
    if why.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let line_start: usize =
        text.split_inclusive(|&byte| byte == b'\n').take(why.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let at = line_start + why.column().saturating_sub(1);
    let letter = text.get(at).map_or('?', |&byte| char::from(byte));
    let place = if line_start == 0 && at == 0 {
        "looking for beginning of value"
    } else {
        "after object key:value pair"
    };
    let before = text[..at.min(text.len())].iter().rev().find(|byte| !byte.is_ascii_whitespace());
    let place = match before {
        Some(b'{' | b',') => "looking for beginning of object key string",
        Some(b':' | b'[') => "looking for beginning of value",
        _ => place,
    };
    format!("invalid character '{letter}' {place}")
}

/// Reads YAML, of which JSON is a part.
pub(crate) fn yaml(text: &[u8]) -> Result<Parsed, String> {
    if let Ok(parsed) = json(text) {
        return Ok(parsed);
    }
    let text = std::str::from_utf8(text).map_err(|_| "yaml: invalid leading UTF-8 octet".to_owned())?;
    let mut files = Files::default();
    let file = files.add("body", text);
    let documents = parse_as(&files, file, Dialect::Helm)
        .map_err(|why| format!("error converting YAML to JSON: yaml: {why}"))?;
    let value = documents.first().map_or(Value::Null, |document| document.to_json());
    Ok(Parsed { value, duplicates: Vec::new() })
}

/// Reads any JSON value and notes the members that come twice.
struct Seed<'a> {
    at: String,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        let Self { at, duplicates } = self;
        while let Some(item) =
            items.next_element_seed(Seed { at: format!("{at}[{}]", read.len()), duplicates })?
        {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        let Self { at, duplicates } = self;
        while let Some(name) = members.next_key::<String>()? {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            if read.contains_key(&name) {
                duplicates.push(format!("duplicate field {at:?}"));
            }
            let value = members.next_value_seed(Seed { at, duplicates })?;
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

/// An object as its kind has it, and the fields that its kind does not know.
///
/// # Errors
/// [`ApiError::BadRequest`] with the misfit when a value does not fit its field.
pub(crate) fn as_kind(kind: &Kind, object: Value) -> Result<(Value, Vec<String>), ApiError> {
    typed(kind, object, Reading::filling()).map_err(|why| {
        let (kind, version) = (&kind.kind, &kind.version);
        ApiError::BadRequest(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    })
}

fn typed(kind: &Kind, mut object: Value, mut reading: Reading) -> Result<(Value, Vec<String>), String> {
    if let Some(of) = of_kind(kind) {
        let object = reading.object(object, of).map_err(|misfit| misfit.0)?;
        return Ok((object, reading.unknown));
    }
    if !object.is_object() {
        return Err("json: cannot unmarshal into Go value of type map[string]interface {}".to_owned());
    }
    let mut unknown = Vec::new();
    if let (Some(metadata), Some(of)) = (object.get_mut("metadata"), named("meta/v1.ObjectMeta")) {
        let read = reading.object(metadata.take(), of).map_err(|misfit| misfit.0)?;
        *metadata = read;
        unknown.extend(reading.unknown.iter().map(|one| one.replacen("field \"", "field \"metadata.", 1)));
    }
    if let Some(custom) = &kind.custom {
        unknown.extend(prune_and_fill(&mut object, &custom.schema));
    }
    Ok((object, unknown))
}

/// What `fieldValidation` asks for.
///
/// # Errors
/// [`ApiError::Invalid`] for any other word.
pub(crate) fn strictness(word: Option<&str>) -> Result<Strictness, &str> {
    match word {
        None | Some("Warn") => Ok(Strictness::Warn),
        Some("Strict") => Ok(Strictness::Strict),
        Some("Ignore") => Ok(Strictness::Ignore),
        Some(other) => Err(other),
    }
}

/// Each of the texts once, in the order they came.
pub(crate) fn once(texts: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
}

/// The type that a body says it is.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) api_version: String,
    pub(crate) kind: String,
}

impl Said {
    /// What an object says.
    pub(crate) fn by(object: &Value) -> Self {
        let text = |field: &str| object::text(object, &[field]).unwrap_or_default().to_owned();
        Self { api_version: text("apiVersion"), kind: text("kind") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_come_twice_are_noted() {
        let parsed = json(br#"{"a": {"b": 1, "b": 2}, "c": [{"d": 1, "d": 1}]}"#).expect("JSON");
        assert_eq!(parsed.duplicates, ["duplicate field \"a.b\"", "duplicate field \"c[0].d\""]);
        assert_eq!(json(b"{").expect_err("torn"), "unexpected end of JSON input");
    }
}

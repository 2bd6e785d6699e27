//! Reading JSON as Go reads it into its structs, and writing it as Go would.
//!
//! The fields come out in the order of the structs, what is empty and may be left out is left out, quantities
//! have their one form, and what the structs do not know is gone: told to those who want to hear of it.

use serde_json::{Map, Value};

use super::quantity::{MALFORMED, Quantity};
use super::table::{Field, Form, Leaf, Type, named};

/// A value that does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misfit(pub(crate) String);

/// A reading under way.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The fields that no struct knows, as `unknown field "spec.x"`.
    pub(crate) unknown: Vec<String>,
    /// Whether declared defaults are filled in.
    fill: bool,
    way: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(String),
    /// A key of a mapping, of which misfits do not tell.
    Key(String),
    Index(usize),
}

impl Reading {
    /// A reading that fills in what the types declare as default.
    pub(crate) fn filling() -> Self {
        Self { fill: true, ..Self::default() }
    }

    /// Reads an object of a type.
    pub(crate) fn object(&mut self, value: Value, of: &'static Type) -> Result<Value, Misfit> {
        match value {
            Value::Object(members) => self.structure(members, of),
            other => Err(Misfit(format!(
                "json: cannot unmarshal {} into Go value of type {}",
                word(&other),
                of.go
            ))),
        }
    }

    fn structure(&mut self, members: Map<String, Value>, of: &'static Type) -> Result<Value, Misfit> {
        let mut slots: Vec<Option<Value>> = Vec::new();
        slots.resize_with(of.fields.len(), || None);
        for (name, value) in members {
            let found = of.field(&name);
            self.way.push(Step::Field(name));
            if let Some((index, field)) = found {
                slots[index] = self.value(value, &field.form, of.go)?;
            } else {
                let path = self.path(true);
                self.unknown.push(format!("unknown field \"{path}\""));
            }
            self.way.pop();
        }
        let mut read = Map::with_capacity(slots.len());
        for (slot, field) in slots.into_iter().zip(&of.fields) {
            if let Some(value) = self.settled(slot, field) {
                read.insert(field.name.to_owned(), value);
            }
        }
        Ok(Value::Object(read))
    }

    /// What Go would write for a field.
    fn settled(&self, value: Option<Value>, field: &'static Field) -> Option<Value> {
        let value = match (value, field.default.filter(|_| self.fill)) {
            (Some(value), Some(default)) if is_empty(&value) && !matches!(field.form, Form::Pointer(_)) => {
                serde_json::from_str(default).ok()
            }
            (None, Some(default)) => serde_json::from_str(default).ok(),
            (value, _) => value,
        };
        match (&field.form, value) {
            (Form::Pointer(_), Some(value)) => Some(value),
            (Form::Struct(of), value) => {
                let value = value.or_else(|| named(of).map(zero))?;
                let is_left_out = field.zero && value.as_object().is_some_and(Map::is_empty);
                (!is_left_out).then_some(value)
            }
            (Form::Leaf(Leaf::Time | Leaf::MicroTime, _), None) => (!field.zero).then_some(Value::Null),
            (_, Some(value)) => (!field.omit || !is_empty(&value)).then_some(value),
            (_, None) if field.omit => None,
            (form, None) => Some(nothing(form)),
        }
    }

    /// A value; none when Go reads nothing from it.
    fn value(&mut self, value: Value, form: &'static Form, within: &str) -> Result<Option<Value>, Misfit> {
        if value.is_null() && !matches!(form, Form::Leaf(Leaf::Any, _)) {
            return Ok(None);
        }
        match (form, value) {
            (Form::Pointer(to), value) => self.value(value, to, within),
            (Form::Leaf(leaf, go), value) => self.leaf(value, *leaf, go, within).map(Some),
            (Form::Struct(of), Value::Object(members)) => match named(of) {
                Some(of) => self.structure(members, of).map(Some),
                None => Ok(Some(Value::Object(members))),
            },
            (Form::List(form), Value::Array(items)) => {
                let mut read = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    self.way.push(Step::Index(index));
                    let item = self.value(item, form, within)?;
                    read.push(item.unwrap_or_else(|| nothing(form)));
                    self.way.pop();
                }
                Ok(Some(Value::Array(read)))
            }
            (Form::Map(form), Value::Object(members)) => {
                let mut read = Map::with_capacity(members.len());
                for (name, member) in members {
                    self.way.push(Step::Key(name.clone()));
                    let member = self.value(member, form, within)?;
                    read.insert(name, member.unwrap_or_else(|| nothing(form)));
                    self.way.pop();
                }
                // Go writes mappings in the order of their keys.
                read.sort_keys();
                Ok(Some(Value::Object(read)))
            }
            (form, value) => Err(self.misfit(&value, &form.go(), within)),
        }
    }

    fn leaf(&self, value: Value, leaf: Leaf, go: &str, within: &str) -> Result<Value, Misfit> {
        let fits = match (leaf, &value) {
            (Leaf::Any, _) | (Leaf::Bool, Value::Bool(_)) | (Leaf::Float, Value::Number(_)) => true,
            (Leaf::Text, Value::String(_)) | (Leaf::IntOrText, Value::String(_)) => true,
            (Leaf::Int(32) | Leaf::IntOrText, Value::Number(number)) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            (Leaf::Int(_), Value::Number(number)) => number.is_i64(),
            (Leaf::Duration, Value::String(_)) => true,
            (Leaf::Bytes, Value::String(text)) => return bytes(text).map(|()| value),
            (Leaf::Time | Leaf::MicroTime, Value::String(text)) => return time(text, leaf),
            (Leaf::Quantity, Value::String(text)) => return quantity(text),
            (Leaf::Quantity, Value::Number(number)) => return quantity(&number.to_string()),
            (Leaf::Quantity, _) => return Err(Misfit(MALFORMED.to_owned())),
            _ => false,
        };
        if fits { Ok(value) } else { Err(self.misfit(&value, go, within)) }
    }

    fn misfit(&self, value: &Value, go: &str, within: &str) -> Misfit {
        let within = within.rsplit('.').next().unwrap_or(within);
        let path = self.path(false);
        Misfit(format!(
            "json: cannot unmarshal {} into Go struct field {within}.{path} of type {go}",
            word(value)
        ))
    }

    fn path(&self, indices: bool) -> String {
        let mut path = String::new();
        for step in &self.way {
            match step {
                Step::Key(_) if !indices => {}
                Step::Field(name) | Step::Key(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Index(index) if indices => path.push_str(&format!("[{index}]")),
                Step::Index(_) => {}
            }
        }
        path
    }
}

/// Go's word for a kind of JSON.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(number) if number.is_f64() => format!("number {number}"),
        Value::Number(number) if number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) => {
            format!("number {number}")
        }
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    }
}

/// A struct of which nothing is said.
pub(crate) fn zero(of: &'static Type) -> Value {
    let reading = Reading::default();
    let fields = of.fields.iter();
    let members = fields.filter_map(|field| Some((field.name.to_owned(), reading.settled(None, field)?)));
    Value::Object(members.collect())
}

fn nothing(form: &'static Form) -> Value {
    match form {
        Form::Leaf(Leaf::Text | Leaf::IntOrText, _) => Value::String(String::new()),
        Form::Leaf(Leaf::Bool, _) => Value::Bool(false),
        Form::Leaf(Leaf::Int(_) | Leaf::Float, _) => 0.into(),
        Form::Leaf(Leaf::Quantity, _) => Value::String("0".to_owned()),
        Form::Struct(of) => named(of).map_or(Value::Null, zero),
        _ => Value::Null,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn quantity(text: &str) -> Result<Value, Misfit> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::String("0".to_owned()));
    }
    let read = Quantity::read(text).ok_or_else(|| Misfit(MALFORMED.to_owned()))?;
    Ok(Value::String(read.write()))
}

fn time(text: &str, leaf: Leaf) -> Result<Value, Misfit> {
    let layout =
        if leaf == Leaf::Time { "2006-01-02T15:04:05Z07:00" } else { "2006-01-02T15:04:05.000000Z07:00" };
    let read: jiff::Timestamp = text.parse().map_err(|_| {
        Misfit(format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\""))
    })?;
    let form = if leaf == Leaf::Time { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%6fZ" };
    Ok(Value::String(read.strftime(form).to_string()))
}

/// Whether a text is base64, as Go wants it: padded, line breaks allowed.
fn bytes(text: &str) -> Result<(), Misfit> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let mut count = 0usize;
    for (index, byte) in text.bytes().enumerate() {
        let is_padding =
            byte == b'=' && text[index..].bytes().all(|rest| matches!(rest, b'=' | b'\n' | b'\r'));
        match byte {
            b'\n' | b'\r' => continue,
            byte if is_letter(byte) || (is_padding && count % 4 >= 2) => count += 1,
            _ => return Err(Misfit(format!("illegal base64 data at input byte {index}"))),
        }
    }
    if count.is_multiple_of(4) {
        return Ok(());
    }
    let at = text.len() - text.len() % 4;
    Err(Misfit(format!("illegal base64 data at input byte {at}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, value: Value) -> Result<(Value, Vec<String>), String> {
        let mut reading = Reading::filling();
        let read = reading.object(value, named(name).expect("a type")).map_err(|misfit| misfit.0)?;
        Ok((read, reading.unknown))
    }

    #[test]
    fn objects_are_read_and_written_as_go_does() {
        let pod = json!({"spec": {"containers": [{"image": "a", "name": "b", "stdin": false, "bogus": 1,
            "ports": [{"containerPort": 1}], "resources": {"limits": {"memory": "1024Mi", "cpu": 0.5}}}],
            "hostNetwork": false, "nodeSelector": {}, "automountServiceAccountToken": false}});
        let (read, unknown) = read("core/v1.Pod", pod).expect("a pod");
        assert_eq!(
            read,
            json!({"metadata": {}, "spec": {"containers": [{"name": "b", "image": "a",
                "ports": [{"containerPort": 1, "protocol": "TCP"}],
                "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}],
                "automountServiceAccountToken": false}, "status": {}})
        );
        assert_eq!(unknown, ["unknown field \"spec.containers[0].bogus\""]);
    }

    #[test]
    fn misfits_are_told_in_gos_words() {
        let env = json!({"spec": {"containers": [{"name": "a", "env": [{"name": "P", "value": 3000}]}]}});
        let expected = "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string";
        assert_eq!(read("core/v1.Pod", env).unwrap_err(), expected);
        let replicas = json!({"spec": {"replicas": "two"}});
        let expected =
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32";
        assert_eq!(read("apps/v1.Deployment", replicas).unwrap_err(), expected);
        let secret = json!({"data": {"key": "not base64"}});
        assert_eq!(read("core/v1.Secret", secret).unwrap_err(), "illegal base64 data at input byte 3");
    }
}

//! A call of a function, and what Go's types demand of it.

use std::rc::Rc;

use crate::template::{Fault, FaultKind, Run, Scope};
use crate::value::{List, Map, MapKind, Value};

/// What a function gives back.
pub(crate) type Answer = Result<Value, Fault>;

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) run: &'a mut Run,
    pub(crate) scope: &'a Scope,
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<Value>,
    /// How the template names the last argument, where `required` asks.
    pub(crate) key: Option<String>,
}

impl Call<'_> {
    /// A refusal in words.
    pub(crate) fn fail<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(FaultKind::Message(format!("error calling {}: {}", self.name, message.into())).into())
    }

    /// Demands a number of arguments.
    pub(crate) fn exactly(&self, count: usize) -> Result<(), Fault> {
        self.between(count, count)
    }

    /// Demands at least some arguments.
    pub(crate) fn at_least(&self, count: usize) -> Result<(), Fault> {
        self.between(count, usize::MAX)
    }

    pub(crate) fn between(&self, least: usize, most: usize) -> Result<(), Fault> {
        let given = self.arguments.len();
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let wanted = if least == most { least.to_string() } else { format!("at least {least}") };
        let name = self.name;
        Err(FaultKind::Message(format!("wrong number of args for {name}: want {wanted} got {given}")).into())
    }

    pub(crate) fn any(&self, index: usize) -> Value {
        self.arguments.get(index).cloned().unwrap_or(Value::Nil)
    }

    fn wrong<T>(&self, index: usize, expected: &str) -> Result<T, Fault> {
        let message = match &self.arguments.get(index) {
            None | Some(Value::Nil | Value::Absent) => format!("invalid value; expected {expected}"),
            Some(value) => {
                format!("wrong type for value; expected {expected}; got {}", value.type_name())
            }
        };
        Err(FaultKind::Message(format!("{message} (argument {} of {})", index + 1, self.name)).into())
    }

    pub(crate) fn text(&self, index: usize) -> Result<Rc<str>, Fault> {
        match self.arguments.get(index) {
            Some(Value::Text(text)) => Ok(Rc::clone(text)),
            _ => self.wrong(index, "string"),
        }
    }

    /// Go's `int`; an `int64` or a `float64` is refused.
    pub(crate) fn int(&self, index: usize) -> Result<i64, Fault> {
        match self.arguments.get(index) {
            Some(Value::Int(number)) => Ok(*number),
            _ => self.wrong(index, "int"),
        }
    }

    pub(crate) fn truth(&self, index: usize) -> Result<bool, Fault> {
        match self.arguments.get(index) {
            Some(Value::Bool(truth)) => Ok(*truth),
            _ => self.wrong(index, "bool"),
        }
    }

    /// A `map[string]interface {}`. A nil one is an empty one, as in Go.
    pub(crate) fn map(&self, index: usize) -> Result<Map, Fault> {
        match self.arguments.get(index) {
            Some(Value::Map(map)) if !matches!(map.kind, MapKind::Texts | MapKind::NoTexts) => {
                Ok(map.clone())
            }
            Some(Value::Nil) => Ok(Map::of(crate::value::Entries::new())),
            _ => self.wrong(index, "map[string]interface {}"),
        }
    }

    /// A list of any kind; other values are refused in the words of the function.
    pub(crate) fn list(&self, index: usize, purpose: &str) -> Result<List, Fault> {
        match self.arguments.get(index) {
            Some(Value::List(list)) => Ok(list.clone()),
            Some(Value::Nil | Value::Absent) | None => self.fail("runtime error: invalid memory address"),
            Some(other) => self.fail(format!("Cannot {purpose} on type {}", other.kind_name())),
        }
    }

    /// A text that was made, counted.
    pub(crate) fn made(&mut self, text: impl Into<String>) -> Answer {
        let text: String = text.into();
        self.run.made(text.len())?;
        Ok(Value::from(text))
    }
}

//! Values while a template runs, as Go's reflection sees them.
//!
//! Maps are shared: `set` and `merge` change the map that others hold, and charts rely on it. What a value is
//! called in Go (`int`, `int64`, `[]string`) is kept, because templates compare it and functions insist on it.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use jiff::Zoned;
use serde_json::Value as Json;

use crate::host::Host;

/// How deep values are followed: far deeper than any real one, and no deeper than the stack bears.
pub(crate) const MAX_DEPTH: usize = 200;

/// The entries of a map, in the order Go prints them.
pub(crate) type Entries = BTreeMap<Rc<str>, Value>;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// No value at all: what a pipeline makes of nil. A field of it is absent too.
    Absent,
    /// A nil that stands somewhere, in a map or an argument. A field of it is an error.
    Nil,
    Bool(bool),
    /// Go's `int`: literals, `len`, `int`.
    Int(i64),
    /// Go's `int64`: arithmetic, and what `--set` reads.
    Int64(i64),
    /// Go's `float64`: every number of a YAML file.
    Float(f64),
    Text(Rc<str>),
    List(List),
    Map(Map),
    Time(Rc<Zoned>),
    /// Something with methods: `.Files`, `.Capabilities`, a version.
    Host(Rc<Host>),
}

/// What Go calls the items of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Items {
    Any,
    Texts,
    Ints,
    /// A `[]interface {}` that was never made: empty, and null in JSON.
    None,
    /// A `[]string` that was never made.
    NoTexts,
}

/// A list; never changed in place.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) items: Rc<ListCell>,
    pub(crate) kind: Items,
}

/// What Go calls a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MapKind {
    Any,
    /// `common.Values`, the type of `.` and `.Values`.
    Values,
    /// `map[string]string`: a key that is not there is an empty text.
    Texts,
    /// A `map[string]string` that was never made: empty, and null in JSON.
    NoTexts,
}

/// A map, shared by all who hold it.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    pub(crate) entries: Rc<MapCell>,
    pub(crate) kind: MapKind,
}

/// The items of a list.
#[derive(Debug)]
pub(crate) struct ListCell(Vec<Value>);

impl From<Vec<Value>> for ListCell {
    fn from(items: Vec<Value>) -> Self {
        Self(items)
    }
}

impl Deref for ListCell {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

impl Drop for ListCell {
    fn drop(&mut self) {
        bury(std::mem::take(&mut self.0));
    }
}

/// The entries of a map, to be changed by all who hold it.
#[derive(Debug)]
pub(crate) struct MapCell(RefCell<Entries>);

impl Deref for MapCell {
    type Target = RefCell<Entries>;

    fn deref(&self) -> &RefCell<Entries> {
        &self.0
    }
}

impl Drop for MapCell {
    fn drop(&mut self) {
        bury(std::mem::take(self.0.get_mut()).into_values().collect());
    }
}

thread_local! {
    static BURIED: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Drops values one after another and not inside each other: a template can nest a million lists, and the stack
/// cannot hold a million drops.
fn bury(values: Vec<Value>) {
    if values.is_empty() {
        return;
    }
    let is_first = BURIED.with_borrow_mut(|buried| match buried {
        Some(waiting) => {
            waiting.extend(values);
            false
        }
        None => {
            *buried = Some(values);
            true
        }
    });
    if is_first {
        while let Some(value) = BURIED.with_borrow_mut(|buried| buried.as_mut().and_then(Vec::pop)) {
            drop(value);
        }
        BURIED.with_borrow_mut(|buried| *buried = None);
    }
}

impl Map {
    pub(crate) fn of(entries: Entries) -> Self {
        Self { entries: Rc::new(MapCell(RefCell::new(entries))), kind: MapKind::Any }
    }

    pub(crate) fn with_kind(mut self, kind: MapKind) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn get(&self, key: &str) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    pub(crate) fn insert(&self, key: &str, value: Value) {
        self.entries.borrow_mut().insert(Rc::from(key), value.settled());
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// What stands under a key, as a template that names the key gets it.
    pub(crate) fn field(&self, key: &str) -> Value {
        self.get(key).unwrap_or_else(|| match self.kind {
            MapKind::Texts | MapKind::NoTexts => Value::from(""),
            MapKind::Any | MapKind::Values => Value::Nil,
        })
    }

    /// The entries as they are now.
    pub(crate) fn snapshot(&self) -> Vec<(Rc<str>, Value)> {
        self.entries.borrow().iter().map(|(key, value)| (Rc::clone(key), value.clone())).collect()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(Rc::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Rc::from(text))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<Entries> for Value {
    fn from(entries: Entries) -> Self {
        Value::Map(Map::of(entries))
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        let items = items.into_iter().map(Value::settled).collect();
        Value::List(List { items: Rc::new(ListCell(items)), kind: Items::Any })
    }
}

impl Value {
    /// A list of texts.
    pub(crate) fn texts<T: Into<Value>>(texts: impl IntoIterator<Item = T>) -> Self {
        let items = texts.into_iter().map(Into::into).collect();
        Value::List(List { items: Rc::new(ListCell(items)), kind: Items::Texts })
    }

    /// A list of Go's `int`.
    pub(crate) fn ints(numbers: Vec<i64>) -> Self {
        let items = numbers.into_iter().map(Value::Int).collect();
        Value::List(List { items: Rc::new(ListCell(items)), kind: Items::Ints })
    }

    /// A list that was never made.
    pub(crate) fn no_list(kind: Items) -> Self {
        Value::List(List { items: Rc::new(ListCell(Vec::new())), kind })
    }

    /// What a variable holds or a function is given: nothing absent.
    pub(crate) fn settled(self) -> Self {
        match self {
            Value::Absent => Value::Nil,
            other => other,
        }
    }

    /// What a pipeline makes of its last value: a nil is no value at all.
    pub(crate) fn dug(self) -> Self {
        match self {
            Value::Nil => Value::Absent,
            other => other,
        }
    }

    pub(crate) fn is_nil(&self) -> bool {
        matches!(self, Value::Nil | Value::Absent)
    }

    /// What `if`, `and` and `not` make of it (and Sprig's `empty` the opposite of).
    pub(crate) fn truth(&self) -> bool {
        match self {
            Value::Absent | Value::Nil => false,
            Value::Bool(truth) => *truth,
            Value::Int(number) | Value::Int64(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(list) => !list.items.is_empty(),
            Value::Map(map) => map.len() > 0,
            Value::Time(_) => true,
            Value::Host(host) => host.truth(),
        }
    }

    /// `%T`.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Absent | Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::List(list) => match list.kind {
                Items::Any | Items::None => "[]interface {}",
                Items::Texts | Items::NoTexts => "[]string",
                Items::Ints => "[]int",
            },
            Value::Map(map) => match map.kind {
                MapKind::Any => "map[string]interface {}",
                MapKind::Values => "common.Values",
                MapKind::Texts | MapKind::NoTexts => "map[string]string",
            },
            Value::Time(_) => "time.Time",
            Value::Host(host) => host.type_name(),
        }
    }

    /// The name of its kind in Go's reflection.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Value::Absent | Value::Nil => "invalid",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::List(_) => "slice",
            Value::Map(_) => "map",
            Value::Time(_) => "struct",
            Value::Host(host) => host.kind_name(),
        }
    }

    /// Go's `reflect.DeepEqual`. Values nested deeper than any real one count as different.
    pub(crate) fn deep_equal(&self, other: &Value) -> bool {
        self.equal_within(other, MAX_DEPTH)
    }

    fn equal_within(&self, other: &Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match (self, other) {
            (Value::Absent | Value::Nil, Value::Absent | Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                a.kind == b.kind
                    && a.items.len() == b.items.len()
                    && a.items.iter().zip(b.items.iter()).all(|(a, b)| a.equal_within(b, depth))
            }
            (Value::Map(a), Value::Map(b)) => {
                let (left, right) = (a.entries.borrow(), b.entries.borrow());
                a.kind == b.kind
                    && left.len() == right.len()
                    && left.iter().all(|(key, value)| {
                        right.get(key).is_some_and(|other| value.equal_within(other, depth))
                    })
            }
            (Value::Time(a), Value::Time(b)) => a == b,
            (Value::Host(a), Value::Host(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// From a document, every number a `float64`, as Go reads YAML.
    pub(crate) fn of_node(node: &tree::Node) -> Self {
        match &node.value {
            tree::Value::Null => Value::Nil,
            tree::Value::Bool(truth) => Value::Bool(*truth),
            tree::Value::Number(number) => number.as_f64().map_or(Value::Nil, Value::Float),
            tree::Value::String(text) => Value::from(text.as_str()),
            tree::Value::Secret(_) => Value::from(""),
            tree::Value::Sequence(items) => Value::from(items.iter().map(Value::of_node).collect::<Vec<_>>()),
            tree::Value::Mapping(members) => {
                let members = members.iter();
                let members = members.map(|(key, member)| (Rc::from(key.as_str()), Value::of_node(member)));
                Value::from(members.collect::<Entries>())
            }
        }
    }

    /// From plain JSON: whole numbers are `int64` (as `--set` makes them), others `float64`.
    pub(crate) fn of_json(json: &Json) -> Self {
        match json {
            Json::Null => Value::Nil,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => number
                .as_i64()
                .map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int64),
            Json::String(text) => Value::from(text.as_str()),
            Json::Array(items) => Value::from(items.iter().map(Value::of_json).collect::<Vec<_>>()),
            Json::Object(members) => Value::from(
                members
                    .iter()
                    .map(|(key, member)| (Rc::from(key.as_str()), Value::of_json(member)))
                    .collect::<Entries>(),
            ),
        }
    }

    /// Orders texts, numbers and truth values of one basic kind; `None` where Go refuses.
    pub(crate) fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => Some(a.cmp(b)),
            (Value::Float(a), Value::Float(b)) => Some(a.partial_cmp(b).unwrap_or(Ordering::Greater)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

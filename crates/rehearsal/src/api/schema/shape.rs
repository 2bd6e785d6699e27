//! A place within a kind: what stands below, and how it is owned.

use serde_json::Value;

use super::table::{Field, Form, Type, named, of_kind};
use crate::api::registry::Kind;

/// A place within a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// Nothing is known: lists are owned as a whole, mappings field by field.
    Unknown,
    /// A value of a Go type, and the field that holds it; none at the top and for elements.
    Typed(&'static Form, Option<&'static Field>),
    /// An object of a built-in kind.
    Top(&'static Type),
    /// A custom object, with its schema.
    Custom(&'a Value),
    /// A place below the schema of a custom object.
    Structural(&'a Value),
}

/// How the elements of a list are told apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum List<'a> {
    /// They are not.
    Atomic,
    /// By their own values.
    Set,
    /// By the values of these keys, and what a key is when it is left out.
    Map(Vec<(&'a str, Option<Value>)>),
}

impl<'a> Shape<'a> {
    /// The top of an object.
    pub(crate) fn of(kind: &'a Kind) -> Self {
        match (of_kind(kind), &kind.custom) {
            (Some(top), _) => Self::Top(top),
            (None, Some(custom)) => Self::Custom(&custom.schema),
            (None, None) => Self::Custom(&Value::Null),
        }
    }

    /// One field down.
    pub(crate) fn enter(self, name: &str) -> Self {
        match self {
            Self::Top(top) => in_type(top, name),
            Self::Typed(form, _) => match form.target() {
                Form::Struct(of) => named(of).map_or(Self::Unknown, |of| in_type(of, name)),
                Form::Map(value) => Self::Typed(value, None),
                _ => Self::Unknown,
            },
            Self::Custom(_) if name == "metadata" => {
                named("meta/v1.ObjectMeta").map_or(Self::Unknown, Self::Top)
            }
            Self::Custom(schema) | Self::Structural(schema) => {
                let below = schema.get("properties").and_then(|all| all.get(name));
                let below =
                    below.or_else(|| schema.get("additionalProperties").filter(|one| one.is_object()));
                below.map_or(Self::Unknown, Self::Structural)
            }
            Self::Unknown => Self::Unknown,
        }
    }

    /// Whether there is a field of that name here, as far as anything is known.
    pub(crate) fn declares(self, name: &str) -> bool {
        match self {
            Self::Top(top) => top.field(name).is_some(),
            Self::Typed(form, _) => match form.target() {
                Form::Struct(of) => named(of).is_none_or(|of| of.field(name).is_some()),
                _ => true,
            },
            Self::Custom(schema)
                if ["apiVersion", "kind", "metadata"].contains(&name) || !schema.is_object() =>
            {
                true
            }
            Self::Custom(schema) | Self::Structural(schema) => {
                let is_open = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true))
                    || schema.get("additionalProperties").is_some()
                    || schema.get("properties").is_none();
                is_open || schema.get("properties").is_some_and(|all| all.get(name).is_some())
            }
            Self::Unknown => true,
        }
    }

    /// An element of the list here.
    pub(crate) fn item(self) -> Self {
        match self {
            Self::Typed(form, _) => match form.target() {
                Form::List(item) => Self::Typed(item, None),
                _ => Self::Unknown,
            },
            Self::Structural(schema) => schema.get("items").map_or(Self::Unknown, Self::Structural),
            _ => Self::Unknown,
        }
    }

    /// How the list here is owned.
    pub(crate) fn list(self) -> List<'a> {
        match self {
            Self::Typed(_, Some(field)) if field.set => List::Set,
            Self::Typed(form, Some(field)) if !field.keys.is_empty() => {
                let item = match form.target() {
                    Form::List(item) => item.target(),
                    form => form,
                };
                let of = if let Form::Struct(of) = item { named(of) } else { None };
                let default = |key: &str| {
                    let (_, found) = of?.field(key)?;
                    serde_json::from_str(found.default?).ok()
                };
                List::Map(field.keys.iter().map(|key| (*key, default(key))).collect())
            }
            Self::Structural(schema) => match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
                Some("set") => List::Set,
                Some("map") => {
                    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
                    let default = |key: &str| schema.pointer(&format!("/items/properties/{key}/default"));
                    let keys = keys.into_iter().flatten().filter_map(Value::as_str);
                    List::Map(keys.map(|key| (key, default(key).cloned())).collect())
                }
                _ => List::Atomic,
            },
            _ => List::Atomic,
        }
    }

    /// Whether the mapping here is owned as a whole.
    pub(crate) fn is_atomic(self) -> bool {
        match self {
            Self::Typed(form, field) => {
                let of = match form.target() {
                    Form::Struct(of) => named(of),
                    _ => None,
                };
                field.is_some_and(|field| field.atomic) || of.is_some_and(|of| of.atomic)
            }
            Self::Structural(schema) => {
                schema.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic")
            }
            _ => false,
        }
    }
}

fn in_type<'a>(of: &'static Type, name: &str) -> Shape<'a> {
    of.field(name).map_or(Shape::Unknown, |(_, field)| Shape::Typed(&field.form, Some(field)))
}

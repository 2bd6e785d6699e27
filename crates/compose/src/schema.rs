//! What attributes may hold, before anything is spelt out: the Compose specification's schema.

use std::collections::HashSet;

use tree::{Node, Value};

use crate::attributes::{Object, PROJECT, Shape, Type};
use crate::error::{ComposeError, ComposeErrorKind, Result};
use crate::place::Place;

/// Checks a project against the schema.
pub(crate) fn check(project: &Node) -> Result<()> {
    object(project, &PROJECT, &Place::root())
}

fn wrong(node: &Node, place: &Place, wanted: &str) -> ComposeError {
    ComposeError::wrong(place.to_string(), wanted, node.origin)
}

fn object(node: &Node, object: &Object, place: &Place) -> Result<()> {
    let Some(mapping) = node.as_mapping() else {
        if object.nullable && node.value == Value::Null {
            return Ok(());
        }
        return Err(wrong(node, place, "a mapping"));
    };
    for (key, child) in mapping {
        let place = place.key(key);
        match object.fields.iter().find(|field| field.0 == key) {
            Some(field) => check_shape(child, &field.1, &place)?,
            None if object.open || (object.extensions && key.starts_with("x-")) => {}
            None => {
                let attribute = place.to_string();
                return Err(ComposeError::at(ComposeErrorKind::Unknown { attribute }, child.origin));
            }
        }
    }
    match object.required.iter().find(|key| !mapping.contains_key(**key)) {
        Some(key) => {
            let attribute = place.key(key).to_string();
            Err(ComposeError::at(ComposeErrorKind::Missing { attribute }, node.origin))
        }
        None => Ok(()),
    }
}

fn check_shape(node: &Node, shape: &Shape, place: &Place) -> Result<()> {
    match shape {
        Shape::Any => Ok(()),
        Shape::Of(types) => {
            if types.iter().any(|wanted| is(node, *wanted)) {
                return Ok(());
            }
            let names: Vec<&str> = types.iter().map(|wanted| name(*wanted)).collect();
            Err(wrong(node, place, &names.join(" or ")))
        }
        Shape::Choice(words) => match node.as_str() {
            Some(text) if words.contains(&text) => Ok(()),
            _ => Err(wrong(node, place, &format!("one of {}", words.join(", ")))),
        },
        Shape::Within(low, high) => {
            let fits = is(node, Type::Integer)
                && node.to_json().as_f64().is_some_and(|number| number >= *low && number <= *high);
            if fits { Ok(()) } else { Err(wrong(node, place, "a number within bounds")) }
        }
        Shape::List(items, unique) => list(node, items, *unique, place),
        Shape::Map(values) => map(node, values, place),
        Shape::Named(values, open) => named(node, values, *open, place),
        Shape::Object(description) => object(node, description, place),
        Shape::AnyOf(shapes) => any_of(node, shapes, place),
    }
}

fn list(node: &Node, items: &Shape, unique: bool, place: &Place) -> Result<()> {
    let Some(children) = node.as_sequence() else { return Err(wrong(node, place, "a list")) };
    let mut seen = HashSet::new();
    for (index, child) in children.iter().enumerate() {
        check_shape(child, items, &place.key(&index.to_string()))?;
        if unique && !seen.insert(child.to_json().to_string()) {
            let attribute = place.key(&index.to_string()).to_string();
            return Err(ComposeError::at(ComposeErrorKind::Twice { attribute }, child.origin));
        }
    }
    Ok(())
}

fn map(node: &Node, values: &Shape, place: &Place) -> Result<()> {
    let Some(mapping) = node.as_mapping() else { return Err(wrong(node, place, "a mapping")) };
    for (key, child) in mapping {
        check_shape(child, values, &place.key(key))?;
    }
    Ok(())
}

fn named(node: &Node, values: &Shape, open: bool, place: &Place) -> Result<()> {
    let Some(mapping) = node.as_mapping() else { return Err(wrong(node, place, "a mapping")) };
    for (key, child) in mapping {
        let place = place.key(key);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !key.is_empty() && key.chars().all(is_name) {
            check_shape(child, values, &place)?;
        } else if !open {
            let attribute = place.to_string();
            return Err(ComposeError::at(ComposeErrorKind::Unknown { attribute }, child.origin));
        }
    }
    Ok(())
}

/// The complaint that goes deepest is the most useful one.
fn any_of(node: &Node, shapes: &[Shape], place: &Place) -> Result<()> {
    let mut complaint: Option<ComposeError> = None;
    for shape in shapes {
        let Err(error) = check_shape(node, shape, place) else { return Ok(()) };
        let deeper = error.origin != node.origin || complaint.is_none();
        if deeper {
            complaint = Some(error);
        }
    }
    complaint.map_or(Ok(()), Err)
}

fn is(node: &Node, wanted: Type) -> bool {
    match (&node.value, wanted) {
        (Value::Null, Type::Null)
        | (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::Text)
        | (Value::Mapping(_), Type::Mapping) => true,
        (Value::Number(number), Type::Integer) => {
            !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        _ => false,
    }
}

fn name(wanted: Type) -> &'static str {
    match wanted {
        Type::Null => "nothing",
        Type::Bool => "true or false",
        Type::Number => "a number",
        Type::Integer => "a whole number",
        Type::Text => "a text",
        Type::Mapping => "a mapping",
    }
}

//! The last step: every attribute in its one form, what says nothing left out.

use tree::{Mapping, Node, Value};

use crate::attributes::{Kind, Object, PROJECT};
use crate::error::{ComposeError, Result};
use crate::place::{Place, printed};
use crate::{command, duration, size};

/// Brings a project whose short forms are spelt out into its final form.
pub(crate) fn decode(project: &Node) -> Result<Node> {
    object(project, &PROJECT, &Place::root())
}

fn object(node: &Node, object: &Object, place: &Place) -> Result<Node> {
    let mut out = Mapping::new();
    for (key, child) in node.as_mapping().into_iter().flatten() {
        if let Some(field) = object.fields.iter().find(|field| field.0 == key) {
            if let Some(decoded) = value(child, &field.2, &place.key(key))? {
                out.insert(key.clone(), decoded);
            }
        } else if key.starts_with("x-") {
            out.insert(key.clone(), child.clone());
        }
    }
    for field in object.fields {
        if matches!(field.2, Kind::StandingFlag) && !out.contains_key(field.0) {
            out.insert(field.0.to_owned(), Node::from(false).at(node.origin));
        }
    }
    Ok(Node::from(Value::Mapping(out)).at(node.origin))
}

/// The attribute in its final form; nothing where it says nothing.
fn value(node: &Node, kind: &Kind, place: &Place) -> Result<Option<Node>> {
    if node.value == Value::Null {
        return Ok(None);
    }
    let wrong = |wanted: &str| ComposeError::wrong(place.to_string(), wanted, node.origin);
    let made = |value: Node| Some(value.at(node.origin));
    Ok(match kind {
        Kind::Dropped => None,
        Kind::Text => made(text(node).ok_or_else(|| wrong("a text"))?.into()).filter(|node| !is_empty(node)),
        Kind::Flag | Kind::KeptFlag | Kind::StandingFlag | Kind::External => {
            let flag = flag(node).ok_or_else(|| wrong("true or false"))?;
            let kept = matches!(kind, Kind::KeptFlag | Kind::StandingFlag);
            made(flag.into()).filter(|_| flag || kept)
        }
        Kind::Integer | Kind::KeptInteger | Kind::Unsigned | Kind::KeptUnsigned | Kind::DeviceCount => {
            let number = whole(node, kind).ok_or_else(|| wrong("a whole number"))?;
            let kept = matches!(kind, Kind::KeptInteger | Kind::KeptUnsigned);
            made(number.into()).filter(|_| number != 0 || kept)
        }
        Kind::Float | Kind::Cpus => {
            let number = float(node).ok_or_else(|| wrong("a number"))?;
            made(number_node(number)).filter(|_| number != 0.0)
        }
        Kind::Bytes => {
            let bytes = bytes(node).ok_or_else(|| wrong("an amount of memory such as 512M"))?;
            made(bytes.to_string().into()).filter(|_| bytes != 0)
        }
        Kind::Duration | Kind::KeptDuration => {
            let read = printed(node).and_then(|text| duration::parse(&text));
            let read = read.ok_or_else(|| wrong("a duration such as 1m30s"))?;
            made(duration::print(read).into()).filter(|_| read != 0 || matches!(kind, Kind::KeptDuration))
        }
        Kind::Command => match node.as_str() {
            Some(line) => {
                let words = command::words(line).ok_or_else(|| wrong("a command line whose quotes close"))?;
                made(
                    Value::Sequence(words.into_iter().map(|word| Node::from(word).at(node.origin)).collect())
                        .into(),
                )
            }
            None => made(Value::Sequence(texts(node).ok_or_else(|| wrong("a text or list"))?).into()),
        },
        Kind::HealthTest => match node.as_str() {
            Some(_) => {
                let shell = Node::from("CMD-SHELL").at(node.origin);
                made(Value::Sequence(vec![shell, node.clone()]).into())
            }
            None => lean(made(Value::Sequence(texts(node).ok_or_else(|| wrong("a text or list"))?).into())),
        },
        Kind::Texts => lean(made(Value::Sequence(texts(node).ok_or_else(|| wrong("a list"))?).into())),
        Kind::Pairs | Kind::Environment | Kind::Options => {
            lean(made(pairs(node, matches!(kind, Kind::Environment)).ok_or_else(|| wrong("a mapping"))?))
        }
        Kind::Hosts => lean(made(hosts(node).ok_or_else(|| wrong("host names with addresses"))?)),
        Kind::Ssh => lean(made(ssh(node))),
        Kind::Mode => made(mode(node).ok_or_else(|| wrong("a file mode such as 0440"))?),
        Kind::Ulimit => made(ulimit(node).ok_or_else(|| wrong("a number, or soft and hard"))?),
        Kind::Object(description) => made(object(node, description, place)?),
        Kind::LeanObject(description) => lean(made(object(node, description, place)?)),
        Kind::List(items) => lean(made(list(node, items, place)?)),
        Kind::Map(values) => lean(made(map(node, values, place)?)),
    })
}

fn lean(node: Option<Node>) -> Option<Node> {
    node.filter(|node| !is_empty(node))
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => text.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(mapping) => mapping.is_empty(),
        _ => false,
    }
}

fn list(node: &Node, items: &Kind, place: &Place) -> Result<Node> {
    let mut out = Vec::new();
    for (index, child) in node.items().enumerate() {
        out.extend(value(child, items, &place.key(&index.to_string()))?);
    }
    Ok(Value::Sequence(out).into())
}

fn map(node: &Node, values: &Kind, place: &Place) -> Result<Node> {
    let mut out = Mapping::new();
    for (key, child) in node.as_mapping().into_iter().flatten() {
        let decoded = value(child, values, &place.key(key))?;
        out.insert(key.clone(), decoded.unwrap_or_else(|| Node::from(Value::Null).at(child.origin)));
    }
    Ok(Value::Mapping(out).into())
}

/// A text, or a whole number as one.
fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Number(number) if number.is_f64() => None,
        Value::String(_) | Value::Number(_) => printed(node),
        _ => None,
    }
}

fn flag(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => crate::interpolation::truth(text),
        _ => None,
    }
}

fn whole(node: &Node, kind: &Kind) -> Option<i64> {
    let unsigned = matches!(kind, Kind::Unsigned | Kind::KeptUnsigned);
    let number = match &node.value {
        #[expect(clippy::cast_possible_truncation, reason = "as the tool casts")]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64))?,
        Value::String(text) if matches!(kind, Kind::DeviceCount) && text.eq_ignore_ascii_case("all") => -1,
        Value::String(_) if unsigned => return None,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (number >= 0 || !unsigned).then_some(number)
}

fn float(node: &Node) -> Option<f64> {
    let number = match &node.value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    // The tool keeps these in 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "as the tool computes")]
    let short = number as f32;
    short.to_string().parse().ok()
}

fn number_node(number: f64) -> Node {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return (number as i64).into();
    }
    serde_json_number(number)
}

fn serde_json_number(number: f64) -> Node {
    serde_json::Number::from_f64(number).map_or_else(|| Node::from(Value::Null), |n| Value::Number(n).into())
}

fn bytes(node: &Node) -> Option<i64> {
    match &node.value {
        Value::Number(number) => Some(number.as_i64().unwrap_or_default()),
        Value::String(text) => size::parse(text),
        _ => None,
    }
}

fn texts(node: &Node) -> Option<Vec<Node>> {
    if let Some(text) = text(node) {
        return Some(vec![Node::from(text).at(node.origin)]);
    }
    let items = node.as_sequence()?.iter();
    items.map(|item| printed(item).map(|text| Node::from(text).at(item.origin))).collect()
}

/// Names and texts, from a mapping or from `NAME=text`.
fn pairs(node: &Node, may_stand_alone: bool) -> Option<Node> {
    let mut out = Mapping::new();
    let alone = || if may_stand_alone { Node::from(Value::Null) } else { Node::from("") };
    match &node.value {
        Value::Mapping(mapping) => {
            for (key, child) in mapping {
                let value = printed(child).map_or_else(alone, Node::from);
                out.insert(key.clone(), value.at(child.origin));
            }
        }
        Value::Sequence(items) => {
            for item in items {
                let text = printed(item)?;
                let (key, value) = match text.split_once('=') {
                    Some((key, value)) => (key, value.into()),
                    None => (text.as_str(), alone()),
                };
                if may_stand_alone && key.ends_with(char::is_whitespace) {
                    return None;
                }
                out.insert(key.to_owned(), value.at(item.origin));
            }
        }
        _ => return None,
    }
    Some(Value::Mapping(out).into())
}

/// `host=address`, sorted.
fn hosts(node: &Node) -> Option<Node> {
    let mut entries: Vec<(String, Node)> = Vec::new();
    let mut add = |host: &str, address: &str, at: &Node| {
        let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
        let address = bare.filter(|bare| !bare.is_empty()).unwrap_or(address);
        let entry = format!("{host}={address}");
        entries.push((entry.clone(), Node::from(entry).at(at.origin)));
        !host.is_empty() && !host.contains([':', '='])
    };
    let mut fine = true;
    match &node.value {
        Value::Mapping(mapping) => {
            for (host, child) in mapping {
                match child.as_sequence() {
                    Some(items) => {
                        for item in items {
                            fine &= add(host, &printed(item)?, item);
                        }
                    }
                    None => fine &= add(host, &printed(child).unwrap_or_default(), child),
                }
            }
        }
        Value::Sequence(items) => {
            for item in items {
                let text = printed(item)?;
                let (host, addresses) = text.split_once('=').or_else(|| text.split_once(':'))?;
                for address in addresses.split(',') {
                    fine &= add(host, address, item);
                }
            }
        }
        _ => return None,
    }
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    fine.then(|| Value::Sequence(entries.into_iter().map(|(_, node)| node).collect()).into())
}

fn ssh(node: &Node) -> Node {
    let mapping = node.as_mapping().into_iter().flatten();
    let keys = mapping.map(|(id, path)| {
        let entry = printed(path).filter(|path| !path.is_empty());
        let entry = entry.map_or_else(|| id.clone(), |path| format!("{id}: {path}"));
        Node::from(entry).at(path.origin)
    });
    Value::Sequence(keys.collect()).into()
}

fn mode(node: &Node) -> Option<Node> {
    let mode = match &node.value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => i64::from_str_radix(text, 8).ok()?,
        _ => return None,
    };
    Some(format!("0{mode:o}").into())
}

fn ulimit(node: &Node) -> Option<Node> {
    let limits = |soft: Node, hard: Node| {
        let mut limits = Node::mapping();
        limits.set("soft", soft);
        limits.set("hard", hard);
        limits
    };
    if node.as_mapping().is_none() {
        let single = node.as_i64()?;
        let zero = || Node::from(0).at(node.origin);
        return Some(if single == 0 { limits(zero(), zero()) } else { single.into() });
    }
    let side = |key: &str| node.get(key).filter(|side| side.as_i64().is_some()).cloned();
    Some(limits(side("soft")?, side("hard")?))
}

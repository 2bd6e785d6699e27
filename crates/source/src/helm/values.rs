//! Values of a release: laid over each other as Helm lays them, then over the chart's defaults.

use installation::chart::{OfficialChart, SecretPlace};
use tree::{Node, Origin, Value};

use crate::SourceErrorKind;

/// How SOPS writes a value that it encrypted.
const SOPS: &str = "ENC[AES256_GCM,";

/// Lays `over` on `base`: mappings key by key, all else replaced. What is replaced is recorded with what did it.
pub(crate) fn overlay(base: &mut Node, over: Node, overridden: &mut Vec<(Origin, Origin)>) {
    let origin = over.origin;
    match (&mut base.value, over.value) {
        (Value::Mapping(below), Value::Mapping(above)) => {
            for (key, child) in above {
                match below.get_mut(&key) {
                    Some(under) => overlay(under, child, overridden),
                    None => {
                        below.insert(key, child);
                    }
                }
            }
        }
        (_, value) => {
            if let Some(by) = origin {
                let leaves = base.leaves();
                overridden.extend(leaves.iter().filter_map(|leaf| Some((leaf.node.origin?, by))));
            }
            *base = Node { value, origin, spelling: over.spelling };
        }
    }
}

/// Fills in the chart's defaults: a key that is set to null is taken away, as Helm does (`chart values` in its
/// documentation).
///
/// # Errors
/// The key at which a mapping or list was expected and something else stands.
pub(crate) fn with_defaults(
    values: &Node,
    defaults: &Node,
) -> Result<Node, (SourceErrorKind, Option<Origin>)> {
    coalesce(values, defaults, "")
}

fn coalesce(values: &Node, defaults: &Node, path: &str) -> Result<Node, (SourceErrorKind, Option<Origin>)> {
    let (Value::Mapping(own), Value::Mapping(given)) = (&values.value, &defaults.value) else {
        return Ok(values.clone());
    };
    let mut made = Node::mapping().at(values.origin.or(defaults.origin));
    let Some(mapping) = made.as_mapping_mut() else { return Ok(values.clone()) };
    for (key, child) in own {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let default = given.get(key);
        if child.value == Value::Null {
            continue;
        }
        let wanted = default.and_then(|default| wanted(child, default));
        if let Some(wanted) = wanted {
            return Err((SourceErrorKind::BadValues { key: path, wanted }, child.origin));
        }
        let child = match default {
            Some(default) if default.as_mapping().is_some() => coalesce(child, default, &path)?,
            _ => child.clone(),
        };
        mapping.insert(key.clone(), child);
    }
    for (key, child) in given {
        if !own.contains_key(key) {
            mapping.insert(key.clone(), child.clone());
        }
    }
    Ok(made)
}

/// What a value should have been: templates that walk into a text fail.
fn wanted(value: &Node, default: &Node) -> Option<&'static str> {
    match (&default.value, &value.value) {
        (Value::Mapping(inner), Value::Mapping(_)) if !inner.is_empty() => None,
        (Value::Mapping(inner), _) if !inner.is_empty() => Some("a mapping"),
        (Value::Sequence(_), Value::Sequence(_)) => None,
        (Value::Sequence(_), other) if super::go::is_true(&other.clone().into()) => Some("a list"),
        _ => None,
    }
}

/// Seals what the chart's table says is secret, and whatever SOPS encrypted.
pub(crate) fn seal(values: &mut Node, chart: Option<OfficialChart>) {
    let keys = chart.into_iter().flat_map(|chart| chart.keys());
    for key in keys.filter(|key| key.secret != SecretPlace::NotSecret) {
        let mut node = Some(&mut *values);
        for step in key.path.split('.') {
            node = node.and_then(|node| node.get_mut(step));
        }
        match node {
            Some(node) if super::go::is_true(node) => node.seal(),
            _ => {}
        }
    }
    seal_encrypted(values);
}

/// Seals every text that SOPS encrypted: it is a reference to a secret, never a value.
pub(crate) fn seal_encrypted(node: &mut Node) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.values_mut().for_each(seal_encrypted),
        Value::Sequence(items) => items.iter_mut().for_each(seal_encrypted),
        Value::String(text) if text.starts_with(SOPS) => node.seal(),
        _ => {}
    }
}

/// Whether a text is what SOPS leaves of a value.
pub(crate) fn is_encrypted(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => text.starts_with(SOPS),
        Value::Secret(secret) => secret.reveal().starts_with(SOPS),
        _ => false,
    }
}

/// Sets a value by a way of keys as `helm --set` writes it (`a.b[0].c`, `a\.b`), its text read as `--set` reads it.
pub(crate) fn set_path(values: &mut Node, path: &str, text: &str, origin: Option<Origin>, as_text: bool) {
    let mut node = values;
    for step in steps(path) {
        node = match step {
            Step::Key(key) => {
                if node.as_mapping().is_none() {
                    *node = Node::mapping().at(origin);
                }
                node.ensure(&[&key])
            }
            Step::Index(index) => {
                if node.as_sequence().is_none() {
                    *node = Node::from(Value::Sequence(Vec::new())).at(origin);
                }
                let Some(items) = node.as_sequence_mut() else { return };
                while items.len() <= index {
                    items.push(Node::from(Value::Null).at(origin));
                }
                &mut items[index]
            }
        };
    }
    let typed = match text {
        _ if as_text => Value::String(text.to_owned()),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => match text.parse::<i64>() {
            Ok(number) if text == "0" || !text.starts_with('0') => Value::Number(number.into()),
            _ => Value::String(text.to_owned()),
        },
    };
    *node = Node::from(typed).at(origin);
}

enum Step {
    Key(String),
    Index(usize),
}

/// Helm refuses indices above this.
const MAX_INDEX: usize = 65_536;

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => key.extend(chars.next()),
            '.' => push_key(&mut steps, &mut key),
            '[' => {
                push_key(&mut steps, &mut key);
                let digits: String = chars.by_ref().take_while(|c| *c != ']').collect();
                if let Some(index) = digits.parse().ok().filter(|index| *index <= MAX_INDEX) {
                    steps.push(Step::Index(index));
                }
            }
            c => key.push(c),
        }
    }
    push_key(&mut steps, &mut key);
    steps
}

fn push_key(steps: &mut Vec<Step>, key: &mut String) {
    if !key.is_empty() {
        steps.push(Step::Key(std::mem::take(key)));
    }
}

#[cfg(test)]
mod tests {
    use tree::Files;

    use super::*;

    fn read(text: &str) -> Node {
        let mut files = Files::new();
        let file = files.add("values.yaml", text);
        tree::parse(&files, file).expect("YAML").remove(0)
    }

    #[test]
    fn null_takes_a_default_away() {
        let made =
            with_defaults(&read("a: {b: null}\nc: 1\n"), &read("a: {b: 2, d: 3}\ne: 4\n")).expect("made");
        assert_eq!(made.to_json().to_string(), r#"{"a":{"d":3},"c":1,"e":4}"#);
    }

    #[test]
    fn a_text_where_a_mapping_belongs_is_named() {
        let (kind, origin) =
            with_defaults(&read("a:\n  b: text\n"), &read("a: {b: {c: 1}}\n")).expect_err("wrong");
        assert_eq!(kind.to_string(), "a.b must be a mapping");
        assert_eq!(origin.map(|origin| origin.line), Some(2));
        assert!(with_defaults(&read("a: text\n"), &read("a: [1]\n")).is_err());
        assert!(with_defaults(&read("a: \"\"\n"), &read("a: [1]\n")).is_ok());
    }

    #[test]
    fn set_understands_what_helm_set_understands() {
        let mut values = read("a: {b: 1}\n");
        for (path, text) in [("a.c[1].d", "true"), ("a.b", "0012"), ("e\\.f", "7")] {
            set_path(&mut values, path, text, None, false);
        }
        let expected = r#"{"a":{"b":"0012","c":[null,{"d":true}]},"e.f":7}"#;
        assert_eq!(values.to_json().to_string(), expected);
    }

    #[test]
    fn what_is_overridden_is_recorded_and_nothing_else() {
        let mut base = read("a: 1\nb: {c: 2}\n");
        let mut overridden = Vec::new();
        overlay(&mut base, read("b: {c: 3, d: 4}\n"), &mut overridden);
        assert_eq!(base.to_json().to_string(), r#"{"a":1,"b":{"c":3,"d":4}}"#);
        assert_eq!(overridden.len(), 1);
    }
}

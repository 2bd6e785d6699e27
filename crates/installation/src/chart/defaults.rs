//! Values laid over a chart's defaults.

use tree::{Node, Origin, Value};

use super::go;

/// A value of another form than the chart's templates can walk into.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{key} must be {wanted}")]
pub struct BadValue {
    /// The key, its parts joined with points.
    pub key: String,
    /// What is wanted: `a mapping`, `a list`.
    pub wanted: &'static str,
    /// Where the value is written.
    pub origin: Option<Origin>,
}

/// Fills in the chart's defaults: a key that is set to null is taken away, as Helm does (`chart values` in its
/// documentation).
///
/// # Errors
/// The key at which a mapping or list was expected and something else stands.
pub fn with_defaults(values: &Node, defaults: &Node) -> Result<Node, BadValue> {
    coalesce(values, defaults, "")
}

fn coalesce(values: &Node, defaults: &Node, path: &str) -> Result<Node, BadValue> {
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
            return Err(BadValue { key: path, wanted, origin: child.origin });
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
        (Value::Sequence(_), other) if go::is_true(&other.clone().into()) => Some("a list"),
        _ => None,
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
        let bad = with_defaults(&read("a:\n  b: text\n"), &read("a: {b: {c: 1}}\n")).expect_err("wrong");
        assert_eq!(bad.to_string(), "a.b must be a mapping");
        assert_eq!(bad.origin.map(|origin| origin.line), Some(2));
        assert!(with_defaults(&read("a: text\n"), &read("a: [1]\n")).is_err());
        assert!(with_defaults(&read("a: \"\"\n"), &read("a: [1]\n")).is_ok());
    }
}

//! Ways to attributes, and the patterns that Compose's rules are written in.

use tree::Node;

/// The way to an attribute, list elements as `[]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Place(Vec<String>);

impl Place {
    pub(crate) fn root() -> Self {
        Self::default()
    }

    pub(crate) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| (*key).to_owned()).collect())
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.to_owned());
        Self(keys)
    }

    /// Whether a pattern of keys, `*` for any, describes this place.
    pub(crate) fn is(&self, pattern: &str) -> bool {
        let mut parts = pattern.split('.');
        self.0.iter().all(|key| parts.next().is_some_and(|part| part == "*" || part == key))
            && parts.next().is_none()
    }

    /// The first of some patterns' values that describes this place.
    pub(crate) fn find<T: Copy>(&self, table: &[(&str, T)]) -> Option<T> {
        table.iter().find(|(pattern, _)| self.is(pattern)).map(|(_, value)| *value)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

/// A scalar as Go prints it: what Compose makes of a number where it wants a text.
pub(crate) fn printed(node: &Node) -> Option<String> {
    match &node.value {
        tree::Value::String(text) => Some(text.clone()),
        tree::Value::Bool(truth) => Some(truth.to_string()),
        tree::Value::Number(number) => Some(printed_number(number)),
        _ => None,
    }
}

fn printed_number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            let exponent = if float == 0.0 { 0.0 } else { float.abs().log10().floor() };
            if (-4.0..21.0).contains(&exponent) {
                return float.to_string();
            }
            let text = format!("{float:e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        _ => number.to_string(),
    }
}

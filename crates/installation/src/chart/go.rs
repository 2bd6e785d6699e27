//! What Go's templates think of values: what is empty, and how a value becomes a text.

pub use super::reading::is_true;
use tree::{Node, Value};

/// The node at the end of a way of keys joined with points.
#[must_use]
pub fn at<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(node, |node, key| node.get(key))
}

/// How many values there are in a value, itself counted.
#[must_use]
pub fn size(node: &Node) -> usize {
    match &node.value {
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(mapping) => 1 + mapping.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// The value as `quote` and `toString` write it. Helm reads every number as a float, so that 52428800 becomes
/// `5.24288e+07` (helm 4.1.4); collections stay as they are.
#[must_use]
pub fn to_text(node: &Node) -> Node {
    let text = match &node.value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), float),
        _ => return node.clone(),
    };
    Node::from(text).at(node.origin)
}

/// `%v` of a float: the shortest digits, with an exponent from a million on and below a ten-thousandth.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if (-4..6).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_helm_writes_them() {
        // As `helm template` 4.1.4 rendered them.
        for (number, text) in
            [(25.0, "25"), (1.5, "1.5"), (1e6, "1e+06"), (52_428_800.0, "5.24288e+07"), (1e-6, "1e-06")]
        {
            assert_eq!(float(number), text);
        }
        assert_eq!(float(123_456.0), "123456");
    }
}

//! Values of a release: laid over each other as Helm lays them, sealed, set one by one.

use installation::chart::{OfficialChart, SecretPlace, go};
use installation::is_secret;
use tree::{Node, Origin, Value};

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

/// Seals what the chart's table says is secret, and whatever SOPS encrypted. The result are those that stood in the open:
/// neither out of a Secret, nor encrypted, nor filled in later.
pub(crate) fn seal(values: &mut Node, chart: OfficialChart) -> Vec<(&'static str, Option<Origin>)> {
    let mut open = Vec::new();
    for key in chart.keys().iter().filter(|key| key.secret != SecretPlace::NotSecret) {
        let mut node = Some(&mut *values);
        for step in key.path.split('.') {
            node = node.and_then(|node| node.get_mut(step));
        }
        match node {
            Some(node) if go::is_true(node) => {
                // A user's name may go into a Secret, too, and is none.
                let name = key.path.rsplit('.').next().unwrap_or_default();
                if is_secret(name) && node.as_text().is_some_and(|text| is_in_the_open(&text)) {
                    open.push((key.path, node.origin));
                }
                node.seal();
            }
            _ => {}
        }
    }
    seal_encrypted(values);
    open
}

/// Whether a text is the value itself: not what SOPS leaves of it, nor a place that Flux, Argo CD or envsubst fills.
fn is_in_the_open(text: &str) -> bool {
    !text.starts_with(SOPS) && !["${", "{{", "<path:"].iter().any(|mark| text.contains(mark))
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

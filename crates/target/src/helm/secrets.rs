//! Secrets as references: which Secret each section of the values names, and which keys.

use indexmap::IndexMap;
use tree::{Node, Value};

use super::lines::{KeyPlace, SecretLine};
use super::model::{SecretKey, SecretToday, Why};
use super::values::Values;
use super::wanted::{Form, Wanted};

/// Names the Secret and the keys of every section that is switched on.
pub(crate) fn refer(values: &mut Values, wanted: &[Wanted], moved: &str) {
    let mut sections: IndexMap<&str, Vec<&SecretLine>> = IndexMap::new();
    for line in values.lines.secrets.iter().filter(|line| values.is_filled(line.switch)) {
        sections.entry(line.holder).or_default().push(line);
    }
    let mut fallback: Option<Node> = None;
    for (holder, lines) in sections {
        if let Some(secret) = most_named(wanted, &lines) {
            for line in &lines {
                let key = key_in(wanted, line.variable, &secret);
                if let (KeyPlace::Named(path), Some(key)) = (line.key, key) {
                    values.set(path, key);
                }
            }
            fallback.get_or_insert_with(|| secret.clone());
            values.set(holder, secret);
        } else if lines.iter().any(|line| is_open(wanted, line.variable)) {
            like_variables(values, &lines, "");
            values.decide(holder, moved, Why::KeyLikeVariable);
            fallback.get_or_insert_with(|| moved.into());
        } else if !lines.iter().any(|line| line.demanded) {
            // Left empty, the chart says nothing of it.
        } else if let Some((secret, prefix)) = last_whole(wanted, &lines) {
            like_variables(values, &lines, prefix);
            fallback.get_or_insert_with(|| secret.clone());
            values.set(holder, secret.clone());
        } else {
            let unused = fallback.clone().map_or_else(|| moved.into(), Node::without_places);
            values.decide(holder, unused, Why::Demanded);
        }
    }
}

/// Has the keys called like the variables, where they can be chosen.
fn like_variables(values: &mut Values, lines: &[&SecretLine], prefix: &str) {
    for line in lines {
        if let KeyPlace::Named(path) = line.key {
            let key = line.variable.strip_prefix(prefix).unwrap_or(line.variable);
            values.decide(path, key, Why::KeyLikeVariable);
        }
    }
}

/// The Secret taken whole that could give the first of these variables that one could, and its prefix.
fn last_whole<'a>(wanted: &'a [Wanted], lines: &[&SecretLine]) -> Option<(&'a Node, &'a str)> {
    let mut names = lines.iter().map(|line| line.variable);
    let whole = names.find_map(|name| wanted.iter().find_map(|own| own.last_secret(name)))?;
    Some((whole.item.at_keys(&["secretRef", "name"])?, whole.prefix()))
}

/// The Secret that most of these variables are taken from; the first one where several are.
fn most_named(wanted: &[Wanted], lines: &[&SecretLine]) -> Option<Node> {
    let mut count: IndexMap<String, (usize, Node)> = IndexMap::new();
    for line in lines {
        for own in wanted {
            if let Some(Form::Key(key)) = own.variables.get(line.variable) {
                let entry = count.entry(key.secret.as_text().unwrap_or_default());
                entry.or_insert_with(|| (0, key.secret.clone())).0 += 1;
            }
        }
    }
    let most = count.values().map(|(number, _)| *number).max()?;
    count.into_values().find(|(number, _)| *number == most).map(|(_, node)| node)
}

fn key_in(wanted: &[Wanted], name: &str, wanted_secret: &Node) -> Option<Node> {
    wanted.iter().find_map(|own| match own.variables.get(name) {
        Some(Form::Key(key)) if key.secret.as_text() == wanted_secret.as_text() => Some(key.key.clone()),
        _ => None,
    })
}

fn is_open(wanted: &[Wanted], name: &str) -> bool {
    wanted.iter().any(|own| matches!(own.variables.get(name), Some(Form::Open(_))))
}

/// The keys that containers get, each once.
pub(crate) fn list(values: &Values, wanted: &[Wanted], moved: &str) -> Vec<SecretKey> {
    let mut keys: IndexMap<(String, String), SecretKey> = IndexMap::new();
    let mut add = |variable: &str, secret: String, key: String, today: SecretToday| {
        let entry = SecretKey { variable: variable.to_owned(), secret: secret.clone(), key, today };
        keys.entry((variable.to_owned(), secret)).or_insert(entry);
    };
    for own in wanted {
        for (name, form) in &own.variables {
            match form {
                Form::Key(key) => {
                    let text = |node: &Node| node.as_text().unwrap_or_default();
                    add(name, text(&key.secret), text(&key.key), SecretToday::There);
                }
                Form::Open(origin) => {
                    add(name, moved.to_owned(), name.clone(), SecretToday::InTheOpen(*origin));
                }
                Form::Text(_) | Form::Item(_) => {}
            }
        }
    }
    for own in wanted {
        for line in values.lines.secrets {
            let is_read = values.is_filled(line.switch) && line.readers.contains(own.letter);
            if !is_read || own.variables.contains_key(line.variable) {
                continue;
            }
            let text = |path: &str| values.text(path).and_then(|node| node.as_text()).unwrap_or_default();
            let secret = text(line.holder);
            let key = match line.key {
                KeyPlace::Named(path) => text(path),
                KeyPlace::Fixed(key) => key.to_owned(),
                KeyPlace::Whole => line.variable.to_owned(),
            };
            if own.last_secret(line.variable).is_some_and(|whole| whole.gives(line.variable, &secret, &key)) {
                add(line.variable, secret, key, SecretToday::Perhaps);
            }
        }
    }
    keys.into_values().collect()
}

/// Marks the key of a `valueFrom` as one that may be missing.
pub(crate) fn make_optional(item: &mut Node) {
    let reference = item.ensure(&["valueFrom", "secretKeyRef"]);
    if matches!(reference.value, Value::Mapping(_)) {
        reference.set("optional", true);
    }
}

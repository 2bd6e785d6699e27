//! Secrets as references: which Secret each section of the values names, and which keys.

use indexmap::IndexMap;
use tree::{Node, Value};

use super::lines::SECRETS;
use super::model::{SecretKey, SecretToday, Why};
use super::values::Values;
use super::wanted::{Form, Wanted};

/// Names the Secret and the keys of every section that is switched on.
pub(crate) fn refer(values: &mut Values, wanted: &[Wanted], moved: &str) {
    let mut sections: IndexMap<&str, Vec<(&str, &str)>> = IndexMap::new();
    for (name, switch, section, member, _) in SECRETS {
        if values.is_filled(switch) {
            sections.entry(section).or_default().push((name, member));
        }
    }
    let mut fallback: Option<Node> = None;
    for (section, lines) in sections {
        let holder = format!("{section}.existingSecret");
        let key_path = |member: &str| format!("{section}.existingSecretKeys.{member}");
        if let Some(secret) = most_named(wanted, &lines) {
            for (name, member) in &lines {
                if let Some(key) = key_in(wanted, name, &secret) {
                    values.set(&key_path(member), key);
                }
            }
            fallback.get_or_insert_with(|| secret.clone());
            values.set(&holder, secret);
        } else if lines.iter().any(|(name, _)| is_open(wanted, name)) {
            for (name, member) in &lines {
                values.decide(&key_path(member), *name, Why::KeyLikeVariable);
            }
            values.decide(&holder, moved, Why::KeyLikeVariable);
            fallback.get_or_insert_with(|| moved.into());
        } else if let Some((secret, prefix)) = wanted.iter().find_map(Wanted::last_secret) {
            for (name, member) in &lines {
                let key = name.strip_prefix(prefix).unwrap_or(name);
                values.decide(&key_path(member), key, Why::KeyLikeVariable);
            }
            fallback.get_or_insert_with(|| secret.clone());
            values.set(&holder, secret.clone());
        } else {
            let unused = fallback.clone().map_or_else(|| moved.into(), Node::without_places);
            values.decide(&holder, unused, Why::Demanded);
        }
    }
}

/// The Secret that most of these variables are taken from; the first one where several are.
fn most_named(wanted: &[Wanted], lines: &[(&str, &str)]) -> Option<Node> {
    let mut count: IndexMap<String, (usize, Node)> = IndexMap::new();
    for (name, _) in lines {
        for own in wanted {
            if let Some(Form::Key(key)) = own.variables.get(*name) {
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
    for own in wanted.iter().filter(|own| own.last_secret().is_some()) {
        for (name, switch, section, member, letters) in SECRETS {
            if !values.is_filled(switch) || !letters.contains(own.letter) || own.variables.contains_key(*name)
            {
                continue;
            }
            let text = |path: String| values.text(&path).and_then(|node| node.as_text()).unwrap_or_default();
            let secret = text(format!("{section}.existingSecret"));
            let key = text(format!("{section}.existingSecretKeys.{member}"));
            if own
                .whole
                .iter()
                .any(|whole| whole.item.str_at(&["secretRef", "name"]) == Some(secret.as_str()))
            {
                add(name, secret, key, SecretToday::Perhaps);
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

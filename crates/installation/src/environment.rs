//! The environment that a container effectively gets.

use indexmap::IndexMap;
use tree::{Node, Origin, Secret, Value};

use crate::index::Index;
use crate::reading::text;
use crate::{Object, holds_secret, is_secret};

/// Where the parts of a setting were written.
pub type Origins = Vec<Origin>;

/// What a variable is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// A text that stands in the source.
    Text(String),
    /// A key of a Secret.
    Secret {
        /// The Secret's name.
        secret: String,
        /// The key in it.
        key: String,
    },
    /// A key of a ConfigMap that the source does not hold.
    ConfigMap {
        /// The ConfigMap's name.
        config_map: String,
        /// The key in it.
        key: String,
    },
    /// Filled in by Kubernetes (`fieldRef`, `resourceFieldRef`), as JSON.
    Kubernetes(String),
    /// A secret text that stands in the source, in the open.
    Sealed(Secret),
    /// A text that the source holds encrypted (SOPS): it is set, to what is not known.
    Encrypted,
}

impl SettingValue {
    /// A text under a name: sealed where one of them says that it is secret.
    pub(crate) fn of(name: &str, text: String) -> Self {
        if text.starts_with("ENC[") {
            Self::Encrypted
        } else if (is_secret(name) && !text.is_empty() && !text.starts_with("$(")) || holds_secret(&text) {
            Self::Sealed(Secret::new(text))
        } else {
            Self::Text(text)
        }
    }
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What it is set to.
    pub value: SettingValue,
    /// Where that is written.
    pub origins: Origins,
    /// What a Secret that the source holds says, out of sight.
    pub held: Option<Secret>,
}

impl Setting {
    /// The text, wherever it stands, to look into; only what is known to be no secret may be kept of it.
    pub(crate) fn look(&self) -> Option<&str> {
        match &self.value {
            SettingValue::Text(text) => Some(text),
            SettingValue::Sealed(secret) => Some(secret.reveal()),
            _ => self.held.as_ref().map(Secret::reveal),
        }
    }
}

/// Everything a container gets as environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables by name, in the order in which they were first set.
    pub settings: IndexMap<String, Setting>,
    /// Secrets and ConfigMaps taken whole whose keys the source does not show, as `kind/prefix/name`, in
    /// order.
    pub opaque: Vec<String>,
}

impl Environment {
    /// The text of a setting that is no secret and stands in the open.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.settings.get(name)?.value {
            SettingValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Sets a text, over whatever there was.
    pub(crate) fn put(&mut self, name: String, text: String, origin: Option<Origin>) {
        let value = SettingValue::of(&name, text);
        self.settings.insert(name, Setting { value, origins: origin.into_iter().collect(), held: None });
    }
}

/// Resolves a container's environment as the kubelet does: `envFrom` in order, later ones winning, then `env`
/// over all of them, with `$(NAME)` filled in from what was set before. Prefixes are applied. Keys of Secrets are
/// named, never read.
#[must_use]
pub fn resolve_environment(container: &Node, objects: &[Object]) -> Environment {
    let mut environment = Environment::default();
    add_environment(&mut environment, container, None, &Index::new(objects));
    environment
}

/// Resolves the environments of many containers, with the objects looked up rather than searched.
pub struct Environments<'a> {
    index: Index<'a>,
}

impl<'a> Environments<'a> {
    /// Prepares to look objects up.
    #[must_use]
    pub fn new(objects: &'a [Object]) -> Self {
        Self { index: Index::new(objects) }
    }

    /// What a container of a workload gets: mounted env files, under `envFrom` and `env`, under what its own command
    /// line sets.
    #[must_use]
    pub fn of(&self, workload: &Object, container: &Node) -> Environment {
        crate::components::environment_of(container, workload, &self.index)
    }
}

/// Puts a container's environment over what is set already.
pub(crate) fn add_environment(
    environment: &mut Environment,
    container: &Node,
    namespace: Option<&str>,
    index: &Index<'_>,
) {
    for source in container.get("envFrom").into_iter().flat_map(Node::items) {
        let prefix = source.str_at(&["prefix"]).unwrap_or_default();
        if let Some(name) = source.str_at(&["envFileRef", "name"]) {
            // Not of Kubernetes: an env file of Docker Compose that is not at hand.
            environment.opaque.push(format!("env_file/{prefix}/{name}"));
        }
        for (reference, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
            let Some(name) = source.str_at(&[reference, "name"]) else { continue };
            if let Some(object) = index.object(namespace, kind, name) {
                environment.take_all(object, kind, name, prefix);
                continue;
            }
            let provided = index.provider(namespace, name).filter(|_| kind == "Secret").map(|(_, made)| made);
            for key in provided.into_iter().flat_map(|made| &made.keys) {
                let value = SettingValue::Secret { secret: name.to_owned(), key: key.clone() };
                let origins = provided.and_then(|made| made.origin).into_iter().collect();
                environment.settings.insert(format!("{prefix}{key}"), Setting { value, origins, held: None });
            }
            if provided.is_none_or(|made| made.open) {
                environment.opaque.push(format!("{kind}/{prefix}/{name}"));
            }
        }
    }
    for variable in container.get("env").into_iter().flat_map(Node::items) {
        let Some(name) = variable.str_at(&["name"]) else { continue };
        if let Some(setting) = read_variable(name, variable, environment, namespace, index) {
            environment.settings.insert(name.to_owned(), setting);
        }
    }
}

impl Environment {
    fn take_all(&mut self, object: &Object, kind: &str, name: &str, prefix: &str) {
        let is_empty =
            |field: &str| object.node.get(field).and_then(Node::as_mapping).is_none_or(|map| map.is_empty());
        if ["data", "stringData"].iter().all(|field| is_empty(field)) {
            // Nobody takes an empty object whole: what fills it (a person, an operator, a file kept out of the
            // repository) is not in the source.
            self.opaque.push(format!("{kind}/{prefix}/{name}"));
        }
        for field in ["data", "stringData"] {
            for (key, value) in object.node.get(field).and_then(Node::as_mapping).into_iter().flatten() {
                let variable = format!("{prefix}{key}");
                let (setting, held) = match kind {
                    "Secret" => {
                        let held = held(value, field);
                        (SettingValue::Secret { secret: name.to_owned(), key: key.clone() }, held)
                    }
                    _ => (plain(&variable, value), None),
                };
                let origins = value.origin.into_iter().collect();
                self.settings.insert(variable, Setting { value: setting, origins, held });
            }
        }
    }
}

/// What stands in a ConfigMap or after `value:`. What was sealed stays so.
fn plain(name: &str, node: &Node) -> SettingValue {
    match &node.value {
        Value::Secret(secret) if secret.reveal().starts_with("ENC[") => SettingValue::Encrypted,
        Value::Secret(secret) => SettingValue::Sealed(secret.clone()),
        _ => SettingValue::of(name, node.as_text().unwrap_or_default()),
    }
}

/// A Secret's value: under `data` in base64. `None` where SOPS has encrypted it.
pub(crate) fn held(node: &Node, field: &str) -> Option<Secret> {
    let text = text(node).filter(|text| !text.starts_with("ENC["))?;
    if field == "stringData" {
        return Some(Secret::new(text.into_owned()));
    }
    String::from_utf8(crate::decode_base64(&text)?).ok().map(Secret::new)
}

fn read_variable(
    name: &str,
    variable: &Node,
    before: &Environment,
    namespace: Option<&str>,
    index: &Index<'_>,
) -> Option<Setting> {
    let setting =
        |value, node: &Node| Setting { value, origins: node.origin.into_iter().collect(), held: None };
    if let Some(value) = variable.get("value").filter(|value| value.value != Value::Null) {
        let mut setting = setting(plain(name, value), value);
        if let SettingValue::Text(text) = &setting.value {
            let (expanded, origins) = expand(text, before);
            setting.value = SettingValue::of(name, expanded);
            setting.origins.extend(origins);
        }
        return Some(setting);
    }
    let Some(from) = variable.get("valueFrom") else {
        // Kubernetes takes what is null or left out for empty.
        return Some(setting(SettingValue::Text(String::new()), variable));
    };
    if let Some(reference) = from.get("secretKeyRef") {
        let secret = reference.str_at(&["name"])?.to_owned();
        let key = reference.str_at(&["key"])?.to_owned();
        let object = index.object(namespace, "Secret", &secret);
        let held = object.and_then(|object| {
            ["stringData", "data"].iter().find_map(|field| held(object.node.at_keys(&[field, &key])?, field))
        });
        return Some(Setting { held, ..setting(SettingValue::Secret { secret, key }, reference) });
    }
    if let Some(reference) = from.get("configMapKeyRef") {
        let config_map = reference.str_at(&["name"])?.to_owned();
        let key = reference.str_at(&["key"])?.to_owned();
        let object = index.object(namespace, "ConfigMap", &config_map);
        return Some(match object.and_then(|object| object.node.at_keys(&["data", &key])) {
            Some(node) => setting(plain(name, node), node),
            None => setting(SettingValue::ConfigMap { config_map, key }, reference),
        });
    }
    Some(setting(SettingValue::Kubernetes(from.to_json().to_string()), from))
}

/// Fills `$(NAME)` in from what was set before, as the kubelet does; `$$` stands for `$`, and names that are not
/// set stay as written. So do those whose text is secret or not known.
fn expand(text: &str, before: &Environment) -> (String, Origins) {
    let mut expanded = String::with_capacity(text.len());
    let mut origins = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let name = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = name {
            match before.settings.get(name) {
                Some(Setting { value: SettingValue::Text(value), origins: places, .. }) => {
                    expanded.push_str(value);
                    origins.extend(places);
                }
                _ => expanded.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    (expanded, origins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in_and_secrets_are_not() {
        let mut before = Environment::default();
        before.put("HOST".into(), "db".into(), None);
        before.put("DB_PASS".into(), "made-up".into(), None);
        let table = [
            ("postgres://$(HOST)/x", "postgres://db/x"),
            ("u:$(DB_PASS)@$(HOST)", "u:$(DB_PASS)@db"),
            ("$$(HOST) $(NONE) $5 $(", "$(HOST) $(NONE) $5 $("),
        ];
        for (text, expected) in table {
            assert_eq!(expand(text, &before).0, expected);
        }
    }
}

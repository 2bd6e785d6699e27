//! The environment that a container effectively gets.

use indexmap::IndexMap;
use tree::{Node, Origin};

use crate::Object;

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
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What it is set to.
    pub value: SettingValue,
    /// Where that is written.
    pub origins: Origins,
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

/// Resolves a container's environment as the kubelet does: `envFrom` in order, later ones winning, then `env`
/// over all of them. Prefixes are applied. Keys of Secrets are named, never read.
#[must_use]
pub fn resolve_environment(container: &Node, objects: &[Object]) -> Environment {
    let mut environment = Environment::default();
    for source in container.get("envFrom").into_iter().flat_map(Node::items) {
        let prefix = source.str_at(&["prefix"]).unwrap_or_default();
        for (reference, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
            let Some(name) = source.str_at(&[reference, "name"]) else { continue };
            let held = objects.iter().find(|object| object.kind() == kind && object.name() == name);
            match held {
                None => environment.opaque.push(format!("{kind}/{prefix}/{name}")),
                Some(object) => environment.take_all(object, kind, name, prefix),
            }
        }
    }
    for variable in container.get("env").into_iter().flat_map(Node::items) {
        let Some(name) = variable.str_at(&["name"]) else { continue };
        if let Some(setting) = read_variable(variable, objects) {
            environment.settings.insert(name.to_owned(), setting);
        }
    }
    environment
}

impl Environment {
    fn take_all(&mut self, object: &Object, kind: &str, name: &str, prefix: &str) {
        for field in ["data", "stringData"] {
            for (key, value) in object.node.get(field).and_then(Node::as_mapping).into_iter().flatten() {
                let text = match kind {
                    "Secret" => SettingValue::Secret { secret: name.to_owned(), key: key.clone() },
                    _ => SettingValue::Text(value.as_text().unwrap_or_default()),
                };
                let origins = value.origin.into_iter().collect();
                self.settings.insert(format!("{prefix}{key}"), Setting { value: text, origins });
            }
        }
    }
}

fn read_variable(variable: &Node, objects: &[Object]) -> Option<Setting> {
    let setting = |value, node: &Node| Setting { value, origins: node.origin.into_iter().collect() };
    if let Some(value) = variable.get("value") {
        return Some(setting(SettingValue::Text(value.as_text()?), value));
    }
    let from = variable.get("valueFrom")?;
    if let Some(reference) = from.get("secretKeyRef") {
        let secret = reference.str_at(&["name"])?.to_owned();
        let key = reference.str_at(&["key"])?.to_owned();
        return Some(setting(SettingValue::Secret { secret, key }, reference));
    }
    if let Some(reference) = from.get("configMapKeyRef") {
        let config_map = reference.str_at(&["name"])?.to_owned();
        let key = reference.str_at(&["key"])?.to_owned();
        let held = objects
            .iter()
            .find(|object| object.kind() == "ConfigMap" && object.name() == config_map)
            .and_then(|object| object.node.at_keys(&["data", &key]));
        return Some(match held {
            Some(node) => setting(SettingValue::Text(node.as_text()?), node),
            None => setting(SettingValue::ConfigMap { config_map, key }, reference),
        });
    }
    Some(setting(SettingValue::Kubernetes(from.to_json().to_string()), from))
}

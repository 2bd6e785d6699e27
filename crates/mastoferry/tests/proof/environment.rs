//! What a container gets as environment, worked out anew from what Kubernetes documents: `envFrom` in its order, then
//! `env` in its, with `$(NAME)` replaced by what stands before. Secrets have no values here; they are told by name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::side::{items, text};

/// Something that gives variables.
#[derive(Debug, Clone)]
enum Layer {
    /// One variable, and what it is.
    One(String, String),
    /// A Secret or ConfigMap taken whole, whose keys are not known: kind and name, and the prefix.
    Whole(String, String),
}

/// A container's environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    layers: Vec<Layer>,
}

impl Environment {
    /// Of a container, with the ConfigMaps beside it.
    pub(crate) fn of(container: &Value, config_maps: &BTreeMap<String, Value>) -> Self {
        let mut found = Self::default();
        for item in items(&container["envFrom"]) {
            let prefix = text(&item["prefix"]).to_owned();
            let config_map = text(&item["configMapRef"]["name"]);
            if let Some(data) = config_maps.get(config_map).and_then(|own| own["data"].as_object()) {
                for (key, value) in data {
                    found.layers.push(Layer::One(format!("{prefix}{key}"), format!("= {}", text(value))));
                }
                continue;
            }
            let (kind, reference) = if config_map.is_empty() {
                ("Secret", &item["secretRef"])
            } else {
                ("ConfigMap", &item["configMapRef"])
            };
            let may_lack = if reference["optional"] == true { "?" } else { "" };
            found.layers.push(Layer::Whole(format!("{kind}/{}{may_lack}", text(&reference["name"])), prefix));
        }
        for item in items(&container["env"]) {
            let value = found.explicit(item, config_maps);
            found.layers.push(Layer::One(text(&item["name"]).to_owned(), value));
        }
        found
    }

    fn explicit(&self, item: &Value, config_maps: &BTreeMap<String, Value>) -> String {
        let from = &item["valueFrom"];
        if from.is_null() {
            return format!("= {}", self.expanded(text(&item["value"])));
        }
        let reference = &from["configMapKeyRef"];
        let data = config_maps.get(text(&reference["name"])).map(|own| &own["data"][text(&reference["key"])]);
        if let Some(Value::String(value)) = data {
            return format!("= {value}");
        }
        let reference = &from["secretKeyRef"];
        if reference.is_object() {
            let may_lack = if reference["optional"] == true { "?" } else { "" };
            return format!("Secret/{} {}{may_lack}", text(&reference["name"]), text(&reference["key"]));
        }
        from.to_string()
    }

    /// A text with what it refers to: `$$` is a dollar, an unknown name stays.
    fn expanded(&self, value: &str) -> String {
        let mut out = String::new();
        let mut rest = value;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let name = rest.strip_prefix('(').and_then(|inner| inner.split_once(')'));
            if let Some(more) = rest.strip_prefix('$') {
                out.push('$');
                rest = more;
            } else if let Some((name, more)) = name {
                let given = self.given(name);
                match given.as_deref() {
                    // What is taken whole may win over it; that is told of the variable itself.
                    Some([first, ..]) if first.starts_with("= ") => out.push_str(&first[2..]),
                    Some(several) => out.push_str(&format!("«{name}: {several:?}»")),
                    None => out.push_str(&format!("$({name}) or {:?}", self.wholes(name))),
                }
                rest = more;
            } else {
                out.push('$');
            }
        }
        out + rest
    }

    /// What a variable is: the last thing that says it by name, and what is taken whole behind that.
    pub(crate) fn given(&self, name: &str) -> Option<Vec<String>> {
        let mut given: Option<Vec<String>> = None;
        for layer in &self.layers {
            match layer {
                Layer::One(own, value) if own == name => given = Some(vec![value.clone()]),
                Layer::Whole(id, prefix) if name.starts_with(prefix.as_str()) => {
                    if let Some(given) = &mut given {
                        given.push(id.clone());
                    }
                }
                _ => {}
            }
        }
        given
    }

    /// What is taken whole and could give the variable, in order.
    pub(crate) fn wholes(&self, name: &str) -> Vec<(String, String)> {
        let wholes = self.layers.iter().filter_map(|layer| match layer {
            Layer::Whole(id, prefix) if name.starts_with(prefix.as_str()) => {
                Some((id.clone(), prefix.clone()))
            }
            _ => None,
        });
        wholes.collect()
    }

    /// Everything that is taken whole, in order.
    pub(crate) fn all_wholes(&self) -> Vec<String> {
        let wholes = self.layers.iter().filter_map(|layer| match layer {
            Layer::Whole(id, prefix) => Some(format!("{prefix}{id}")),
            Layer::One(..) => None,
        });
        wholes.collect()
    }

    /// The names of all variables that something gives by name.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let names = self.layers.iter().filter_map(|layer| match layer {
            Layer::One(name, _) => Some(name.clone()),
            Layer::Whole(..) => None,
        });
        names.collect()
    }
}

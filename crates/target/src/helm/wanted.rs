//! What a container's environment must be, in the forms in which it can be written anew.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use installation::{Component, Installation, Role, SettingValue, holds_secret, is_secret, known_setting};
use tree::{Node, Origin, Value};

use crate::manifests::says_something;
use crate::note::Reason;

/// How a variable can be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// As a text.
    Text(Node),
    /// From a key of a Secret.
    Key(Box<Key>),
    /// Only as it stands in the container's `env`: it refers to other variables, or to the pod.
    Item(Node),
    /// A secret in the open, which goes to a Secret of its own.
    Open(Option<Origin>),
}

/// A key of a Secret.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    /// The Secret's name.
    pub(crate) secret: Node,
    /// The key in it.
    pub(crate) key: Node,
    /// The whole `valueFrom`, with whatever else it says.
    pub(crate) from: Node,
}

impl Form {
    fn key(secret: Node, key: Node, from: Node) -> Self {
        Self::Key(Box::new(Key { secret, key, from }))
    }
}

/// Something taken whole as environment: the `envFrom` item, and whether it is a Secret.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) item: Node,
    pub(crate) is_secret: bool,
    /// Whether the source holds it, so that its keys are known.
    pub(crate) is_held: bool,
}

impl Whole {
    /// What every variable of it starts with.
    pub(crate) fn prefix(&self) -> &str {
        self.item.str_at(&["prefix"]).unwrap_or_default()
    }

    /// Whether this key of this Secret is what it gives as a variable, where it has it.
    pub(crate) fn gives(&self, variable: &str, secret: &str, key: &str) -> bool {
        self.item.str_at(&["secretRef", "name"]) == Some(secret)
            && variable.strip_prefix(self.prefix()) == Some(key)
    }
}

/// The environment that a component must have.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// `w`, `n` or `s`: web, streaming, Sidekiq.
    pub(crate) letter: char,
    /// Variables that can be seen.
    pub(crate) variables: IndexMap<String, Form>,
    /// What is taken whole, in order.
    pub(crate) whole: Vec<Whole>,
    /// Settings that today win over something taken whole.
    pub(crate) strong: Vec<String>,
    /// Settings that something taken whole wins over today, where it says them.
    pub(crate) weak: Vec<String>,
}

impl Wanted {
    pub(crate) fn of(installation: &Installation, component: &Component) -> Self {
        let workload = installation.workload(component);
        let container = workload.containers().nth(component.container);
        let empty = Node::mapping();
        let container = container.unwrap_or(&empty);
        let mut wanted = Self {
            letter: letter(&component.role),
            variables: IndexMap::new(),
            whole: Vec::new(),
            strong: Vec::new(),
            weak: Vec::new(),
        };
        wanted.read_whole(installation, workload.namespace(), container);
        for whole in &mut wanted.whole {
            let name =
                ["secretRef", "configMapRef"].iter().find_map(|kind| whole.item.str_at(&[kind, "name"]));
            let opaque = component.environment.opaque.iter().map(|own| own.rsplit('/').next());
            whole.is_held = !opaque.into_iter().any(|own| own == name);
        }
        let explicit: BTreeMap<&str, &Node> = container
            .get("env")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|item| Some((item.str_at(&["name"])?, item)))
            .collect();
        for (name, setting) in &component.environment.settings {
            let origin = setting.origins.first().copied();
            let form = match explicit.get(name.as_str()) {
                Some(item) => explicit_form(name, item, &setting.value, origin),
                None => inherited_form(name, &setting.value, origin, &wanted.whole),
            };
            if let Some(form) = form {
                if explicit.contains_key(name.as_str()) && !wanted.whole.is_empty() {
                    wanted.strong.push(name.clone());
                }
                wanted.variables.insert(name.clone(), form);
            }
        }
        wanted.weak.retain(|name| !explicit.contains_key(name.as_str()));
        wanted
    }

    /// Keeps what is taken whole: Secrets, and ConfigMaps that the source does not hold.
    fn read_whole(&mut self, installation: &Installation, namespace: Option<&str>, container: &Node) {
        let mut before: Vec<String> = Vec::new();
        for item in container.get("envFrom").into_iter().flat_map(Node::items) {
            let prefix = item.str_at(&["prefix"]).unwrap_or_default();
            for (reference, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                let Some(name) = item.at_keys(&[reference, "name"]) else { continue };
                let found = installation.objects.iter().find(|object| {
                    object.kind() == kind
                        && Some(object.name()) == name.as_str()
                        && object.namespace() == namespace
                });
                let is_secret = kind == "Secret";
                if let Some(object) = found.filter(|object| !is_secret && says_something(object)) {
                    let keys = object.node.get("data").and_then(Node::as_mapping).into_iter().flatten();
                    let names: Vec<String> = keys.map(|(key, _)| format!("{prefix}{key}")).collect();
                    if !self.whole.is_empty() {
                        self.strong.extend(names.iter().cloned());
                    }
                    before.extend(names);
                    continue;
                }
                self.weak.extend(before.iter().filter(|name| name.starts_with(prefix)).cloned());
                self.whole.push(Whole { item: item.clone(), is_secret, is_held: false });
            }
        }
    }

    /// The last Secret that is taken whole and could give a variable: what it says wins.
    pub(crate) fn last_secret(&self, name: &str) -> Option<&Whole> {
        let mut secrets = self.whole.iter().rev().filter(|whole| whole.is_secret);
        secrets.find(|whole| name.starts_with(whole.prefix()))
    }

    /// The text of a variable, where it is one.
    pub(crate) fn text(&self, name: &str) -> Option<&Node> {
        match self.variables.get(name)? {
            Form::Text(node) => Some(node),
            _ => None,
        }
    }

    /// Whether this component would act otherwise if the variable were set otherwise. What the catalogue does not know
    /// counts as read.
    pub(crate) fn reads(&self, name: &str) -> bool {
        known_setting(name).is_none_or(|known| match self.letter {
            'w' => known.by_web,
            'n' => known.by_streaming,
            _ => known.by_sidekiq,
        })
    }
}

/// What says only how settings were wired: names of variables, and references to ConfigMaps whose settings live in the
/// chart's now.
pub(crate) fn wiring(container: &Node, wanted: &Wanted) -> Vec<(Origin, Reason)> {
    let mut leaves = Vec::new();
    let mut add = |node: &Node, reason| {
        let origins = node.leaves().into_iter().filter_map(|leaf| leaf.node.origin);
        leaves.extend(origins.map(|origin| (origin, reason)));
    };
    for item in container.get("envFrom").into_iter().flat_map(Node::items) {
        if !wanted.whole.iter().any(|whole| whole.item == *item) {
            add(item, Reason::Reference);
        }
    }
    let items: Vec<&Node> = container.get("env").into_iter().flat_map(Node::items).collect();
    for (position, item) in items.iter().enumerate() {
        let name = item.get("name");
        let again = |other: &&Node| other.str_at(&["name"]) == item.str_at(&["name"]);
        if items[position + 1..].iter().any(again) {
            add(item, Reason::Outdone);
            continue;
        }
        let kept = name.and_then(Node::as_str).and_then(|name| wanted.variables.get(name));
        if matches!(kept, Some(Form::Item(_))) {
            continue;
        }
        if let Some(name) = name {
            add(name, Reason::VariableName);
        }
        if let Some(reference) = item.at_keys(&["valueFrom", "configMapKeyRef"]) {
            add(reference, Reason::Reference);
        }
        for nothing in ["value", "valueFrom"].into_iter().filter_map(|key| item.get(key)) {
            if matches!(nothing.value, Value::Null) {
                add(nothing, Reason::Empty);
            }
        }
    }
    leaves
}

/// The letter of a role in the tables.
pub(crate) fn letter(role: &Role) -> char {
    match role {
        Role::Web => 'w',
        Role::Streaming => 'n',
        _ => 's',
    }
}

/// Whether a text must not be written into values.
fn is_open_secret(name: &str, text: &str) -> bool {
    !text.is_empty() && ((is_secret(name) && !is_user_name(name)) || holds_secret(text))
}

/// Names of users, which the catalogue calls secret but which alone open nothing.
fn is_user_name(name: &str) -> bool {
    name.ends_with("_LOGIN") || name.ends_with("_USER")
}

fn explicit_form(name: &str, item: &Node, value: &SettingValue, origin: Option<Origin>) -> Option<Form> {
    // Nothing written is an empty text, as in Kubernetes.
    let nothing = |node: &Node| matches!(node.value, Value::Null);
    if item.get("valueFrom").is_none_or(nothing) && item.get("value").is_none_or(nothing) {
        let place = item.get("value").and_then(|written| written.origin).or(origin);
        return Some(Form::Text(Node::from("").at(place)));
    }
    if let Some(written) = item.get("value") {
        let text = written.as_text();
        if text.as_deref().is_some_and(|text| text.contains("$(")) {
            return Some(Form::Item(item.clone()));
        }
        return Some(match text {
            Some(text) if !is_open_secret(name, &text) => Form::Text(Node::from(text).at(written.origin)),
            _ => Form::Open(written.origin),
        });
    }
    let from = item.get("valueFrom")?;
    if let (Some(secret), Some(key)) =
        (from.at_keys(&["secretKeyRef", "name"]), from.at_keys(&["secretKeyRef", "key"]))
    {
        return Some(Form::key(secret.clone(), key.clone(), from.clone()));
    }
    match value {
        SettingValue::Text(text) if !is_open_secret(name, text) => {
            Some(Form::Text(Node::from(text.as_str()).at(origin)))
        }
        SettingValue::Text(_) | SettingValue::Sealed(_) | SettingValue::Encrypted => Some(Form::Open(origin)),
        _ => Some(Form::Item(item.clone())),
    }
}

fn inherited_form(name: &str, value: &SettingValue, origin: Option<Origin>, whole: &[Whole]) -> Option<Form> {
    match value {
        SettingValue::Text(text) if is_open_secret(name, text) => Some(Form::Open(origin)),
        SettingValue::Text(text) => Some(Form::Text(Node::from(text.as_str()).at(origin))),
        SettingValue::Secret { secret, key } => {
            let mut names = whole.iter().filter_map(|whole| whole.item.at_keys(&["secretRef", "name"]));
            let named = names.find(|name| name.as_str() == Some(secret)).cloned();
            let (secret, key) = (named.unwrap_or_else(|| secret.as_str().into()), Node::from(key.as_str()));
            let from = secret_ref(secret.clone(), key.clone(), false);
            Some(Form::key(secret, key, from))
        }
        SettingValue::ConfigMap { .. } | SettingValue::Kubernetes(_) => None,
        SettingValue::Sealed(_) | SettingValue::Encrypted => Some(Form::Open(origin)),
    }
}

/// An item of `env` with a text.
pub(crate) fn text_item(name: &str, text: Node) -> Node {
    let mut item = Node::mapping();
    item.set("name", name);
    item.set("value", text);
    item
}

/// An item of `env` with a source.
pub(crate) fn from_item(name: &str, from: Node) -> Node {
    let mut item = Node::mapping();
    item.set("name", name);
    item.set("valueFrom", from);
    item
}

/// A `valueFrom` for a key of a Secret.
pub(crate) fn secret_ref(secret: Node, key: Node, optional: bool) -> Node {
    let mut reference = Node::mapping();
    reference.set("name", secret);
    reference.set("key", key);
    if optional {
        reference.set("optional", true);
    }
    Value::Mapping([("secretKeyRef".to_owned(), reference)].into_iter().collect()).into()
}

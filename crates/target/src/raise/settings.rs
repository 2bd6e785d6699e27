//! What containers get as environment: texts in one ConfigMap, secrets as references to a Secret that is to be made.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use installation::{holds_secret, is_secret};
use tree::{Mapping, Node, Origin, Secret, Value};

use super::assemble::{Workload, beside, text};
use super::model::{Decision, DecisionKind};
use super::stores::Hosts;
use crate::helm::{SecretKey, SecretToday};
use crate::{Change, Naming, Note, Reason};

/// The environments of all workloads.
pub(super) struct Environments {
    /// The ConfigMap with what all lasting parts share, if they share anything.
    pub(super) config_map: Option<Node>,
    /// `envFrom` and `env` of each workload, in its order.
    pub(super) of: Vec<(Vec<Node>, Vec<Node>)>,
    /// The keys that the Secret must have.
    pub(super) secrets: Vec<SecretKey>,
}

/// How a variable is written.
enum Form {
    Text(Node),
    Secret { key: String, origin: Option<Origin> },
}

/// Splits the environments of workloads, the lasting ones first among them.
pub(super) fn split(
    workloads: &[Workload<'_>],
    hosts: &Hosts,
    naming: &Naming,
    notes: &mut Vec<Note>,
    decisions: &mut Vec<Decision>,
) -> Environments {
    let mut keys = Keys { secret: naming.object("settings"), taken: BTreeMap::new(), list: Vec::new() };
    let read: Vec<IndexMap<String, Form>> =
        workloads.iter().map(|workload| forms(workload, hosts, &mut keys, notes)).collect();
    let shared = shared(workloads, &read);
    // The writers name it anew; beginning like the release, it would be in the way of the release's own names.
    let name = "shared-settings".to_owned();
    let of = workloads
        .iter()
        .zip(&read)
        .map(|(workload, forms)| {
            let has_all = shared.iter().all(|(name, node)| says(forms, name, node));
            let taken = if has_all { &shared } else { &Mapping::new() };
            let mut from = Vec::new();
            if !taken.is_empty() {
                from.push(reference("configMapRef", &name, workload.place()));
            }
            from.extend(whole(workload, naming, notes, decisions));
            (from, items(forms, taken, &keys.secret, workload, notes))
        })
        .collect();
    let config_map = (!shared.is_empty()).then(|| {
        let mut node = Node::mapping();
        node.set("apiVersion", "v1");
        node.set("kind", "ConfigMap");
        node.ensure(&["metadata"]).set("name", name.as_str());
        node.set("data", Value::Mapping(shared.clone()));
        node
    });
    Environments { config_map, of, secrets: keys.list }
}

/// The keys of the Secret; the same variable with two values has two of them.
struct Keys {
    secret: String,
    taken: BTreeMap<String, Secret>,
    list: Vec<SecretKey>,
}

impl Keys {
    fn key(&mut self, variable: &str, value: Secret, origin: Option<Origin>, workload: &str) -> String {
        let mut key = variable.to_owned();
        if self.taken.get(&key).is_some_and(|other| *other != value) {
            key = format!("{variable}_{}", workload.replace('-', "_").to_uppercase());
        }
        if self.taken.insert(key.clone(), value).is_none() {
            self.list.push(SecretKey {
                variable: variable.to_owned(),
                secret: self.secret.clone(),
                key: key.clone(),
                today: SecretToday::InTheOpen(origin),
            });
        }
        key
    }
}

fn forms(
    workload: &Workload<'_>,
    hosts: &Hosts,
    keys: &mut Keys,
    notes: &mut Vec<Note>,
) -> IndexMap<String, Form> {
    let mut forms = IndexMap::new();
    for item in workload.container.get("env").into_iter().flat_map(Node::items) {
        let (Some(name), Some(value)) = (item.str_at(&["name"]), item.get("value")) else { continue };
        let origin = value.origin;
        let open = value.as_text();
        let secret = match (value.as_secret(), &open) {
            (Some(secret), _) if !secret.reveal().is_empty() => Some(secret.clone()),
            (None, Some(text)) if !text.is_empty() && (is_secret(name) || holds_secret(text)) => {
                Some(Secret::new(text.clone()))
            }
            _ => None,
        };
        let form = if let Some(secret) = secret {
            let key = keys.key(name, secret, origin, &workload.name);
            if let Some(origin) = origin {
                let target = format!("Secret/{} {key}", keys.secret);
                notes.push(Note {
                    origin,
                    change: Change::Translated,
                    reason: Reason::MovedToSecret,
                    target,
                });
            }
            Form::Secret { key, origin }
        } else {
            Form::Text(hosts.rewritten(name, value, notes))
        };
        forms.insert(name.to_owned(), form);
    }
    forms
}

fn says(forms: &IndexMap<String, Form>, name: &str, node: &Node) -> bool {
    matches!(forms.get(name), Some(Form::Text(own)) if own.as_text() == node.as_text())
}

/// The texts that all lasting parts get. None where an env file is not at hand: what it sets would have to stand before
/// some of them and after others.
fn shared(workloads: &[Workload<'_>], read: &[IndexMap<String, Form>]) -> Mapping {
    if workloads.iter().any(|workload| !env_files(workload.container).is_empty()) {
        return Mapping::new();
    }
    let lasting: Vec<&IndexMap<String, Form>> = workloads
        .iter()
        .zip(read)
        .filter(|(workload, _)| workload.component.role.is_lasting())
        .map(|(_, forms)| forms)
        .collect();
    let Some(first) = lasting.first() else { return Mapping::new() };
    let texts = first.iter().filter_map(|(name, form)| match form {
        Form::Text(node) => Some((name.clone(), node.clone())),
        Form::Secret { .. } => None,
    });
    texts.filter(|(name, node)| lasting.iter().all(|forms| says(forms, name, node))).collect()
}

fn items(
    forms: &IndexMap<String, Form>,
    shared: &Mapping,
    secret: &str,
    workload: &Workload<'_>,
    notes: &mut Vec<Note>,
) -> Vec<Node> {
    let mut items = Vec::new();
    for (name, form) in forms {
        match form {
            Form::Text(node) if shared.contains_key(name) => said_once(node, &shared[name], name, notes),
            Form::Text(node) => {
                let mut item = variable(name, node.origin.or(workload.object.node.origin));
                item.set("value", escaped(node, workload, notes));
                items.push(item);
            }
            Form::Secret { key, origin } => {
                let mut item = variable(name, origin.or(workload.object.node.origin));
                let place = item.origin;
                let from = item.ensure(&["valueFrom", "secretKeyRef"]);
                from.set("name", text(secret, place));
                from.set("key", text(key.as_str(), place));
                items.push(item);
            }
        }
    }
    items
}

fn variable(name: &str, origin: Option<Origin>) -> Node {
    let place = beside(origin);
    let mut item = Node::mapping().at(place);
    item.set("name", text(name, place));
    item
}

/// A text that stands in the ConfigMap with the place of another component's.
fn said_once(own: &Node, shared: &Node, name: &str, notes: &mut Vec<Note>) {
    if let Some(origin) = own.origin.filter(|_| own.origin != shared.origin) {
        let target = format!("ConfigMap/…-env data.{name}");
        notes.push(Note { origin, change: Change::Translated, reason: Reason::SaidOnce, target });
    }
}

/// Kubernetes fills `$(NAME)` in where a container's `env` or command says it, and takes `$$` for `$`; Compose does
/// neither.
pub(super) fn escaped(node: &Node, workload: &Workload<'_>, notes: &mut Vec<Note>) -> Node {
    let Some(plain) = node.as_text() else { return node.clone() };
    if !plain.contains("$(") && !plain.contains("$$") {
        return Node::from(plain).at(node.origin);
    }
    if let Some(origin) = node.origin {
        let target = format!("Deployment/{}", workload.name);
        notes.push(Note { origin, change: Change::Translated, reason: Reason::VariableForm, target });
    }
    Node::from(plain.replace('$', "$$")).at(node.origin)
}

/// The env files of a container that are not at hand: name and place.
pub(super) fn env_files(container: &Node) -> Vec<(String, Option<Origin>)> {
    let items = container.get("envFrom").into_iter().flat_map(Node::items);
    let files = items.filter_map(|item| item.at_keys(&["envFileRef", "name"]));
    files.filter_map(|name| Some((name.as_text()?, name.origin))).collect()
}

/// Env files that are not at hand, as Secrets that are to be made of them.
fn whole(
    workload: &Workload<'_>,
    naming: &Naming,
    notes: &mut Vec<Note>,
    decisions: &mut Vec<Decision>,
) -> Vec<Node> {
    let mut references = Vec::new();
    for (file, origin) in env_files(workload.container) {
        let secret = naming.object(&super::assemble::slug(&file));
        references.push(reference("secretRef", &secret, beside(origin)));
        if let Some(origin) = origin {
            let target = format!("Secret/{secret}");
            notes.push(Note { origin, change: Change::Translated, reason: Reason::EnvFile, target });
        }
        late(workload, &file, origin, decisions);
        let arguments = vec![("secret", secret), ("file", file)];
        let decision = Decision { kind: DecisionKind::SecretFromFile, arguments, origin };
        if !decisions.iter().any(|other| other.kind == decision.kind && other.arguments == decision.arguments)
        {
            decisions.push(decision);
        }
    }
    references
}

/// What a file that is not at hand may set otherwise than files before it: a container's own variables win over what is
/// taken whole, so that here the earlier file does.
fn late(workload: &Workload<'_>, file: &str, origin: Option<Origin>, decisions: &mut Vec<Decision>) {
    let items = workload.container.get("envFrom").into_iter().flat_map(Node::items);
    let own = items.filter_map(|item| item.get("envFileRef"));
    let mut own = own.filter(|item| item.get("name").is_some_and(|name| name.origin == origin));
    let Some(overrides) = own.find_map(|item| item.get("overrides")) else { return };
    let names: Vec<String> = overrides.items().filter_map(Node::as_text).collect();
    let arguments = vec![
        ("file", file.to_owned()),
        ("service", workload.object.name().to_owned()),
        ("names", names.join(", ")),
    ];
    decisions.push(Decision { kind: DecisionKind::LateEnvFile, arguments, origin });
}

fn reference(kind: &str, name: &str, place: Option<Origin>) -> Node {
    let mut item = Node::mapping().at(place);
    let inner = item.ensure(&[kind]);
    inner.set("name", text(name, place));
    item
}

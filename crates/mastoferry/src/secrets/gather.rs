//! Which Secrets there must be, and what the source knows of them.

use std::collections::BTreeMap;

use installation::{Installation, Object, Role, SecretForm, decode_base64, required_secrets};
use source::Form;
use target::helm::{SecretKey, SecretToday};
use tree::{Node, Origin, Segment};

use super::environment;
use crate::prepare::Read;

/// A Secret that there must be. It has values in it, and is never printed.
pub(crate) struct SecretToMake {
    /// Its name.
    pub(crate) name: String,
    /// Its namespace, where it is known.
    pub(crate) namespace: Option<String>,
    /// Its type, where it is not `Opaque`.
    pub(crate) kind: Option<String>,
    /// Its keys, with the bytes that containers get today; none where the source does not say.
    pub(crate) entries: BTreeMap<String, Option<Vec<u8>>>,
}

impl SecretToMake {
    /// Whether every value is known.
    pub(crate) fn is_whole(&self) -> bool {
        !self.entries.is_empty() && self.entries.values().all(Option::is_some)
    }
}

/// Every Secret that the source holds, that takes what stands in the open, or that is only referred to.
/// `namespace` is that of Secrets that say none.
pub(crate) fn gather(read: &Read, keys: &[SecretKey], namespace: Option<&str>) -> Vec<SecretToMake> {
    let mut secrets: BTreeMap<String, SecretToMake> = BTreeMap::new();
    let installation = &read.installation;
    let namespace = installation.namespace.as_deref().or(namespace);
    let mut whole = Vec::new();
    for held in &installation.secrets {
        let object = held.object.and_then(|index| installation.objects.get(index));
        match (held.form, object) {
            (SecretForm::Plain | SecretForm::Sops, Some(object)) if object.kind() == "Secret" => {
                whole.push(of_object(object));
            }
            (SecretForm::Elsewhere, _) => {
                let secret = named(&mut secrets, &held.name, namespace);
                let keys = held.keys.iter().cloned().chain(needed_of(installation, &held.name));
                secret.entries.extend(keys.map(|key| (key, None)));
            }
            _ => {}
        }
    }
    for key in keys {
        if whole.iter().any(|own: &SecretToMake| own.name == key.secret) {
            continue;
        }
        let secret = named(&mut secrets, &key.secret, namespace);
        let value = match &key.today {
            SecretToday::InTheOpen(origin) => origin.and_then(|origin| today(read, origin)),
            SecretToday::There | SecretToday::Perhaps => None,
        };
        let entry = secret.entries.entry(key.key.clone()).or_default();
        *entry = entry.take().or(value);
    }
    whole.into_iter().chain(secrets.into_values()).filter(|secret| !secret.entries.is_empty()).collect()
}

/// What the release needs and only a Secret that is taken whole can give, as keys of that Secret.
fn needed_of(installation: &Installation, secret: &str) -> Vec<String> {
    let rails = installation.components_where(|role| matches!(role, Role::Web | Role::Sidekiq(_)));
    let mut keys = Vec::new();
    for (_, component) in rails {
        let environment = &component.environment;
        let taken = environment.opaque.iter().filter_map(|own| own.strip_prefix("Secret/"));
        let Some(prefix) = taken.filter_map(|own| own.strip_suffix(secret)?.strip_suffix('/')).next() else {
            continue;
        };
        let release = installation.version(component).and_then(|version| version.minor());
        let missing = required_secrets(release).into_iter();
        let missing = missing.filter(|name| !environment.settings.contains_key(*name));
        keys.extend(missing.filter_map(|name| name.strip_prefix(prefix)).map(ToOwned::to_owned));
    }
    keys
}

fn named<'a>(
    secrets: &'a mut BTreeMap<String, SecretToMake>,
    name: &str,
    namespace: Option<&str>,
) -> &'a mut SecretToMake {
    secrets.entry(name.to_owned()).or_insert_with(|| SecretToMake {
        name: name.to_owned(),
        namespace: namespace.map(ToOwned::to_owned),
        kind: None,
        entries: BTreeMap::new(),
    })
}

/// A Secret as it stands: `stringData` over `data`, as the API server takes them. What SOPS encrypted is not known.
fn of_object(object: &Object) -> SecretToMake {
    let mut entries = BTreeMap::new();
    for field in ["data", "stringData"] {
        for (key, value) in object.node.get(field).and_then(Node::as_mapping).into_iter().flatten() {
            let text = said(value).filter(|text| !text.starts_with("ENC["));
            let bytes = text.and_then(|text| match field {
                "data" => decode_base64(&text),
                _ => Some(text.into_bytes()),
            });
            entries.insert(key.clone(), bytes);
        }
    }
    let kind = object.node.str_at(&["type"]).filter(|kind| *kind != "Opaque");
    SecretToMake {
        name: object.name().to_owned(),
        namespace: object.namespace().map(ToOwned::to_owned),
        kind: kind.map(ToOwned::to_owned),
        entries,
    }
}

fn said(node: &Node) -> Option<String> {
    match node.as_secret() {
        Some(secret) => Some(secret.reveal().to_owned()),
        None => node.as_text(),
    }
}

/// What containers get today of the text that was written here. None where several get it otherwise, since they refer to
/// other variables, or where that is not known.
fn today(read: &Read, origin: Origin) -> Option<Vec<u8>> {
    let sourced = &read.sourced;
    let mut found: Vec<Option<String>> = Vec::new();
    for object in &sourced.objects {
        for leaf in object.node.leaves().into_iter().filter(|leaf| leaf.node.origin == Some(origin)) {
            let value = match &leaf.path.0[..] {
                [container @ .., Segment::Key(env), Segment::Index(index), Segment::Key(value)]
                    if env == "env" && value == "value" && sourced.form != Form::Compose =>
                {
                    let container = object.node.at_path(&tree::Path(container.to_vec()));
                    container.and_then(|own| environment::value(own, *index, &sourced.objects))
                }
                _ => said(leaf.node),
            };
            if !found.contains(&value) {
                found.push(value);
            }
        }
    }
    if found.is_empty() {
        let documents = sourced.documents.iter().flat_map(|document| document.node.leaves());
        let mut written = documents.filter(|leaf| leaf.node.origin == Some(origin));
        found.extend(written.next().map(|leaf| said(leaf.node)));
    }
    match &mut found[..] {
        [one] => one.take().filter(|text| !text.starts_with("ENC[")).map(String::into_bytes),
        _ => None,
    }
}

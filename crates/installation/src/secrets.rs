//! How an installation's secrets are held.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use tree::{FileId, Node, Origin, Value};

use crate::index::Index;
use crate::provided::keys_at;
use crate::reading::text;
use crate::{HeldSecret, Need, Object, SecretForm, holds_secret, is_secret};

/// Whether a file's bytes are what git-crypt leaves in the place of a text: its header, `\0GITCRYPT\0`.
#[must_use]
pub fn is_git_crypt(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0GITCRYPT\0")
}

/// Every secret that the objects hold, make or refer to, with its keys where they can be seen.
pub(crate) fn read_secrets(index: &Index<'_>, needs: &[Need]) -> Vec<HeldSecret> {
    let mut secrets = Vec::new();
    let mut env_files: IndexMap<FileId, (Origin, BTreeSet<String>)> = IndexMap::new();
    for (position, object) in index.objects.iter().enumerate() {
        let held = |form, keys| HeldSecret {
            form,
            name: object.name().to_owned(),
            object: Some(position),
            keys,
            origin: object.node.origin,
        };
        match object.kind() {
            "Secret" if is_bookkeeping(object) => {}
            "Secret" => {
                let mut keys = keys_at(&object.node, &["data"]);
                keys.extend(keys_at(&object.node, &["stringData"]));
                let form = if is_sops(&object.node) { SecretForm::Sops } else { SecretForm::Plain };
                secrets.push(held(form, keys));
            }
            _ if object.node.get("sops").is_some() => {
                secrets.push(held(SecretForm::Sops, encrypted_keys(&object.node)));
            }
            "ConfigMap" => {
                let keys = open_keys(&object.node);
                if !keys.is_empty() {
                    secrets.push(held(SecretForm::InTheOpen, keys));
                }
            }
            _ => {
                let (from_files, keys): (Vec<_>, Vec<_>) = open_variables(object)
                    .into_iter()
                    .partition(|(_, origin)| comes_from_env_file(object, *origin));
                for (name, origin) in from_files {
                    let Some(origin) = origin else { continue };
                    env_files.entry(origin.file).or_insert((origin, BTreeSet::new())).1.insert(name);
                }
                let keys: Vec<String> = keys.into_iter().map(|(name, _)| name).collect();
                if !keys.is_empty() {
                    secrets.push(held(SecretForm::InTheOpen, keys));
                }
                secrets.extend(injected(position, object));
            }
        }
    }
    secrets.extend(index.all_provided().into_iter().map(|(name, object, made)| HeldSecret {
        form: made.form,
        name: name.to_owned(),
        object: Some(object),
        keys: made.keys.clone(),
        origin: made.origin,
    }));
    secrets.extend(env_files.into_values().map(|(origin, keys)| HeldSecret {
        form: SecretForm::EnvFile,
        name: String::new(),
        object: None,
        keys: keys.into_iter().collect(),
        origin: Some(origin),
    }));
    let elsewhere = needs.iter().filter(|need| need.kind == "Secret" && need.provided_by.is_none());
    secrets.extend(elsewhere.map(|need| HeldSecret {
        form: SecretForm::Elsewhere,
        name: need.name.clone(),
        object: None,
        keys: need.keys.clone(),
        origin: None,
    }));
    secrets
}

/// Secrets that a server or Helm keeps for itself.
fn is_bookkeeping(object: &Object) -> bool {
    let kind = object.node.str_at(&["type"]).unwrap_or_default();
    matches!(
        kind,
        "helm.sh/release.v1" | "kubernetes.io/service-account-token" | "bootstrap.kubernetes.io/token"
    )
}

fn is_sops(node: &Node) -> bool {
    node.get("sops").is_some() || !encrypted_keys(node).is_empty()
}

fn encrypted_keys(node: &Node) -> Vec<String> {
    let is_encrypted = |node: &Node| text(node).is_some_and(|text| text.starts_with("ENC[AES256_GCM"));
    let leaves = node.leaves();
    let leaves = leaves.iter().filter(|leaf| !leaf.path.starts_with(&["sops"]) && is_encrypted(leaf.node));
    leaves.filter_map(|leaf| leaf.path.last_key().map(ToOwned::to_owned)).collect()
}

/// The keys of a ConfigMap whose values are secret, or have secrets in them.
pub(crate) fn open_keys(node: &Node) -> Vec<String> {
    let data = node.get("data").and_then(Node::as_mapping).into_iter().flatten();
    data.filter(|(key, value)| is_open_secret(key, value)).map(|(key, _)| key.clone()).collect()
}

fn is_open_secret(name: &str, value: &Node) -> bool {
    if matches!(value.value, Value::Secret(_)) {
        return text(value).is_some_and(|text| !text.is_empty() && !text.starts_with("ENC["));
    }
    let text = value.as_text().unwrap_or_default();
    let by_name = is_secret(name) && !text.is_empty() && !text.starts_with("$(") && !text.starts_with("ENC[");
    by_name || holds_secret(&text)
}

/// The variables with secret values that stand in a workload's containers.
fn open_variables(object: &Object) -> Vec<(String, Option<Origin>)> {
    let mut names: Vec<(String, Option<Origin>)> = object
        .containers()
        .chain(object.init_containers())
        .flat_map(|container| container.get("env").into_iter().flat_map(Node::items))
        .filter_map(|variable| Some((variable.str_at(&["name"])?, variable.get("value")?)))
        .filter(|(name, value)| is_open_secret(name, value))
        .map(|(name, value)| (name.to_owned(), value.origin))
        .collect();
    names.sort();
    names.dedup_by(|one, other| one.0 == other.0);
    names
}

/// Whether a variable of a Compose service (known by the label that Compose itself puts on containers) was written in
/// another file than the service: in an env file.
fn comes_from_env_file(object: &Object, variable: Option<Origin>) -> bool {
    let is_service = object.pod_labels().0.contains_key("com.docker.compose.service");
    let other = |own: Origin| variable.is_some_and(|variable| variable.file != own.file);
    is_service && object.node.origin.is_some_and(other)
}

/// Files that Vault's agent puts into a pod.
fn injected(position: usize, object: &Object) -> Vec<HeldSecret> {
    let annotations = object.template().and_then(|template| template.at_keys(&["metadata", "annotations"]));
    annotations
        .and_then(Node::as_mapping)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| {
            let name = key.strip_prefix("vault.hashicorp.com/agent-inject-secret-")?;
            Some(HeldSecret {
                form: SecretForm::Vault,
                name: name.to_owned(),
                object: Some(position),
                keys: Vec::new(),
                origin: value.origin,
            })
        })
        .collect()
}

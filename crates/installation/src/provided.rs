//! Secrets that other objects make.

use tree::{Node, Origin};

use crate::{Object, SecretForm};

/// A Secret that does not stand in the source itself: an object in it makes it in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provided {
    pub(crate) form: SecretForm,
    /// The keys that can be seen.
    pub(crate) keys: Vec<String>,
    /// Whether it may have more keys than can be seen.
    pub(crate) open: bool,
    pub(crate) origin: Option<Origin>,
}

/// The Secrets that an object makes, by name, as the documentation of its operator says: `SealedSecret`,
/// `ExternalSecret`, `OnePasswordItem`, Vault's resources, and the operators of PostgreSQL, whose Secrets hold the
/// access to what they run.
pub(crate) fn provided_secrets(object: &Object) -> Vec<(String, Provided)> {
    let node = &object.node;
    let name = object.name();
    let made = |form, keys, open| Provided { form, keys, open, origin: node.origin };
    let named = |keys: &[&str]| node.str_at(keys).unwrap_or(name).to_owned();
    match object.kind() {
        "SealedSecret" => {
            let keys = keys_at(node, &["spec", "encryptedData"]);
            vec![(named(&["spec", "template", "metadata", "name"]), made(SecretForm::Sealed, keys, false))]
        }
        "ExternalSecret" => vec![(named(&["spec", "target", "name"]), external(node))],
        "OnePasswordItem" => vec![(name.to_owned(), made(SecretForm::OnePassword, Vec::new(), true))],
        "VaultStaticSecret" | "VaultDynamicSecret" | "VaultPKISecret" => {
            let keys = keys_at(node, &["spec", "destination", "transformation", "templates"]);
            vec![(named(&["spec", "destination", "name"]), made(SecretForm::Vault, keys, true))]
        }
        "Certificate" => {
            let keys = vec!["tls.crt".to_owned(), "tls.key".to_owned()];
            let secret = node.str_at(&["spec", "secretName"]);
            secret
                .map(|secret| (secret.to_owned(), made(SecretForm::Elsewhere, keys, false)))
                .into_iter()
                .collect()
        }
        "Cluster" if object.api_version().starts_with("postgresql.cnpg.io/") => {
            let keys = ["username", "password", "dbname", "host", "port", "uri", "jdbc-uri", "pgpass"];
            let keys: Vec<String> = keys.map(str::to_owned).to_vec();
            ["app", "superuser"]
                .map(|user| (format!("{name}-{user}"), made(SecretForm::Elsewhere, keys.clone(), false)))
                .to_vec()
        }
        "PostgresCluster" => {
            let users = node.at_keys(&["spec", "users"]).into_iter().flat_map(Node::items);
            let mut users: Vec<&str> = users.filter_map(|user| user.str_at(&["name"])).collect();
            if users.is_empty() {
                users.push(name);
            }
            let secret = |user: &&str| {
                (format!("{name}-pguser-{user}"), made(SecretForm::Elsewhere, Vec::new(), true))
            };
            users.iter().map(secret).collect()
        }
        "postgresql" => {
            let keys = vec!["username".to_owned(), "password".to_owned()];
            let users = keys_at(node, &["spec", "users"]);
            let secret = |user: &String| {
                let user = user.replace('_', "-");
                let secret = format!("{user}.{name}.credentials.postgresql.acid.zalan.do");
                (secret, made(SecretForm::Elsewhere, keys.clone(), false))
            };
            users.iter().map(secret).collect()
        }
        // A workload with the operator's annotations gets a Secret of the item's name.
        "Deployment" | "StatefulSet" => annotation(node, "operator.1password.io/item-name")
            .map(|secret| (secret.to_owned(), made(SecretForm::OnePassword, Vec::new(), true)))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// An annotation, on the object.
pub(crate) fn annotation<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.str_at(&["metadata", "annotations", key])
}

fn external(node: &Node) -> Provided {
    let data = node.at_keys(&["spec", "data"]).into_iter().flat_map(Node::items);
    let mut keys: Vec<String> =
        data.filter_map(|entry| entry.str_at(&["secretKey"])).map(ToOwned::to_owned).collect();
    let template = node.at_keys(&["spec", "target", "template"]);
    let mut open = node.at_keys(&["spec", "dataFrom"]).is_some_and(|from| from.items().next().is_some());
    if let Some(template) = template {
        let templated = keys_at(template, &["data"]);
        let merges = template.str_at(&["mergePolicy"]) == Some("Merge");
        let has_files = template.get("templateFrom").is_some();
        if !templated.is_empty() || has_files {
            // A template replaces what was fetched, unless it says that it is merged into it.
            if !merges {
                keys.clear();
                open = false;
            }
            keys.extend(templated);
            open |= has_files;
        }
    }
    Provided { form: SecretForm::External, keys, open, origin: node.origin }
}

/// The keys of a mapping.
pub(crate) fn keys_at(node: &Node, way: &[&str]) -> Vec<String> {
    node.at_keys(way).and_then(Node::as_mapping).map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

//! Settings that name this server, or where its stores are.

use installation::Object;
use tree::{Mapping, Node, Value};

use super::at_mut;

/// How the names of such settings end: hosts, domains, addresses, buckets, databases (docs.joinmastodon.org,
/// "Configuring your environment").
const ENDINGS: [&str; 14] = [
    "DOMAIN",
    "DOMAINS",
    "HOST",
    "HOSTS",
    "HOSTNAME",
    "SERVER",
    "PORT",
    "URL",
    "ENDPOINT",
    "REGION",
    "BUCKET",
    "DB_NAME",
    "ADDRESS",
    "SENTINELS",
];

/// Moves them from a ConfigMap to a patch; whether there are any.
pub(crate) fn take(config_map: &mut Object, patch: &mut Node) -> bool {
    let Some(data) = at_mut(&mut config_map.node, &["data"]).and_then(Node::as_mapping_mut) else {
        return false;
    };
    let mut taken = Mapping::new();
    data.retain(|name, value| {
        let moves = is_place(name) && matches!(value.value, Value::String(_));
        if moves {
            taken.insert(name.clone(), value.clone());
        }
        !moves
    });
    if data.is_empty() && !taken.is_empty() {
        // Nothing but places: then all of it may as well stay together.
        data.extend(taken);
        return false;
    }
    let found = !taken.is_empty();
    if found {
        patch.set("data", Value::Mapping(taken));
    }
    found
}

fn is_place(name: &str) -> bool {
    let is_variable = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    is_variable
        && ENDINGS.iter().any(|ending| {
            name.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('_'))
        })
}

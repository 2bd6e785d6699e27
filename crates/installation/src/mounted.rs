//! Env files that a ConfigMap or Secret puts where Mastodon reads them.

use tree::env_file::Dialect;
use tree::{Files, Node, Secret};

use crate::environment::held;
use crate::index::Index;
use crate::reading::text;
use crate::{Environment, Object, Setting, SettingValue};

/// The files that Mastodon's dotenv reads in its folder, from the one that gives way to all others on.
const ENV_FILES: [&str; 4] = [".env", ".env.production", ".env.local", ".env.production.local"];
/// Mastodon's folder in the images, and the link to it that older ones had.
const FOLDERS: [&str; 2] = ["/opt/mastodon", "/mastodon"];

/// The settings of env files mounted into a container. They give way to the real environment, so they are to be
/// put first. A ConfigMap or Secret that the source does not hold is noted as opaque.
pub(crate) fn mounted_environment(
    environment: &mut Environment,
    container: &Node,
    workload: &Object,
    index: &Index<'_>,
) {
    let volumes = workload.template().and_then(|template| template.at_keys(&["spec", "volumes"]));
    for file in ENV_FILES {
        for mount in container.get("volumeMounts").into_iter().flat_map(Node::items) {
            let name = mount.str_at(&["name"]);
            let mut volumes = volumes.into_iter().flat_map(Node::items);
            let Some(volume) = volumes.find(|volume| volume.str_at(&["name"]) == name) else { continue };
            let Some(wanted) = path_in_volume(mount, file) else { continue };
            let projected = volume.at_keys(&["projected", "sources"]).into_iter().flat_map(Node::items);
            for source in std::iter::once(volume).chain(projected) {
                take(environment, source, &wanted, workload.namespace(), index);
            }
        }
    }
}

/// The path that an env file would have in the volume of this mount, if the mount can hold it.
fn path_in_volume(mount: &Node, file: &str) -> Option<String> {
    let at = mount.str_at(&["mountPath"])?.trim_end_matches('/');
    let sub_path = mount.str_at(&["subPath"]).filter(|path| !path.is_empty());
    for folder in FOLDERS {
        if at == format!("{folder}/{file}") {
            return Some(sub_path.unwrap_or(file).to_owned());
        }
        if at == folder {
            return Some(sub_path.map_or_else(|| file.to_owned(), |path| format!("{path}/{file}")));
        }
    }
    None
}

fn take(
    environment: &mut Environment,
    source: &Node,
    wanted: &str,
    namespace: Option<&str>,
    index: &Index<'_>,
) {
    for (field, kind, names) in
        [("configMap", "ConfigMap", ["name", "name"]), ("secret", "Secret", ["secretName", "name"])]
    {
        let Some(from) = source.get(field) else { continue };
        let Some(name) = names.iter().find_map(|key| from.str_at(&[key])) else { continue };
        let mut items = from.get("items").into_iter().flat_map(Node::items).peekable();
        let key = if items.peek().is_none() {
            wanted.to_owned()
        } else {
            let item = items.find(|item| item.str_at(&["path"]) == Some(wanted));
            let Some(key) = item.and_then(|item| item.str_at(&["key"])) else { continue };
            key.to_owned()
        };
        let Some(object) = index.object(namespace, kind, name) else {
            environment.opaque.push(format!("{kind}//{name}"));
            continue;
        };
        for field in ["data", "stringData"] {
            let Some(value) = object.node.at_keys(&[field, &key]) else { continue };
            let content = match kind {
                "Secret" => held(value, field),
                _ => text(value).map(|text| Secret::new(text.into_owned())),
            };
            let Some(content) = content else { continue };
            for (variable, text) in env_file(content.reveal()) {
                match kind {
                    "Secret" => {
                        let reference = SettingValue::Secret { secret: name.to_owned(), key: key.clone() };
                        let held = Some(Secret::new(text));
                        let origins = value.origin.into_iter().collect();
                        environment.settings.insert(variable, Setting { value: reference, origins, held });
                    }
                    _ => environment.put(variable, text, value.origin),
                }
            }
        }
    }
}

/// The variables of an env file as dotenv takes them; of a name that is set twice the last one counts. Nothing of a file
/// that dotenv would refuse.
fn env_file(content: &str) -> Vec<(String, String)> {
    let mut files = Files::new();
    let file = files.add(".env.production", content);
    let variables = tree::env_file::parse(&files, file, Dialect::Dotenv, &|_| None).unwrap_or_default();
    variables.into_iter().map(|variable| (variable.name, variable.value)).collect()
}

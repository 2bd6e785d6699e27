//! Env files at hand that `kubectl create secret --from-env-file` would read otherwise than Compose does.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use installation::Installation;
use tree::env_file::{Dialect, parse};
use tree::{FileId, Files, Node, Origin};

use super::model::{Decision, DecisionKind};

/// What containers get of a file: by variable, the value and where it is set.
type Given = IndexMap<String, (String, Origin)>;

/// Compares what the containers of Mastodon get from each of the env files with what kubectl would make of it. `before`
/// is the project as it was read. No value is told, only names and lines.
#[must_use]
pub fn read_otherwise(files: &Files, env_files: &[FileId], before: &Installation) -> Vec<Decision> {
    let mut of_files: BTreeMap<FileId, Given> = BTreeMap::new();
    for component in &before.components {
        let container = before.container(component);
        for item in container.and_then(|own| own.get("env")).into_iter().flat_map(Node::items) {
            let (Some(name), Some(value)) = (item.str_at(&["name"]), item.get("value")) else { continue };
            let Some(origin) = value.origin.filter(|origin| env_files.contains(&origin.file)) else {
                continue;
            };
            let given = match value.as_secret() {
                Some(secret) => Some(secret.reveal().to_owned()),
                None => value.as_text(),
            };
            if let Some(given) = given {
                of_files.entry(origin.file).or_default().insert(name.to_owned(), (given, origin));
            }
        }
    }
    let decisions = of_files.into_iter().filter_map(|(file, given)| of_file(files, file, given));
    decisions.collect()
}

fn of_file(files: &Files, file: FileId, mut given: Given) -> Option<Decision> {
    let path = files.name(file);
    let name = ("file", path.rsplit('/').next().unwrap_or(path).to_owned());
    // kubectl takes a name alone from its own environment, which is not that of the host.
    let read = match parse(files, file, Dialect::Kubectl, &|_| None) {
        Ok(read) => read,
        Err(refused) => {
            let arguments = vec![name, ("line", refused.origin.line.to_string())];
            return Some(Decision {
                kind: DecisionKind::EnvFileRefused,
                arguments,
                origin: Some(refused.origin),
            });
        }
    };
    given.sort_by(|_, (_, one), _, (_, other)| one.offset.cmp(&other.offset));
    let differs = |(variable, (value, _)): &(&String, &(String, Origin))| {
        !read.iter().any(|own| own.name == **variable && own.value == *value)
    };
    let differing: Vec<(&String, &(String, Origin))> = given.iter().filter(differs).collect();
    let (_, (_, first)) = differing.first()?;
    let names: Vec<String> =
        differing.iter().map(|(variable, (_, origin))| format!("{variable} ({})", origin.line)).collect();
    let arguments = vec![name, ("names", names.join(", "))];
    Some(Decision { kind: DecisionKind::EnvFileDialect, arguments, origin: Some(*first) })
}

//! Plain manifests: a file, or every `.yaml`, `.yml` and `.json` file of a folder, as `kubectl apply -f` takes
//! them.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use installation::Object;
use tree::{Files, Node, Origin};

use crate::{Document, Form, Role, SourceError, SourceErrorKind, Sourced};

/// Reads a file or folder of manifests.
pub(crate) fn read_manifests(path: &Utf8Path) -> Result<Sourced, SourceError> {
    let mut files = Files::new();
    match read_all(path, &mut files) {
        Ok((documents, objects)) => {
            Ok(Sourced { documents, objects, ..Sourced::new(Form::Manifests, files) })
        }
        Err((kind, origin)) => Err(SourceError { kind, origin, files }),
    }
}

type Failure = (SourceErrorKind, Option<Origin>);

fn read_all(path: &Utf8Path, files: &mut Files) -> Result<(Vec<Document>, Vec<Object>), Failure> {
    let mut documents = Vec::new();
    let mut objects = Vec::new();
    let mut seen: HashMap<String, Option<Origin>> = HashMap::new();
    for file in list(path)? {
        let text = std::fs::read_to_string(&file).map_err(|error| {
            (SourceErrorKind::Unreadable { path: file.clone(), reason: error.to_string() }, None)
        })?;
        let id = files.add(file.as_str(), text);
        let nodes = tree::parse(files, id).map_err(|error| {
            let origin = Some(error.origin);
            (SourceErrorKind::Parse(Box::new(error)), origin)
        })?;
        for node in nodes {
            documents.push(Document { file: id, role: Role::Object, node: node.clone() });
            for item in items(node) {
                let object = checked(item)?;
                let place = object.node.origin;
                let key =
                    format!("{}/{} {}", object.namespace().unwrap_or_default(), object.id(), group(&object));
                if let Some(first) = seen.insert(key, place) {
                    return Err((SourceErrorKind::Twice { id: object.id().to_string(), first }, place));
                }
                objects.push(object);
            }
        }
    }
    Ok((documents, objects))
}

fn group(object: &Object) -> &str {
    object.api_version().split_once('/').map_or("", |(group, _)| group)
}

/// The members of a `List`, or the document itself.
fn items(node: Node) -> Vec<Node> {
    match (node.str_at(&["kind"]), node.get("items")) {
        (Some("List"), Some(items)) => items.items().cloned().collect(),
        _ => vec![node],
    }
}

fn checked(node: Node) -> Result<Object, Failure> {
    for (missing, keys) in
        [("apiVersion", &["apiVersion"][..]), ("kind", &["kind"]), ("metadata.name", &["metadata", "name"])]
    {
        if node.str_at(keys).is_none_or(str::is_empty) {
            return Err((SourceErrorKind::NotAnObject { missing }, node.origin));
        }
    }
    Ok(Object::new(node))
}

fn list(path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        (SourceErrorKind::Unreadable { path: path.to_owned(), reason: error.to_string() }, None)
    };
    let mut found = Vec::new();
    for entry in path.read_dir_utf8().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?.into_path();
        if entry.is_file() && matches!(entry.extension(), Some("yaml" | "yml" | "json")) {
            found.push(entry);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err((SourceErrorKind::NothingToRead(path.to_owned()), None));
    }
    Ok(found)
}

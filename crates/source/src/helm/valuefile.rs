//! Files of values.

use camino::Utf8Path;
use tree::{FileId, Node};

use crate::folder::read_text;
use crate::{Document, Role, SourceErrorKind, Sourced, Unread};

/// What a file of values holds.
pub(crate) enum Found {
    /// Values.
    Values(Node),
    /// Nothing but comments.
    Empty,
}

/// Reads a file of values and keeps it among the documents. What SOPS writes about its encryption is left out of the
/// values.
///
/// # Errors
/// The file cannot be read, is no YAML, or holds no mapping.
pub(crate) fn read(path: &Utf8Path, sourced: &mut Sourced) -> Result<Found, Unread> {
    let (file, node) = document(path, sourced)?;
    let Some(node) = node else { return Ok(Found::Empty) };
    if node.as_mapping().is_none() {
        let kind = SourceErrorKind::BadValues { key: path.to_string(), wanted: "a mapping" };
        return Err(Unread { kind, origin: node.origin });
    }
    let is_known = sourced.documents.iter().any(|document| document.file == file);
    if !is_known {
        sourced.documents.push(Document { file, role: Role::Values, node: node.clone() });
    }
    let mut values = node;
    if let Some(mapping) = values.as_mapping_mut() {
        mapping.shift_remove("sops");
    }
    Ok(Found::Values(values))
}

/// The first document of a file, the file taken into the run's.
///
/// # Errors
/// The file cannot be read or is no YAML.
pub(crate) fn document(path: &Utf8Path, sourced: &mut Sourced) -> Result<(FileId, Option<Node>), Unread> {
    let files = &mut sourced.files;
    let known = files.ids().find(|id| files.name(*id) == path.as_str());
    let file = match known {
        Some(file) => file,
        None => {
            let text = read_text(path).map_err(|error| Unread { kind: error.kind, origin: None })?;
            files.add(path.as_str(), text.text)
        }
    };
    let nodes = tree::parse(files, file).map_err(|error| {
        let origin = Some(error.origin);
        Unread { kind: SourceErrorKind::Parse(Box::new(error)), origin }
    })?;
    Ok((file, nodes.into_iter().next()))
}

//! Reading files once each, and keeping account of every document.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use tree::{FileId, Files, Node, Origin, Value};

use crate::error::{KustomizeError, KustomizeErrorKind};
use crate::place::Place;

/// A document that was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file it stands in.
    pub file: FileId,
    /// What it is for.
    pub role: Role,
    /// As it was written.
    pub node: Node,
    /// What a patch was applied to (`Kind/name`, several separated by commas). `None` for all that are no
    /// patches, and for patches whose selector fits nothing.
    pub target: Option<String>,
}

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It says what to build.
    Kustomization,
    /// An object, or a list of objects.
    Resource,
    /// A patch in a file of its own.
    Patch,
    /// A patch within a kustomization.
    InlinePatch,
}

/// The files read so far.
pub(crate) struct Reading<'a> {
    files: &'a mut Files,
    /// By real path: the documents of each file as `documents` holds them.
    known: HashMap<Utf8PathBuf, (FileId, Vec<usize>)>,
    pub(crate) documents: Vec<Document>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(files: &'a mut Files) -> Self {
        Self { files, known: HashMap::new(), documents: Vec::new() }
    }

    /// An error at a node, in the node's own file where it has one.
    pub(crate) fn error(
        &self,
        kind: KustomizeErrorKind,
        origin: Option<Origin>,
        file: &Utf8Path,
    ) -> KustomizeError {
        let file = origin.map_or_else(|| file.to_owned(), |at| self.files.name(at.file).into());
        KustomizeError { kind, origin, file }
    }

    /// The documents of a file, by their places in `documents`.
    pub(crate) fn file(
        &mut self,
        place: &Place,
        role: Role,
        asked: Option<Origin>,
    ) -> Result<Vec<usize>, KustomizeError> {
        if let Some((_, places)) = self.known.get(&place.real) {
            return Ok(places.clone());
        }
        let bytes = std::fs::read(&place.real).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => KustomizeErrorKind::MissingFile { path: place.name.clone() },
                _ => KustomizeErrorKind::Unreadable(error.to_string()),
            };
            self.error(kind, asked, &place.name)
        })?;
        let text = String::from_utf8(bytes).map_err(|_| KustomizeError {
            kind: KustomizeErrorKind::NotText,
            origin: None,
            file: place.name.clone(),
        })?;
        let file = self.files.add(place.name.as_str(), text);
        let nodes = tree::parse(self.files, file).map_err(|error| {
            let origin = Some(error.origin);
            self.error(KustomizeErrorKind::Parse(error), origin, &place.name)
        })?;
        let places = self.keep(file, role, nodes);
        self.known.insert(place.real.clone(), (file, places.clone()));
        Ok(places)
    }

    /// The documents within a scalar of a kustomization.
    pub(crate) fn inline(
        &mut self,
        scalar: &Node,
        within: FileId,
        at: &Utf8Path,
    ) -> Result<Vec<usize>, KustomizeError> {
        let nodes = tree::parse_embedded(scalar).map_err(|error| {
            let origin = Some(error.origin);
            self.error(KustomizeErrorKind::Parse(error), origin, at)
        })?;
        Ok(self.keep(within, Role::InlinePatch, nodes))
    }

    fn keep(&mut self, file: FileId, role: Role, nodes: Vec<Node>) -> Vec<usize> {
        let first = self.documents.len();
        let nodes = nodes.into_iter().filter(|node| node.value != Value::Null);
        self.documents.extend(nodes.map(|node| Document { file, role, node, target: None }));
        (first..self.documents.len()).collect()
    }

    /// Notes what a patch was applied to.
    pub(crate) fn applied(&mut self, document: usize, target: &str) {
        if let Some(document) = self.documents.get_mut(document) {
            match &mut document.target {
                Some(before) => {
                    before.push_str(", ");
                    before.push_str(target);
                }
                none => *none = Some(target.to_owned()),
            }
        }
    }
}

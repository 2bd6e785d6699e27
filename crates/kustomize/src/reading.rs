//! Reading files once each, and keeping account of every document.

use std::collections::HashMap;
use std::rc::Rc;

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
    /// An env file: a mapping of the names it sets.
    Settings,
    /// Any other file that a generator reads: its text, and null where it is none.
    File,
}

/// The most bytes one file may have: far above what an API server takes of one object.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The files read so far.
pub(crate) struct Reading<'a> {
    files: &'a mut Files,
    /// By real path: the documents of each file as `documents` holds them.
    known: HashMap<Utf8PathBuf, (FileId, Vec<usize>)>,
    /// The files that are read as bytes, likewise.
    raw: HashMap<Utf8PathBuf, (FileId, Rc<[u8]>)>,
    pub(crate) documents: Vec<Document>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(files: &'a mut Files) -> Self {
        Self { files, known: HashMap::new(), raw: HashMap::new(), documents: Vec::new() }
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

    /// What stands in a file.
    pub(crate) fn text(&self, file: FileId) -> String {
        self.files.text(file).to_string()
    }

    /// What a file is called.
    pub(crate) fn name(&self, file: FileId) -> Utf8PathBuf {
        self.files.name(file).into()
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
        let bytes = self.bytes(place, asked)?;
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

    fn bytes(&self, place: &Place, asked: Option<Origin>) -> Result<Vec<u8>, KustomizeError> {
        let failed = |error: std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => KustomizeErrorKind::MissingFile { path: place.name.clone() },
                _ => KustomizeErrorKind::Unreadable(error.to_string()),
            };
            self.error(kind, asked, &place.name)
        };
        let about = std::fs::metadata(&place.real).map_err(failed)?;
        if !about.is_file() {
            let kind = KustomizeErrorKind::Unreadable("it is no file".to_owned());
            return Err(self.error(kind, asked, &place.name));
        }
        if about.len() > MAX_BYTES {
            let kind = KustomizeErrorKind::TooLarge("a file of more than 16 MiB");
            return Err(self.error(kind, asked, &place.name));
        }
        std::fs::read(&place.real).map_err(failed)
    }

    /// A file that a generator reads, as it is.
    pub(crate) fn raw(
        &mut self,
        place: &Place,
        asked: Option<Origin>,
    ) -> Result<(FileId, Rc<[u8]>), KustomizeError> {
        if let Some(known) = self.raw.get(&place.real) {
            return Ok(known.clone());
        }
        let bytes = self.bytes(place, asked)?;
        // Bytes that are no text are not kept as one: only their place is needed.
        let text = std::str::from_utf8(&bytes).unwrap_or("\n");
        let file = self.files.add(place.name.as_str(), text);
        let known = (file, Rc::from(bytes));
        self.raw.insert(place.real.clone(), known.clone());
        Ok(known)
    }

    /// Keeps account of a file that a generator read.
    pub(crate) fn note(&mut self, file: FileId, role: Role, node: Node) {
        self.documents.push(Document { file, role, node, target: None });
    }

    /// The documents within a scalar of a kustomization.
    pub(crate) fn inline(
        &mut self,
        scalar: &Node,
        within: FileId,
        role: Role,
        at: &Utf8Path,
    ) -> Result<Vec<usize>, KustomizeError> {
        let nodes = tree::parse_embedded(scalar).map_err(|error| {
            let origin = Some(error.origin);
            self.error(KustomizeErrorKind::Parse(error), origin, at)
        })?;
        Ok(self.keep(within, role, nodes))
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

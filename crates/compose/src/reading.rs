//! Files, read once each.

use std::collections::HashMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use tree::env_file::{Dialect, Variable, parse_after};
use tree::{FileId, Files, Mapping, Node, Origin, Value};

use crate::budget::Budget;
use crate::error::{ComposeError, ComposeErrorKind, MissingRole, Result};
use crate::interpolation::{Findings, Surroundings};
use crate::merge::Overridden;
use crate::project::{Document, Role, UnreadEnvFile};

/// A Compose file as it was written.
pub(crate) struct Parsed {
    pub(crate) documents: Vec<Node>,
    pub(crate) tags: HashMap<Origin, String>,
}

/// A project in the making: what has been read, and what was found on the way.
pub(crate) struct Reader<'r> {
    pub(crate) files: &'r mut Files,
    pub(crate) budget: Budget,
    pub(crate) findings: Findings,
    pub(crate) overridden: Overridden,
    pub(crate) problems: Vec<ComposeError>,
    pub(crate) unread_env_files: Vec<UnreadEnvFile>,
    pub(crate) documents: Vec<Document>,
    pub(crate) home: Option<String>,
    parsed: HashMap<Utf8PathBuf, Rc<Parsed>>,
    texts: HashMap<Utf8PathBuf, FileId>,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(files: &'r mut Files, home: Option<String>) -> Self {
        Self {
            files,
            budget: Budget::default(),
            findings: Findings::default(),
            overridden: Vec::new(),
            problems: Vec::new(),
            unread_env_files: Vec::new(),
            documents: Vec::new(),
            home,
            parsed: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    /// A file's text, kept under its path. `named` is the node that names the file.
    fn text(&mut self, path: &Utf8Path, role: Option<MissingRole>, named: &Node) -> Result<FileId> {
        self.budget.file(named)?;
        if let Some(id) = self.texts.get(path) {
            return Ok(*id);
        }
        let bytes = std::fs::read(path).map_err(|error| {
            let path = path.to_owned();
            let kind = match role {
                Some(role) if error.kind() == std::io::ErrorKind::NotFound => {
                    ComposeErrorKind::MissingFile { path, role }
                }
                _ => ComposeErrorKind::Unreadable { path, reason: error.to_string() },
            };
            ComposeError::at(kind, named.origin)
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| ComposeError::at(ComposeErrorKind::NotText(path.to_owned()), named.origin))?;
        let id = self.files.add(path.as_str(), text);
        self.texts.insert(path.to_owned(), id);
        Ok(id)
    }

    /// A Compose file.
    pub(crate) fn compose(
        &mut self,
        path: &Utf8Path,
        role: Option<MissingRole>,
        named: &Node,
    ) -> Result<Rc<Parsed>> {
        let id = self.text(path, role, named)?;
        if let Some(parsed) = self.parsed.get(path) {
            return Ok(Rc::clone(parsed));
        }
        let tagged = tree::parse_tagged(self.files, id).map_err(|error| {
            let origin = Some(error.origin);
            ComposeError::at(ComposeErrorKind::Parse(Box::new(error)), origin)
        })?;
        if let Some(origin) = tagged.odd_keys.first() {
            return Err(ComposeError::at(ComposeErrorKind::OddKey, Some(*origin)));
        }
        for node in &tagged.documents {
            self.documents.push(Document { file: id, role: Role::Compose, node: node.clone() });
        }
        let parsed = Rc::new(Parsed { documents: tagged.documents, tags: tagged.tags });
        self.parsed.insert(path.to_owned(), Rc::clone(&parsed));
        Ok(parsed)
    }

    /// The variables of an env file.
    pub(crate) fn env_file(&mut self, wanted: &EnvFile<'_>) -> Result<Vec<Variable>> {
        let first = !self.texts.contains_key(wanted.path);
        let id = self.text(wanted.path, Some(wanted.missing), wanted.named)?;
        self.budget.text(self.files.text(id).len(), wanted.named)?;
        let read = parse_after(self.files, id, wanted.dialect, wanted.lookup, wanted.earlier);
        let variables = read.map_err(|error| {
            let origin = Some(error.origin);
            ComposeError::at(ComposeErrorKind::EnvFile(Box::new(error)), origin)
        })?;
        for variable in &variables {
            self.budget.text(variable.value.len(), wanted.named)?;
            let set = variable.used.iter().filter_map(|name| wanted.around.origin(name));
            self.findings.interpolated.extend(set.map(|set| (variable.origin, set)));
            let unset = variable.unset.iter().map(|name| (name.clone(), variable.origin));
            self.findings.unset.extend(unset);
        }
        // A file of comments alone sets nothing that could be lost.
        if first && !variables.is_empty() {
            self.documents.push(Document { file: id, role: wanted.role, node: document(&variables) });
        }
        Ok(variables)
    }
}

/// An env file to read.
pub(crate) struct EnvFile<'a> {
    pub(crate) path: &'a Utf8Path,
    pub(crate) dialect: Dialect,
    pub(crate) role: Role,
    pub(crate) missing: MissingRole,
    pub(crate) named: &'a Node,
    pub(crate) around: &'a Surroundings<'a>,
    pub(crate) lookup: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) earlier: &'a dyn Fn(&str) -> Option<String>,
}

fn document(variables: &[Variable]) -> Node {
    let entry = |variable: &Variable| {
        (variable.name.clone(), Node::from(variable.value.clone()).at(Some(variable.origin)))
    };
    let mapping: Mapping = variables.iter().map(entry).collect();
    Node::from(Value::Mapping(mapping)).at(variables.first().map(|variable| variable.origin))
}

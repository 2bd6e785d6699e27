//! `extends`: a service that begins as another.

use camino::{Utf8Path, Utf8PathBuf};
use tree::{Mapping, Node, Value};

use crate::budget::size;
use crate::error::{ComposeError, ComposeErrorKind, MissingRole, Result};
use crate::include::is_remote;
use crate::interpolation::Surroundings;
use crate::load::{Resets, Stage};
use crate::merge::merge;
use crate::paths;
use crate::place::Place;
use crate::reading::Reader;

/// The longest chain of services that extend one another.
const MAX_CHAIN: usize = 200;

/// Where a service is being extended.
pub(crate) struct Base<'a> {
    /// The file its description stands in.
    pub(crate) file: &'a Utf8Path,
    pub(crate) directory: &'a Utf8Path,
    pub(crate) around: &'a Surroundings<'a>,
    /// What that file takes away.
    pub(crate) resets: &'a Resets,
}

impl Reader<'_> {
    /// Extends every service of a file.
    pub(crate) fn extend_all(&mut self, project: &mut Node, base: &Base<'_>) -> Result<()> {
        let Some(services) = project.get_mut("services").filter(|node| node.value != Value::Null) else {
            return Ok(());
        };
        let origin = services.origin;
        let Some(services) = services.as_mapping_mut() else {
            return Err(ComposeError::wrong("services".to_owned(), "a mapping", origin));
        };
        let names: Vec<String> = services.keys().cloned().collect();
        for name in names {
            let merged = self.extended(&name, services, base, &mut Vec::new())?;
            services.insert(name, merged);
        }
        Ok(())
    }

    fn extended(
        &mut self,
        name: &str,
        services: &mut Mapping,
        at: &Base<'_>,
        chain: &mut Vec<(Utf8PathBuf, String)>,
    ) -> Result<Node> {
        let service = services.get(name).cloned().unwrap_or_else(|| Value::Null.into());
        if service.value == Value::Null {
            return Ok(service);
        }
        if service.as_mapping().is_none() {
            return Err(ComposeError::wrong(format!("services.{name}"), "a mapping", service.origin));
        }
        let Some(extends) = service.get("extends").cloned() else { return Ok(service) };
        let here = (at.file.to_owned(), name.to_owned());
        if chain.contains(&here) {
            let kind = ComposeErrorKind::ExtendsCycle { service: name.to_owned() };
            return Err(ComposeError::at(kind, extends.origin));
        }
        if chain.len() >= MAX_CHAIN {
            return Err(ComposeError::at(ComposeErrorKind::TooLarge, extends.origin));
        }
        chain.push(here);
        let (wanted, file) = reference(name, &extends)?;
        let base = match file {
            Some(file) => match self.base_in_file(&wanted, &file, at, chain) {
                Err(error) if is_gap(&error) => {
                    self.problems.push(error);
                    Node::from(Value::Null)
                }
                base => base?,
            },
            None => {
                if !services.contains_key(&wanted) {
                    let kind = ComposeErrorKind::NoSuchBase { service: wanted };
                    return Err(ComposeError::at(kind, extends.origin));
                }
                let none = Resets::default();
                let at = Base { resets: &none, ..*at };
                self.extended(&wanted, services, &at, chain)?
            }
        };
        chain.pop();
        let mut merged =
            if base.value == Value::Null { service } else { self.lay_over(base, service, name, at)? };
        if let Some(mapping) = merged.as_mapping_mut() {
            mapping.shift_remove("extends");
        }
        services.insert(name.to_owned(), merged.clone());
        Ok(merged)
    }

    fn lay_over(&mut self, base: Node, service: Node, name: &str, at: &Base<'_>) -> Result<Node> {
        self.budget.nodes(size(&base) + size(&service), &service)?;
        let mut around = Node::mapping();
        *around.ensure(&["services", name]) = base;
        at.resets.apply(&mut around, &mut self.overridden);
        let base = around.at_keys(&["services", name]).cloned().unwrap_or_else(Node::mapping);
        merge(base, service, &Place::of(&["services", "x"]), &mut self.overridden)
    }

    /// A service of another file, extended itself.
    fn base_in_file(
        &mut self,
        wanted: &str,
        file: &Node,
        at: &Base<'_>,
        chain: &mut Vec<(Utf8PathBuf, String)>,
    ) -> Result<Node> {
        let written = file.as_str().unwrap_or_default();
        if is_remote(written) {
            return Err(ComposeError::at(ComposeErrorKind::Remote(written.to_owned()), file.origin));
        }
        let path = Utf8PathBuf::from(paths::absolute(written, at.directory, self.home.as_deref()));
        let parsed = self.compose(&path, Some(MissingRole::Extends), file)?;
        let directory = path.parent().unwrap_or(Utf8Path::new("/")).to_owned();
        let mut resets = Resets::default();
        let mut project = Node::mapping();
        for document in &parsed.documents {
            let stage = Stage { file: &path, directory: &directory, around: at.around, included: None };
            project = self.document(document, &parsed.tags, project, &stage, &mut resets)?;
        }
        paths::make_absolute(&mut project, &Place::root(), &directory, self.home.as_deref())?;
        let services = project.get_mut("services").and_then(Node::as_mapping_mut);
        let Some(services) = services.filter(|services| services.contains_key(wanted)) else {
            let kind = ComposeErrorKind::NoSuchBase { service: wanted.to_owned() };
            return Err(ComposeError::at(kind, file.origin));
        };
        let base = Base { file: &path, directory: at.directory, around: at.around, resets: &resets };
        self.extended(wanted, services, &base, chain)
    }
}

/// Whether an error is about one file, beside which the others can be read.
pub(crate) fn is_gap(error: &ComposeError) -> bool {
    !matches!(
        error.kind,
        ComposeErrorKind::ExtendsCycle { .. }
            | ComposeErrorKind::IncludeCycle(_)
            | ComposeErrorKind::TooLarge
    )
}

fn reference(name: &str, extends: &Node) -> Result<(String, Option<Node>)> {
    let attribute = || format!("services.{name}.extends.service");
    match &extends.value {
        Value::String(service) => Ok((service.clone(), None)),
        Value::Mapping(_) => {
            let service = extends.str_at(&["service"]).map(str::to_owned);
            let missing =
                || ComposeError::at(ComposeErrorKind::Missing { attribute: attribute() }, extends.origin);
            let file = extends.get("file").filter(|file| file.value != Value::Null).cloned();
            if file.as_ref().is_some_and(|file| file.as_str().is_none()) {
                let attribute = format!("services.{name}.extends.file");
                return Err(ComposeError::wrong(attribute, "a text", extends.origin));
            }
            Ok((service.ok_or_else(missing)?, file))
        }
        _ => {
            Err(ComposeError::wrong(format!("services.{name}.extends"), "a text or mapping", extends.origin))
        }
    }
}

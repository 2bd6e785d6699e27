//! What a source is.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use installation::Object;
use tree::Files;

use crate::manifests::read_manifests;
use crate::{Document, Form, Role, SourceError, SourceErrorKind, Sourced};

/// The forms that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A Kustomize tree.
    Kustomize,
    /// Plain manifests.
    Manifests,
}

/// A source as its user names it: a path, or `kind:path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRef {
    /// The kind, where it was said.
    pub kind: Option<SourceKind>,
    /// The path.
    pub path: Utf8PathBuf,
}

impl FromStr for SourceRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, path) = match text.split_once(':') {
            Some(("kustomize", path)) => (Some(SourceKind::Kustomize), path),
            Some(("manifests", path)) => (Some(SourceKind::Manifests), path),
            Some((kind @ ("compose" | "helm" | "cluster"), _)) => {
                return Err(format!("{kind}: sources cannot be read by this version"));
            }
            _ => (None, text),
        };
        Ok(Self { kind, path: path.into() })
    }
}

impl std::fmt::Display for SourceRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.path.as_str())
    }
}

/// Reads a source; its kind is detected where it was not said. What is secret in it is sealed.
///
/// # Errors
/// The first thing that is wrong, with its place and the files read so far.
pub fn read(source: &SourceRef) -> Result<Sourced, SourceError> {
    let mut sourced = read_form(source)?;
    crate::seal(&mut sourced);
    Ok(sourced)
}

fn read_form(source: &SourceRef) -> Result<Sourced, SourceError> {
    let path = &source.path;
    if !path.exists() {
        let kind = SourceErrorKind::NoSuchPath(path.clone());
        return Err(SourceError { kind, origin: None, files: Files::new() });
    }
    let directory = match path.file_name() {
        Some(name) if path.is_file() && is_kustomization(name) => {
            path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."))
        }
        _ => path,
    };
    let has_kustomization = directory.is_dir()
        && ["kustomization.yaml", "kustomization.yml", "Kustomization"]
            .iter()
            .any(|name| directory.join(name).is_file());
    match source.kind {
        Some(SourceKind::Manifests) => read_manifests(path),
        Some(SourceKind::Kustomize) => read_kustomize(directory),
        None if has_kustomization => read_kustomize(directory),
        None => read_manifests(path),
    }
}

pub(crate) fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

fn read_kustomize(directory: &Utf8Path) -> Result<Sourced, SourceError> {
    let mut files = Files::new();
    match kustomize::build(directory, &mut files) {
        Ok(build) => {
            let documents = build.documents.into_iter().map(|document| Document {
                file: document.file,
                role: match document.role {
                    kustomize::Role::Kustomization => Role::Directives,
                    kustomize::Role::Resource => Role::Object,
                    kustomize::Role::Patch | kustomize::Role::InlinePatch => Role::Patch,
                },
                node: document.node,
            });
            let documents = documents.collect();
            let objects = build.objects.into_iter().map(Object::new).collect();
            Ok(Sourced {
                documents,
                objects,
                overridden: build.overridden,
                ..Sourced::new(Form::Kustomize, files)
            })
        }
        Err(error) => {
            let origin = error.origin;
            Err(SourceError { kind: SourceErrorKind::Kustomize(Box::new(error)), origin, files })
        }
    }
}

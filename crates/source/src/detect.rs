//! What a source is.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use installation::Object;
use tree::Files;

use crate::compose::{holds_services, read_compose};
use crate::forms::{also_here, forms_in, has_default_name, kustomizations_below};
use crate::manifests::read_manifests;
use crate::partial::read_unbuilt;
use crate::remarks::remarks;
use crate::{Document, Form, Role, SourceError, SourceErrorKind, Sourced, Unread, helm};

/// The forms that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A Kustomize tree.
    Kustomize,
    /// Plain manifests, or what `kubectl get -o yaml` wrote.
    Manifests,
    /// A namespace of a cluster: `[CONTEXT/]NAMESPACE` stands for the path. Whoever can ask a cluster lists it and
    /// calls [`crate::live`].
    Cluster,
    /// Values of a Helm chart, or a folder in which Flux, Argo CD or Kustomize ask for releases of charts.
    Helm,
    /// A Docker Compose project: a folder, a file, or several files joined by `:`, later ones over earlier.
    Compose,
}

/// The names of a kustomization.
pub(crate) const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

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
            Some(("cluster", "")) => {
                return Err("cluster: needs a namespace, as in cluster:mastodon".to_owned());
            }
            Some(("cluster", place)) => (Some(SourceKind::Cluster), place),
            Some(("helm", path)) => (Some(SourceKind::Helm), path),
            Some(("compose", path)) => (Some(SourceKind::Compose), path),
            _ => (None, text),
        };
        Ok(Self { kind, path: path.into() })
    }
}

impl std::fmt::Display for SourceRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.kind == Some(SourceKind::Cluster) {
            formatter.write_str("cluster:")?;
        }
        if self.kind == Some(SourceKind::Compose) && !self.path.exists() {
            formatter.write_str("compose:")?;
        }
        formatter.write_str(self.path.as_str())
    }
}

/// Reads a source. What is secret in it is sealed.
///
/// Where the kind was not said, a folder is taken for what it holds at its top: a kustomization, else a Compose
/// file, else a Helm chart or values, else manifests; what it holds besides is told in a note. A folder that
/// holds none of these but has kustomizations below it is several things, and its user must say which.
///
/// # Errors
/// The first thing that is wrong, with its place and the files read so far, where nothing can be read. What is
/// wrong beside what could be read is in [`Sourced::unread`].
pub fn read(source: &SourceRef) -> Result<Sourced, SourceError> {
    let mut sourced = read_form(source).or_else(|error| helm::rescue(error, &source.path))?;
    if !holds_what_runs(&sourced) {
        helm::expand(&mut sourced);
    }
    if source.kind.is_none() && source.path.is_dir() {
        sourced.notes.extend(also_here(&source.path, sourced.form));
    }
    crate::seal(&mut sourced);
    Ok(sourced)
}

/// Whether a source is a dump of what runs: then what releases make stands in it, and is not made once more.
fn holds_what_runs(sourced: &Sourced) -> bool {
    sourced.form == Form::Live && sourced.objects.iter().any(|object| object.template().is_some())
}

fn read_form(source: &SourceRef) -> Result<Sourced, SourceError> {
    let path = &source.path;
    let refused = |kind| SourceError { kind, origin: None, files: Files::new() };
    if source.kind == Some(SourceKind::Cluster) {
        return Err(refused(SourceErrorKind::NotListed));
    }
    if source.kind == Some(SourceKind::Compose) {
        return read_compose(path);
    }
    if !path.exists() {
        return Err(refused(SourceErrorKind::NoSuchPath(path.clone())));
    }
    let directory = match path.file_name() {
        Some(name) if path.is_file() && is_kustomization(name) => {
            path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."))
        }
        _ => path,
    };
    let top = if directory.is_dir() { forms_in(directory) } else { Vec::new() };
    // A Compose file under a name of its owner's own: Compose itself would not look for it in the folder.
    let lone_file = top.first().map(|(_, file)| file.as_path()).filter(|file| !has_default_name(file));
    match (source.kind, top.first().map(|(form, _)| *form)) {
        (Some(SourceKind::Kustomize), _) | (None, Some(Form::Kustomize)) => read_kustomize(directory),
        (Some(SourceKind::Helm), _) | (None, Some(Form::HelmValues)) => helm::read_values(path),
        (None, Some(Form::Compose)) => read_compose(lone_file.unwrap_or(path)),
        (None, None) if path.is_file() && helm::holds_values(path) => helm::read_values(path),
        (None, None) if path.is_file() && holds_services(path) => read_compose(path),
        (None, None) if path.is_dir() => {
            let choices = kustomizations_below(path);
            if choices.is_empty() {
                return read_manifests(path);
            }
            Err(refused(SourceErrorKind::SeveralTrees { path: path.clone(), choices }))
        }
        _ => read_manifests(path),
    }
}

/// Whether a file name is that of a kustomization.
pub(crate) fn is_kustomization(name: &str) -> bool {
    KUSTOMIZATIONS.contains(&name)
}

fn read_kustomize(directory: &Utf8Path) -> Result<Sourced, SourceError> {
    let mut files = Files::new();
    let strict = match kustomize::build(directory, &mut files) {
        Ok(build) => return Ok(from_kustomize(build, files)),
        Err(error) => error,
    };
    // What stands beside a gap can still be looked at.
    let mut again = Files::new();
    match kustomize::build_with_gaps(directory, &mut again) {
        Ok((build, gaps)) if !build.objects.is_empty() && !gaps.is_empty() => {
            let mut sourced = from_kustomize(build, again);
            sourced.unread = gaps
                .into_iter()
                .map(|error| Unread {
                    origin: error.origin,
                    kind: SourceErrorKind::Kustomize(Box::new(error)),
                })
                .collect();
            Ok(sourced)
        }
        _ => {
            let origin = strict.origin;
            let error = SourceError { kind: SourceErrorKind::Kustomize(Box::new(strict)), origin, files };
            read_unbuilt(directory, error)
        }
    }
}

fn from_kustomize(build: kustomize::Build, files: Files) -> Sourced {
    let documents = build.documents.into_iter().map(|document| Document {
        file: document.file,
        role: match document.role {
            kustomize::Role::Kustomization => Role::Directives,
            kustomize::Role::Resource => Role::Object,
            kustomize::Role::Patch | kustomize::Role::InlinePatch => Role::Patch,
            kustomize::Role::Settings | kustomize::Role::File => Role::Settings,
        },
        node: document.node,
    });
    let objects: Vec<Object> = build.objects.into_iter().map(Object::new).collect();
    Sourced {
        documents: documents.collect(),
        notes: remarks(&objects),
        objects,
        overridden: build.overridden,
        ..Sourced::new(Form::Kustomize, files)
    }
}
